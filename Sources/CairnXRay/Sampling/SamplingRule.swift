// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A sampling rule as X-Ray's clients fetch it: which requests it is for, and how many of them are kept.
///
/// The clients match, by ascending priority and then by name, `*` and `?` as wildcards in any case. The first rule that matches decides.
public struct SamplingRule: Sendable, Hashable {
  /// A rate to which a rule may rise while its service misbehaves, and for how long it must then rest.
  public struct Boost: Sendable, Hashable {
    public var maximumRate: Double
    public var cooldownMinutes: Int64

    public init(maximumRate: Double, cooldownMinutes: Int64) {
      self.maximumRate = maximumRate
      self.cooldownMinutes = cooldownMinutes
    }
  }
  public var name: String
  public var resourceARN = "*"
  public var priority: Int64
  /// The share that is kept of what the reservoir does not take: 0 to 1.
  public var fixedRate: Double
  /// Requests a second that are kept before the rate counts, over all clients together.
  public var reservoirSize: Int64
  public var serviceName = "*"
  public var serviceType = "*"
  public var host = "*"
  public var method = "*"
  public var urlPath = "*"
  public var version: Int64 = 1
  public var attributes: [String: String] = [:]
  public var boost: Boost?

  public init(name: String, priority: Int64, fixedRate: Double, reservoirSize: Int64) {
    self.name = name
    self.priority = priority
    self.fixedRate = fixedRate
    self.reservoirSize = reservoirSize
  }

  public static let defaultName = "Default"
  /// AWS's own default: one request a second and five in a hundred of the rest; behind every other rule.
  public static let standard = SamplingRule(name: defaultName, priority: 10_000, fixedRate: 0.05, reservoirSize: 1)

  /// Writes the rule as `SamplingRule` has it.
  public func write(to writer: inout JSONWriter, arn: String) {
    writer.beginObject()
    writer.member("RuleName", name)
    writer.member("RuleARN", arn)
    writer.member("ResourceARN", resourceARN)
    writer.member("Priority", priority)
    writer.member("FixedRate", fixedRate)
    writer.member("ReservoirSize", reservoirSize)
    writer.member("ServiceName", serviceName)
    writer.member("ServiceType", serviceType)
    writer.member("Host", host)
    writer.member("HTTPMethod", method)
    writer.member("URLPath", urlPath)
    writer.member("Version", version)
    writer.key("Attributes")
    writer.beginObject()
    for (name, value) in attributes.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
    writer.endObject()
    if let boost {
      writer.key("SamplingRateBoost")
      writer.beginObject()
      writer.member("MaxRate", boost.maximumRate)
      writer.member("CooldownWindowMinutes", boost.cooldownMinutes)
      writer.endObject()
    }
    writer.endObject()
  }

  /// The order in which clients try rules.
  public static func comesBefore(_ left: SamplingRule, _ right: SamplingRule) -> Bool {
    left.priority != right.priority ? left.priority < right.priority : left.name < right.name
  }
}
