// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPatterns
import CairnPlan
import NIOCore

/// Lets anomaly detectors look: each as often as it says, at the patterns of the lines that came since, beside those of the time before.
struct AnomalyWatch: Sendable {
  let desk: LogsDesk

  /// What is usual is read from a time so many times as long.
  private static let spanRatio: Int64 = 6
  private static let bucketCountMax = 100
  /// Of one detector; more are not kept until some of these are too old.
  private static let anomalyCountMax = 1_000

  /// Called every few seconds; `now` is Unix nanoseconds.
  func tick(at now: Int64) async {
    for environment in desk.registry.environments {
      for (id, detector) in desk.registry.items(environment, LogsDesk.detectorKind) where detector["isPaused"]?.boolean != true {
        let frequency = LogsDesk.frequencies[detector["evaluationFrequency"]?.string ?? ""] ?? 300_000
        let last = detector["lastRun"]?.integer ?? detector["creationTimeStamp"]?.integer ?? 0
        guard now / 1_000_000 - last >= frequency else { continue }
        let call = LogsCall(environment: environment, account: LogAccount(), input: detector, body: .init(), nowUnixNanoseconds: now)
        try? await look(id, detector, frequency, call)
      }
    }
  }

  private func look(_ id: String, _ detector: JSONValue, _ frequency: Int64, _ call: LogsCall) async throws(LogsError) {
    let end = call.nowUnixNanoseconds
    let start = end - frequency * 1_000_000
    let now = try await patterns(detector, TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end), call)
    let earlier = try await patterns(
      detector, TimeRange(startUnixNanoseconds: max(0, start - Self.spanRatio * frequency * 1_000_000), endUnixNanoseconds: start), call)
    // Where nothing came before there is nothing that would be usual.
    let isTraining = earlier.lineCount == 0
    if !isTraining {
      let found = UnusualPattern.find(now.patterns, earlier: earlier.patterns, spanRatio: Double(Self.spanRatio))
      try keep(found, of: id, detector, bucket: start / 1_000_000, call)
    }
    guard let known = desk.registry.item(call.environment, LogsDesk.detectorKind, id) else { return }
    let changed = known.with("lastRun", .integer(call.nowUnixMilliseconds)).with("status", .string(isTraining ? "TRAINING" : "ANALYZING"))
    try desk.registry.put(call.environment, LogsDesk.detectorKind, id, changed)
  }

  private func patterns(_ detector: JSONValue, _ time: TimeRange, _ call: LogsCall) async throws(LogsError) -> PatternAnswer {
    let name = detector["group"]?.string ?? ""
    let group = try await desk.group(call, name).group
    let pattern = try FilterPattern(detector["filterPattern"]?.string ?? "")
    let plan = PatternPlan(
      scope: Scope(environment: call.environment, datasets: .named([name]), time: time),
      filter: .all([desk.filter(call, group, stream: nil), pattern.filter]), column: FieldName.body, limit: 2_000)
    return try await desk.ask { store throws(QueryError) in try await store.patterns(plan) }
  }

  // MARK: What was found

  private func keep(_ found: [UnusualPattern], of id: String, _ detector: JSONValue, bucket: Int64, _ call: LogsCall) throws(LogsError) {
    let registry = desk.registry
    // What may not be shown any more goes.
    let oldest = call.nowUnixMilliseconds - (detector["anomalyVisibilityTime"]?.integer ?? 21) * 86_400_000
    var left = Self.anomalyCountMax
    for (name, value) in registry.items(call.environment, LogsDesk.anomalyKind) where name.hasPrefix(id + "/") {
      if (value["lastSeen"]?.integer ?? 0) < oldest { try registry.remove(call.environment, LogsDesk.anomalyKind, name) } else { left -= 1 }
    }
    var seen: Set<String> = []
    for unusual in found {
      let name = "\(id)/\(Self.anomalyID(id, unusual.pattern.text))"
      let known = registry.item(call.environment, LogsDesk.anomalyKind, name)
      guard known != nil || left > 0 else { continue }
      if known == nil { left -= 1 }
      seen.insert(name)
      if known?["isBaseline"]?.boolean == true { continue }
      try registry.put(call.environment, LogsDesk.anomalyKind, name, anomaly(unusual, name, known, detector, bucket, call))
    }
    for (name, value) in registry.items(call.environment, LogsDesk.anomalyKind)
    where name.hasPrefix(id + "/") && !seen.contains(name) && value["active"]?.boolean == true {
      try registry.put(call.environment, LogsDesk.anomalyKind, name, value.with("active", .boolean(false)))
    }
  }

  private func anomaly(
    _ unusual: UnusualPattern, _ name: String, _ known: JSONValue?, _ detector: JSONValue, _ bucket: Int64, _ call: LogsCall
  ) -> JSONValue {
    let text = unusual.pattern.text
    let now = JSONValue.integer(call.nowUnixMilliseconds)
    let buckets = (known?["histogram"]?.members ?? []).suffix(Self.bucketCountMax - 1) + [JSONMember(String(bucket), .integer(Int64(unusual.count)))]
    var members = [
      JSONMember("anomalyId", .string(String(name.drop { $0 != "/" }.dropFirst()))), JSONMember("patternId", .string(Self.patternID(text))),
      JSONMember("patternString", .string(text)), JSONMember("priority", .string(unusual.priority)),
      JSONMember("firstSeen", known?["firstSeen"] ?? now), JSONMember("lastSeen", now), JSONMember("description", .string(unusual.description)),
      JSONMember("active", .boolean(true)), JSONMember("histogram", .object(Array(buckets))),
      JSONMember("logSamples", .array([.object([JSONMember("message", .string(unusual.pattern.sample))])])),
      JSONMember("patternTokens", .array(Self.tokens(text))), JSONMember("logGroupArnList", detector["logGroupArnList"] ?? .array([])),
    ]
    for kept in ["suppressedDate", "suppressedUntil", "isPatternLevelSuppression"] {
      if let value = known?[kept], value != .null { members.append(JSONMember(kept, value)) }
    }
    return .object(members)
  }

  /// The text cut at its `<*>`.
  private static func tokens(_ text: String) -> [JSONValue] {
    var tokens: [JSONValue] = []
    var dynamicCount: Int64 = 0
    var rest = text[...]
    while !rest.isEmpty {
      let mark = rest.firstRange(of: "<*>")
      let constant = rest[..<(mark?.lowerBound ?? rest.endIndex)]
      if !constant.isEmpty {
        tokens.append(token(String(constant), position: 0))
      }
      guard let mark else { break }
      dynamicCount += 1
      tokens.append(token("<*>", position: dynamicCount))
      rest = rest[mark.upperBound...]
    }
    return tokens
  }

  /// What varies has a position, from 1 on.
  private static func token(_ text: String, position: Int64) -> JSONValue {
    .object([
      JSONMember("dynamicTokenPosition", .integer(position)), JSONMember("isDynamic", .boolean(position > 0)), JSONMember("tokenString", .string(text)),
    ])
  }

  /// 32 digits, the same for the same text in every process: FNV-1a from two starts.
  private static func patternID(_ text: String) -> String {
    let starts: [UInt64] = [0xcbf2_9ce4_8422_2325, 0x9e37_79b9_7f4a_7c15]
    return starts.map { start in hexText(text.utf8.reduce(start) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }) }.joined()
  }

  private static func anomalyID(_ detector: String, _ text: String) -> String {
    let digits = patternID(detector + text)
    return [(0, 8), (8, 4), (12, 4), (16, 4), (20, 12)].map { digits.dropFirst($0.0).prefix($0.1) }.joined(separator: "-")
  }
}
