// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

extension SamplingRule {
  /// What is wrong with a rule that a caller sent, in the words of AWS's validation.
  public struct Problem: Error, Sendable, Hashable {
    public var message: String

    public init(message: String) { self.message = message }
  }

  /// The members that must be there when a rule is created.
  private static let required = [
    "FixedRate", "HTTPMethod", "Host", "Priority", "ReservoirSize", "ResourceARN", "ServiceName", "ServiceType", "URLPath", "Version",
  ]

  /// A new rule from `CreateSamplingRule`.
  public init(creating tree: JSONValue) throws(Problem) {
    for member in Self.required where tree[member] == nil || tree[member] == .null {
      throw Self.constraint("null", "samplingRule.\(member.prefix(1).lowercased())\(member.dropFirst())", "Member must not be null")
    }
    guard let name = tree["RuleName"]?.string ?? tree["RuleARN"]?.string.map(Self.name), !name.isEmpty else {
      throw Problem(message: "RuleName or RuleARN is required.")
    }
    self.init(name: name, priority: 1, fixedRate: 0, reservoirSize: 0)
    try apply(tree)
    guard let version = tree["Version"]?.integer, version == 1 else {
      throw Self.constraint("\(tree["Version"]?.integer ?? 0)", "samplingRule.version", "Member must have value equal to 1")
    }
  }

  /// A rule from what `write` wrote.
  public init?(stored tree: JSONValue) {
    guard let name = tree["RuleName"]?.string, let priority = tree["Priority"]?.integer else { return nil }
    self.init(name: name, priority: priority, fixedRate: 0, reservoirSize: 0)
    do { try apply(tree, isStored: true) } catch { return nil }
  }

  /// The name at the end of a rule's ARN; it may have slashes of its own.
  public static func name(arn: String) -> String {
    let parts = arn.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[1]) : arn
  }

  /// Takes over the members that the tree has, each inside its bounds.
  public mutating func apply(_ tree: JSONValue, isStored: Bool = false) throws(Problem) {
    resourceARN = try Self.text(tree, "ResourceARN", 500) ?? resourceARN
    serviceName = try Self.text(tree, "ServiceName", 64) ?? serviceName
    serviceType = try Self.text(tree, "ServiceType", 64) ?? serviceType
    host = try Self.text(tree, "Host", 64) ?? host
    method = try Self.text(tree, "HTTPMethod", 10) ?? method
    urlPath = try Self.text(tree, "URLPath", 128) ?? urlPath
    priority = try Self.integer(tree, "Priority", 1, isStored || name == Self.defaultName ? 10_000 : 9_999) ?? priority
    reservoirSize = try Self.integer(tree, "ReservoirSize", 0, 2_147_483_647) ?? reservoirSize
    fixedRate = try Self.rate(tree, "FixedRate") ?? fixedRate
    if let members = tree["Attributes"]?.members {
      guard members.count <= 5 else { throw Self.constraint("\(members.count)", "attributes", "Member must have length less than or equal to 5") }
      attributes = Dictionary(members.map { ($0.name, $0.value.string ?? "") }) { $1 }
    }
    if let boost = tree["SamplingRateBoost"], boost.members != nil {
      self.boost = Boost(
        maximumRate: try Self.rate(boost, "MaxRate") ?? 0,
        cooldownMinutes: try Self.integer(boost, "CooldownWindowMinutes", 0, 1_000_000) ?? 0)
    }
    guard name.utf8.count <= 32 else {
      throw Self.constraint("'\(name)'", "ruleName", "Member must have length less than or equal to 32")
    }
  }

  private static func text(_ tree: JSONValue, _ member: String, _ maximum: Int) throws(Problem) -> String? {
    guard let value = tree[member], value != .null else { return nil }
    guard let text = value.string else { throw constraint("?", member, "Member must be a string") }
    guard text.utf8.count <= maximum else {
      throw constraint("'\(text)'", member, "Member must have length less than or equal to \(maximum)")
    }
    return text
  }

  private static func integer(_ tree: JSONValue, _ member: String, _ minimum: Int64, _ maximum: Int64) throws(Problem) -> Int64? {
    guard let value = tree[member], value != .null else { return nil }
    guard let number = value.integer else { throw constraint("?", member, "Member must be a whole number") }
    guard number >= minimum else {
      throw constraint("'\(number)'", member, "Member must have value greater than or equal to \(minimum)")
    }
    guard number <= maximum else { throw constraint("'\(number)'", member, "Member must have value less than or equal to \(maximum)") }
    return number
  }

  private static func rate(_ tree: JSONValue, _ member: String) throws(Problem) -> Double? {
    guard let value = tree[member], value != .null else { return nil }
    guard let number = value.number else { throw constraint("?", member, "Member must be a number") }
    guard number >= 0 else { throw constraint("'\(number)'", member, "Member must have value greater than or equal to 0") }
    guard number <= 1 else { throw constraint("'\(number)'", member, "Member must have value less than or equal to 1") }
    return number
  }

  private static func constraint(_ value: String, _ member: String, _ words: String) -> Problem {
    Problem(message: "1 validation error detected: Value \(value) at '\(member)' failed to satisfy constraint: \(words)")
  }
}
