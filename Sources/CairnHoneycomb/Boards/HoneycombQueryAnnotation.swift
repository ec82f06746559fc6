// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A name and a description of a kept query.
///
/// ```json
/// {"id": "1c9e04f2", "name": "Latency by route", "description": "…", "query_id": "…", "source": "query"}
/// ```
/// Source: the `QueryAnnotation` schema of Honeycomb's OpenAPI document; `source` is the Terraform provider's.
public struct HoneycombQueryAnnotation: Sendable, Hashable {
  public var id: String
  /// A dataset's slug, or `__all__`.
  public var dataset: String
  public internal(set) var name = ""
  public internal(set) var description = ""
  public internal(set) var queryID = ""
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// The annotation with what a client sends in its place; its query stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: ["id", "name", "description", "query_id", "source", "created_at", "updated_at"]) else { return try findings.settle() }
    if let text = findings.text(json["name"], "name") { name = text }
    if !(1...320).contains(name.count) { findings.add("name", name.isEmpty ? .missing : .invalid, "must have 1 to 320 characters") }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 1023 { findings.add("description", .invalid, "may have at most 1023 characters") }
    if let text = findings.text(json["query_id"], "query_id") {
      if !queryID.isEmpty, text != queryID { findings.add("query_id", .invalid, "the query of an annotation cannot change") }
      queryID = text
    }
    if queryID.isEmpty { findings.add("query_id", .missing, "an annotation needs a query's id") }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  /// Writes the annotation as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("name", name)
    writer.member("description", description)
    writer.member("query_id", queryID)
    writer.member("source", "query")
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
