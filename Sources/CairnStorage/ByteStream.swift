// SPDX-License-Identifier: Apache-2.0

/// Writes the numbers and texts of headers and footers; the reading side is `ByteReader`.
struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func write(byte: UInt8) { bytes.append(byte) }

  /// Base 128, least significant group first.
  mutating func write(varint value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func write(count: Int) { write(varint: UInt64(count)) }

  mutating func write(word: UInt64) { bytes.append(littleEndian: word) }

  mutating func write(sum: UInt32) { bytes.append(littleEndian: sum) }

  mutating func write(text: String) {
    let utf8 = Array(text.utf8)
    write(count: utf8.count)
    bytes.append(contentsOf: utf8)
  }
}

/// A header or footer does not read as what it should be.
struct FormatDamage: Error {
  var what: String
  var offset: Int
}

/// Reads what `ByteWriter` wrote; throws instead of trusting any of it.
struct ByteReader {
  let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func byte() throws(FormatDamage) -> UInt8 {
    guard position < bytes.count else { throw FormatDamage(what: "it ends too early", offset: position) }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func varint() throws(FormatDamage) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let next = try byte()
      value |= UInt64(next & 0x7f) << shift
      if next < 0x80 { return value }
      shift += 7
    }
    throw FormatDamage(what: "a number is too long", offset: position)
  }

  /// A number of things of which each takes at least `atLeast` bytes of what follows, or any number up to `most`.
  mutating func count(most: Int) throws(FormatDamage) -> Int {
    let value = try varint()
    guard value <= UInt64(most) else { throw FormatDamage(what: "a count is too large", offset: position) }
    return Int(value)
  }

  mutating func word() throws(FormatDamage) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 8) { value |= UInt64(try byte()) << shift }
    return value
  }

  mutating func sum() throws(FormatDamage) -> UInt32 {
    var value: UInt32 = 0
    for shift in stride(from: UInt32(0), to: 32, by: 8) { value |= UInt32(try byte()) << shift }
    return value
  }

  mutating func bytes(_ count: Int) throws(FormatDamage) -> [UInt8] {
    guard count >= 0, count <= bytes.count - position else { throw FormatDamage(what: "it ends too early", offset: position) }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func text() throws(FormatDamage) -> String {
    let count = try count(most: bytes.count - position)
    guard count <= bytes.count - position else { throw FormatDamage(what: "a text is cut", offset: position) }
    defer { position += count }
    return String(decoding: bytes[position..<position + count], as: UTF8.self)
  }
}
