// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// One run of a plan: scan, group, rank, and only then time series, for the groups that are shown.
struct PlanRun {
  let plan: Plan
  let watch: QueryWatch
  private let scan: ScanSet
  private let filters: [PieceFilter]
  private let domains: [KeyDomain]
  private let buckets: TimeBuckets?
  /// The answer's calculations without heatmaps.
  private let calculations: [Calculation]

  /// Below this many cells all groups get buckets in the one reading that also groups.
  private static let singlePassCellMax = 1 << 17

  init(_ plan: Plan, _ pieces: [any Piece], _ watch: QueryWatch) async throws(QueryError) {
    try plan.validate()
    self.plan = plan
    self.watch = watch
    // Buckets of a time without bounds lie where events are, those that do not match too; and how the values of breakdowns fit together is
    // remembered for all pieces.
    let mayLeaveOut = plan.granularityNanoseconds == nil && plan.breakdowns.isEmpty && !plan.calculations.contains { $0.operation == .heatmap }
    let opened = try await ScanSet.opened(
      plan.scope, names: plan.storedColumns, filter: mayLeaveOut ? plan.filter : .everything, pieces: pieces, watch)
    let scan = try ScanSet(plan.scope, names: plan.storedColumns, pieces: pieces, watch, opened: opened)
    self.scan = scan
    filters = scan.pieces.map { PieceFilter(plan.filter, $0) }
    domains = plan.breakdowns.map { KeyDomain($0, scan.pieces, watch.dictionaries) }
    calculations = plan.calculations.filter { $0.operation != .heatmap }
    if let step = plan.granularityNanoseconds {
      buckets = try TimeBuckets(step, plan.scope.time, scan)
    } else {
      buckets = nil
    }
  }

  func answer() async throws(QueryError) -> Answer {
    let needed = plan.neededCalculations
    var specs = Set(needed.map(\.spec))
    specs.insert(.rows)
    let sources = AggregateSources(specs, scan.pieces, watch.dictionaries)
    let isBucketed = isBucketedAtOnce(specs, needed)
    let pass = Pass(
      scan: scan, filters: filters, domains: domains, specs: specs, sources: sources, buckets: isBucketed ? buckets : nil)
    if let denseCount = GroupMapper(domains).denseCount { try watch.allow(cells: denseCount * pass.bucketCount) }
    let result = try await pass.run(watch)
    let grouped = try byGroup(result, pass)
    let reader = ResultReader(
      grouped, sources, bucketed: isBucketed ? result.aggregates : nil, bucketCount: pass.bucketCount)
    let (groups, isTruncated) = try GroupRanking(plan: plan, reader: reader, mapper: result.mapper, watch: watch).ranked()

    var answer = Answer()
    answer.columns = columns(groups, reader)
    answer.totals = totals(grouped, result, pass, needed)
    if let buckets {
      answer.series = try await series(groups, result, pass, buckets)
    }
    answer.heatmaps = try await heatmaps(result, sources)
    answer.info = scan.info
    answer.info.rowsMatched = result.rowsMatched
    answer.info.meanSampleRate = result.rowsMatched == 0 ? 1 : Double(result.weightMatched) / Double(result.rowsMatched)
    answer.info.isTruncated = isTruncated
    answer.info.elapsedNanoseconds = watch.elapsedNanoseconds
    return answer
  }

  /// Whether groups and buckets are accumulated together: rates need it, and few cells allow it.
  private func isBucketedAtOnce(_ specs: Set<AggregateSpec>, _ needed: [Calculation]) -> Bool {
    guard let buckets, buckets.count > 1 else { return buckets != nil }
    if needed.contains(where: \.isRate) { return true }
    guard let denseCount = GroupMapper(domains).denseCount else { return false }
    let isHeavy = specs.contains {
      switch $0 {
      case .quantiles, .distinct: true
      default: false
      }
    }
    return denseCount * buckets.count <= (isHeavy ? Self.singlePassCellMax >> 3 : Self.singlePassCellMax)
  }

  /// The accumulations by group, buckets added up.
  private func byGroup(_ result: PassResult, _ pass: Pass) throws(QueryError) -> AggregateSet {
    guard pass.bucketCount > 1 else { return result.aggregates }
    var grouped = AggregateSet(pass.specs, pass.sources, cellCountMax: result.mapper.denseCount)
    grouped.grow(groupCount: result.mapper.groupCount, bucketCount: 1)
    grouped.absorb(result.aggregates, .group(bucketCount: pass.bucketCount))
    try watch.hold(grouped.byteCount)
    return grouped
  }

  private func columns(_ groups: [RankedGroup], _ reader: ResultReader) -> [AnswerColumn] {
    var columns: [AnswerColumn] = []
    for (index, name) in plan.breakdowns.enumerated() {
      let values = groups.map { $0.values[index] }
      let type = values.lazy.compactMap { $0 }.first?.type ?? .string
      columns.append(AnswerColumn(name: name, kind: .breakdown, type: type, values: values))
    }
    let values = reader.values(calculations, groups.map(\.group))
    for (index, calculation) in calculations.enumerated() {
      columns.append(
        AnswerColumn(name: calculation.name, kind: .calculation, type: reader.type(calculation), values: values[index]))
    }
    return columns
  }

  /// Everything matched as one group.
  private func totals(_ grouped: AggregateSet, _ result: PassResult, _ pass: Pass, _ needed: [Calculation]) -> [FieldValue?] {
    if plan.breakdowns.isEmpty {
      let bucketed = pass.buckets == nil ? nil : result.aggregates
      return ResultReader(grouped, pass.sources, bucketed: bucketed, bucketCount: pass.bucketCount).values(calculations, [0]).map { $0[0] }
    }
    var total = AggregateSet(pass.specs, pass.sources, cellCountMax: 1)
    total.grow(groupCount: 1, bucketCount: 1)
    total.absorb(grouped, .total)
    var bucketed: AggregateSet?
    if needed.contains(where: \.isRate) {
      let bucketCount = pass.bucketCount
      var all = AggregateSet(pass.specs, pass.sources, cellCountMax: bucketCount)
      all.grow(groupCount: 1, bucketCount: bucketCount)
      all.absorb(result.aggregates, .bucket(bucketCount: bucketCount))
      bucketed = all
    }
    return ResultReader(total, pass.sources, bucketed: bucketed, bucketCount: pass.bucketCount).values(calculations, [0]).map { $0[0] }
  }

  private func series(
    _ groups: [RankedGroup], _ result: PassResult, _ pass: Pass, _ buckets: TimeBuckets
  ) async throws(QueryError) -> AnswerSeries {
    try watch.allow(cells: groups.count * buckets.count)
    var bucketed = result.aggregates
    var numbers = groups.map(\.group)
    if pass.buckets == nil {
      var second = pass
      second.specs = Set(calculations.map(\.spec)).union([.rows])
      second.sources = AggregateSources(second.specs, scan.pieces, watch.dictionaries)
      second.buckets = buckets
      second.survivors = groups.map(\.parts)
      bucketed = try await second.run(watch).aggregates
      numbers = Array(groups.indices)
    }
    let reader = ResultReader(bucketed, pass.sources, bucketed: bucketed, bucketCount: buckets.count)
    let cells = numbers.flatMap { (group) in group * buckets.count..<(group + 1) * buckets.count }
    let percentiles = try await reader.percentiles(of: calculations, cells, watch)
    let values = calculations.map { (calculation) -> [[Double?]] in
      if let all = percentiles[calculation] {
        return numbers.indices.map { Array(all[$0 * buckets.count..<($0 + 1) * buckets.count]) }
      }
      return numbers.map { (group) in
        if calculation.isRate { return reader.rates(calculation, group) }
        if calculation.operation == .concurrency { return bucketed.spans?.maxima(group, buckets).map { Double($0) } ?? [] }
        return reader.numbers(calculation, Array(group * buckets.count..<(group + 1) * buckets.count))
      }
    }
    return AnswerSeries(
      startUnixNanoseconds: buckets.startUnixNanoseconds, stepNanoseconds: buckets.stepNanoseconds, bucketCount: buckets.count,
      calculationNames: calculations.map(\.name), values: values)
  }

  private func heatmaps(_ result: PassResult, _ sources: AggregateSources) async throws(QueryError) -> [AnswerHeatmap] {
    var names: [String] = []
    for calculation in plan.calculations where calculation.operation == .heatmap {
      if let column = calculation.column, !names.contains(column) { names.append(column) }
    }
    guard !names.isEmpty else { return [] }
    let pass = HeatmapPass(
      scan: scan, filters: filters, buckets: buckets ?? TimeBuckets(whole: plan.scope.time, scan), names: names,
      fields: names.compactMap { sources.fields[$0] },
      scales: names.map { HeatmapScale(result.aggregates.bounds[$0] ?? BoundsAggregate()) })
    return try await pass.run(watch)
  }
}
