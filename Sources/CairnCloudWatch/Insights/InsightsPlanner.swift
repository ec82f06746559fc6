// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

/// What of a program a store can do, given the columns of the scope.
///
/// Conditions over stored fields become a filter; `stats` and `pattern` over stored fields alone, behind nothing but such conditions, are
/// done by the engine on columns. A condition whose meaning for the store would differ in any case stays a stage.
struct InsightsPlanner {
  let reading: InsightsReading
  let program: InsightsProgram
  /// What events must pass in any case.
  var exclusions = Filter.everything

  /// Log lines, among whatever else a dataset holds.
  static let logsOnly = Filter.compare(column: FieldName.signalType, .equal, .string("log"))

  /// The filter of all conditions that the store can test exactly, and the stages that need not test them again.
  func filter() -> (filter: Filter, doneStages: Set<Int>) {
    var filters: [Filter] = []
    if reading.isLogsOnly { filters.append(Self.logsOnly) }
    if exclusions != .everything { filters.append(exclusions) }
    var done: Set<Int> = []
    for (stage, condition) in program.lead.conditions {
      if let whole = exact(condition) {
        filters.append(whole)
        done.insert(stage)
      } else if case .all(let parts) = condition {
        filters += parts.compactMap(exact)
      }
    }
    return (filters.count == 1 ? filters[0] : .all(filters), done)
  }

  // MARK: Conditions

  /// A filter that holds for exactly the events for which the condition does; nil where there is none.
  func exact(_ condition: InsightsExpression) -> Filter? {
    switch condition {
    case .all(let parts): return exact(parts).map { .all($0) }
    case .any(let parts): return exact(parts).map { .any($0) }
    case .not(let part): return exact(part).map { .not($0) }
    case .compare(let comparison, let left, .literal(let value)): return compare(comparison, left, value)
    case .compare(let comparison, .literal(let value), let right): return compare(comparison.mirrored, right, value)
    case .contains(let part, let text): return field(part) { .text(column: $0, .contains, text) }
    case .matches(let part, let pattern): return field(part) { .matches(column: $0, pattern) }
    case .oneOf(let part, let list):
      let values = list.compactMap(constant)
      guard values.count == list.count, case .field(let name) = part else { return nil }
      return leaf(name, absent: values.contains(.string(LogField.defaultStream))) { .oneOf(column: $0, values) }
    case .call(.isPresent, let arguments):
      guard case .field(let name)? = arguments.first, case .column(let column) = source(name) else { return nil }
      return .exists(column: column)
    default: return nil
    }
  }

  private func exact(_ parts: [InsightsExpression]) -> [Filter]? {
    let filters = parts.compactMap(exact)
    return filters.count == parts.count ? filters : nil
  }

  private func source(_ name: String) -> InsightsReading.Source { InsightsReading.source(name, reading.columns) }

  private func constant(_ expression: InsightsExpression) -> FieldValue? {
    guard case .literal(let value) = expression else { return nil }
    return constant(value)
  }

  private func constant(_ value: InsightsValue) -> FieldValue? {
    switch value {
    case .text(let text): .string(text)
    case .integer(let value): .integer(value)
    case .number(let value): .float(value)
    case .boolean(let value): .boolean(value)
    case .absent, .time, .json: nil
    }
  }

  private func compare(_ comparison: InsightsComparison, _ left: InsightsExpression, _ value: InsightsValue) -> Filter? {
    guard case .field(let name) = left, let constant = constant(value) else { return nil }
    let isOrder = comparison != .equal && comparison != .notEqual
    // Texts that both read as numbers are in the order of numbers here, in that of bytes there.
    if isOrder, case .text(let text) = value, InsightsValue.number(text) != nil { return nil }
    let isDefault = constant == .string(LogField.defaultStream)
    switch comparison {
    case .notEqual: return leaf(name, absent: isDefault) { .compare(column: $0, .equal, constant) }.map { .not($0) }
    case .equal: return leaf(name, absent: isDefault) { .compare(column: $0, .equal, constant) }
    case .less: return leaf(name, absent: nil) { .compare(column: $0, .less, constant) }
    case .lessOrEqual: return leaf(name, absent: nil) { .compare(column: $0, .lessOrEqual, constant) }
    case .greater: return leaf(name, absent: nil) { .compare(column: $0, .greater, constant) }
    case .greaterOrEqual: return leaf(name, absent: nil) { .compare(column: $0, .greaterOrEqual, constant) }
    }
  }

  private func field(_ part: InsightsExpression, _ make: (String) -> Filter) -> Filter? {
    guard case .field(let name) = part else { return nil }
    return leaf(name, absent: nil, make)
  }

  /// A leaf over the column of a field. `absent` says whether it holds for a line without a stream, which counts as `default`; nil where
  /// that cannot be said.
  private func leaf(_ name: String, absent: Bool?, _ make: (String) -> Filter) -> Filter? {
    switch source(name) {
    case .column(let column):
      // Booleans are 1 and 0 to Insights and true and false to the store, where texts are compared.
      if reading.columns[column]?.contains(.boolean) == true, case .text = make(column) { return nil }
      if reading.columns[column]?.contains(.boolean) == true, case .matches = make(column) { return nil }
      return make(column)
    case .message: return reading.isLogsOnly ? make(FieldName.body) : nil
    case .stream:
      guard let absent else { return nil }
      let leaf = make(FieldName.logStream)
      return absent ? .any([leaf, .not(.exists(column: FieldName.logStream))]) : leaf
    default: return nil
    }
  }

  // MARK: Statistics

  /// The most buckets that the engine is asked for: fewer than it would refuse.
  private static let bucketCountMax: Int64 = 99_998

  /// The plan for the program's first `stats`, and how its answer becomes rows; nil where rows have to be read. `extent` is the part of the
  /// scope's time that has events, if any has.
  func aggregation(_ scope: Scope, extent: TimeRange?) -> InsightsAggregation? {
    let (filter, done) = filter()
    guard case .stats(let groups, let arguments) = program.lead.barrier, !program.lead.hasOtherWork,
      program.lead.conditions.allSatisfy({ done.contains($0.stage) }), reading.isLogsOnly || reading.columns[FieldName.sampleRate] == nil,
      let stage = program.stages[program.lead.barrierStage] as? StatsStage
    else { return nil }
    var aggregation = InsightsAggregation(plan: Plan(scope: scope, filter: filter, calculations: [.count]), stage: stage)
    for (group, work) in zip(groups, stage.groups) {
      guard add(group, work.slot, extent, to: &aggregation) else { return nil }
    }
    for (aggregate, argument) in zip(stage.aggregates, arguments) {
      guard let calculation = calculation(aggregate.function, argument) else { return nil }
      if !aggregation.plan.calculations.contains(calculation) { aggregation.plan.calculations.append(calculation) }
      aggregation.calculations.append((calculation, aggregate.slot))
    }
    aggregation.plan.limit = 10_000
    return aggregation
  }

  private func add(_ group: InsightsExpression, _ slot: Int, _ extent: TimeRange?, to aggregation: inout InsightsAggregation) -> Bool {
    switch group {
    case .field(let name):
      let (column, kind): (String, InsightsAggregation.Group.Kind)
      switch source(name) {
      case .column(let found): (column, kind) = (found, .value)
      case .stream: (column, kind) = (FieldName.logStream, .stream)
      case .log: (column, kind) = (FieldName.dataset, .log(reading.account))
      default: return false
      }
      // A name with several types would make a group for each.
      if kind == .value, (reading.columns[column]?.count ?? 1) > 1 { return false }
      if aggregation.plan.breakdowns.contains(column) { return false }
      aggregation.plan.breakdowns.append(column)
      aggregation.groups.append(.init(kind: kind, slot: slot))
      return true
    case .floor(.field("@timestamp"), let period):
      guard aggregation.binSlot == nil, let length = period.milliseconds, length > 0, length <= Int64.max / 1_000_000 else { return false }
      // The engine makes each bucket of the time, empty ones too: those before the first event and behind the last are not asked for. Of
      // rows only those with lines come to be.
      if let extent { aggregation.plan.scope.time = extent }
      let time = aggregation.plan.scope.time
      guard time == .everything || time.durationNanoseconds / (length * 1_000_000) < Self.bucketCountMax else { return false }
      aggregation.plan.granularityNanoseconds = length * 1_000_000
      aggregation.binSlot = slot
      return true
    default: return false
    }
  }

  private func calculation(_ function: InsightsAggregate.Function, _ argument: InsightsExpression?) -> Calculation? {
    guard let argument else { return function == .count ? .count : nil }
    if case .literal(let value) = argument, !value.isAbsent, function == .count { return .count }
    guard case .field(let name) = argument else { return nil }
    let column: String
    switch source(name) {
    case .column(let found): column = found
    case .message where reading.isLogsOnly && function == .count: column = FieldName.body
    default: return nil
    }
    let types = reading.columns[column] ?? []
    switch function {
    case .count: return Calculation(.count, column: column)
    case .countDistinct: return types.count == 1 && !types.contains(.float) ? Calculation(.countDistinct, column: column) : nil
    default: break
    }
    guard !types.isEmpty, types.isSubset(of: [.integer, .float]) else { return nil }
    switch function {
    case .sum: return Calculation(.sum, column: column)
    case .average: return Calculation(.average, column: column)
    case .minimum: return Calculation(.minimum, column: column)
    case .maximum: return Calculation(.maximum, column: column)
    case .percentile(let rank):
      guard let perMille = Int(exactly: rank * 10), (1...999).contains(perMille) else { return nil }
      return Calculation(.percentile(perMille: perMille), column: column)
    default: return nil
    }
  }

  // MARK: Patterns

  /// The plan for a `pattern` over a stored field, where nothing but exact conditions stand before it.
  func patterns(_ scope: Scope) -> PatternPlan? {
    let (filter, done) = filter()
    guard case .pattern(let field) = program.lead.barrier, !program.lead.hasOtherWork,
      program.lead.conditions.allSatisfy({ done.contains($0.stage) })
    else { return nil }
    switch source(field) {
    case .column(let column): return PatternPlan(scope: scope, filter: filter, column: column)
    case .message where reading.isLogsOnly: return PatternPlan(scope: scope, filter: filter, column: FieldName.body)
    default: return nil
    }
  }
}

extension InsightsComparison {
  /// The comparison with its sides exchanged.
  var mirrored: InsightsComparison {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    case .equal, .notEqual: self
    }
  }
}
