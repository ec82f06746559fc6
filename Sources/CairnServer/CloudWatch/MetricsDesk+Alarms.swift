// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import CairnPlan
import NIOCore

/// Metric alarms: kept, evaluated, and delivered to webhooks.
extension MetricsDesk {
  var alarmOperations: [LogsOperation] {
    [
      LogsOperation("PutMetricAlarm", .manage) { (call) async throws(LogsError) in try putAlarm(call) },
      LogsOperation("DescribeAlarms", .query) { (call) async throws(LogsError) in try describeAlarms(call) },
      LogsOperation("DescribeAlarmsForMetric", .query) { (call) async throws(LogsError) in
        let metric = try MetricName(call.input)
        let found = registry.items(call.environment, "alarm").map(\.value).filter { (try? MetricName($0)) == metric }
        return .object { $0.member("MetricAlarms", .array(found)) }
      },
      LogsOperation("DeleteAlarms", .manage) { (call) async throws(LogsError) in
        let names = (call.input["AlarmNames"]?.array ?? []).compactMap(\.string)
        for name in names {
          try registry.remove(call.environment, "alarm", name)
          try registry.remove(call.environment, "alarm-history", name)
          try registry.remove(call.environment, "metric-tags", "alarm/\(name)")
        }
        return .nothing
      },
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
      LogsOperation("DescribeAlarmHistory", .query) { (call) async throws(LogsError) in
        let name = call.input["AlarmName"]?.string
        let kind = call.input["HistoryItemType"]?.string
        var items = registry.items(call.environment, "alarm-history").filter { name == nil || $0.name == name }
          .flatMap { $0.value.array ?? [] }.filter { kind == nil || $0["HistoryItemType"]?.string == kind }
        items.sort { ($0["Timestamp"]?.number ?? 0) < ($1["Timestamp"]?.number ?? 0) }
        if call.input["ScanBy"]?.string != "TimestampAscending" { items.reverse() }
        let limit = Int(call.input["MaxRecords"]?.looseInteger ?? 100)
        return .object { $0.member("AlarmHistoryItems", .array(Array(items.prefix(max(1, min(100, limit)))))) }
      },
    ]
  }

  static let states = ["OK", "ALARM", "INSUFFICIENT_DATA"]
  static let comparisons: [String: Comparison] = [
    "GreaterThanOrEqualToThreshold": .greaterOrEqual, "GreaterThanThreshold": .greater, "LessThanThreshold": .less,
    "LessThanOrEqualToThreshold": .lessOrEqual,
  ]
  private static let kept = [
    "AlarmName", "AlarmDescription", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace",
    "Statistic",
    "ExtendedStatistic", "Dimensions", "Unit", "TreatMissingData", "EvaluateLowSampleCountPercentile",
  ]

  private func putAlarm(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let input = call.input
    guard let name = input["AlarmName"]?.string, !name.isEmpty, name.utf8.count <= 255 else {
      throw LogsError(.missingParameter, "The parameter AlarmName is required.")
    }
    guard input["Metrics"]?.array?.isEmpty ?? true else {
      throw LogsError(.invalidParameterValue, "Cairn calculates no expressions: an alarm names one metric, without Metrics.")
    }
    _ = try MetricName(input)
    guard let operation = input["ComparisonOperator"]?.string, Self.comparisons[operation] != nil else {
      throw LogsError(.invalidParameterValue, "Cairn compares with a threshold: above, below, or equal.")
    }
    let statistic = input["Statistic"]?.string ?? input["ExtendedStatistic"]?.string ?? ""
    guard MetricStatistic(statistic) != nil else {
      throw LogsError(.invalidParameterCombination, "Exactly one of Statistic and ExtendedStatistic must be given, and be known.")
    }
    guard let periods = input["EvaluationPeriods"]?.looseInteger, periods >= 1, periods <= 604_800, let period = input["Period"]?.looseInteger,
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
    let now = Double(call.nowUnixMilliseconds) / 1000
    let known = registry.item(call.environment, "alarm", name)
    var members = [
      JSONMember("AlarmArn", .string("arn:aws:cloudwatch:\(call.account.region):\(call.account.account):alarm:\(name)"))
    ]
    for key in Self.kept { if let value = input[key], value != .null { members.append(JSONMember(key, value)) } }
    for key in ["OKActions", "AlarmActions", "InsufficientDataActions", "Dimensions"]
    where !members.contains(where: { $0.name == key }) {
      members.append(JSONMember(key, .array([])))
    }
    members += [
      JSONMember("AlarmConfigurationUpdatedTimestamp", .double(now)),
      JSONMember("ActionsEnabled", .boolean(input["ActionsEnabled"]?.looseBoolean ?? true)),
      JSONMember("Period", .integer(period)),
      JSONMember("EvaluationPeriods", .integer(periods)), JSONMember("Threshold", .double(threshold)),
      JSONMember("ComparisonOperator", .string(operation)),
      JSONMember("StateValue", known?["StateValue"] ?? .string("INSUFFICIENT_DATA")),
      JSONMember("StateReason", known?["StateReason"] ?? .string("Unchecked: Initial alarm creation")),
      JSONMember("StateUpdatedTimestamp", known?["StateUpdatedTimestamp"] ?? .double(now)),
      JSONMember("StateTransitionedTimestamp", known?["StateTransitionedTimestamp"] ?? .double(now)),
    ]
    if points != periods { members.append(JSONMember("DatapointsToAlarm", .integer(points))) }
    try registry.put(call.environment, "alarm", name, .object(members))
    if known == nil { try keepTags(call, "alarm/\(name)", addTags(call, to: [:])) }
    try note(call, name, "ConfigurationUpdate", "Alarm \"\(name)\" \(known == nil ? "created" : "updated")", data: "{}")
    return .nothing
  }

  private func describeAlarms(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let names = (call.input["AlarmNames"]?.array ?? []).compactMap(\.string)
    let prefix = call.input["AlarmNamePrefix"]?.string ?? ""
    let value = call.input["StateValue"]?.string
    let action = call.input["ActionPrefix"]?.string
    let all = registry.items(call.environment, "alarm").filter { entry in
      let actions = ["AlarmActions", "OKActions", "InsufficientDataActions"].flatMap { entry.value[$0]?.array ?? [] }.compactMap(
        \.string)
      return (names.isEmpty || names.contains(entry.name)) && entry.name.hasPrefix(prefix)
        && (value == nil || entry.value["StateValue"]?.string == value)
        && (action.map { prefix in actions.contains { $0.hasPrefix(prefix) } } ?? true)
    }
    let limit = Int(max(1, min(100, call.input["MaxRecords"]?.looseInteger ?? 50)))
    let (page, next) = try call.page(all, limit: limit, token: "NextToken") { $0.name }
    return .object {
      $0.member("MetricAlarms", .array(page.map(\.value)))
      $0.member("CompositeAlarms", .array([]))
      $0.member("NextToken", ifPresent: next)
    }
  }

  private func setActions(_ call: LogsCall, _ enabled: Bool) throws(LogsError) -> LogsAnswer {
    for name in (call.input["AlarmNames"]?.array ?? []).compactMap(\.string) {
      guard let alarm = registry.item(call.environment, "alarm", name) else { continue }
      try registry.put(call.environment, "alarm", name, alarm.with("ActionsEnabled", .boolean(enabled)))
    }
    return .nothing
  }

  // MARK: States

  /// Evaluates every alarm of every environment; called every few seconds.
  func evaluateAlarms() async {
    let environments = registry.environments
    for environment in environments {
      for (_, alarm) in registry.items(environment, "alarm") {
        let call = LogsCall(
          environment: environment, account: LogAccount(), input: alarm, body: .init(),
          nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
        try? await evaluate(alarm, call)
      }
    }
  }

  private func evaluate(_ alarm: JSONValue, _ call: LogsCall) async throws(LogsError) {
    let metric = try MetricName(alarm)
    let name = alarm["Statistic"]?.string ?? alarm["ExtendedStatistic"]?.string ?? ""
    guard let statistic = MetricStatistic(name), let comparison = Self.comparisons[alarm["ComparisonOperator"]?.string ?? ""],
      let period = alarm["Period"]?.looseInteger, let periods = alarm["EvaluationPeriods"]?.looseInteger,
      let threshold = alarm["Threshold"]?.looseNumber
    else { return }
    let needed = Int(alarm["DatapointsToAlarm"]?.looseInteger ?? periods)
    let step = period * 1_000_000_000
    // The period that is still running counts as the newest one, so that an alarm need not wait for its end.
    let end = (call.nowUnixNanoseconds / step + 1) * step
    let time = TimeRange(startUnixNanoseconds: end - periods * step, endUnixNanoseconds: end)
    let found = try await values(call, metric, [statistic], unit: alarm["Unit"]?.string, periodSeconds: period, time)
    let breaching = found.filter { comparison.holds($0.values[0], threshold) }.count
    let missing = Int(periods) - found.count
    let isMissingBreaching = alarm["TreatMissingData"]?.string == "breaching"
    let value: String
    switch alarm["TreatMissingData"]?.string ?? "missing" {
    case "ignore" where found.isEmpty: return
    case "missing" where found.isEmpty: value = "INSUFFICIENT_DATA"
    default: value = breaching + (isMissingBreaching ? missing : 0) >= needed ? "ALARM" : "OK"
    }
    guard value != alarm["StateValue"]?.string else { return }
    let shown = found.suffix(needed).map { "\($0.values[0])" }.joined(separator: ", ")
    let reason =
      found.isEmpty
      ? "Unchecked: no datapoints were received for \(periods) periods"
      : "Threshold Crossed: \(breaching) of \(found.count) datapoints [\(shown)] stand against the threshold (\(threshold))."
    try change(call, alarm, to: value, reason, data: nil)
  }

  private func change(_ call: LogsCall, _ alarm: JSONValue, to value: String, _ reason: String, data: String?) throws(LogsError) {
    let name = alarm["AlarmName"]?.string ?? ""
    let old = alarm["StateValue"]?.string ?? ""
    let now = JSONValue.double(Double(call.nowUnixMilliseconds) / 1000)
    var changed = alarm.with("StateValue", .string(value)).with("StateReason", .string(String(reason.prefix(1023))))
      .with("StateUpdatedTimestamp", now)
    if let data { changed = changed.with("StateReasonData", .string(data)) }
    if old != value { changed = changed.with("StateTransitionedTimestamp", now) }
    try registry.put(call.environment, "alarm", name, changed)
    guard old != value else { return }
    let summary = "Alarm updated from \(old) to \(value)"
    try note(
      call, name, "StateUpdate", summary,
      data: String(decoding: JSONValue.object([JSONMember("reason", .string(reason))]).bytes, as: UTF8.self))
    guard changed["ActionsEnabled"]?.looseBoolean ?? true else { return }
    let key = value == "OK" ? "OKActions" : value == "ALARM" ? "AlarmActions" : "InsufficientDataActions"
    for url in (changed[key]?.array ?? []).compactMap(\.string) {
      guard (try? WebTarget(url)) != nil else { continue }
      let message = JSONValue.object([
        JSONMember("AlarmName", .string(name)), JSONMember("AlarmArn", changed["AlarmArn"] ?? .null),
        JSONMember("AlarmDescription", changed["AlarmDescription"] ?? .null), JSONMember("NewStateValue", .string(value)),
        JSONMember("OldStateValue", .string(old)), JSONMember("NewStateReason", .string(reason)),
        JSONMember("StateChangeTime", .string(AWSDate.iso(call.nowUnixMilliseconds))),
        JSONMember("AWSAccountId", .string(call.account.account)),
        JSONMember("Trigger", changed),
      ])
      state.deliverer.submit(
        Delivery(
          origin: DeliveryOrigin(tenant: call.environment, kind: .alarm, name: name), subject: "\(old) to \(value)",
          shipment: .webhook(url: url, body: message.bytes), createdUnixMilliseconds: call.nowUnixMilliseconds))
      try note(call, name, "Action", "Delivery to \(url) begun", data: "{}")
    }
  }

  private static let historyMax = 100

  private func note(_ call: LogsCall, _ name: String, _ kind: String, _ summary: String, data: String) throws(LogsError) {
    var items = registry.item(call.environment, "alarm-history", name)?.array ?? []
    items.append(
      .object([
        JSONMember("AlarmName", .string(name)), JSONMember("AlarmType", .string("MetricAlarm")),
        JSONMember("Timestamp", .double(Double(call.nowUnixMilliseconds) / 1000)), JSONMember("HistoryItemType", .string(kind)),
        JSONMember("HistorySummary", .string(summary)), JSONMember("HistoryData", .string(data)),
      ]))
    try registry.put(call.environment, "alarm-history", name, .array(Array(items.suffix(Self.historyMax))))
  }
}
