// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// Something that happened at a time and explains what is seen in a chart: a deploy, a change of a flag, an outage.
///
/// ```json
/// {"id": "1c9e04f2", "start_time": 1790000000, "end_time": 1790000300, "message": "deploy 1.4", "type": "deploy", "url": "https://…"}
/// ```
/// Source: the `Marker` schema of Honeycomb's OpenAPI document; `color` is the setting of the type (see `HoneycombMarkerSetting`).
public struct HoneycombMarker: Sendable, Hashable {
  public var id: String
  /// A dataset's slug, or `__all__` for the whole environment.
  public var dataset: String
  /// Unix seconds.
  public var startTime: Int64
  /// Unix seconds, not before the start; nil for a point in time.
  public var endTime: Int64?
  public var message: String
  /// Markers of one type share a colour.
  public var type: String
  public var url: String
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  static let textBytesMax = 4096

  /// Reads what a client sends; the start is `nowUnixNanoseconds` where it names none.
  public init(parsing json: JSONValue, id: String, dataset: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.id = id
    self.dataset = dataset
    createdUnixNanoseconds = nowUnixNanoseconds
    updatedUnixNanoseconds = nowUnixNanoseconds
    startTime = nowUnixNanoseconds / HoneycombTime.nanosecondsPerSecond
    (message, type, url) = ("", "", "")
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// The marker with what a client sends in its place; what it does not name stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    // Clients send back what they were given.
    let known = ["id", "start_time", "end_time", "message", "type", "url", "color", "created_at", "updated_at"]
    guard findings.isObject(json, "", known: known) else { return try findings.settle() }
    let seconds = 0...HoneycombTime.secondsMax
    if let start = findings.integer(json["start_time"], "start_time", in: seconds), start > 0 { startTime = start }
    if let end = findings.integer(json["end_time"], "end_time", in: seconds) { endTime = end > 0 ? end : nil }
    if let endTime, endTime < startTime { findings.add("end_time", .invalid, "must not be before start_time") }
    let texts: [(String, WritableKeyPath<HoneycombMarker, String>)] = [("message", \.message), ("type", \.type), ("url", \.url)]
    for (name, path) in texts {
      guard let text = findings.text(json[name], name) else { continue }
      if text.utf8.count > Self.textBytesMax { findings.add(name, .invalid, "may have at most \(Self.textBytesMax) bytes") }
      self[keyPath: path] = text
    }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  /// Writes the marker as one object; `color` is its type's.
  public func write(to writer: inout JSONWriter, color: String? = nil) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("start_time", startTime)
    if let endTime { writer.member("end_time", endTime) }
    for (name, text) in [("message", message), ("type", type), ("url", url)] where !text.isEmpty { writer.member(name, text) }
    if let color { writer.member("color", color) }
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
