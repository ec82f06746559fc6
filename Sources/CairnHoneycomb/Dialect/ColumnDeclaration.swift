// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnFormats

/// What was said of a column of a dataset by the API, whether events with it came or not.
///
/// ```json
/// {"key_name": "cart.items", "type": "integer", "description": "…", "hidden": false}
/// ```
/// Source: the `CreateColumn` and `Column` schemas of Honeycomb's OpenAPI document.
public struct ColumnDeclaration: Sendable, Hashable {
  public var id: String
  /// The dataset's slug.
  public var dataset: String
  /// `key_name` on the wire.
  public internal(set) var name = ""
  public internal(set) var type = FieldType.string
  public internal(set) var description = ""
  /// True if pages do not offer the column.
  public internal(set) var isHidden = false
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    try read(json)
  }

  /// What is said of a column that events made.
  public init(name: String, type: FieldType, id: String, dataset: String, createdUnixNanoseconds: Int64) {
    self.id = id
    self.dataset = dataset
    self.name = name
    self.type = type
    (self.createdUnixNanoseconds, updatedUnixNanoseconds) = (createdUnixNanoseconds, createdUnixNanoseconds)
  }

  /// The column with what a client sends in its place; what it does not name stays, and so does its name.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    try read(json)
    updatedUnixNanoseconds = nowUnixNanoseconds
  }

  private mutating func read(_ json: JSONValue) throws(HoneycombError) {
    var findings = Findings()
    // The Go client sends what it cannot set as well, and a name of old.
    let readOnly = ["id", "alias", "last_written", "created_at", "updated_at"]
    guard findings.isObject(json, "", known: ["key_name", "type", "description", "hidden"] + readOnly) else { return try findings.settle() }
    let wanted = findings.text(json["key_name"], "key_name") ?? ""
    if name.isEmpty {
      name = wanted
      if name.isEmpty {
        if findings.details.isEmpty { findings.add("key_name", .missing, "a column needs a name") }
      } else if name.utf8.count > 255 {
        findings.add("key_name", .invalid, "may have at most 255 bytes")
      } else if name.unicodeScalars.contains(where: { $0.value < 32 }) {
        findings.add("key_name", .invalid, "is not the name of a column")
      }
    } else if !wanted.isEmpty, wanted != name {
      findings.add("key_name", .invalid, "the name of a column cannot change")
    }
    if let text = findings.text(json["type"], "type") {
      if let found = FieldType.allCases.first(where: { $0.honeycombName == text }) {
        type = found
      } else {
        findings.add("type", .invalid, "must be string, integer, float or boolean")
      }
    }
    if let text = findings.text(json["description"], "description") { description = text }
    if description.count > 1023 { findings.add("description", .invalid, "may have at most 1023 characters") }
    if let hidden = findings.truth(json["hidden"], "hidden") { isHidden = hidden }
    try findings.settle()
  }

  /// Writes the declaration as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("key_name", name)
    writer.member("type", type.honeycombName)
    writer.member("description", description)
    writer.member("hidden", isHidden)
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
