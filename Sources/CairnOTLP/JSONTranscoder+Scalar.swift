// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats

extension JSONTranscoder {
  /// Writes a string, number or boolean as the field's kind asks for.
  mutating func write(
    _ token: JSONToken, _ field: SchemaField, _ bytes: RawSpan, _ protobuf: inout [UInt8]
  ) throws(DecodeError) {
    switch field.kind {
    case .message: throw expected("an object")
    case .text:
      guard case .string(let text) = token else { throw expected("a string") }
      writeText(text, field.number, bytes, &protobuf)
    case .bytes:
      guard case .string(let text) = token else { throw expected("base64 in a string") }
      try writeBytes(of: reader.string(text, bytes), field.number, &protobuf)
    case .traceID, .spanID:
      guard case .string(let text) = token else { throw expected("an id in a string") }
      let byteCount = if case .traceID = field.kind { 16 } else { 8 }
      try writeID(reader.string(text, bytes), byteCount: byteCount, field.number, &protobuf)
    case .boolean:
      guard case .boolean(let value) = token else { throw expected("true or false") }
      protobuf.append(field.number << 3)
      protobuf.append(value ? 1 : 0)
    case .enumeration(let names): try writeEnumeration(token, names, field.number, bytes, &protobuf)
    case .double, .fixed64, .sfixed64, .fixed32, .uint64, .int64, .sint32:
      try writeNumber(try number(token, bytes), field, &protobuf)
    }
  }

  private mutating func writeText(_ text: JSONText, _ number: UInt8, _ bytes: RawSpan, _ protobuf: inout [UInt8]) {
    protobuf.append(number << 3 | 2)
    reader.withUTF8(text, bytes) { (utf8) in
      appendVarint(UInt64(utf8.byteCount), to: &protobuf)
      unsafe utf8.withUnsafeBytes { unsafe protobuf.append(contentsOf: $0) }
    }
  }

  private func writeBytes(of base64: String, _ number: UInt8, _ protobuf: inout [UInt8]) throws(DecodeError) {
    guard let decoded = Base64.bytes(of: base64) else { throw expected("base64") }
    protobuf.append(number << 3 | 2)
    appendVarint(UInt64(decoded.count), to: &protobuf)
    protobuf.append(contentsOf: decoded)
  }

  private func writeID(_ text: String, byteCount: Int, _ number: UInt8, _ protobuf: inout [UInt8]) throws(DecodeError) {
    guard !text.isEmpty else { return }
    var decoded = decodeHex(text)
    if decoded?.count != byteCount, let other = Base64.bytes(of: text), other.count == byteCount { decoded = other }
    guard let decoded else { throw expected("an id in hex") }
    protobuf.append(number << 3 | 2)
    appendVarint(UInt64(decoded.count), to: &protobuf)
    protobuf.append(contentsOf: decoded)
  }

  private mutating func writeEnumeration(
    _ token: JSONToken, _ enumeration: SchemaEnumeration, _ number: UInt8, _ bytes: RawSpan, _ protobuf: inout [UInt8]
  ) throws(DecodeError) {
    var value: UInt64?
    if case .string(let text) = token {
      let names = enumeration.names
      for index in names.indices where reader.matches(text, bytes, names[index]) { value = UInt64(index) }
      if value == nil { value = Int32(reader.string(text, bytes)).map { UInt64(bitPattern: Int64($0)) } }
    } else {
      guard let integer = try self.number(token, bytes).signed.flatMap({ Int32(exactly: $0) }) else { throw expected("an enum's number or name") }
      value = UInt64(bitPattern: Int64(integer))
    }
    guard let value else { return }
    protobuf.append(number << 3)
    appendVarint(value, to: &protobuf)
  }

  private func writeNumber(_ number: JSONNumber, _ field: SchemaField, _ protobuf: inout [UInt8]) throws(DecodeError) {
    switch field.kind {
    case .double: appendFixed64(number.double.bitPattern, field.number, to: &protobuf)
    case .fixed64:
      guard let value = number.unsigned else { throw expected("an unsigned 64-bit integer") }
      appendFixed64(value, field.number, to: &protobuf)
    case .sfixed64:
      guard let value = number.signed else { throw expected("a 64-bit integer") }
      appendFixed64(UInt64(bitPattern: value), field.number, to: &protobuf)
    case .fixed32:
      guard let value = number.unsigned.flatMap({ UInt32(exactly: $0) }) else { throw expected("an unsigned 32-bit integer") }
      protobuf.append(field.number << 3 | 5)
      for index in 0..<4 { protobuf.append(UInt8(truncatingIfNeeded: value >> UInt32(8 * index))) }
    case .uint64:
      guard let value = number.unsigned else { throw expected("an unsigned integer") }
      protobuf.append(field.number << 3)
      appendVarint(value, to: &protobuf)
    case .int64:
      guard let value = number.signed else { throw expected("a 64-bit integer") }
      protobuf.append(field.number << 3)
      appendVarint(UInt64(bitPattern: value), to: &protobuf)
    default:
      guard let value = number.signed.flatMap({ Int32(exactly: $0) }) else { throw expected("a 32-bit integer") }
      protobuf.append(field.number << 3)
      appendVarint(UInt64(UInt32(bitPattern: value << 1 ^ value >> 31)), to: &protobuf)
    }
  }

  private mutating func number(_ token: JSONToken, _ bytes: RawSpan) throws(DecodeError) -> JSONNumber {
    switch token {
    case .integer(let value): return .signed(value)
    case .unsigned(let value): return .unsigned(value)
    case .double(let value): return .double(value)
    case .string(let text):
      guard let number = JSONNumber(reader.string(text, bytes)) else { throw expected("a number") }
      return number
    default: throw expected("a number")
    }
  }
}

/// A number of JSON, in the first of the three forms that holds it exactly.
enum JSONNumber {
  case signed(Int64)
  case unsigned(UInt64)
  case double(Double)

  /// Reads the decimal in a string, or one of ProtoJSON's three words.
  init?(_ text: String) {
    if let value = Int64(text) {
      self = .signed(value)
    } else if let value = UInt64(text) {
      self = .unsigned(value)
    } else if text == "NaN" {
      self = .double(.nan)
    } else if text == "Infinity" || text == "-Infinity" {
      self = .double(text == "Infinity" ? .infinity : -.infinity)
    } else if text.utf8.allSatisfy(Self.isDecimal), let value = Double(text), value.isFinite {
      self = .double(value)
    } else {
      return nil
    }
  }

  /// Swift's numbers may be hexadecimal, JSON's may not.
  private static func isDecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"): true
    default: false
    }
  }

  var signed: Int64? {
    switch self {
    case .signed(let value): value
    case .unsigned(let value): Int64(exactly: value)
    case .double(let value): Int64(exactly: value)
    }
  }

  var unsigned: UInt64? {
    switch self {
    case .signed(let value): UInt64(exactly: value)
    case .unsigned(let value): value
    case .double(let value): UInt64(exactly: value)
    }
  }

  var double: Double {
    switch self {
    case .signed(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .double(let value): value
    }
  }
}

private func appendFixed64(_ value: UInt64, _ number: UInt8, to protobuf: inout [UInt8]) {
  protobuf.append(number << 3 | 1)
  for index in 0..<8 { protobuf.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
}

/// The bytes that pairs of hex digits stand for; nil for anything else.
private func decodeHex(_ text: String) -> [UInt8]? {
  let digits = Array(text.utf8)
  guard digits.count % 2 == 0 else { return nil }
  var decoded: [UInt8] = []
  decoded.reserveCapacity(digits.count / 2)
  for index in stride(from: 0, to: digits.count, by: 2) {
    guard let high = hexNibble(digits[index]), let low = hexNibble(digits[index + 1]) else { return nil }
    decoded.append(high << 4 | low)
  }
  return decoded
}
