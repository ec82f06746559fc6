// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import CairnPlan

/// Metric alarms: kept, evaluated, and delivered to webhooks.
extension MetricsDesk {
  var alarmOperations: [LogsOperation] {
    [
      LogsOperation("PutMetricAlarm", .manage) { (call) async throws(LogsError) in try putAlarm(call) },
      LogsOperation("DescribeAlarms", .query) { (call) async throws(LogsError) in try describeAlarms(call) },
      LogsOperation("DescribeAlarmsForMetric", .query) { (call) async throws(LogsError) in try describeAlarmsForMetric(call) },
      LogsOperation("DeleteAlarms", .manage) { (call) async throws(LogsError) in try deleteAlarms(call) },
      LogsOperation("SetAlarmState", .manage) { (call) async throws(LogsError) in
        guard let name = call.input["AlarmName"]?.string, let reason = call.input["StateReason"]?.string else {
          throw LogsError(.missingParameter, "The parameters AlarmName and StateReason are required.")
        }
        guard let value = call.input["StateValue"]?.string, Self.states.contains(value) else {
          throw LogsError(.invalidParameterValue, "StateValue is one of OK, ALARM and INSUFFICIENT_DATA.")
        }
        guard let alarm = registry.item(call.environment, "alarm", name) else {
          throw LogsError(.resourceNotFoundAlarm, "Alarm does not exist")
        }
        try change(call, alarm, to: value, reason, data: call.input["StateReasonData"]?.string)
        return .nothing
      },
      LogsOperation("EnableAlarmActions", .manage) { (call) async throws(LogsError) in try setActions(call, true) },
      LogsOperation("DisableAlarmActions", .manage) { (call) async throws(LogsError) in try setActions(call, false) },
      LogsOperation("DescribeAlarmHistory", .query) { (call) async throws(LogsError) in try describeHistory(call) },
    ]
  }

  static let states = ["OK", "ALARM", "INSUFFICIENT_DATA"]
  static let comparisons: [String: Comparison] = [
    "GreaterThanOrEqualToThreshold": .greaterOrEqual, "GreaterThanThreshold": .greater, "LessThanThreshold": .less,
    "LessThanOrEqualToThreshold": .lessOrEqual,
  ]
  private static let kept = [
    "AlarmName", "AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "TreatMissingData", "EvaluateLowSampleCountPercentile",
  ]

  private func putAlarm(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let input = call.input
    guard let name = input["AlarmName"]?.string, !name.isEmpty, name.utf8.count <= 255 else {
      throw LogsError(.missingParameter, "The parameter AlarmName is required.")
    }
    guard let operation = input["ComparisonOperator"]?.string, Self.comparisons[operation] != nil else {
      throw LogsError(.invalidParameterValue, "Cairn compares with a threshold: above, below, or equal.")
    }
    let metrics = input["Metrics"]?.array ?? []
    let (source, asked) = metrics.isEmpty ? try Self.single(input) : try Self.several(metrics, input)
    guard let periods = input["EvaluationPeriods"]?.looseInteger, periods >= 1, periods <= 604_800, let period = asked,
      period >= 10, period <= 604_800,
      periods * period <= 604_800
    else { throw LogsError(.invalidParameterValue, "Period and EvaluationPeriods are required and cover at most seven days.") }
    guard let threshold = input["Threshold"]?.looseNumber else {
      throw LogsError(.missingParameter, "The parameter Threshold is required.")
    }
    let points = input["DatapointsToAlarm"]?.looseInteger ?? periods
    guard points >= 1, points <= periods else {
      throw LogsError(.invalidParameterValue, "DatapointsToAlarm is at least 1 and at most EvaluationPeriods.")
    }
    var members = source
    for key in Self.kept { if let value = input[key], value != .null { members.append(JSONMember(key, value)) } }
    if metrics.isEmpty { members.append(JSONMember("Period", .integer(period))) }
    members += [
      JSONMember("EvaluationPeriods", .integer(periods)), JSONMember("Threshold", .double(threshold)),
      JSONMember("ComparisonOperator", .string(operation)),
    ]
    if points != periods { members.append(JSONMember("DatapointsToAlarm", .integer(points))) }
    let known = registry.item(call.environment, "alarm", name)
    guard known?["AlarmRule"] == nil else { throw LogsError(.validationError, "An alarm of another kind has the name \(name).") }
    try keepAlarm(call, name, members, known)
    return .nothing
  }

  /// What an alarm on one metric says of it, and its period.
  private static func single(_ input: JSONValue) throws(LogsError) -> (members: [JSONMember], periodSeconds: Int64?) {
    _ = try MetricName(input)
    let statistic = input["Statistic"]?.string ?? input["ExtendedStatistic"]?.string ?? ""
    guard MetricStatistic(statistic) != nil else {
      throw LogsError(.invalidParameterCombination, "Exactly one of Statistic and ExtendedStatistic must be given, and be known.")
    }
    var members: [JSONMember] = []
    for key in ["MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Unit"] {
      if let value = input[key], value != .null { members.append(JSONMember(key, value)) }
    }
    return (members + [JSONMember("Dimensions", input["Dimensions"] ?? .array([]))], input["Period"]?.looseInteger)
  }

  /// The same for an alarm on an expression: one query has the data, all metrics have one period.
  private static func several(_ metrics: [JSONValue], _ input: JSONValue) throws(LogsError) -> (members: [JSONMember], periodSeconds: Int64?) {
    for key in ["MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period"] {
      if let value = input[key], value != .null { throw LogsError(.validationError, "Metrics and \(key) cannot be given together.") }
    }
    let queries = try MetricQuery.all(metrics)
    guard queries.count(where: { $0.isReturned }) == 1 else {
      throw LogsError(.validationError, "Exactly one element of the metrics list should return data.")
    }
    var periods: Set<Int64> = []
    for query in queries {
      switch query.kind {
      case .metric(let source): periods.insert(source.periodSeconds)
      case .expression(let expression, _):
        guard expression.searches.isEmpty else { throw LogsError(.validationError, "SEARCH is not supported in the expression of an alarm.") }
      }
    }
    guard let period = periods.first, periods.count == 1 else { throw LogsError(.validationError, "All metrics of an alarm have the same Period.") }
    return ([JSONMember("Metrics", .array(queries.map(\.document)))], period)
  }

  /// Keeps an alarm of either kind; one that is known keeps its state.
  func keepAlarm(_ call: LogsCall, _ name: String, _ own: [JSONMember], _ known: JSONValue?) throws(LogsError) {
    let now = JSONValue.double(Double(call.nowUnixMilliseconds) / 1000)
    var members = [
      JSONMember("AlarmArn", .string("arn:aws:cloudwatch:\(call.account.region):\(call.account.account):alarm:\(name)"))
    ] + own
    for key in ["OKActions", "AlarmActions", "InsufficientDataActions"] where !members.contains(where: { $0.name == key }) {
      members.append(JSONMember(key, .array([])))
    }
    let own = members
    let kept = try Self.changingAlarms { () throws(LogsError) -> JSONValue in
      let known = registry.item(call.environment, "alarm", name)
      let alarm = JSONValue.object(
        own + [
          JSONMember("AlarmConfigurationUpdatedTimestamp", now),
          JSONMember("ActionsEnabled", .boolean(call.input["ActionsEnabled"]?.looseBoolean ?? true)),
          JSONMember("StateValue", known?["StateValue"] ?? .string("INSUFFICIENT_DATA")),
          JSONMember("StateReason", known?["StateReason"] ?? .string("Unchecked: Initial alarm creation")),
          JSONMember("StateUpdatedTimestamp", known?["StateUpdatedTimestamp"] ?? now),
          JSONMember("StateTransitionedTimestamp", known?["StateTransitionedTimestamp"] ?? now),
        ])
      try registry.put(call.environment, "alarm", name, alarm)
      return alarm
    }
    if known == nil { try keepTags(call, "alarm/\(name)", addTags(call, to: [:])) }
    try note(
      call, kept, "ConfigurationUpdate", "Alarm \"\(name)\" \(known == nil ? "created" : "updated")", data: "{}")
  }

  private func deleteAlarms(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let names = try Self.names(call)
    let found = names.compactMap { registry.item(call.environment, "alarm", $0) }
    guard found.count == names.count else { throw LogsError(.resourceNotFoundAlarm, "One of the alarms does not exist; none was deleted.") }
    guard found.count(where: { $0["AlarmRule"] != nil }) <= 1 else {
      throw LogsError(.validationError, "At most one composite alarm can be deleted in one call.")
    }
    try Self.changingAlarms { () throws(LogsError) in
      for name in names {
        try registry.remove(call.environment, "alarm", name)
        try registry.remove(call.environment, "alarm-history", name)
        try registry.remove(call.environment, "metric-tags", "alarm/\(name)")
      }
    }
    return .nothing
  }

  private func describeAlarms(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let names = (call.input["AlarmNames"]?.array ?? []).compactMap(\.string)
    let prefix = call.input["AlarmNamePrefix"]?.string ?? ""
    let value = try call.optionalText("StateValue")
    let action = call.input["ActionPrefix"]?.string
    let related = try relatives(call)
    // Composite alarms are shown to those who ask for them.
    let types = (call.input["AlarmTypes"]?.array ?? [.string("MetricAlarm")]).compactMap(\.string)
    let all = registry.items(call.environment, "alarm").filter { entry in
      let actions = ["AlarmActions", "OKActions", "InsufficientDataActions"].flatMap { entry.value[$0]?.array ?? [] }.compactMap(
        \.string)
      return (names.isEmpty || names.contains(entry.name)) && entry.name.hasPrefix(prefix)
        && (value == nil || entry.value["StateValue"]?.string == value)
        && (action.map { prefix in actions.contains { $0.hasPrefix(prefix) } } ?? true)
        && (related.map { $0.contains(entry.name) } ?? types.contains(Self.kind(entry.value)))
    }
    let limit = Int(max(1, min(100, call.input["MaxRecords"]?.looseInteger ?? 50)))
    let (page, next) = try call.page(all, limit: limit, token: "NextToken", refusal: .invalidNextToken) { $0.name }
    return .object { writer in
      writer.member("MetricAlarms", .array(page.map(\.value).filter { Self.kind($0) == "MetricAlarm" }))
      writer.member("CompositeAlarms", .array(page.map(\.value).filter { Self.kind($0) == "CompositeAlarm" }))
      writer.member("NextToken", ifPresent: next)
    }
  }

  /// The alarms on one metric, of those the ones with the statistic, period and unit that the call names.
  private func describeAlarmsForMetric(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let metric = try MetricName(call.input)
    let period = call.input["Period"]?.looseInteger
    let found = registry.items(call.environment, "alarm").map(\.value).filter { alarm in
      guard (try? MetricName(alarm)) == metric, period == nil || alarm["Period"]?.looseInteger == period else { return false }
      return ["Statistic", "ExtendedStatistic", "Unit"].allSatisfy { name in
        call.input[name]?.string.map { $0 == alarm[name]?.string } ?? true
      }
    }
    return .object { $0.member("MetricAlarms", .array(found)) }
  }

  static func kind(_ alarm: JSONValue) -> String { alarm["AlarmRule"] == nil ? "MetricAlarm" : "CompositeAlarm" }

  /// The alarms that ChildrenOfAlarmName or ParentsOfAlarmName ask for; nil where neither is given.
  private func relatives(_ call: LogsCall) throws(LogsError) -> [String]? {
    if let parent = call.input["ChildrenOfAlarmName"]?.string {
      guard let rule = registry.item(call.environment, "alarm", parent)?["AlarmRule"]?.string else { return [] }
      return try Self.rule(rule).names
    }
    guard let child = call.input["ParentsOfAlarmName"]?.string else { return nil }
    return registry.items(call.environment, "alarm").filter { entry in
      entry.value["AlarmRule"]?.string.flatMap { try? Self.rule($0) }?.names.contains(child) ?? false
    }.map(\.name)
  }

  /// `AlarmNames`, which have to be there.
  private static func names(_ call: LogsCall) throws(LogsError) -> [String] {
    guard let names = call.input["AlarmNames"]?.array?.compactMap(\.string) else {
      throw LogsError(.missingParameter, "The parameter AlarmNames is required.")
    }
    guard names.count <= 100 else { throw LogsError(.invalidParameterValue, "AlarmNames has at most 100 names.") }
    return names
  }

  private func setActions(_ call: LogsCall, _ enabled: Bool) throws(LogsError) -> LogsAnswer {
    try Self.changingAlarms { () throws(LogsError) in
      for name in try Self.names(call) {
        guard let alarm = registry.item(call.environment, "alarm", name) else { continue }
        try registry.put(call.environment, "alarm", name, alarm.with("ActionsEnabled", .boolean(enabled)))
      }
    }
    return .nothing
  }
}
