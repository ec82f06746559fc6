// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnFormats

/// The body of `POST /1/query_results/{dataset}`: which query to run and what of its result is wanted.
///
/// ```json
/// {"query_id": "mabAMpSPDjH", "disable_series": false, "disable_total_by_aggregate": true, "disable_other_by_aggregate": true,
///  "limit": 10000}
/// ```
public struct HoneycombResultRequest: Sendable, Hashable {
  /// Whether a part of the result is made.
  public enum Choice: Sendable, Hashable {
    case enabled
    case disabled
  }
  /// The id that the query was given when it was created.
  public var queryID: String
  /// The time series; enabled where the request does not say.
  public var series: Choice
  /// Each calculation over all groups; disabled where the request does not say.
  public var totalByAggregate: Choice
  /// Each calculation over the groups beyond the limit; disabled where the request does not say.
  public var otherByAggregate: Choice
  /// Up to 10,000; counts only where the series are disabled, as at Honeycomb.
  public var limit: Int?

  public init(
    queryID: String, series: Choice = .enabled, totalByAggregate: Choice = .disabled, otherByAggregate: Choice = .disabled,
    limit: Int? = nil
  ) {
    self.queryID = queryID
    self.series = series
    self.totalByAggregate = totalByAggregate
    self.otherByAggregate = otherByAggregate
    self.limit = limit
  }

  /// Reads a body; `.unparseable` where it is not JSON.
  public init(parsing body: RawSpan) throws(HoneycombError) {
    let json: JSONValue
    do throws(DecodeError) { json = try JSONValue(parsing: body) } catch { throw HoneycombError(parsing: error) }
    try self.init(json)
  }

  /// Reads the object; what is wrong with it is told in one error.
  public init(_ json: JSONValue) throws(HoneycombError) {
    var findings = Findings()
    let known = ["query_id", "disable_series", "disable_total_by_aggregate", "disable_other_by_aggregate", "limit"]
    guard findings.isObject(json, "", known: known) else { throw HoneycombError(invalid: findings.details) }
    let queryID = findings.text(json["query_id"], "query_id") ?? ""
    if Findings.present(json["query_id"]) == nil || json["query_id"]?.string == "" {
      findings.add("query_id", .missing, "the query to run is needed")
    }
    self.init(
      queryID: queryID,
      series: Self.choice(json, "disable_series", .enabled, &findings),
      totalByAggregate: Self.choice(json, "disable_total_by_aggregate", .disabled, &findings),
      otherByAggregate: Self.choice(json, "disable_other_by_aggregate", .disabled, &findings),
      // Terraform's client leaves out a limit of 0, others send it.
      limit: findings.integer(json["limit"], "limit", in: 0...10_000).flatMap { $0 == 0 ? nil : Int($0) })
    try findings.settle()
  }

  private static func choice(
    _ json: JSONValue, _ name: String, _ otherwise: Choice, _ findings: inout Findings
  ) -> Choice {
    findings.truth(json[name], name).map { $0 ? .disabled : .enabled } ?? otherwise
  }
}
