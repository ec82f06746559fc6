// SPDX-License-Identifier: Apache-2.0
import CairnFormats

/// The bounds of X-Ray's service model where no operation has to know them for its own work.
///
/// Source: botocore, xray/2016-04-12. `Tests/e2e/test_xray_strict.py` tries each bound of that model.
enum XRayBounds {
  typealias Member = ModelBounds.Member

  /// Throws the error for the first bound that a body breaks.
  static func check(_ body: JSONValue, path: String) throws(Refusal) {
    do throws(ModelBounds.Breach) {
      try ModelBounds.check(body, table[path] ?? [])
    } catch {
      throw switch error {
      case .constraint(let value, let member, let words): XRayCall.constraint(value, member, words)
      case .type(let member): Refusal(aws: "SerializationException", "'\(member)' has the wrong type.")
      }
    }
  }

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
        Member(name: "Key", shape: .pattern(1...128, tagCharacters), isRequired: true),
        Member(name: "Value", shape: .pattern(0...256, tagCharacters), isRequired: true),
      ])))
  /// As AWS's guide to tags has them; the model names no pattern.
  private static let tagCharacters = ModelPattern(#"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"#)
  private static let boost = Member(
    name: "SamplingRateBoost",
    shape: .object([
      Member(name: "MaxRate", shape: .number, isRequired: true),
      Member(name: "CooldownWindowMinutes", shape: .count(0...Int64(Int32.max)), isRequired: true),
    ]))
  private static let policyName = Member(
    name: "PolicyName", shape: .pattern(1...128, ModelPattern(#"[\w+=,.@-]+"#)), isRequired: true)
  private static let insight = Member(
    name: "InsightId",
    shape: .pattern(1...100, ModelPattern("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}")),
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
}
