// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// What was said of a dataset by the API, whether events of it came or not.
///
/// ```json
/// {"name": "My Shop", "description": "…", "expand_json_depth": 3, "settings": {"delete_protected": true}}
/// ```
/// Source: the `DatasetCreationPayload` and `DatasetUpdatePayload` schemas of Honeycomb's OpenAPI document.
public struct DatasetDeclaration: Sendable, Hashable {
  public var id: String
  /// The slug: that of the name where no other dataset has it.
  public var dataset: String
  public internal(set) var name = ""
  public internal(set) var description = ""
  public internal(set) var expandJSONDepth = 0
  public internal(set) var isDeleteProtected = true
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends; the slug is that of the name alone.
  public init(parsing json: JSONValue, id: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    dataset = ""
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
    var findings = Findings()
    read(json, &findings)
    name = findings.text(json["name"], "name") ?? ""
    dataset = HoneycombDataset.slug(name)
    if name.isEmpty {
      if findings.details.isEmpty { findings.add("name", .missing, "a dataset needs a name") }
    } else if name.count > 255 {
      findings.add("name", .invalid, "may have at most 255 characters")
    } else if name.unicodeScalars.contains(where: { $0.value < 32 }) || !name.contains(where: { $0.isLetter || $0.isNumber }) || dataset == "__all__" {
      findings.add("name", .invalid, "is not the name of a dataset")
    }
    try findings.settle()
  }

  /// What is said of a dataset that its events made.
  public init(name: String, slug: String, id: String, createdUnixNanoseconds: Int64) {
    self.id = id
    self.name = name
    dataset = slug
    (self.createdUnixNanoseconds, updatedUnixNanoseconds) = (createdUnixNanoseconds, createdUnixNanoseconds)
  }

  /// The dataset with what a client sends; what it does not name is as if nothing had ever been said. The name stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    read(json, &findings)
    try findings.settle()
    updatedUnixNanoseconds = nowUnixNanoseconds
  }

  private mutating func read(_ json: JSONValue, _ findings: inout Findings) {
    // The Go client sends what it cannot set as well.
    let readOnly = ["id", "slug", "regular_columns_count", "last_written_at", "created_at", "updated_at"]
    guard findings.isObject(json, "", known: ["name", "description", "expand_json_depth", "settings"] + readOnly) else { return }
    description = findings.text(json["description"], "description") ?? ""
    if description.count > 1023 { findings.add("description", .invalid, "may have at most 1023 characters") }
    expandJSONDepth = Int(findings.integer(json["expand_json_depth"], "expand_json_depth", in: 0...10) ?? 0)
    isDeleteProtected = true
    if let settings = Findings.present(json["settings"]), findings.isObject(settings, "settings", known: ["delete_protected"]) {
      isDeleteProtected = findings.truth(settings["delete_protected"], "settings.delete_protected") ?? true
    }
  }

  /// Writes the declaration as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("name", name)
    writer.member("description", description)
    writer.member("expand_json_depth", expandJSONDepth)
    writer.key("settings")
    writer.beginObject()
    writer.member("delete_protected", isDeleteProtected)
    writer.endObject()
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
