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
    let needs = CalculationNeeds(needed, scan.pieces)
    let sources = AggregateSources(needs.allSpecs, scan.pieces, watch.dictionaries)
    let isBucketed = isBucketedAtOnce(needs, needed)
    let pass = Pass(
      scan: scan, filters: filters, domains: domains, needs: needs, sources: sources, buckets: isBucketed ? buckets : nil, weighting: plan.weighting)
    if let denseCount = GroupMapper(domains).denseCount { try watch.allow(cells: denseCount * pass.cellsPerGroup) }
    let result = try await pass.run(watch)
    let grouped = try byGroup(result, pass)
    let reader = ResultReader(grouped, pass, bucketed: isBucketed ? result.aggregates : nil)
    let (groups, isTruncated) = try GroupRanking(plan: plan, reader: reader, mapper: result.mapper, watch: watch).ranked()

    var answer = Answer()
    answer.columns = columns(groups, reader)
    answer.totals = totals(grouped, result, pass, needed)
    if let buckets {
      answer.series = try await series(groups, result, pass, buckets)
    }
    answer.heatmaps = try await heatmaps(result, pass)
    answer.info = scan.info
    answer.info.rowsMatched = result.rowsMatched
    answer.info.meanSampleRate = result.rowsMatched == 0 ? 1 : Double(result.weightMatched) / Double(result.rowsMatched)
    answer.info.isTruncated = isTruncated
    answer.info.elapsedNanoseconds = watch.elapsedNanoseconds
    return answer
  }

  /// Whether groups and buckets are accumulated together: rates need it, and few cells allow it.
  private func isBucketedAtOnce(_ needs: CalculationNeeds, _ needed: [Calculation]) -> Bool {
    guard let buckets, buckets.count > 1 else { return buckets != nil }
    if needed.contains(where: \.isRate) { return true }
    guard let denseCount = GroupMapper(domains).denseCount else { return false }
    let isHeavy = needs.allSpecs.contains {
      switch $0 {
      case .quantiles, .distinct: true
      default: false
      }
    }
    return denseCount * buckets.count * (1 + needs.filtered.count) <= (isHeavy ? Self.singlePassCellMax >> 3 : Self.singlePassCellMax)
  }

  /// The accumulations by group, buckets added up.
  private func byGroup(_ result: PassResult, _ pass: Pass) throws(QueryError) -> AggregateSet {
    guard pass.bucketCount > 1 else { return result.aggregates }
    var grouped = AggregateSet(pass.needs, pass.sources, cellCountMax: result.mapper.denseCount)
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
    for formula in plan.formulas {
      let results = reader.values(formula, plan, groups.map(\.group))
      let isWhole = results.allSatisfy { $0 == nil || $0?.type == .integer } && results.contains { $0 != nil }
      columns.append(
        AnswerColumn(
          name: formula.name, kind: .formula, type: isWhole ? .integer : .float,
          values: isWhole ? results : results.map { $0?.number.map { .float($0) } }))
    }
    return columns
  }

  /// Everything matched as one group.
  private func totals(_ grouped: AggregateSet, _ result: PassResult, _ pass: Pass, _ needed: [Calculation]) -> [FieldValue?] {
    if plan.breakdowns.isEmpty {
      return totals(ResultReader(grouped, pass, bucketed: pass.buckets == nil ? nil : result.aggregates))
    }
    var total = AggregateSet(pass.needs, pass.sources, cellCountMax: 1)
    total.grow(groupCount: 1, bucketCount: 1)
    total.absorb(grouped, .total)
    var bucketed: AggregateSet?
    if needed.contains(where: \.isRate) {
      let bucketCount = pass.bucketCount
      var all = AggregateSet(pass.needs, pass.sources, cellCountMax: bucketCount)
      all.grow(groupCount: 1, bucketCount: bucketCount)
      all.absorb(result.aggregates, .bucket(bucketCount: bucketCount))
      bucketed = all
    }
    return totals(ResultReader(total, pass, bucketed: bucketed))
  }

  private func totals(_ reader: ResultReader) -> [FieldValue?] {
    reader.values(calculations, [0]).map { $0[0] } + plan.formulas.map { reader.values($0, plan, [0])[0] }
  }

  private func series(
    _ groups: [RankedGroup], _ result: PassResult, _ pass: Pass, _ buckets: TimeBuckets
  ) async throws(QueryError) -> AnswerSeries {
    try watch.allow(cells: groups.count * buckets.count * (1 + pass.needs.filtered.count))
    var bucketed = result.aggregates
    var numbers = groups.map(\.group)
    var pass = pass
    if pass.buckets == nil {
      pass.needs = CalculationNeeds(calculations, scan.pieces)
      pass.sources = AggregateSources(pass.needs.allSpecs, scan.pieces, watch.dictionaries)
      pass.buckets = buckets
      pass.survivors = groups.map(\.parts)
      bucketed = try await pass.run(watch).aggregates
      numbers = Array(groups.indices)
    }
    let reader = ResultReader(bucketed, pass, bucketed: bucketed)
    let cells = numbers.flatMap { (group) in group * buckets.count..<(group + 1) * buckets.count }
    let percentiles = try await reader.percentiles(of: calculations, cells, watch)
    var values = calculations.map { (calculation) -> [[Double?]] in
      if let all = percentiles[calculation] {
        return numbers.indices.map { Array(all[$0 * buckets.count..<($0 + 1) * buckets.count]) }
      }
      return numbers.map { (group) in
        if calculation.isRate { return reader.rates(calculation, group) }
        if calculation.operation == .concurrency { return reader.maxima(calculation, group, buckets) }
        return reader.numbers(calculation, Array(group * buckets.count..<(group + 1) * buckets.count))
      }
    }
    values += plan.formulas.map { series($0, values, groupCount: numbers.count, bucketCount: buckets.count) }
    return AnswerSeries(
      startUnixNanoseconds: buckets.startUnixNanoseconds, stepNanoseconds: buckets.stepNanoseconds, bucketCount: buckets.count,
      resultNames: calculations.map(\.name) + plan.formulas.map(\.name), values: values)
  }

  /// A formula in each group and bucket, where `values` has the calculations'.
  private func series(_ formula: ResultFormula, _ values: [[[Double?]]], groupCount: Int, bucketCount: Int) -> [[Double?]] {
    let inputs = plan.inputs(of: formula)
    let places = inputs.compactMap { calculations.firstIndex(of: $0) }
    return (0..<groupCount).map { (group) in
      let results = places.map { values[$0][group].map { $0.map { FieldValue.float($0) } } }
      return formula.values(bucketCount, inputs.map(\.name), results).map { $0?.number }
    }
  }

  /// One for each calculation that is a heatmap; those that share a filter are filled in one reading.
  private func heatmaps(_ result: PassResult, _ pass: Pass) async throws(QueryError) -> [AnswerHeatmap] {
    var found: [Calculation: AnswerHeatmap] = [:]
    let wanted = plan.calculations.filter { $0.operation == .heatmap }
    for filter in Set(wanted.map(\.filter)) {
      var names: [String] = []
      for name in wanted.filter({ $0.filter == filter }).compactMap(\.column) where !names.contains(name) { names.append(name) }
      let part = pass.needs.filtered.firstIndex { $0.filter == filter }
      let bounds = part.map { result.aggregates.filtered[$0].bounds } ?? result.aggregates.bounds
      let heatmapPass = HeatmapPass(
        scan: scan, filters: filter.map { (own) in scan.pieces.map { PieceFilter(.all([plan.filter, own]), $0) } } ?? filters,
        buckets: buckets ?? TimeBuckets(whole: plan.scope.time, scan), names: names,
        fields: names.compactMap { pass.sources.fields[$0] }, scales: names.map { HeatmapScale(bounds[$0] ?? BoundsAggregate()) },
        weighting: plan.weighting)
      let maps = try await heatmapPass.run(watch)
      for calculation in wanted where calculation.filter == filter {
        guard var map = maps.first(where: { $0.column == calculation.column }) else { continue }
        map.name = calculation.name
        found[calculation] = map
      }
    }
    var seen: Set<String> = []
    return wanted.filter { seen.insert($0.name).inserted }.compactMap { found[$0] }
  }
}
