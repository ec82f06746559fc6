// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import NIOCore

/// Writes OTLP's messages in one of its two encodings, so that each message is described once.
///
/// Fields have protobuf's number and JSON's name. Defaults are the caller's matter: what is written is there. JSON follows OTLP: ids in
/// hex, 64-bit integers as text, enums as numbers, names in lowerCamelCase.
struct OTLPWriter: ~Copyable {
  private var bytes: WireBuffer
  let isJSON: Bool

  private init(_ encoding: OTLPEncoding, bytes: consuming WireBuffer) {
    self.bytes = bytes
    isJSON = encoding == .json
  }

  /// What was written.
  private consuming func finish() -> WireBuffer { bytes }

  /// One whole message, about so long.
  static func body(_ encoding: OTLPEncoding, in memory: BodyMemory, about byteCount: Int, _ content: (inout OTLPWriter) -> Void) -> ByteBuffer {
    memory.write { bytes in
      bytes.reserve(byteCount + 4_096)
      write(to: &bytes, encoding) { writer in
        if writer.isJSON { writer.bytes.beginObject() }
        content(&writer)
        if writer.isJSON { writer.bytes.endObject() }
      }
    }
  }

  /// Adds a message to the end of a buffer that holds such messages: in protobuf with its tag and length, in JSON as it is.
  static func append(_ number: Int, to bytes: inout WireBuffer, _ encoding: OTLPEncoding, _ content: (inout OTLPWriter) -> Void) {
    write(to: &bytes, encoding) { $0.element(number, content) }
  }

  @inline(__always)
  private static func write(to bytes: inout WireBuffer, _ encoding: OTLPEncoding, _ content: (inout OTLPWriter) -> Void) {
    var taken = WireBuffer()
    swap(&taken, &bytes)
    var writer = OTLPWriter(encoding, bytes: taken)
    content(&writer)
    bytes = writer.finish()
  }

  @inline(__always)
  mutating func text(_ number: Int, _ name: StaticString, _ value: String) {
    guard !value.isEmpty else { return }
    if isJSON { bytes.member(name, value) } else { bytes.text(number, value) }
  }

  /// An enum or a count of 32 bits.
  @inline(__always)
  mutating func number(_ number: Int, _ name: StaticString, _ value: Int) {
    guard value != 0 else { return }
    if isJSON { return integer(name, value) }
    bytes.tag(number, 0)
    bytes.varint(UInt64(bitPattern: Int64(value)))
  }

  /// An sint32: small numbers of either sign are short.
  mutating func signed32(_ number: Int, _ name: StaticString, _ value: Int) {
    if isJSON { return integer(name, value) }
    bytes.tag(number, 0)
    bytes.varint(UInt64(bitPattern: Int64(value << 1 ^ value >> 63)))
  }

  mutating func boolean(_ number: Int, _ name: StaticString, _ value: Bool) {
    guard value else { return }
    if isJSON {
      bytes.name(name)
      return bytes.boolean(true)
    }
    bytes.tag(number, 0)
    bytes.varint(1)
  }

  @inline(__always)
  mutating func fixed64(_ number: Int, _ name: StaticString, _ value: UInt64) {
    if isJSON { return bytes.member(name, String(value)) }
    bytes.tag(number, 1)
    bytes.word(value)
  }

  mutating func fixed32(_ number: Int, _ name: StaticString, _ value: UInt32) {
    guard value != 0 else { return }
    if isJSON { return integer(name, Int(value)) }
    bytes.tag(number, 5)
    bytes.half(value)
  }

  mutating func double(_ number: Int, _ name: StaticString, _ value: Double) {
    if isJSON {
      bytes.name(name)
      return bytes.double(value)
    }
    bytes.tag(number, 1)
    bytes.word(value.bitPattern)
  }

  mutating func signed64(_ number: Int, _ name: StaticString, _ value: Int64) {
    if isJSON { return bytes.member(name, String(value)) }
    bytes.tag(number, 1)
    bytes.word(UInt64(bitPattern: value))
  }

  @inline(__always)
  mutating func traceID(_ number: Int, _ name: StaticString, _ id: TraceID) {
    if isJSON {
      bytes.name(name)
      return bytes.hexString(id)
    }
    bytes.tag(number, 2)
    bytes.varint(16)
    bytes.word(id.high.byteSwapped)
    bytes.word(id.low.byteSwapped)
  }

  @inline(__always)
  mutating func spanID(_ number: Int, _ name: StaticString, _ id: UInt64) {
    guard id != 0 else { return }
    if isJSON {
      bytes.name(name)
      return bytes.hexString(id)
    }
    bytes.tag(number, 2)
    bytes.varint(8)
    bytes.word(id.byteSwapped)
  }

  /// A message inside this one.
  mutating func message(_ number: Int, _ name: StaticString, _ content: (inout OTLPWriter) -> Void) {
    if isJSON { bytes.name(name) }
    element(number, content)
  }

  /// Several of them.
  mutating func messages<Item>(_ number: Int, _ name: StaticString, _ items: [Item], _ content: (Item, inout OTLPWriter) -> Void) {
    guard !items.isEmpty else { return }
    several(name) { writer in
      for item in items { writer.element(number) { content(item, &$0) } }
    }
  }

  /// Several, each of which the closure adds with `element`.
  mutating func several(_ name: StaticString, _ content: (inout OTLPWriter) -> Void) {
    if isJSON {
      bytes.name(name)
      bytes.beginArray()
    }
    content(&self)
    if isJSON { bytes.endArray() }
  }

  /// One where there could be several, about so long.
  mutating func only(_ number: Int, _ name: StaticString, about byteCount: Int, _ content: (inout OTLPWriter) -> Void) {
    several(name) { $0.element(number, about: byteCount, content) }
  }

  /// Several that are written already.
  mutating func written(_ name: StaticString, _ messages: (inout WireBuffer) -> Void) { several(name) { messages(&$0.bytes) } }

  @inline(__always)
  mutating func element(_ number: Int, about byteCount: Int = 128, _ content: (inout OTLPWriter) -> Void) {
    if isJSON {
      bytes.beginObject()
      content(&self)
      bytes.endObject()
    } else {
      let message = bytes.beginMessage(number, about: byteCount)
      content(&self)
      bytes.endMessage(message)
    }
  }

  /// Packed fixed64 counts.
  mutating func counts(_ number: Int, _ name: StaticString, _ values: [UInt64]) {
    if isJSON { return texts(name, values.map { String($0) }) }
    packed(number, values)
  }

  /// Packed varints.
  mutating func varints(_ number: Int, _ name: StaticString, _ values: [UInt64]) {
    if isJSON { return texts(name, values.map { String($0) }) }
    bytes.tag(number, 2)
    bytes.varint(UInt64(values.reduce(0) { $0 + WireBuffer.varintByteCount($1) }))
    for value in values { bytes.varint(value) }
  }

  mutating func doubles(_ number: Int, _ name: StaticString, _ values: [Double]) {
    guard isJSON else { return packed(number, values.map(\.bitPattern)) }
    bytes.name(name)
    bytes.beginArray()
    for value in values { bytes.double(value) }
    bytes.endArray()
  }

  private mutating func packed(_ number: Int, _ words: [UInt64]) {
    bytes.tag(number, 2)
    bytes.varint(UInt64(8 * words.count))
    for word in words { bytes.word(word) }
  }

  private mutating func texts(_ name: StaticString, _ values: [String]) {
    bytes.name(name)
    bytes.beginArray()
    for value in values { bytes.string(value) }
    bytes.endArray()
  }

  private mutating func integer(_ name: StaticString, _ value: Int) {
    bytes.name(name)
    bytes.integer(Int64(value))
  }

  mutating func attributes(_ number: Int, _ fields: [WireField]) {
    guard !isJSON else { return messages(number, "attributes", fields) { $1.field($0) } }
    let fields = fields.span
    for index in fields.indices { attribute(number, fields[index]) }
  }

  /// One of them, in protobuf.
  @inline(__always)
  mutating func attribute(_ number: Int, _ field: WireField) {
    switch field.value {
    case .array, .map: element(number) { $0.field(field) }
    default: bytes.attribute(number, field.name, field.value)
    }
  }

  /// KeyValue { 1 key, 2 value }
  mutating func field(_ field: WireField) {
    text(1, "key", field.name)
    message(2, "value") { $0.value(field.value) }
  }

  /// AnyValue { 1 string, 2 bool, 3 int, 4 double, 5 array { 1 values }, 6 kvlist { 1 values } }
  mutating func value(_ value: WireValue) {
    switch value {
    case .string(let text): if isJSON { bytes.member("stringValue", text) } else { bytes.text(1, text) }
    case .boolean(let flag):
      if isJSON {
        bytes.name("boolValue")
        bytes.boolean(flag)
      } else {
        bytes.tag(2, 0)
        bytes.varint(flag ? 1 : 0)
      }
    case .integer(let number):
      if isJSON { return bytes.member("intValue", String(number)) }
      bytes.tag(3, 0)
      bytes.varint(UInt64(bitPattern: number))
    case .double(let number):
      guard isJSON else { return double(4, "doubleValue", number) }
      bytes.name("doubleValue")
      if number.isFinite { bytes.double(number) } else { bytes.string(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity") }
    case .array(let values): message(5, "arrayValue") { $0.messages(1, "values", values) { $1.value($0) } }
    case .map(let fields): message(6, "kvlistValue") { $0.messages(1, "values", fields) { $1.field($0) } }
    }
  }
}

/// OTLP's encodings over HTTP.
enum OTLPEncoding: Sendable, Hashable {
  case protobuf
  case json
  /// protobuf in gRPC's frames.
  case grpc

  var contentType: String {
    switch self {
    case .protobuf: "application/x-protobuf"
    case .json: "application/json"
    case .grpc: "application/grpc"
    }
  }
}
