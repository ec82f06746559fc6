// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import NIOCore
internal import Synchronization
internal import Tracing

/// X-Ray's central sampling: rules come from the daemon, each with a reservoir a second and a rate beyond it; how often each rule
/// matched is told every ten seconds, and the answer says how much of the reservoir is this process's.
///
/// Without a daemon, or while its rules are not known: one trace a second and 5 % of the others.
final class XRaySampler: Sampler, KitWorker {
  private static let rulesInterval: UInt64 = 300
  private static let rulesLifetime: UInt64 = 3_600
  /// GetSamplingTargets takes no more at a time.
  private static let reportCountMax = 25
  private let state = Mutex(State())
  private let serviceName: String
  private let serviceType: String
  private let sender: HTTPSender
  private let base: String
  private let clientID: String
  private let closing = Gate()
  private let warn: @Sendable (String) -> Void

  private struct State {
    var rules: [XRayRule] = []
    var rulesUnixSeconds: UInt64 = 0
    var fallback = XRayRule.fallback
    var hasWarned = false
  }

  var decidesForChildren: Bool { true }
  var usesHints: Bool { true }

  init(resource: Resource, address: String, sender: HTTPSender, warn: @escaping @Sendable (String) -> Void) {
    serviceName = resource.serviceName
    serviceType =
      switch resource["cloud.platform"] {
      case "aws_ec2": "AWS::EC2::Instance"
      case "aws_ecs": "AWS::ECS::Container"
      case "aws_lambda": "AWS::Lambda::Function"
      default: "*"
      }
    self.sender = sender
    base = "http://" + address
    var random = SystemRandomNumberGenerator()
    clientID = hexText(random.next()) + hexText(random.next()).prefix(8)
    self.warn = warn
  }

  func decide(_ question: SamplingQuestion) -> SamplingDecision {
    let seconds = question.unixSeconds
    let request = XRayRule.Request(serviceName: serviceName, serviceType: serviceType, name: question.name, context: question.context)
    return state.withLock { state in
      let isFresh = seconds < state.rulesUnixSeconds + Self.rulesLifetime
      let isSampled: Bool
      if isFresh, let index = state.rules.firstIndex(where: { $0.matches(request) }) {
        isSampled = state.rules[index].take(seconds, question.trace)
      } else {
        isSampled = state.fallback.take(seconds, question.trace)
      }
      return isSampled ? .keep : .drop
    }
  }

  func run(_ clock: any Clock<Duration>) async {
    var sinceRules = Self.rulesInterval
    while !Task.isCancelled, !closing.isOpen {
      if sinceRules >= Self.rulesInterval {
        await fetchRules()
        sinceRules = 0
      }
      await closing.sleep(for: .seconds(10), clock)
      sinceRules += 10
      if await reportTargets() { sinceRules = Self.rulesInterval }
    }
  }

  func drain() async {}
  func close() { closing.open() }

  private func fetchRules() async {
    guard let answer = await ask("/GetSamplingRules", Array("{}".utf8)), case .array(let records)? = answer["SamplingRuleRecords"] else { return }
    let rules = records.compactMap { $0["SamplingRule"].flatMap(XRayRule.init) }.sorted { ($0.priority, $0.name) < ($1.priority, $1.name) }
    state.withLock { state in
      let before = Dictionary(state.rules.map { ($0.name, $0) }) { $1 }
      state.rules = rules.map { rule in
        guard let known = before[rule.name] else { return rule }
        return rule.keepingCounts(of: known)
      }
      state.rulesUnixSeconds = UInt64(max(0, sender.now()))
    }
  }

  /// True if the rules have changed since they were fetched.
  private func reportTargets() async -> Bool {
    let reports = state.withLock { state in
      let used = state.rules.filter { $0.requestCount > 0 }
      for index in state.rules.indices { state.rules[index].resetCounts() }
      return used
    }
    var hasChanged = false
    // In the order of the rules, so many a request.
    for start in stride(from: 0, to: reports.count, by: Self.reportCountMax) {
      if await report(reports[start..<min(start + Self.reportCountMax, reports.count)]) { hasChanged = true }
    }
    return hasChanged
  }

  private func report(_ rules: ArraySlice<XRayRule>) async -> Bool {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("SamplingStatisticsDocuments")
    writer.beginArray()
    for rule in rules { rule.write(&writer, clientID: clientID, unixSeconds: sender.now()) }
    writer.endArray()
    writer.endObject()
    guard let answer = await ask("/SamplingTargets", writer.finish()), case .array(let targets)? = answer["SamplingTargetDocuments"] else { return false }
    return state.withLock { state in
      for target in targets {
        guard case .string(let name)? = target["RuleName"], let index = state.rules.firstIndex(where: { $0.name == name }) else { continue }
        state.rules[index].apply(target)
      }
      guard let modified = answer["LastRuleModification"]?.number else { return false }
      return modified > Double(state.rulesUnixSeconds)
    }
  }

  private func ask(_ path: String, _ body: [UInt8]) async -> JSONValue? {
    let base = self.base, body = ByteBuffer(bytes: body)
    let outcome = await sender.send { OutgoingRequest(url: base + path, headers: [("content-type", "application/json")], body: body) }
    if case .answered(let response) = outcome, response.isSuccess, let value = try? JSONValue(parsing: response.body) { return value }
    let isFirst = state.withLock { state in
      defer { state.hasWarned = true }
      return !state.hasWarned
    }
    if isFirst { warn("xray sampling: \(base) gives no rules (\(outcome)); one trace a second and 5 % of the others are kept") }
    return nil
  }
}

extension JSONValue {
  /// A number of either kind.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }
}
