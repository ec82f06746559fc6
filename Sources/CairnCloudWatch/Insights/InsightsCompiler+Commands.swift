// SPDX-License-Identifier: Apache-2.0

extension InsightsCompiler {
  mutating func add(_ command: InsightsCommand, rest: ArraySlice<InsightsCommand>) throws(InsightsError) {
    switch command {
    case .fields(let items): try addItems(items, isDisplay: false)
    case .display(let items): try addItems(items, isDisplay: true)
    case .filter(let condition):
      try addInner(of: condition)
      if isBeforeBarrier, condition.fieldNames.allSatisfy(isBase) {
        program.lead.conditions.append((program.stages.count, condition))
      } else if isBeforeBarrier {
        program.lead.hasOtherWork = true
      }
      program.stages.append(FilterStage(condition: compiled(condition)))
    case .stats(let items, let groups): try addStats(items, groups)
    case .sort(let keys): try addSort(keys, rest)
    case .limit(let count):
      barrier(.other)
      program.stages.append(LimitStage(count))
    case .parse(let text, let how, let names): addParse(text, how, names)
    case .dedup(let keys):
      barrier(.other)
      var formulas: [InsightsFormula] = []
      for key in keys { formulas.append(compiled(key)) }
      program.stages.append(DedupStage(formulas))
    case .pattern(let text): try addPattern(text)
    case .diff(let period): try addContrast(.difference, period)
    case .anomaly: try addContrast(.anomaly, .previousPeriod)
    case .unnest(let list, let name):
      barrier(.other)
      let formula = compiled(list)
      let slot = define(name)
      showNew(name, slot, isComputed: false)
      program.stages.append(UnnestStage(list: formula, slot: slot))
    case .accumulate(let item):
      barrier(.other)
      let formula = compiled(item.expression)
      let slot = define(item.name)
      showNew(item.name, slot, isComputed: true)
      program.stages.append(AccumulateStage(formula, slot))
    case .lookup(let lookup): addLookup(lookup)
    case .join(let join): try addJoin(join, rest: rest)
    case .addTotals(let totals): addTotals(totals)
    }
  }

  private mutating func addSort(_ keys: [InsightsSortKey], _ rest: ArraySlice<InsightsCommand>) throws(InsightsError) {
    // Events come in order of time, so that such a sort is the store's and a limit behind it stops the reading.
    if isBeforeBarrier, keys.count == 1, keys[0].expression == .field("@timestamp"), isBase("@timestamp") {
      program.lead.isOldestFirst = !keys[0].isDescending
      return
    }
    barrier(.other)
    var formulas: [(formula: InsightsFormula, isDescending: Bool)] = []
    for key in keys {
      try addInner(of: key.expression)
      formulas.append((compiled(key.expression), key.isDescending))
    }
    program.stages.append(SortStage(formulas, limit: Self.limit(rest)))
  }

  private mutating func addParse(_ text: InsightsExpression, _ how: InsightsParse, _ names: [String]) {
    program.lead.hasOtherWork = program.lead.hasOtherWork || isBeforeBarrier
    let formula = compiled(text)
    var slots: [Int] = []
    for name in names {
      let slot = define(name)
      slots.append(slot)
      showNew(name, slot, isComputed: false)
    }
    program.stages.append(ParseStage(formula, how, slots))
  }

  /// The `limit` that follows a `sort` at once or behind commands that change no order and no number of rows.
  private static func limit(_ rest: ArraySlice<InsightsCommand>) -> Int? {
    for command in rest {
      switch command {
      case .limit(let count): return count
      case .fields, .display, .parse: continue
      default: return nil
      }
    }
    return nil
  }

  // MARK: stats

  private mutating func addStats(_ items: [InsightsItem], _ groups: [InsightsItem]) throws(InsightsError) {
    var aggregates: [InsightsAggregate] = []
    for item in items {
      try addInner(of: item.expression)
      Self.collect(item.expression, &aggregates)
    }
    for group in groups { try addInner(of: group.expression) }
    let isPlain = (groups.map(\.expression) + aggregates.compactMap(\.argument)).allSatisfy { $0.fieldNames.allSatisfy(isBase) }
    barrier(isPlain ? .stats(groups: groups.map(\.expression), arguments: aggregates.map(\.argument)) : .other)
    let needsTime = aggregates.contains { $0.function == .earliest || $0.function == .latest }
    var timeSlot: Int?
    if needsTime, case .slot(let slot) = compiled(.field("@timestamp")) { timeSlot = slot }
    var groupWork: [(slot: Int, formula: InsightsFormula)] = []
    var columns: [InsightsColumn] = []
    for group in groups {
      var isComputed = true
      if case .field(let name) = group.expression { isComputed = !isBase(name) }
      let formula = compiled(group.expression)
      let slot = newSlot()
      groupWork.append((slot, formula))
      columns.append(InsightsColumn(name: group.name, slot: slot, isComputed: isComputed))
    }
    var aggregateWork: [(slot: Int, function: InsightsAggregate.Function, argument: InsightsFormula?)] = []
    var hidden: [String: Int] = [:]
    for (index, aggregate) in aggregates.enumerated() {
      var argument: InsightsFormula?
      if let expression = aggregate.argument { argument = compiled(expression) }
      let slot = newSlot()
      aggregateWork.append((slot, aggregate.function, argument))
      hidden[Self.hiddenName(index)] = slot
    }
    leaveEvents(columns, hidden: hidden)
    var results: [(slot: Int, formula: InsightsFormula)] = []
    for item in items {
      let expression = item.expression.mapped { (part) -> InsightsExpression in
        guard case .aggregate(let aggregate) = part, let index = aggregates.firstIndex(of: aggregate) else { return part }
        return .field(Self.hiddenName(index))
      }
      let formula = compiled(expression)
      let slot = define(item.name)
      results.append((slot, formula))
      columns.removeAll { $0.name == item.name }
      columns.append(InsightsColumn(name: item.name, slot: slot, isComputed: true))
    }
    program.stages.append(StatsStage(groups: groupWork, aggregates: aggregateWork, results: results, timeSlot: timeSlot))
    leaveEvents(columns)
  }

  private static func hiddenName(_ index: Int) -> String { "\u{0}\(index)" }

  private static func collect(_ expression: InsightsExpression, _ found: inout [InsightsAggregate]) {
    if case .aggregate(let aggregate) = expression {
      if !found.contains(aggregate) { found.append(aggregate) }
      return
    }
    for part in expression.parts { collect(part, &found) }
  }

  // MARK: pattern, diff, anomaly

  private mutating func addPattern(_ text: InsightsExpression) throws(InsightsError) {
    if case .field(let name) = text, isBase(name), isBeforeBarrier { barrier(.pattern(field: name)) } else { barrier(.other) }
    let formula = compiled(text)
    let slots = PatternSlots(pattern: newSlot(), ratio: newSlot(), count: newSlot(), severity: newSlot(), sample: newSlot())
    program.stages.append(PatternStage(formula, slots))
    patternSlots = slots
    leaveEvents(
      [
        InsightsColumn(name: "@pattern", slot: slots.pattern, isComputed: false),
        InsightsColumn(name: "@ratio", slot: slots.ratio, isComputed: true),
        InsightsColumn(name: "@sampleCount", slot: slots.count, isComputed: false),
        InsightsColumn(name: "@severityLabel", slot: slots.severity, isComputed: false),
      ], hidden: ["@logSamples": slots.sample])
  }

  private mutating func addContrast(_ kind: ContrastStage.Kind, _ period: InsightsDiff) throws(InsightsError) {
    guard program.contrast == nil else { throw error("a query has one diff or anomaly") }
    if patternSlots == nil {
      guard isOverEvents else { throw error("diff and anomaly compare patterns: 'pattern' must come before them") }
      try addPattern(.field("@message"))
    }
    guard let slots = patternSlots else { return }
    let stage = ContrastStage(
      kind: kind, patterns: slots, previousCount: newSlot(), change: newSlot(), changePercent: newSlot(), description: newSlot())
    program.contrast = (program.stages.count, stage, period)
    leaveEvents(
      [
        InsightsColumn(name: "@pattern", slot: slots.pattern, isComputed: false),
        InsightsColumn(name: "@sampleCount", slot: slots.count, isComputed: false),
        InsightsColumn(name: "@previousSampleCount", slot: stage.previousCount, isComputed: false),
        InsightsColumn(name: "@difference", slot: stage.change, isComputed: false),
        InsightsColumn(name: "@differencePercent", slot: stage.changePercent, isComputed: true),
        InsightsColumn(name: "@description", slot: stage.description, isComputed: false),
        InsightsColumn(name: "@severityLabel", slot: slots.severity, isComputed: false),
      ], hidden: ["@logSamples": slots.sample, "@ratio": slots.ratio])
  }

  // MARK: Other rows

  private mutating func addLookup(_ lookup: InsightsLookup) {
    barrier(.other)
    var keys: [(column: String, formula: InsightsFormula)] = []
    for key in lookup.keys { keys.append((key.column, compiled(.field(key.field)))) }
    var outputs: [(column: String, slot: Int)] = []
    for output in lookup.outputs {
      let slot = define(output.name)
      outputs.append((output.column, slot))
      showNew(output.name, slot, isComputed: false)
    }
    if !program.tableNames.contains(lookup.table) { program.tableNames.append(lookup.table) }
    program.stages.append(LookupStage(lookup.table, keys, outputs))
  }

  private mutating func addJoin(_ join: InsightsJoin, rest: ArraySlice<InsightsCommand>) throws(InsightsError) {
    barrier(.other)
    var wanted: [String] = []
    for name in rest.flatMap(\.fieldNames) where name.hasPrefix(join.rightName + ".") {
      let field = String(name.dropFirst(join.rightName.count + 1))
      if !wanted.contains(field) { wanted.append(field) }
    }
    var keys: [InsightsFormula] = []
    for key in join.keys { keys.append(compiled(.field(key.left))) }
    try addInner(join.right, .join, outputs: join.keys.map(\.right) + wanted)
    let index = program.inner.count - 1
    var outputs: [Int] = []
    for field in wanted { outputs.append(define("\(join.rightName).\(field)")) }
    addLeftName(join.leftName)
    program.stages.append(JoinStage(index, keepsUnmatched: join.keepsUnmatched, keys, outputs))
  }

  private mutating func addTotals(_ totals: InsightsTotals) {
    barrier(.other)
    var slots: [Int] = []
    if totals.fields.isEmpty {
      slots = shownColumns.map(\.slot)
    } else {
      for field in totals.fields {
        let column = column(field, compiled(.field(field)), isComputed: false)
        slots.append(column.slot)
      }
    }
    var totalSlot: Int?
    if totals.addsColumn {
      let slot = define(totals.fieldName)
      totalSlot = slot
      showNew(totals.fieldName, slot, isComputed: true)
    }
    program.stages.append(TotalsStage(slots, totalSlot: totalSlot, addsRow: totals.addsRow))
  }
}

extension InsightsCommand {
  /// Every field that the command names; of inner queries none.
  var fieldNames: [String] {
    switch self {
    case .fields(let items), .display(let items): items.flatMap(\.expression.fieldNames)
    case .filter(let condition): condition.fieldNames
    case .stats(let items, let groups): (items + groups).flatMap(\.expression.fieldNames)
    case .sort(let keys): keys.flatMap(\.expression.fieldNames)
    case .parse(let text, _, _), .pattern(let text), .unnest(let text, _): text.fieldNames
    case .dedup(let keys): keys.flatMap(\.fieldNames)
    case .accumulate(let item): item.expression.fieldNames
    case .lookup(let lookup): lookup.keys.map(\.field)
    case .join(let join): join.keys.map { "\(join.leftName).\($0.left)" }
    case .addTotals(let totals): totals.fields
    case .limit, .diff, .anomaly: []
    }
  }
}
