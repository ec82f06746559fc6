// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Composite alarms: conditions over the states of other alarms. They are kept among the alarms; a member `AlarmRule` tells them apart.
extension MetricsDesk {
  var compositeOperations: [LogsOperation] {
    [
      LogsOperation("PutCompositeAlarm", .manage) { (call) async throws(LogsError) in try putComposite(call) },
      LogsOperation("DescribeAlarmContributors", .query) { (call) async throws(LogsError) in
        guard registry.item(call.environment, "alarm", call.input["AlarmName"]?.string ?? "") != nil else {
          throw LogsError(.resourceNotFound, "Alarm does not exist")
        }
        // Contributors are the series of a Metrics Insights query; an alarm on one series has none.
        return .object { $0.member("AlarmContributors", .array([])) }
      },
    ]
  }

  private static let kept = ["AlarmName", "AlarmDescription", "AlarmRule", "OKActions", "AlarmActions", "InsufficientDataActions", "ActionsSuppressor"]

  private func putComposite(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let input = call.input
    guard let name = input["AlarmName"]?.string, !name.isEmpty, name.utf8.count <= 255 else {
      throw LogsError(.missingParameter, "The parameter AlarmName is required.")
    }
    let rule = try Self.rule(input["AlarmRule"]?.string ?? "")
    for other in rule.names where other != name && registry.item(call.environment, "alarm", other) == nil {
      throw LogsError(.validationError, "AlarmRule names the alarm \(other), which does not exist.")
    }
    let known = registry.item(call.environment, "alarm", name)
    guard known == nil || known?["AlarmRule"] != nil else {
      throw LogsError(.validationError, "An alarm of another kind has the name \(name).")
    }
    var members: [JSONMember] = []
    for key in Self.kept { if let value = input[key], value != .null { members.append(JSONMember(key, value)) } }
    for key in ["ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"] {
      if let seconds = input[key]?.looseInteger { members.append(JSONMember(key, .integer(seconds))) }
    }
    try keepAlarm(call, name, members, known)
    return .nothing
  }

  static func rule(_ text: String) throws(LogsError) -> AlarmRule {
    do throws(MetricMathError) {
      return try AlarmRule(text)
    } catch {
      throw LogsError(.validationError, error.message)
    }
  }

  /// ALARM where the rule holds, and OK where it does not.
  func evaluateComposite(_ alarm: JSONValue, _ call: LogsCall) throws(LogsError) {
    guard let text = alarm["AlarmRule"]?.string else { return }
    let rule = try Self.rule(text)
    let states = rule.names.map { ($0, registry.item(call.environment, "alarm", $0)?["StateValue"]?.string) }
    let value = rule.holds { name in states.first { $0.0 == name }?.1 } ? "ALARM" : "OK"
    guard value != alarm["StateValue"]?.string else { return }
    let shown = states.map { "\($0.0) is \($0.1 ?? "not there")" }.joined(separator: ", ")
    try change(call, alarm, to: value, "The rule \(value == "ALARM" ? "holds" : "does not hold"): \(shown)", data: nil)
  }

  /// Why a composite alarm's actions are not to be taken now; nil where they are.
  func suppression(_ call: LogsCall, _ alarm: JSONValue) -> String? {
    guard let suppressor = alarm["ActionsSuppressor"]?.string else { return nil }
    let name = suppressor.firstRange(of: ":alarm:").map { String(suppressor[$0.upperBound...]) } ?? suppressor
    guard registry.item(call.environment, "alarm", name)?["StateValue"]?.string == "ALARM" else { return nil }
    return "Actions suppressed: the alarm \(name) is in the state ALARM"
  }
}
