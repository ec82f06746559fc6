// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// The slug that a dataset of the store has been given, and keeps.
///
/// ```json
/// {"id": "1c9e04f2", "name": "магазин", "created_at": "…"}
/// ```
public struct DatasetSlug: Sendable, Hashable {
  public var id: String
  /// The slug.
  public var dataset: String
  /// The name under which the dataset's events are kept.
  public var name: String
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  public init(name: String, slug: String, id: String, nowUnixNanoseconds: Int64) {
    self.id = id
    self.name = name
    dataset = slug
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
  }

  /// Reads what `write` wrote.
  public init(parsing json: JSONValue, id: String, slug: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    let name = findings.text(json["name"], "name")
    if name == nil { findings.add("name", .missing, "a slug is of a dataset's name") }
    try findings.settle()
    self.init(name: name ?? "", slug: slug, id: id, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// Writes it as one object; the slug stands beside it.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("name", name)
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.endObject()
  }
}
