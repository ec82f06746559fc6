// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Reads the results of calculations out of what was accumulated, by cell.
struct ResultReader: Sendable {
  let aggregates: AggregateSet
  let sources: AggregateSources
  /// What rates are made from: the same by group and bucket. nil where the plan has none.
  let bucketed: AggregateSet?
  let bucketCount: Int
  private var distinctCounts: [String: [Int64]] = [:]

  init(_ aggregates: AggregateSet, _ sources: AggregateSources, bucketed: AggregateSet? = nil, bucketCount: Int = 1) {
    self.aggregates = aggregates
    self.sources = sources
    self.bucketed = bucketed
    self.bucketCount = bucketCount
    for (index, name) in aggregates.distincts.names.enumerated() {
      distinctCounts[name] = aggregates.distincts.values[index].counts(aggregates.rows.counts.count)
    }
  }

  /// Results as numbers, one a cell; nil where there is none.
  func numbers(_ calculation: Calculation, _ cells: [Int]) -> [Double?] {
    let name = calculation.column ?? ""
    switch calculation.operation {
    case .count:
      let counts = calculation.column == nil ? aggregates.rows.counts : aggregates.present[name]?.counts ?? []
      return cells.map { Double(counts[$0]) }
    case .sum, .average:
      guard let sums = aggregates.sums[name] else { return cells.map { _ in nil } }
      return calculation.operation == .sum ? cells.map { sums.sum($0) } : cells.map { sums.average($0) }
    case .minimum, .maximum:
      guard let extremes = aggregates.extremes[name] else { return cells.map { _ in nil } }
      return calculation.operation == .minimum ? cells.map { extremes.minimum($0) } : cells.map { extremes.maximum($0) }
    case .countDistinct:
      guard let counts = distinctCounts[name] else { return cells.map { _ in 0 } }
      return cells.map { Double(counts[$0]) }
    case .percentile(let perMille): return percentiles(name, [perMille], cells).map { $0[0] }
    case .concurrency: return cells.map { Double(aggregates.spans?.maximum($0) ?? 0) }
    case .heatmap: return cells.map { _ in nil }
    case .rateAverage, .rateSum, .rateMaximum: return cells.map { Self.mean(rates(calculation, $0)) }
    }
  }

  /// Several percentiles of each cell at once: its numbers are sorted once.
  func percentiles(_ name: String, _ perMilles: [Int], _ cells: [Int]) -> [[Double?]] {
    guard let quantiles = aggregates.quantiles[name] else { return cells.map { _ in perMilles.map { _ in nil } } }
    return cells.map { quantiles.cells[$0].percentiles(perMilles) }
  }

  /// The differences between successive buckets of a group: nil in the first, and wherever one of the two has no value.
  func rates(_ calculation: Calculation, _ group: Int) -> [Double?] {
    guard let bucketed else { return [] }
    let name = calculation.column ?? ""
    var last: Double?
    return (0..<bucketCount).map { (bucket) in
      let cell = group * bucketCount + bucket
      let value: Double?
      switch calculation.operation {
      case .rateAverage: value = bucketed.sums[name]?.average(cell)
      case .rateSum: value = bucketed.sums[name]?.sum(cell)
      default: value = bucketed.extremes[name]?.maximum(cell)
      }
      defer { last = value }
      guard let value, let last else { return nil }
      return value - last
    }
  }

  private static func mean(_ values: [Double?]) -> Double? {
    let present = values.compactMap { $0 }
    return present.isEmpty ? nil : present.reduce(0, +) / Double(present.count)
  }

  /// The type of a calculation's results.
  func type(_ calculation: Calculation) -> FieldType {
    switch calculation.operation {
    case .count, .countDistinct, .concurrency: .integer
    case .sum, .minimum, .maximum: sources.fields[calculation.column ?? ""]?.isWhole ?? false ? .integer : .float
    case .average, .percentile, .heatmap, .rateAverage, .rateSum, .rateMaximum: .float
    }
  }

  /// The results of those calculations that are percentiles, one a cell: the numbers of a cell are ordered once for all of them.
  func percentiles(of calculations: [Calculation], _ cells: [Int]) -> [Calculation: [Double?]] {
    var found: [Calculation: [Double?]] = [:]
    for name in aggregates.quantiles.names {
      var wanted: [(calculation: Calculation, perMille: Int)] = []
      for calculation in calculations where calculation.column == name {
        if case .percentile(let perMille) = calculation.operation { wanted.append((calculation, perMille)) }
      }
      let table = percentiles(name, wanted.map(\.perMille), cells)
      for (index, one) in wanted.enumerated() { found[one.calculation] = table.map { $0[index] } }
    }
    return found
  }

  /// The same on all tasks, where there are many cells (benchmark: `bench.py`, Q2 with a series).
  func percentiles(
    of calculations: [Calculation], _ cells: [Int], _ watch: QueryWatch
  ) async throws(QueryError) -> [Calculation: [Double?]] {
    guard !aggregates.quantiles.isEmpty, cells.count > Self.cellsAtOnce else { return percentiles(of: calculations, cells) }
    let units = (cells.count + Self.cellsAtOnce - 1) / Self.cellsAtOnce
    let parts = try await runUnits(
      units, taskCount: watch.budget.taskCountMax, order: .contiguous, start: { [Calculation: [Double?]]() },
      step: { (found, unit) throws(QueryError) in
        try watch.check()
        let start = unit * Self.cellsAtOnce
        let more = percentiles(of: calculations, Array(cells[start..<min(start + Self.cellsAtOnce, cells.count)]))
        found.merge(more) { $0 + $1 }
      })
    return parts.reduce(into: [:]) { (all, part) in all.merge(part) { $0 + $1 } }
  }

  private static let cellsAtOnce = 256

  /// Results of all calculations as they are shown: `[calculation][cell]`.
  func values(_ calculations: [Calculation], _ cells: [Int]) -> [[FieldValue?]] {
    let percentiles = percentiles(of: calculations, cells)
    return calculations.map { (calculation) in
      if let values = percentiles[calculation] { return values.map { $0.map { .float($0) } } }
      guard type(calculation) == .integer else { return numbers(calculation, cells).map { $0.map { .float($0) } } }
      return cells.map { integer(calculation, $0) }
    }
  }

  /// A whole result without the detour over doubles.
  private func integer(_ calculation: Calculation, _ cell: Int) -> FieldValue? {
    let name = calculation.column ?? ""
    switch calculation.operation {
    case .count:
      return .integer((calculation.column == nil ? aggregates.rows.counts : aggregates.present[name]?.counts ?? [])[cell])
    case .countDistinct: return .integer(distinctCounts[name]?[cell] ?? 0)
    case .concurrency: return .integer(aggregates.spans?.maximum(cell) ?? 0)
    case .sum:
      guard let sum = aggregates.sums[name]?.cells[cell], sum.weight > 0 else { return nil }
      return Int64(exactly: sum.exact).map { .integer($0) } ?? .float(Double(sum.exact))
    case .minimum, .maximum:
      guard let extremes = aggregates.extremes[name]?.cells[cell], extremes.hasExact else { return nil }
      return .integer(calculation.operation == .minimum ? extremes.least : extremes.greatest)
    default: return nil
    }
  }
}
