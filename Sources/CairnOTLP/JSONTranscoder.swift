// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
internal import CairnFormats

// OTLP/JSON to OTLP/protobuf, so that one decoder, and one mapping, serves both.
//
//   names        lowerCamelCase, or snake_case as in the .proto files; unknown ones are skipped with all they hold, null is no value
//   ids          hex in any case, or base64 where the length is that of the id's 16 or 8 bytes
//   integers     numbers or strings, also with an exponent or a fraction of zeros
//   enums        numbers or names; an unknown name is no value
//   doubles      numbers or strings, with "NaN", "Infinity" and "-Infinity"
//   bytes        base64, standard or URL-safe, with or without padding
//
// A message's length is written as five bytes when it starts and put right when it ends, in one or two bytes where those do: the
// decoders predict only attributes with short lengths. Repeated numbers are written unpacked.
//
// Source: OTLP specification, JSON Protobuf Encoding; ProtoJSON.

/// Rewrites an `ExportTraceServiceRequest` in JSON as protobuf; what `protobuf` held is replaced.
///
/// Throws with an offset into the JSON; what was written until then is of no use. Cost: one pass; nothing recurses.
public func transcodeTracesJSON(_ bytes: RawSpan, into protobuf: inout [UInt8]) throws(DecodeError) {
  try transcode(bytes, .tracesRequest, into: &protobuf)
}

/// Rewrites an `ExportLogsServiceRequest` in JSON as protobuf, like `transcodeTracesJSON`.
public func transcodeLogsJSON(_ bytes: RawSpan, into protobuf: inout [UInt8]) throws(DecodeError) {
  try transcode(bytes, .logsRequest, into: &protobuf)
}

/// Rewrites an `ExportMetricsServiceRequest` in JSON as protobuf, like `transcodeTracesJSON`.
public func transcodeMetricsJSON(_ bytes: RawSpan, into protobuf: inout [UInt8]) throws(DecodeError) {
  try transcode(bytes, .metricsRequest, into: &protobuf)
}

/// A value nested to the decoders' limit takes four levels of JSON for each of its own, and the request around it about twelve.
private let jsonDepthMax = 4 * nestingMax + 16

private func transcode(_ bytes: RawSpan, _ root: SchemaMessage, into protobuf: inout [UInt8]) throws(DecodeError) {
  protobuf.removeAll(keepingCapacity: true)
  protobuf.reserveCapacity(bytes.byteCount / 2)
  var transcoder = JSONTranscoder()
  try transcoder.run(bytes, root, &protobuf)
}

/// Walks the tokens with the messages and arrays that are open.
struct JSONTranscoder: ~Copyable {
  private struct Frame {
    /// Nil for an array.
    var message: SchemaMessage?
    /// The field that the next value belongs to.
    var field: SchemaField?
    /// Where the message's length stands; -1 for the request and for arrays.
    var lengthOffset = -1
  }
  var reader = JSONReader(depthMax: jsonDepthMax)
  private var frames: [Frame] = []

  init() {}

  mutating func run(_ bytes: RawSpan, _ root: SchemaMessage, _ protobuf: inout [UInt8]) throws(DecodeError) {
    guard try reader.next(bytes) == .objectStart else { throw expected("an object") }
    frames.append(Frame(message: root))
    while let frame = frames.last {
      let token = try reader.next(bytes)
      switch token {
      case .key(let name): try select(name, frame, bytes)
      case .objectEnd:
        if frame.lengthOffset >= 0 { Self.setLength(at: frame.lengthOffset, &protobuf) }
        frames.removeLast()
      case .arrayEnd: frames.removeLast()
      case .null: continue
      case .objectStart: try openMessage(frame, &protobuf)
      case .arrayStart:
        guard let field = frame.field, field.isRepeated, frame.message != nil else { throw expected("a value that is no array") }
        frames.append(Frame(field: field))
      default:
        guard let field = frame.field, !field.isRepeated || frame.message == nil else { throw expected("an array") }
        try write(token, field, bytes, &protobuf)
      }
    }
    guard try reader.next(bytes) == .end else { throw expected("nothing behind the request") }
  }

  func expected(_ text: StaticText) -> DecodeError { DecodeError(.syntax(expected: text), at: reader.tokenOffset) }

  /// Makes the named field the one that the next value belongs to, or skips the value.
  private mutating func select(_ name: JSONText, _ frame: Frame, _ bytes: RawSpan) throws(DecodeError) {
    guard let message = frame.message else { throw expected("a value") }
    let field = reader.withUTF8(name, bytes) { (utf8) in Self.field(named: utf8, message) }
    guard let field else { return try reader.skipValue(bytes) }
    frames[frames.count - 1].field = field
  }

  private static func field(named name: RawSpan, _ message: SchemaMessage) -> SchemaField? {
    let fields = message.fields
    for index in fields.indices where isName(name, fields[index].name) { return fields[index] }
    return nil
  }

  private mutating func openMessage(_ frame: Frame, _ protobuf: inout [UInt8]) throws(DecodeError) {
    guard let field = frame.field, case .message(let message) = field.kind else { throw expected("a value that is no object") }
    guard !field.isRepeated || frame.message == nil else { throw expected("an array") }
    protobuf.append(field.number << 3 | 2)
    frames.append(Frame(message: message, lengthOffset: protobuf.count))
    for _ in 0..<5 { protobuf.append(0) }
  }

  /// Writes the length of the message that ends here into the five bytes before it; short messages move up behind a shorter length.
  private static func setLength(at offset: Int, _ protobuf: inout [UInt8]) {
    let count = protobuf.count - offset - 5
    if count < 0x80 {
      protobuf[offset] = UInt8(count)
      protobuf.removeSubrange(offset + 1..<offset + 5)
    } else if count < 0x4000 {
      protobuf[offset] = UInt8(count & 0x7f) | 0x80
      protobuf[offset + 1] = UInt8(count >> 7)
      protobuf.removeSubrange(offset + 2..<offset + 5)
    } else {
      for index in 0..<5 {
        protobuf[offset + index] = UInt8(truncatingIfNeeded: count >> (7 * index)) & 0x7f | (index < 4 ? 0x80 : 0)
      }
    }
  }
}

/// True if `name` is the field's name, or its snake_case form.
private func isName(_ name: RawSpan, _ field: StaticString) -> Bool {
  let count = name.byteCount
  var position = 0
  for index in 0..<field.utf8CodeUnitCount {
    guard position < count else { return false }
    let wanted = unsafe field.utf8Start[index]
    var byte = loadByte(name, position)
    if byte == UInt8(ascii: "_"), wanted < UInt8(ascii: "a"), position + 1 < count {
      position += 1
      byte = loadByte(name, position) & ~0x20
    }
    guard byte == wanted else { return false }
    position += 1
  }
  return position == count
}
