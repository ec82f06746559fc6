// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnPlan

/// A first `stats` that the engine does on columns: its plan, and how the answer becomes the rows that the stage would have made.
public struct InsightsAggregation: Sendable {
  /// One grouping field.
  struct Group: Sendable {
    enum Kind: Sendable, Hashable {
      case value
      case stream
      /// The dataset behind this account.
      case log(String)
    }
    var kind: Kind
    var slot: Int
  }
  public internal(set) var plan: Plan
  let stage: StatsStage
  var groups: [Group] = []
  /// The slot of `bin(…)`.
  var binSlot: Int?
  var calculations: [(calculation: Calculation, slot: Int)] = []

  init(plan: Plan, stage: StatsStage) {
    self.plan = plan
    self.stage = stage
  }

  /// The rows; nil where the answer lacks groups, so that rows have to be read after all.
  func rows(_ answer: Answer, _ context: InsightsContext) -> [InsightsRow]? {
    if answer.info.isTruncated { return nil }
    if let binSlot { return stage.ordered(answer.series.map { binned(answer, $0, binSlot, context) } ?? []) }
    if stage.groups.isEmpty, answer.rowCount == 0 {
      var copy = stage
      return copy.finish(context)
    }
    let rows = (0..<answer.rowCount).map { (index) in
      var row = grouped(answer, index, context)
      for (calculation, slot) in calculations {
        row[slot] = Self.result(calculation, answer.columns.first { $0.name == calculation.name && $0.kind == .calculation }?.values[index])
      }
      return stage.computed(row, context)
    }
    return stage.ordered(rows)
  }

  private func grouped(_ answer: Answer, _ index: Int, _ context: InsightsContext) -> InsightsRow {
    var row = InsightsRow(repeating: .absent, count: context.slotCount)
    for (column, group) in zip(answer.columns.filter { $0.kind == .breakdown }, groups) {
      let value = column.values[index]
      switch group.kind {
      case .value: row[group.slot] = InsightsValue(value)
      case .stream: row[group.slot] = .text(value?.text ?? LogField.defaultStream)
      case .log(let account): row[group.slot] = .text("\(account):\(value?.text ?? "")")
      }
    }
    return row
  }

  /// A row for each group and bucket that has events.
  private func binned(_ answer: Answer, _ series: AnswerSeries, _ binSlot: Int, _ context: InsightsContext) -> [InsightsRow] {
    let places = calculations.map { (calculation, _) in series.resultNames.firstIndex(of: calculation.name) }
    guard let counts = series.resultNames.firstIndex(of: Calculation.count.name) else { return [] }
    var rows: [InsightsRow] = []
    for group in series.values[counts].indices {
      let base = groups.isEmpty ? InsightsRow(repeating: .absent, count: context.slotCount) : grouped(answer, group, context)
      for bucket in 0..<series.bucketCount where (series.values[counts][group][bucket] ?? 0) > 0 {
        var row = base
        let start = series.startUnixNanoseconds + Int64(bucket) * series.stepNanoseconds
        row[binSlot] = .time(InsightsReading.milliseconds(start))
        for (place, (calculation, slot)) in zip(places, calculations) {
          let value = place.flatMap { series.values[$0][group][bucket] }
          row[slot] = Self.result(calculation, value.map { .float($0) })
        }
        rows.append(stage.computed(row, context))
      }
    }
    return rows
  }

  /// A result as the stage gives it: counts are whole, also where there was nothing to count.
  private static func result(_ calculation: Calculation, _ value: FieldValue??) -> InsightsValue {
    let value = value ?? nil
    switch calculation.operation {
    case .count, .countDistinct: return .integer(value?.number.map { Int64($0) } ?? 0)
    case .sum, .minimum, .maximum:
      if let number = value?.number, let whole = Int64(exactly: number) { return .integer(whole) }
      return InsightsValue(value)
    default: return value?.number.map { .number($0) } ?? .absent
    }
  }
}
