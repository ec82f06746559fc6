// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

/// Writes OTLP's messages in one of its two encodings, so that each message is described once.
///
/// Fields have protobuf's number and JSON's name. Defaults are the caller's matter: what is written is there. JSON follows OTLP: ids in
/// hex, 64-bit integers as text, enums as numbers, names in lowerCamelCase.
enum OTLPWriter {
  case protobuf(ProtobufWriter)
  case json(JSONWriter)

  static func make(_ encoding: OTLPEncoding) -> OTLPWriter {
    switch encoding {
    case .protobuf, .grpc: .protobuf(ProtobufWriter())
    case .json: .json(JSONWriter(reserving: 4_096))
    }
  }

  /// One whole request.
  static func request(_ encoding: OTLPEncoding, _ content: (inout OTLPWriter) -> Void) -> [UInt8] {
    var writer = make(encoding)
    writer.change({ _ in }, { $0.beginObject() })
    content(&writer)
    writer.change({ _ in }, { $0.endObject() })
    switch writer {
    case .protobuf(let writer): return writer.bytes
    case .json(let writer): return writer.finish()
    }
  }

  mutating func text(_ number: Int, _ name: String, _ value: String) {
    guard !value.isEmpty else { return }
    change({ $0.text(number, value) }, { $0.member(name, value) })
  }

  /// An enum or a count of 32 bits.
  mutating func number(_ number: Int, _ name: String, _ value: Int) {
    guard value != 0 else { return }
    change({ $0.varint(number, UInt64(bitPattern: Int64(value))) }, { $0.member(name, value) })
  }

  mutating func boolean(_ number: Int, _ name: String, _ value: Bool) {
    guard value else { return }
    change({ $0.varint(number, 1) }, { $0.member(name, true) })
  }

  mutating func fixed64(_ number: Int, _ name: String, _ value: UInt64) {
    change({ $0.fixed64(number, value) }, { $0.member(name, String(value)) })
  }

  mutating func fixed32(_ number: Int, _ name: String, _ value: UInt32) {
    guard value != 0 else { return }
    change({ $0.fixed32(number, value) }, { $0.member(name, Int(value)) })
  }

  mutating func double(_ number: Int, _ name: String, _ value: Double) {
    change({ $0.double(number, value) }, { $0.member(name, value) })
  }

  mutating func signed64(_ number: Int, _ name: String, _ value: Int64) {
    change({ $0.fixed64(number, UInt64(bitPattern: value)) }, { $0.member(name, String(value)) })
  }

  mutating func traceID(_ number: Int, _ name: String, _ id: TraceID) {
    change({ $0.traceID(number, high: id.high, low: id.low) }, { $0.member(name, id.hex) })
  }

  mutating func spanID(_ number: Int, _ name: String, _ id: UInt64) {
    guard id != 0 else { return }
    change({ $0.spanID(number, id) }, { $0.member(name, hexText(id)) })
  }

  /// A message inside this one.
  mutating func message(_ number: Int, _ name: String, _ content: (inout OTLPWriter) -> Void) {
    var start = 0
    change({ start = $0.beginMessage(number) }, { $0.key(name); $0.beginObject() })
    content(&self)
    change({ $0.endMessage(start) }, { $0.endObject() })
  }

  /// Several of them.
  mutating func messages<Item>(_ number: Int, _ name: String, _ items: [Item], _ content: (Item, inout OTLPWriter) -> Void) {
    guard !items.isEmpty else { return }
    change({ _ in }, { $0.key(name); $0.beginArray() })
    for item in items {
      var start = 0
      change({ start = $0.beginMessage(number) }, { $0.beginObject() })
      content(item, &self)
      change({ $0.endMessage(start) }, { $0.endObject() })
    }
    change({ _ in }, { $0.endArray() })
  }

  /// Packed fixed64 counts, and doubles.
  mutating func counts(_ number: Int, _ name: String, _ values: [UInt64]) {
    change({ $0.packed(number, values) }, { $0.member(name, values.map { String($0) }) })
  }

  mutating func doubles(_ number: Int, _ name: String, _ values: [Double]) {
    change(
      { $0.packed(number, values.map(\.bitPattern)) },
      { writer in
        writer.key(name)
        writer.beginArray()
        for value in values { writer.double(value) }
        writer.endArray()
      })
  }

  /// Packed varints.
  mutating func varints(_ number: Int, _ name: String, _ values: [UInt64]) {
    change(
      { writer in
        var packed = ProtobufWriter()
        for value in values { packed.rawVarint(value) }
        writer.message(number, packed)
      }, { $0.member(name, values.map { String($0) }) })
  }

  /// An sint32: small numbers of either sign are short.
  mutating func signed32(_ number: Int, _ name: String, _ value: Int) {
    change({ $0.varint(number, UInt64(bitPattern: Int64(value << 1 ^ value >> 63))) }, { $0.member(name, value) })
  }

  mutating func attributes(_ number: Int, _ fields: [WireField]) {
    guard case .protobuf(var writer) = self else { return messages(number, "attributes", fields) { $1.field($0) } }
    self = .protobuf(ProtobufWriter())
    // Most of a span is attributes: texts and numbers are written in place, with their lengths computed.
    for field in fields {
      switch field.value {
      case .string(let text): writer.attribute(number, field.name, text)
      case .integer(let value): writer.attribute(number, field.name, Int(value))
      case .double(let value): writer.attribute(number, field.name, value)
      case .boolean(let flag): writer.attribute(number, field.name, flag)
      case .array, .map:
        self = .protobuf(writer)
        writer = ProtobufWriter()
        message(number, "attributes") { $0.field(field) }
        if case .protobuf(let written) = self { writer = written }
        self = .protobuf(ProtobufWriter())
      }
    }
    self = .protobuf(writer)
  }

  /// KeyValue { 1 key, 2 value }
  mutating func field(_ field: WireField) {
    text(1, "key", field.name)
    message(2, "value") { $0.value(field.value) }
  }

  /// AnyValue { 1 string, 2 bool, 3 int, 4 double, 5 array { 1 values }, 6 kvlist { 1 values } }
  mutating func value(_ value: WireValue) {
    switch value {
    case .string(let text): change({ $0.text(1, text) }, { $0.member("stringValue", text) })
    case .boolean(let flag): change({ $0.varint(2, flag ? 1 : 0) }, { $0.member("boolValue", flag) })
    case .integer(let number): change({ $0.varint(3, UInt64(bitPattern: number)) }, { $0.member("intValue", String(number)) })
    case .double(let number): change({ $0.double(4, number) }, { Self.jsonDouble(&$0, number) })
    case .array(let values): message(5, "arrayValue") { $0.messages(1, "values", values) { $1.value($0) } }
    case .map(let fields): message(6, "kvlistValue") { $0.messages(1, "values", fields) { $1.field($0) } }
    }
  }

  private static func jsonDouble(_ writer: inout JSONWriter, _ number: Double) {
    writer.key("doubleValue")
    if number.isFinite { writer.double(number) } else { writer.string(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity") }
  }

  private mutating func change(_ protobuf: (inout ProtobufWriter) -> Void, _ json: (inout JSONWriter) -> Void) {
    switch self {
    case .protobuf(var writer):
      self = .protobuf(ProtobufWriter())
      protobuf(&writer)
      self = .protobuf(writer)
    case .json(var writer):
      self = .json(JSONWriter(reserving: 0))
      json(&writer)
      self = .json(writer)
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
