// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats

/// Log anomaly detectors: kept, and what they found. `AnomalyWatch` lets them look.
extension LogsDesk {
  static let detectorKind = "anomaly-detector"
  static let anomalyKind = "log-anomaly"
  private static let detectorCountMax = 500

  static let frequencies: [String: Int64] = [
    "ONE_MIN": 60_000, "FIVE_MIN": 300_000, "TEN_MIN": 600_000, "FIFTEEN_MIN": 900_000, "THIRTY_MIN": 1_800_000, "ONE_HOUR": 3_600_000,
  ]

  private static let shownMembers = [
    "detectorName", "logGroupArnList", "evaluationFrequency", "filterPattern", "kmsKeyId", "creationTimeStamp", "lastModifiedTimeStamp", "anomalyVisibilityTime",
  ]

  var anomalyOperations: [LogsOperation] {
    [
      LogsOperation("CreateLogAnomalyDetector", .manage) { (call) async throws(LogsError) in try await createDetector(call) },
      LogsOperation("UpdateLogAnomalyDetector", .manage) { (call) async throws(LogsError) in try updateDetector(call) },
      LogsOperation("DeleteLogAnomalyDetector", .manage) { (call) async throws(LogsError) in
        let id = try detector(call).id
        for item in registry.items(call.environment, Self.anomalyKind) where item.name.hasPrefix(id + "/") {
          try registry.remove(call.environment, Self.anomalyKind, item.name)
        }
        try registry.remove(call.environment, Self.detectorKind, id)
        return .nothing
      },
      LogsOperation("GetLogAnomalyDetector", .query) { (call) async throws(LogsError) in
        let found = try detector(call)
        return .object { Self.write(found.value, &$0) }
      },
      LogsOperation("ListLogAnomalyDetectors", .query) { (call) async throws(LogsError) in
        let group = try call.optionalText("filterLogGroupArn").map { LogNames.group(ofIdentifier: $0) }
        let all = registry.items(call.environment, Self.detectorKind).filter { group == nil || $0.value["group"]?.string == group }
        let (page, next) = try call.page(all, limit: try call.limit()) { $0.name }
        return .object { writer in
          writer.objects("anomalyDetectors", page) { writer, item in
            writer.member("anomalyDetectorArn", arn(call, item.name))
            Self.write(item.value, &writer)
          }
          writer.member("nextToken", ifPresent: next)
        }
      },
      LogsOperation("ListAnomalies", .query) { (call) async throws(LogsError) in try listAnomalies(call) },
      LogsOperation("UpdateAnomaly", .manage) { (call) async throws(LogsError) in try updateAnomaly(call) },
    ]
  }

  // MARK: Detectors

  private func arn(_ call: LogsCall, _ id: String) -> String { call.account.arn("anomaly-detector:\(id)") }

  private func detector(_ call: LogsCall) throws(LogsError) -> (id: String, value: JSONValue) {
    let text = try call.text("anomalyDetectorArn")
    let id = text.split(separator: ":").last.map(String.init) ?? text
    guard let value = registry.item(call.environment, Self.detectorKind, id) else {
      throw LogsError(.resourceNotFound, "The anomaly detector does not exist.")
    }
    return (id, value)
  }

  private static func write(_ detector: JSONValue, _ writer: inout JSONWriter) {
    for name in Self.shownMembers { writer.member(name, ifPresent: detector[name]) }
    let isPaused = detector["isPaused"]?.boolean ?? false
    writer.member("anomalyDetectorStatus", isPaused ? "PAUSED" : detector["status"]?.string ?? "INITIALIZING")
  }

  private func checkedPattern(_ call: LogsCall) throws(LogsError) -> String? {
    guard let text = try call.optionalText("filterPattern") else { return nil }
    guard try FilterPattern(text).isExactInStore else {
      throw LogsError(.invalidParameter, "An anomaly detector's filterPattern has words and regular expressions; JSON and fields are not supported.")
    }
    return text
  }

  private func createDetector(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    guard let groups = try call.texts("logGroupArnList"), let identifier = groups.first else { throw .missing("logGroupArnList") }
    guard groups.count == 1 else {
      throw .constraint("[\(groups.joined(separator: ", "))]", at: "logGroupArnList", "have length less than or equal to 1")
    }
    let name = LogNames.group(ofIdentifier: identifier)
    try LogNames.checkGroup(name, at: "logGroupArnList")
    _ = try await group(call, name)
    guard registry.items(call.environment, Self.detectorKind).count < Self.detectorCountMax else {
      throw LogsError(.limitExceeded, "Resource limit exceeded.")
    }
    let id = AWSErrorResponse.requestID()
    let now = JSONValue.integer(call.nowUnixMilliseconds)
    var members = [
      JSONMember("group", .string(name)), JSONMember("logGroupArnList", .array([.string(call.account.groupARN(name))])),
      JSONMember("evaluationFrequency", .string(try call.optionalText("evaluationFrequency") ?? "FIVE_MIN")),
      JSONMember("anomalyVisibilityTime", .integer(try call.integer("anomalyVisibilityTime", 7...90) ?? 21)),
      JSONMember("creationTimeStamp", now), JSONMember("lastModifiedTimeStamp", now),
    ]
    if let text = try call.optionalText("detectorName") { members.append(JSONMember("detectorName", .string(text))) }
    if let text = try checkedPattern(call) { members.append(JSONMember("filterPattern", .string(text))) }
    if let text = try call.optionalText("kmsKeyId") { members.append(JSONMember("kmsKeyId", .string(text))) }
    let tags = call.tags()
    try registry.put(call.environment, Self.detectorKind, id, .object(members))
    if !tags.isEmpty { try keepTags(call, Self.detectorKind, id, tags) }
    return .object { $0.member("anomalyDetectorArn", arn(call, id)) }
  }

  private func updateDetector(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let found = try detector(call)
    guard let isEnabled = try call.boolean("enabled") else { throw .missing("enabled") }
    var value = found.value.with("isPaused", .boolean(!isEnabled)).with("lastModifiedTimeStamp", .integer(call.nowUnixMilliseconds))
    if let text = try call.optionalText("evaluationFrequency") { value = value.with("evaluationFrequency", .string(text)) }
    if let days = try call.integer("anomalyVisibilityTime", 7...90) { value = value.with("anomalyVisibilityTime", .integer(days)) }
    if let text = try checkedPattern(call) { value = value.with("filterPattern", .string(text)) }
    try registry.put(call.environment, Self.detectorKind, found.id, value)
    return .nothing
  }

  // MARK: Anomalies

  private func listAnomalies(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let wanted = try call.optionalText("anomalyDetectorArn") == nil ? nil : try detector(call).id
    let suppression = try call.optionalText("suppressionState")
    var visible: [String: Int64] = [:]
    for (id, value) in registry.items(call.environment, Self.detectorKind) {
      visible[id] = call.nowUnixMilliseconds - (value["anomalyVisibilityTime"]?.integer ?? 21) * 86_400_000
    }
    let all = registry.items(call.environment, Self.anomalyKind).filter { item in
      let id = item.name.split(separator: "/").first.map(String.init) ?? ""
      guard wanted == nil || wanted == id, let since = visible[id], (item.value["lastSeen"]?.integer ?? 0) >= since else { return false }
      return suppression == nil || (suppression == "SUPPRESSED") == Self.isSuppressed(item.value, call)
    }
    let (page, next) = try call.page(all, limit: try call.limit()) { $0.name }
    return .object { writer in
      writer.objects("anomalies", page) { writer, item in
        writer.member("anomalyDetectorArn", arn(call, item.name.split(separator: "/").first.map(String.init) ?? ""))
        for member in item.value.members ?? [] where !["isBaseline", "suppressedUntil", "suppressedDate", "isPatternLevelSuppression"].contains(member.name) {
          writer.member(member.name, member.value)
        }
        let isSuppressed = Self.isSuppressed(item.value, call)
        writer.member("state", item.value["isBaseline"]?.boolean == true ? "Baseline" : isSuppressed ? "Suppressed" : "Active")
        writer.member("suppressed", isSuppressed)
        guard isSuppressed else { return }
        for name in ["suppressedDate", "suppressedUntil", "isPatternLevelSuppression"] { writer.member(name, ifPresent: item.value[name]) }
      }
      writer.member("nextToken", ifPresent: next)
    }
  }

  private static func isSuppressed(_ anomaly: JSONValue, _ call: LogsCall) -> Bool {
    guard anomaly["suppressedDate"]?.integer != nil else { return false }
    return anomaly["suppressedUntil"]?.integer.map { $0 > call.nowUnixMilliseconds } ?? true
  }

  private func updateAnomaly(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let id = try detector(call).id
    let anomaly = try call.optionalText("anomalyId")
    let pattern = try call.optionalText("patternId")
    guard (anomaly == nil) != (pattern == nil) else {
      throw LogsError(.invalidParameter, "Either anomalyId or patternId must be specified, and not both.")
    }
    let kind = try call.optionalText("suppressionType")
    var until: Int64?
    if kind == "LIMITED" {
      let units: [String: Int64] = ["SECONDS": 1000, "MINUTES": 60_000, "HOURS": 3_600_000]
      guard let period = call.input["suppressionPeriod"], let count = period["value"]?.integer, count >= 1, count < 1 << 31,
        let unit = units[period["suppressionUnit"]?.string ?? ""]
      else { throw LogsError(.invalidParameter, "A LIMITED suppression needs a suppressionPeriod.") }
      until = call.nowUnixMilliseconds + count * unit
    }
    let found = registry.items(call.environment, Self.anomalyKind).filter { item in
      item.name.hasPrefix(id + "/") && (anomaly.map { item.value["anomalyId"]?.string == $0 } ?? (item.value["patternId"]?.string == pattern))
    }
    guard !found.isEmpty else { throw LogsError(.resourceNotFound, "The anomaly does not exist.") }
    for (name, value) in found {
      var value = value.with("isBaseline", .boolean(try call.boolean("baseline") ?? value["isBaseline"]?.boolean ?? false))
      value = value.with("suppressedDate", kind == nil ? .null : .integer(call.nowUnixMilliseconds))
      value = value.with("suppressedUntil", until.map { .integer($0) } ?? .null).with("isPatternLevelSuppression", .boolean(pattern != nil))
      try registry.put(call.environment, Self.anomalyKind, name, value)
    }
    return .nothing
  }
}
