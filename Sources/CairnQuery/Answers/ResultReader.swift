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
  /// The same for calculations with a filter of their own, by filter.
  private var filtered: [Filter: ResultReader] = [:]

  init(_ aggregates: AggregateSet, _ pass: Pass, bucketed: AggregateSet? = nil) {
    self.init(aggregates, pass.sources, bucketed: bucketed, bucketCount: pass.bucketCount)
    for (index, part) in pass.needs.filtered.enumerated() {
      filtered[part.filter] = ResultReader(
        aggregates.filtered[index], pass.sources, bucketed: bucketed?.filtered[index], bucketCount: pass.bucketCount)
    }
  }

  private init(_ aggregates: AggregateSet, _ sources: AggregateSources, bucketed: AggregateSet?, bucketCount: Int) {
    self.aggregates = aggregates
    self.sources = sources
    self.bucketed = bucketed
    self.bucketCount = bucketCount
    for (index, name) in aggregates.distincts.names.enumerated() {
      distinctCounts[name] = aggregates.distincts.values[index].counts(aggregates.rows.counts.count)
    }
  }

  /// The reader that knows the calculation's rows.
  private func owner(_ calculation: Calculation) -> ResultReader { calculation.filter.flatMap { filtered[$0] } ?? self }

  /// Results as numbers, one a cell; nil where there is none.
  func numbers(_ calculation: Calculation, _ cells: [Int]) -> [Double?] { owner(calculation).ownNumbers(calculation, cells) }

  private func ownNumbers(_ calculation: Calculation, _ cells: [Int]) -> [Double?] {
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
    case .rateAverage, .rateSum, .rateMaximum: return cells.map { Self.mean(ownRates(calculation, $0)) }
    }
  }

  /// Several percentiles of each cell at once: its numbers are sorted once.
  func percentiles(_ name: String, _ perMilles: [Int], _ cells: [Int]) -> [[Double?]] {
    guard let quantiles = aggregates.quantiles[name] else { return cells.map { _ in perMilles.map { _ in nil } } }
    return cells.map { quantiles.cells[$0].percentiles(perMilles) }
  }

  /// The differences between successive buckets of a group: nil in the first, and wherever one of the two has no value.
  func rates(_ calculation: Calculation, _ group: Int) -> [Double?] { owner(calculation).ownRates(calculation, group) }

  private func ownRates(_ calculation: Calculation, _ group: Int) -> [Double?] {
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

  /// The most spans open at once in a group, by time bucket.
  func maxima(_ calculation: Calculation, _ group: Int, _ buckets: TimeBuckets) -> [Double?] {
    owner(calculation).aggregates.spans?.maxima(group, buckets).map { Double($0) } ?? []
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
    var found = ownPercentiles(of: calculations.filter { $0.filter == nil }, cells)
    for (filter, reader) in filtered {
      found.merge(reader.ownPercentiles(of: calculations.filter { $0.filter == filter }, cells)) { first, _ in first }
    }
    return found
  }

  private func ownPercentiles(of calculations: [Calculation], _ cells: [Int]) -> [Calculation: [Double?]] {
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
    guard hasQuantiles, cells.count > Self.cellsAtOnce else { return percentiles(of: calculations, cells) }
    let units = (cells.count + Self.cellsAtOnce - 1) / Self.cellsAtOnce
    let parts = try await runUnits(
      units, taskCount: watch.budget.taskCountMax, order: .contiguous, start: { [Calculation: [Double?]]() },
      step: { (found, unit) throws(QueryError) in
        try watch.check()
        let start = unit * Self.cellsAtOnce
        let more = percentiles(of: calculations, Array(cells[start..<min(start + Self.cellsAtOnce, cells.count)]))
        for (calculation, values) in more { found[calculation, default: []] += values }
      })
    return parts.reduce(into: [:]) { (all, part) in
      for (calculation, values) in part { all[calculation, default: []] += values }
    }
  }

  private var hasQuantiles: Bool { !aggregates.quantiles.isEmpty || filtered.values.contains(where: \.hasQuantiles) }
  private static let cellsAtOnce = 256

  /// Results of all calculations as they are shown: `[calculation][cell]`.
  func values(_ calculations: [Calculation], _ cells: [Int]) -> [[FieldValue?]] {
    let percentiles = percentiles(of: calculations, cells)
    return calculations.map { (calculation) in
      if let values = percentiles[calculation] { return values.map { $0.map { .float($0) } } }
      guard type(calculation) == .integer else { return numbers(calculation, cells).map { $0.map { .float($0) } } }
      let reader = owner(calculation)
      return cells.map { reader.integer(calculation, $0) }
    }
  }

  /// Results of a plan's formula, one a cell.
  func values(_ formula: ResultFormula?, _ plan: Plan, _ cells: [Int]) -> [FieldValue?] {
    guard let formula else { return cells.map { _ in nil } }
    let inputs = plan.inputs(of: formula)
    return formula.values(cells.count, inputs.map(\.name), values(inputs, cells))
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

extension Plan {
  /// The calculations that a formula names, each once.
  func inputs(of formula: ResultFormula) -> [Calculation] { formula.formula.columns.sorted().compactMap { calculation($0) } }
}

extension ResultFormula {
  /// Its results in so many cells, where `results` has those of calculations, by calculation and cell.
  func values(_ count: Int, _ names: [String], _ results: [[FieldValue?]]) -> [FieldValue?] {
    let places = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    return (0..<count).map { (cell) in value { (name) in places[name].flatMap { results[$0][cell] } } }
  }
}
