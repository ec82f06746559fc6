// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnFormats

/// The colour of all markers of a type.
///
/// Source: the `MarkerSetting` schema of Honeycomb's OpenAPI document.
public struct HoneycombMarkerSetting: Sendable, Hashable {
  public var id: String
  /// A dataset's slug, or `__all__`.
  public var dataset: String
  public var type: String
  /// `#RRGGBB`.
  public var color: String
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  /// Reads what a client sends; both members are needed.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    createdUnixNanoseconds = nowUnixNanoseconds
    updatedUnixNanoseconds = nowUnixNanoseconds
    (type, color) = ("", "")
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// The setting with what a client sends in its place.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: ["id", "type", "color", "created_at", "updated_at"]) else { return try findings.settle() }
    if let text = findings.text(json["type"], "type") { type = text }
    if let text = findings.text(json["color"], "color") { color = text }
    if type.isEmpty || type.utf8.count > HoneycombMarker.textBytesMax { findings.add("type", .missing, "must name a type of markers") }
    if color.utf8.count != 7 || color.utf8.first != 0x23 || !color.utf8.dropFirst().allSatisfy({ hexNibble($0) != nil }) {
      findings.add("color", .invalid, "must be #RRGGBB")
    }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  /// Writes the setting as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("type", type)
    writer.member("color", color)
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
