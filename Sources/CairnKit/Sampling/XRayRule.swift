// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import Tracing

/// One rule of X-Ray's central sampling, with this process's share of its reservoir.
struct XRayRule: Sendable {
  var name: String
  var priority: Double
  var fixedRate: Double
  var reservoirSize: Double
  var serviceName = "*"
  var serviceType = "*"
  var host = "*"
  var method = "*"
  var path = "*"
  /// What this process may take a second, until when; nil before the first answer.
  var quota: Double?
  var quotaUnixSeconds: Double = 0
  private(set) var requestCount = 0
  private(set) var sampledCount = 0
  private(set) var borrowCount = 0
  private var currentSecond: UInt64 = 0
  private var takenThisSecond = 0.0

  static let fallback = XRayRule(name: "fallback", priority: 10_000, fixedRate: 0.05, reservoirSize: 1)

  init(name: String, priority: Double, fixedRate: Double, reservoirSize: Double) {
    self.name = name
    self.priority = priority
    self.fixedRate = fixedRate
    self.reservoirSize = reservoirSize
  }

  /// nil for a rule that this client cannot follow, as AWS's own do not: another version, one for a certain resource, or one that looks at
  /// attributes, which a span that is about to start does not have. It would be applied to what it does not mean.
  init?(_ json: JSONValue) {
    guard case .string(let name)? = json["RuleName"], let priority = json["Priority"]?.number, let rate = json["FixedRate"]?.number else { return nil }
    guard json["Version"]?.number ?? 1 == 1, json.text("ResourceARN") ?? "*" == "*" else { return nil }
    if case .object(let attributes)? = json["Attributes"], !attributes.isEmpty { return nil }
    self.init(name: name, priority: priority, fixedRate: rate, reservoirSize: json["ReservoirSize"]?.number ?? 0)
    serviceName = json.text("ServiceName") ?? "*"
    serviceType = json.text("ServiceType") ?? "*"
    host = json.text("Host") ?? "*"
    method = json.text("HTTPMethod") ?? "*"
    path = json.text("URLPath") ?? "*"
  }

  func keepingCounts(of known: XRayRule) -> XRayRule {
    var rule = self
    (rule.quota, rule.quotaUnixSeconds) = (known.quota, known.quotaUnixSeconds)
    (rule.requestCount, rule.sampledCount, rule.borrowCount) = (known.requestCount, known.sampledCount, known.borrowCount)
    (rule.currentSecond, rule.takenThisSecond) = (known.currentSecond, known.takenThisSecond)
    return rule
  }

  mutating func resetCounts() { (requestCount, sampledCount, borrowCount) = (0, 0, 0) }

  /// What a rule looks at.
  struct Request {
    var serviceName: String
    var serviceType: String
    var name: String
    var context: InstrumentationContext

    /// Of an HTTP server's span `GET /items/{id}` the two halves; the middleware gives what the request itself says.
    var hints: SamplingHints { context.samplingHints ?? SamplingHints(spanName: name) }
  }

  func matches(_ request: Request) -> Bool {
    let hints = request.hints
    return wildcard(serviceName, request.serviceName) && wildcard(serviceType, request.serviceType) && wildcard(host, hints.host)
      && wildcard(method, hints.method) && wildcard(path, hints.path)
  }

  /// Whether one more trace is taken: from the quota, borrowed while there is none, or by the rate.
  mutating func take(_ seconds: UInt64, _ trace: TraceID) -> Bool {
    requestCount += 1
    if seconds != currentSecond { (currentSecond, takenThisSecond) = (seconds, 0) }
    if let quota, Double(seconds) <= quotaUnixSeconds {
      if takenThisSecond < quota { return taken() }
    } else if reservoirSize > 0, takenThisSecond < 1 {
      borrowCount += 1
      return taken()
    }
    guard Double(trace.low >> 11) < fixedRate * 0x1p53 else { return false }
    sampledCount += 1
    return true
  }

  private mutating func taken() -> Bool {
    takenThisSecond += 1
    sampledCount += 1
    return true
  }

  mutating func apply(_ target: JSONValue) {
    if let rate = target["FixedRate"]?.number { fixedRate = rate }
    if let share = target["ReservoirQuota"]?.number { quota = share }
    if let until = target["ReservoirQuotaTTL"]?.number { quotaUnixSeconds = until }
  }

  func write(_ writer: inout JSONWriter, clientID: String, unixSeconds: Int64) {
    writer.beginObject()
    writer.member("RuleName", name)
    writer.member("ClientID", clientID)
    writer.member("Timestamp", unixSeconds)
    writer.member("RequestCount", requestCount)
    writer.member("SampledCount", sampledCount)
    writer.member("BorrowCount", borrowCount)
    writer.endObject()
  }

  /// `*` is any run, `?` any one character; cases are not told apart. O(pattern x text).
  private func wildcard(_ pattern: String, _ text: String) -> Bool {
    if pattern == "*" { return true }
    let pattern = Array(pattern.lowercased().utf8), text = Array(text.lowercased().utf8)
    var p = 0, t = 0, star: Int?, mark = 0
    while t < text.count {
      if p < pattern.count, pattern[p] == 0x3f || pattern[p] == text[t] {
        (p, t) = (p + 1, t + 1)
      } else if p < pattern.count, pattern[p] == 0x2a {
        (star, mark, p) = (p, t, p + 1)
      } else if let last = star {
        (p, mark, t) = (last + 1, mark + 1, mark + 1)
      } else {
        return false
      }
    }
    return pattern[p...].allSatisfy { $0 == 0x2a }
  }
}

/// What is known of a request before its span starts: samplers look at it.
struct SamplingHints: Sendable, Hashable {
  var host = ""
  var method = ""
  var path = ""

  init(host: String, method: String, path: String) { (self.host, self.method, self.path) = (host, method, path) }

  init(spanName: String) {
    let parts = spanName.split(separator: " ", maxSplits: 1)
    if parts.count == 2 { (method, path) = (String(parts[0]), String(parts[1])) }
  }
}

private enum SamplingHintsKey: InstrumentationContextKey {
  typealias Value = SamplingHints
  static var nameOverride: String? { "cairn-sampling-hints" }
}

extension InstrumentationContext {
  var samplingHints: SamplingHints? {
    get { self[SamplingHintsKey.self] }
    set { self[SamplingHintsKey.self] = newValue }
  }
}

extension JSONValue {
  func text(_ name: String) -> String? {
    guard case .string(let text)? = self[name] else { return nil }
    return text
  }
}
