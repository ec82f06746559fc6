// SPDX-License-Identifier: Apache-2.0

/// `stats`: statistics for each combination of the groups' values, in their order; without groups one row, even of nothing.
struct StatsStage: InsightsStage {
  var groups: [(slot: Int, formula: InsightsFormula)]
  var aggregates: [(slot: Int, function: InsightsAggregate.Function, argument: InsightsFormula?)]
  /// Expressions over the statistics, in order: later ones may use earlier ones.
  var results: [(slot: Int, formula: InsightsFormula)]
  /// Where the time of an event is, for `earliest` and `latest`; nil after another `stats`.
  var timeSlot: Int?

  private struct Group {
    var values: [InsightsValue]
    var accumulators: [InsightsAccumulator]
  }
  private var found: [[String?]: Int] = [:]
  private var kept: [Group] = []
  private(set) var heldByteCount = 0

  init(
    groups: [(slot: Int, formula: InsightsFormula)],
    aggregates: [(slot: Int, function: InsightsAggregate.Function, argument: InsightsFormula?)],
    results: [(slot: Int, formula: InsightsFormula)], timeSlot: Int?
  ) {
    self.groups = groups
    self.aggregates = aggregates
    self.results = results
    self.timeSlot = timeSlot
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    for row in rows {
      let values = groups.map { $0.formula.value(row, context) }
      let group = index(values)
      let time = timeSlot.flatMap { row[$0].number }
      for (position, aggregate) in aggregates.enumerated() {
        let value = aggregate.argument?.value(row, context) ?? .integer(1)
        if value.isAbsent { continue }
        heldByteCount += kept[group].accumulators[position].add(value, time)
      }
    }
    return []
  }

  private mutating func index(_ values: [InsightsValue]) -> Int {
    let key = values.map(\.text)
    if let known = found[key] { return known }
    kept.append(Group(values: values, accumulators: aggregates.map { InsightsAccumulator($0.function) }))
    found[key] = kept.count - 1
    heldByteCount += InsightsMeter.byteCount(values) * 2 + aggregates.count * 64
    return kept.count - 1
  }

  mutating func finish(_ context: InsightsContext) -> [InsightsRow] {
    if kept.isEmpty, groups.isEmpty { _ = index([]) }
    let rows = kept.map { (group) in
      var row = InsightsRow(repeating: .absent, count: context.slotCount)
      for (group, value) in zip(groups, group.values) { row[group.slot] = value }
      for (aggregate, accumulator) in zip(aggregates, group.accumulators) { row[aggregate.slot] = accumulator.result }
      return computed(row, context)
    }
    kept = []
    found = [:]
    heldByteCount = 0
    return ordered(rows)
  }

  /// Rows by their groups' values, so that equal questions have equal answers; very many are left as they came.
  func ordered(_ rows: [InsightsRow]) -> [InsightsRow] {
    guard rows.count <= Self.orderedCountMax else { return rows }
    return rows.sorted { (left, right) in
      for group in groups {
        let order = InsightsText.naturalOrder(left[group.slot], right[group.slot])
        if order != 0 { return order < 0 }
      }
      return false
    }
  }

  private static let orderedCountMax = 50_000

  /// The row with the expressions over its statistics.
  func computed(_ row: InsightsRow, _ context: InsightsContext) -> InsightsRow {
    var row = row
    for result in results { row[result.slot] = result.formula.value(row, context) }
    return row
  }
}
