// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnFormats

// An ExportLogsServiceRequest as the log lines that CloudWatch's OTLP endpoint makes of it, one JSON object a record:
//
//   { "timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText", "eventName", "traceId", "spanId", "flags",
//     "body": any, "attributes": {…}, "resource": { "attributes": {…} }, "scope": { "name", "version", "attributes": {…} } }
//
// Names are those of OTLP's JSON, but attributes are members by their keys, as AWS's queries name them (`attributes.session.id`,
// `resource.attributes.service.name`); ids are hex. A member without a value is left out. The record's own come first: of a long line only
// the first leaves become fields.
//
// Source: the names that AWS's documentation queries in such log groups; proto: see LogReader.

/// The records of an `ExportLogsServiceRequest` as log lines.
public struct LogLines: Sendable {
  public struct Line: Sendable {
    /// The record's time, or its observed time; 0 where it has neither.
    public var unixNanoseconds: UInt64
    /// One JSON object, UTF-8.
    public var json: [UInt8]
  }
  public private(set) var lines: [Line] = []
  private var byteCount = 0

  /// Reads a request in protobuf.
  ///
  /// Throws where it is none, or where its lines would have more than `byteCountMax` bytes together: a line repeats the resource of its
  /// record, and a small request might make very large lines.
  public init(_ bytes: RawSpan, byteCountMax: Int) throws(DecodeError) {
    var position = 0
    while let resource = try nextMessage(bytes, &position, bytes.byteCount, tag: 0x0A) {
      let resourceJSON = try Self.member("resource", bytes, try Envelope(bytes, resource).inner, attributes: 0x0A)
      var inner = resource.lowerBound
      while let scope = try nextMessage(bytes, &inner, resource.upperBound, tag: 0x12) {
        let scopeJSON = try Self.member("scope", bytes, try Envelope(bytes, scope).inner, attributes: 0x1A)
        var item = scope.lowerBound
        while let record = try nextMessage(bytes, &item, scope.upperBound, tag: 0x12) {
          let own = try Self.line(bytes, record)
          byteCount += own.json.count + resourceJSON.count + scopeJSON.count + 2
          guard byteCount <= byteCountMax else {
            throw DecodeError(.value("more bytes of lines than a request may have"), at: record.lowerBound)
          }
          var json: [UInt8] = []
          json.reserveCapacity(own.json.count + resourceJSON.count + scopeJSON.count + 2)
          json.append(UInt8(ascii: "{"))
          // Each member has a comma in front.
          json.append(contentsOf: (own.json + resourceJSON + scopeJSON).dropFirst())
          json.append(UInt8(ascii: "}"))
          lines.append(Line(unixNanoseconds: own.unixNanoseconds, json: json))
        }
      }
    }
  }

  /// `,"resource":{…}`, or nothing where there is nothing to tell.
  private static func member(
    _ name: String, _ bytes: RawSpan, _ message: Range<Int>, attributes tag: UInt64
  ) throws(DecodeError) -> [UInt8] {
    var members: [UInt8] = []
    var list: [UInt8] = []
    var position = message.lowerBound
    while position < message.upperBound {
      let found = try readVarint(bytes, &position, message.upperBound)
      guard found == tag || (tag == 0x1A && (found == 0x0A || found == 0x12)) else {
        try skipField(bytes, &position, message.upperBound, tag: found)
        continue
      }
      let count = try readLength(bytes, &position, message.upperBound)
      let range = position..<position + count
      position += count
      if found == tag {
        try append(bytes, attribute: range, to: &list)
      } else if count > 0 {
        try append(found == 0x0A ? "name" : "version", bytes, text: range, to: &members)
      }
    }
    append("attributes", object: list, to: &members)
    var json: [UInt8] = []
    append(name, object: members, to: &json)
    return json
  }

  /// The record's own members, each with a comma in front.
  private static func line(_ bytes: RawSpan, _ message: Range<Int>) throws(DecodeError) -> Line {
    var json: [UInt8] = []
    var attributes: [UInt8] = []
    let record = try LogHead(bytes, message) { (range) throws(DecodeError) in
      try append(bytes, attribute: range, to: &attributes)
    }
    append("timeUnixNano", record.time, to: &json)
    append("observedTimeUnixNano", record.observedTime, to: &json)
    append("severityNumber", record.severityNumber, to: &json)
    if !record.severityText.isEmpty { try append("severityText", bytes, text: record.severityText, to: &json) }
    if !record.eventName.isEmpty { try append("eventName", bytes, text: record.eventName, to: &json) }
    if isTraceID(bytes, record.traceID) { append("traceId", bytes, id: record.traceID, to: &json) }
    if record.spanID.count == 8, loadWord(bytes, record.spanID.lowerBound) != 0 { append("spanId", bytes, id: record.spanID, to: &json) }
    append("flags", record.flags, to: &json)
    if let body = record.body {
      append(name: "body", to: &json)
      try appendJSON(bytes, AnyValue(bytes, body), depth: 1, to: &json)
    }
    append("attributes", object: attributes, to: &json)
    return Line(unixNanoseconds: record.unixNanoseconds, json: json)
  }

  // MARK: Members

  private static func append(name: String, to json: inout [UInt8]) { json.append(contentsOf: ",\"\(name)\":".utf8) }

  private static func append(_ name: String, _ number: UInt64, to json: inout [UInt8]) {
    guard number != 0 else { return }
    append(name: name, to: &json)
    json.append(contentsOf: String(number).utf8)
  }

  private static func append(_ name: String, _ bytes: RawSpan, text: Range<Int>, to json: inout [UInt8]) throws(DecodeError) {
    try checkUTF8(bytes, text.lowerBound, text.count)
    append(name: name, to: &json)
    appendJSONString(bytes, text, to: &json)
  }

  private static func append(_ name: String, _ bytes: RawSpan, id: Range<Int>, to json: inout [UInt8]) {
    append(name: name, to: &json)
    json.append(contentsOf: "\"\(hexText(id.map { loadByte(bytes, $0) }))\"".utf8)
  }

  /// Members that have a comma in front, as one object.
  private static func append(_ name: String, object members: [UInt8], to json: inout [UInt8]) {
    guard !members.isEmpty else { return }
    append(name: name, to: &json)
    json.append(UInt8(ascii: "{"))
    json.append(contentsOf: members.dropFirst())
    json.append(UInt8(ascii: "}"))
  }

  /// A `KeyValue` as a member; one without a key or a value is left out.
  private static func append(_ bytes: RawSpan, attribute: Range<Int>, to json: inout [UInt8]) throws(DecodeError) {
    let pair = try readPair(bytes, attribute.lowerBound, attribute.upperBound)
    guard let key = pair.key, !key.isEmpty, let value = pair.value else { return }
    let any = try AnyValue(bytes, value)
    guard any.form != .absent else { return }
    try checkUTF8(bytes, key.lowerBound, key.count)
    json.append(UInt8(ascii: ","))
    appendJSONString(bytes, key, to: &json)
    json.append(UInt8(ascii: ":"))
    try appendJSON(bytes, any, depth: 1, to: &json)
  }
}
