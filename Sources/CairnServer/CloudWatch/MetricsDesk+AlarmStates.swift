// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCloudWatch
import CairnFormats
import CairnPlan
import NIOCore
import Synchronization

/// The states of alarms: evaluated, changed, delivered to webhooks and written down.
extension MetricsDesk {
  /// Evaluates every alarm of every environment, those that stand on others behind them; called every few seconds.
  func evaluateAlarms() async {
    for environment in registry.environments {
      let alarms = registry.items(environment, "alarm").map(\.value)
      for alarm in alarms where Self.kind(alarm) == "MetricAlarm" { try? await evaluate(alarm, evaluation(alarm, environment)) }
      for alarm in alarms where Self.kind(alarm) == "CompositeAlarm" { try? evaluateComposite(alarm, evaluation(alarm, environment)) }
    }
  }

  private func evaluation(_ alarm: JSONValue, _ environment: String) -> LogsCall {
    let region = alarm["AlarmArn"]?.string?.split(separator: ":", omittingEmptySubsequences: false).dropFirst(3).first
    return LogsCall(
      environment: environment, account: LogAccount(region: region.map(String.init) ?? LogAccount().region), input: alarm, body: .init(),
      nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
  }

  private func evaluate(_ alarm: JSONValue, _ call: LogsCall) async throws(LogsError) {
    let queries = try MetricQuery.all(alarm["Metrics"]?.array ?? [])
    var asked = alarm["Period"]?.looseInteger
    for query in queries { if case .metric(let source) = query.kind { asked = source.periodSeconds } }
    guard let comparison = Self.comparisons[alarm["ComparisonOperator"]?.string ?? ""], let period = asked,
      let periods = alarm["EvaluationPeriods"]?.looseInteger, let threshold = alarm["Threshold"]?.looseNumber
    else { return }
    let needed = Int(alarm["DatapointsToAlarm"]?.looseInteger ?? periods)
    let step = period * 1_000_000_000
    func verdict(endingAt end: Int64) async throws(LogsError) -> (value: String?, found: [Double], breaching: Int) {
      let time = TimeRange(startUnixNanoseconds: end - periods * step, endUnixNanoseconds: end)
      let found = try await datapoints(of: alarm, queries, period, time, call)
      let breaching = found.count { comparison.holds($0, threshold) }
      let missing = alarm["TreatMissingData"]?.string == "breaching" ? Int(periods) - found.count : 0
      switch alarm["TreatMissingData"]?.string ?? "missing" {
      case "ignore" where found.isEmpty: return (nil, found, breaching)
      case "missing" where found.isEmpty: return ("INSUFFICIENT_DATA", found, breaching)
      default: return (breaching + missing >= needed ? "ALARM" : "OK", found, breaching)
      }
    }
    // The period that is still running counts as the newest one where it can, so that an alarm need not wait for its end; before it says
    // anything, and for what came in the last instants of the one before, the whole periods count as well.
    let running = call.nowUnixNanoseconds / step
    var (verdictNow, found, breaching) = try await verdict(endingAt: (Self.mayTakeBack(alarm) ? running : running + 1) * step)
    if verdictNow != "ALARM", !Self.mayTakeBack(alarm) {
      let whole = try await verdict(endingAt: running * step)
      if whole.value == "ALARM" && !whole.found.isEmpty || found.isEmpty { (verdictNow, found, breaching) = whole }
    }
    guard let value = verdictNow else { return }
    guard value != alarm["StateValue"]?.string else { return }
    let shown = found.suffix(needed).map { "\($0)" }.joined(separator: ", ")
    let reason =
      found.isEmpty
      ? "Unchecked: no datapoints were received for \(periods) periods"
      : "Threshold Crossed: \(breaching) of \(found.count) datapoints [\(shown)] stand against the threshold (\(threshold))."
    try change(call, alarm, to: value, reason, data: nil)
  }

  /// What still comes in a period can take back what its beginning says: a sum, a count or a maximum is below any threshold at first, and
  /// data that is missing may only not be there yet. Such alarms, a dead man's switch above all, are judged by whole periods alone.
  private static func mayTakeBack(_ alarm: JSONValue) -> Bool {
    if alarm["TreatMissingData"]?.string == "breaching" { return true }
    guard alarm["ComparisonOperator"]?.string?.hasPrefix("Less") ?? false else { return false }
    let statistic = alarm["Statistic"]?.string ?? alarm["ExtendedStatistic"]?.string ?? ""
    return alarm["Metrics"] != nil || ["Sum", "SampleCount", "Maximum"].contains(statistic) || ["TS", "TC"].contains(statistic.prefix(2).uppercased())
  }

  private func datapoints(
    of alarm: JSONValue, _ queries: [MetricQuery], _ period: Int64, _ time: TimeRange, _ call: LogsCall
  ) async throws(LogsError) -> [Double] {
    if let returned = queries.first(where: { $0.isReturned }) {
      var sheet = try await sheet(call, queries, time)
      return try Self.series(of: returned, &sheet).first?.values ?? []
    }
    guard let statistic = MetricStatistic(alarm["Statistic"]?.string ?? alarm["ExtendedStatistic"]?.string ?? "") else { return [] }
    return try await values(call, try MetricName(alarm), [statistic], unit: alarm["Unit"]?.string, periodSeconds: period, time).compactMap { $0.values[0] }
  }

  /// One change of alarms at a time: what is read in here is what is there when it is written.
  private static let changes = Mutex(())

  static func changingAlarms<Result: Sendable>(_ work: () throws(LogsError) -> Result) throws(LogsError) -> Result {
    try changes.withLock { (_) throws(LogsError) in try work() }
  }

  /// Gives an alarm its new state, unless it is gone, or is another one by now, since `alarm` was read.
  func change(_ call: LogsCall, _ alarm: JSONValue, to value: String, _ reason: String, data: String?) throws(LogsError) {
    let name = alarm["AlarmName"]?.string ?? ""
    let now = JSONValue.double(Double(call.nowUnixMilliseconds) / 1000)
    let kept = try Self.changingAlarms { () throws(LogsError) -> (old: String, alarm: JSONValue)? in
      guard let current = registry.item(call.environment, "alarm", name), current[Self.configured] == alarm[Self.configured] else { return nil }
      let old = current["StateValue"]?.string ?? ""
      var changed = current.with("StateValue", .string(value)).with("StateReason", .string(String(reason.prefix(1023))))
        .with("StateUpdatedTimestamp", now)
      if let data { changed = changed.with("StateReasonData", .string(data)) }
      if old != value { changed = changed.with("StateTransitionedTimestamp", now) }
      try registry.put(call.environment, "alarm", name, changed)
      return (old, changed)
    }
    guard let (old, changed) = kept, old != value else { return }
    let summary = "Alarm updated from \(old) to \(value)"
    try note(
      call, changed, "StateUpdate", summary,
      data: String(decoding: JSONValue.object([JSONMember("reason", .string(reason))]).bytes, as: UTF8.self))
    guard changed["ActionsEnabled"]?.looseBoolean ?? true else { return }
    if let reason = suppression(call, changed) { return try note(call, changed, "Action", reason, data: "{}") }
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
      try note(call, changed, "Action", "Delivery to \(url) begun", data: "{}")
    }
  }

  /// When somebody last said what the alarm is.
  private static let configured = "AlarmConfigurationUpdatedTimestamp"
  private static let historyMax = 100

  func note(_ call: LogsCall, _ alarm: JSONValue, _ kind: String, _ summary: String, data: String) throws(LogsError) {
    let name = alarm["AlarmName"]?.string ?? ""
    var items = registry.item(call.environment, "alarm-history", name)?.array ?? []
    items.append(
      .object([
        JSONMember("AlarmName", .string(name)), JSONMember("AlarmType", .string(Self.kind(alarm))),
        JSONMember("Timestamp", .double(Double(call.nowUnixMilliseconds) / 1000)), JSONMember("HistoryItemType", .string(kind)),
        JSONMember("HistorySummary", .string(summary)), JSONMember("HistoryData", .string(data)),
      ]))
    try registry.put(call.environment, "alarm-history", name, .array(Array(items.suffix(Self.historyMax))))
  }

  func describeHistory(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let name = call.input["AlarmName"]?.string
    let kind = try call.optionalText("HistoryItemType")
    let order = try call.optionalText("ScanBy")
    let types = call.input["AlarmTypes"]?.array.map { $0.compactMap(\.string) }
    let start = call.input["StartDate"]?.looseTime.map { Double($0) / 1e9 } ?? 0
    let end = call.input["EndDate"]?.looseTime.map { Double($0) / 1e9 } ?? .infinity
    var items = registry.items(call.environment, "alarm-history").filter { name == nil || $0.name == name }.flatMap { $0.value.array ?? [] }
    items = items.filter { item in
      let time = item["Timestamp"]?.number ?? 0
      return (kind == nil || item["HistoryItemType"]?.string == kind) && (types?.contains(item["AlarmType"]?.string ?? "") ?? true)
        && time >= start && time <= end
    }
    // As they were noted within an instant.
    let ordered = items.enumerated().sorted { ($0.element["Timestamp"]?.number ?? 0, $0.offset) < ($1.element["Timestamp"]?.number ?? 0, $1.offset) }
    items = ordered.map(\.element)
    if order != "TimestampAscending" { items.reverse() }
    let limit = Int(max(1, min(100, call.input["MaxRecords"]?.looseInteger ?? 100)))
    var first = 0
    if let token = call.input["NextToken"]?.string {
      guard let index = Int(token), (0...items.count).contains(index) else { throw LogsError(.invalidNextToken, "The NextToken is not one of this list.") }
      first = index
    }
    let page = items[first..<min(items.count, first + limit)]
    let count = items.count
    return .object { writer in
      writer.member("AlarmHistoryItems", .array(Array(page)))
      if page.endIndex < count { writer.member("NextToken", String(page.endIndex)) }
    }
  }
}
