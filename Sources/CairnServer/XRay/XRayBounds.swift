// SPDX-License-Identifier: Apache-2.0
import CairnFormats

/// The bounds that AWS's service model sets to members of calls, where no operation has to know them for its own work: lengths, numbers,
/// required members of members. A call that breaks one gets AWS's validation error before anything is done.
///
/// Source: botocore, xray/2016-04-12. `Tests/e2e/test_xray_strict.py` tries each bound of that model.
struct XRayBounds: Sendable {
  indirect enum Shape: Sendable {
    case text(ClosedRange<Int>)
    case pattern(ClosedRange<Int>, String, @Sendable (String) -> Bool)
    case oneOf([String])
    case count(ClosedRange<Int64>)
    /// A rate, or a time in seconds; its own operation knows its bounds.
    case number
    case list(ClosedRange<Int>, of: Shape)
    case object([Member])
  }

  struct Member: Sendable {
    var name: String
    var shape: Shape
    var isRequired = false
  }

  /// Throws the error for the first bound that a body breaks.
  static func check(_ body: JSONValue, path: String) throws(Refusal) {
    guard let members = table[path] else { return }
    try check(body, members, "")
  }

  private static func check(_ tree: JSONValue, _ members: [Member], _ place: String) throws(Refusal) {
    for member in members {
      let name = place + member.name.prefix(1).lowercased() + member.name.dropFirst()
      guard let value = tree[member.name], value != .null else {
        guard !member.isRequired else { throw XRayCall.constraint("null", name, "Member must not be null") }
        continue
      }
      try check(value, member.shape, name)
    }
  }

  private static func check(_ value: JSONValue, _ shape: Shape, _ name: String) throws(Refusal) {
    switch shape {
    case .text(let range): try check(try text(value, name), range, name)
    case .pattern(let range, let pattern, let isAllowed):
      let text = try text(value, name)
      try check(text, range, name)
      guard isAllowed(text) else {
        throw XRayCall.constraint("'\(text.prefix(200))'", name, "Member must satisfy regular expression pattern: \(pattern)")
      }
    case .oneOf(let names):
      let text = try text(value, name)
      guard names.contains(text) else {
        throw XRayCall.constraint(
          "'\(text.prefix(200))'", name, "Member must satisfy enum value set: [\(names.joined(separator: ", "))]")
      }
    case .count(let range):
      guard let number = value.integer else { throw wrongType(name) }
      guard number >= range.lowerBound else {
        throw XRayCall.constraint("'\(number)'", name, "Member must have value greater than or equal to \(range.lowerBound)")
      }
      guard number <= range.upperBound else {
        throw XRayCall.constraint("'\(number)'", name, "Member must have value less than or equal to \(range.upperBound)")
      }
    case .number: guard value.number != nil else { throw wrongType(name) }
    case .list(let range, let shape):
      guard let list = value.array else { throw wrongType(name) }
      try check(length: list.count, "'\(list.count) items'", range, name)
      for (index, item) in list.enumerated() { try check(item, shape, "\(name).\(index + 1).member") }
    case .object(let members):
      guard value.members != nil else { throw wrongType(name) }
      try check(value, members, name + ".")
    }
  }

  private static func text(_ value: JSONValue, _ name: String) throws(Refusal) -> String {
    guard let text = value.string else { throw wrongType(name) }
    return text
  }

  private static func check(_ text: String, _ range: ClosedRange<Int>, _ name: String) throws(Refusal) {
    try check(length: text.unicodeScalars.count, "'\(text.prefix(200))'", range, name)
  }

  private static func check(length: Int, _ value: String, _ range: ClosedRange<Int>, _ name: String) throws(Refusal) {
    guard length >= range.lowerBound else {
      throw XRayCall.constraint(value, name, "Member must have length greater than or equal to \(range.lowerBound)")
    }
    guard length <= range.upperBound else {
      throw XRayCall.constraint(value, name, "Member must have length less than or equal to \(range.upperBound)")
    }
  }

  private static func wrongType(_ name: String) -> Refusal { Refusal(aws: "SerializationException", "'\(name)' has the wrong type.") }
}

extension XRayBounds {
  private static let table: [String: [Member]] = [
    "/CancelTraceRetrieval": [retrieval], "/ListRetrievedTraces": [retrieval], "/GetRetrievedTracesGraph": [retrieval],
    "/StartTraceRetrieval": [Member(name: "TraceIds", shape: .list(0...100, of: .text(1...35)), isRequired: true)],
    "/CreateGroup": [tags], "/CreateSamplingRule": [Member(name: "SamplingRule", shape: .object([boost]), isRequired: true), tags],
    "/UpdateSamplingRule": [
      Member(name: "SamplingRuleUpdate", shape: .object([Member(name: "RuleName", shape: .text(1...32)), boost]), isRequired: true)
    ],
    "/TagResource": [resource, tags], "/ListTagsForResource": [resource],
    "/UntagResource": [resource, Member(name: "TagKeys", shape: .list(0...200, of: .text(1...128)), isRequired: true)],
    "/DeleteResourcePolicy": [policyName], "/PutResourcePolicy": [policyName], "/ListResourcePolicies": [token(100)], "/Groups": [token(100)],
    "/Insight": [insight], "/InsightEvents": [insight, Member(name: "MaxResults", shape: .count(1...50)), token(2_000)],
    "/InsightImpactGraph": [
      insight, Member(name: "StartTime", shape: .number, isRequired: true), Member(name: "EndTime", shape: .number, isRequired: true), token(2_000),
    ],
    "/InsightSummaries": [
      Member(name: "States", shape: .list(0...1, of: .oneOf(["ACTIVE", "CLOSED"]))), Member(name: "MaxResults", shape: .count(1...100)),
      token(2_000),
    ],
    "/SamplingTargets": [
      Member(name: "SamplingStatisticsDocuments", shape: .list(0...25, of: .object(statistics)), isRequired: true),
      Member(name: "SamplingBoostStatisticsDocuments", shape: .list(0...25, of: .object(boostStatistics))),
    ],
    "/TraceSummaries": [
      Member(name: "SamplingStrategy", shape: .object([Member(name: "Name", shape: .oneOf(["PartialScan", "FixedRate"]))]))
    ],
    "/PutEncryptionConfig": [Member(name: "KeyId", shape: .text(1...3_000))],
    "/UpdateTraceSegmentDestination": [
      Member(name: "CloudWatchLogsConfiguration", shape: .object([Member(name: "SpansLogGroupKmsKeyId", shape: .text(1...256))]))
    ],
    "/TelemetryRecords": [
      Member(name: "TelemetryRecords", shape: .list(0...Int.max, of: .object([Member(name: "Timestamp", shape: .number, isRequired: true)])), isRequired: true),
      Member(name: "EC2InstanceId", shape: .text(0...20)), Member(name: "Hostname", shape: .text(0...255)),
      Member(name: "ResourceARN", shape: .text(0...500)),
    ],
  ]

  private static let retrieval = Member(name: "RetrievalToken", shape: .text(0...1_020), isRequired: true)
  private static let resource = Member(name: "ResourceARN", shape: .text(1...1_011), isRequired: true)
  private static let tags = Member(
    name: "Tags",
    shape: .list(
      0...200,
      of: .object([
        Member(name: "Key", shape: .text(1...128), isRequired: true), Member(name: "Value", shape: .text(0...256), isRequired: true),
      ])))
  private static let boost = Member(
    name: "SamplingRateBoost",
    shape: .object([
      Member(name: "MaxRate", shape: .number, isRequired: true),
      Member(name: "CooldownWindowMinutes", shape: .count(0...Int64(Int32.max)), isRequired: true),
    ]))
  private static let policyName = Member(
    name: "PolicyName",
    shape: .pattern(1...128, #"[\w+=,.@-]+"#) { (text) in
      text.utf8.allSatisfy { (byte) in
        switch byte {
        case 48...57, 65...90, 97...122, 95, 43, 61, 44, 46, 64, 45: true
        default: false
        }
      }
    }, isRequired: true)
  private static let insight = Member(
    name: "InsightId",
    shape: .pattern(1...100, "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}", isInsightID),
    isRequired: true)
  private static let name = Member(name: "RuleName", shape: .text(1...32), isRequired: true)
  private static let statistics = [
    name, Member(name: "ClientID", shape: .text(24...24), isRequired: true), Member(name: "Timestamp", shape: .number, isRequired: true),
    number("RequestCount"), number("SampledCount"), Member(name: "BorrowCount", shape: .count(0...Int64(Int32.max))),
  ]
  private static let boostStatistics = [
    name, Member(name: "ServiceName", shape: .text(0...64), isRequired: true), Member(name: "Timestamp", shape: .number, isRequired: true),
    number("AnomalyCount"), number("TotalCount"), number("SampledAnomalyCount"),
  ]

  private static func number(_ name: String) -> Member { Member(name: name, shape: .count(0...Int64(Int32.max)), isRequired: true) }
  private static func token(_ length: Int) -> Member { Member(name: "NextToken", shape: .text(1...length)) }

  @Sendable private static func isInsightID(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: 45, omittingEmptySubsequences: false)
    guard parts.map(\.count) == [8, 4, 4, 4, 12], parts.joined().allSatisfy(isHex), let version = parts[2].first, let variant = parts[3].first
    else { return false }
    return (0x31...0x35).contains(version) && [0x38, 0x39, 0x61, 0x62, 0x41, 0x42].contains(variant)
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || (0x41...0x46).contains(byte)
  }
}
