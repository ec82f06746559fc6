// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Writes protobuf's wire format to the end of a byte array, field by field; every field that is written is there, defaults too.
///
/// A message inside a message is written by itself and then put in with its length, or in place by the form with a closure, which
/// moves its content once to make room for the length. Cost: O(bytes).
public struct ProtobufWriter: Sendable, Hashable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public var isEmpty: Bool { bytes.isEmpty }

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// A varint without a field's tag.
  public mutating func rawVarint(_ value: UInt64) { appendVarint(value, to: &bytes) }

  private mutating func tag(_ field: Int, _ wireType: UInt64) { rawVarint(UInt64(field) << 3 | wireType) }

  public mutating func varint(_ field: Int, _ value: UInt64) {
    tag(field, 0)
    rawVarint(value)
  }

  public mutating func fixed64(_ field: Int, _ value: UInt64) {
    tag(field, 1)
    rawFixed64(value)
  }

  public mutating func double(_ field: Int, _ value: Double) { fixed64(field, value.bitPattern) }

  public mutating func fixed32(_ field: Int, _ value: UInt32) {
    tag(field, 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  public mutating func text(_ field: Int, _ value: String) {
    tag(field, 2)
    rawVarint(UInt64(value.utf8.count))
    bytes.append(contentsOf: value.utf8)
  }

  public mutating func message(_ field: Int, _ message: ProtobufWriter) { data(field, message.bytes) }

  /// Bytes, or a message that is written already.
  public mutating func data(_ field: Int, _ content: [UInt8]) {
    tag(field, 2)
    rawVarint(UInt64(content.count))
    bytes.append(contentsOf: content)
  }

  /// A message whose fields the closure writes.
  public mutating func message(_ field: Int, _ content: (inout ProtobufWriter) -> Void) {
    tag(field, 2)
    let start = bytes.count
    content(&self)
    var length = ProtobufWriter()
    length.rawVarint(UInt64(bytes.count - start))
    bytes.insert(contentsOf: length.bytes, at: start)
  }

  /// Opens a message in place; give what it answers to `endMessage`.
  public mutating func beginMessage(_ field: Int) -> Int {
    tag(field, 2)
    bytes.append(0)
    bytes.append(0)
    return bytes.count
  }

  /// Closes it: two bytes are kept for the length, which is what most messages need; others are moved.
  public mutating func endMessage(_ start: Int) {
    let length = bytes.count - start
    switch length {
    case 0x80..<0x4000:
      bytes[start - 2] = UInt8(truncatingIfNeeded: length) | 0x80
      bytes[start - 1] = UInt8(truncatingIfNeeded: length >> 7)
    case 0..<0x80:
      bytes[start - 2] = UInt8(truncatingIfNeeded: length)
      bytes.remove(at: start - 1)
    default:
      var written = ProtobufWriter()
      written.rawVarint(UInt64(length))
      bytes.replaceSubrange(start - 2..<start, with: written.bytes)
    }
  }

  /// Words as packed fixed64 or double.
  public mutating func packed(_ field: Int, _ words: [UInt64]) {
    tag(field, 2)
    rawVarint(UInt64(8 * words.count))
    for word in words { rawFixed64(word) }
  }

  /// 16 bytes of a trace id; the order of the bytes is that of its hex text.
  public mutating func traceID(_ field: Int, high: UInt64, low: UInt64) {
    tag(field, 2)
    rawVarint(16)
    rawBigEndian(high)
    rawBigEndian(low)
  }

  public mutating func spanID(_ field: Int, _ id: UInt64) {
    tag(field, 2)
    rawVarint(8)
    rawBigEndian(id)
  }

  /// Messages that are already framed, one after the other.
  public mutating func append(_ other: ProtobufWriter) { bytes.append(contentsOf: other.bytes) }

  private mutating func rawFixed64(_ value: UInt64) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private mutating func rawBigEndian(_ value: UInt64) { rawFixed64(value.byteSwapped) }
}

// KeyValue: 1 key, 2 value (AnyValue: 1 string, 2 bool, 3 int, 4 double). Lengths are computed, so that nothing is written twice.
extension ProtobufWriter {
  public mutating func attribute(_ field: Int, _ key: String, _ value: String) {
    let count = value.utf8.count
    beginAttribute(field, key, valueByteCount: 1 + varintByteCount(UInt64(count)) + count)
    text(1, value)
  }

  public mutating func attribute(_ field: Int, _ key: String, _ value: Int) {
    let word = UInt64(bitPattern: Int64(value))
    beginAttribute(field, key, valueByteCount: 1 + varintByteCount(word))
    varint(3, word)
  }

  public mutating func attribute(_ field: Int, _ key: String, _ value: Double) {
    beginAttribute(field, key, valueByteCount: 9)
    double(4, value)
  }

  public mutating func attribute(_ field: Int, _ key: String, _ value: Bool) {
    beginAttribute(field, key, valueByteCount: 2)
    varint(2, value ? 1 : 0)
  }

  private mutating func beginAttribute(_ field: Int, _ key: String, valueByteCount: Int) {
    let keyByteCount = key.utf8.count
    let whole =
      1 + varintByteCount(UInt64(keyByteCount)) + keyByteCount + 1 + varintByteCount(UInt64(valueByteCount)) + valueByteCount
    tag(field, 2)
    rawVarint(UInt64(whole))
    text(1, key)
    tag(2, 2)
    rawVarint(UInt64(valueByteCount))
  }

  private func varintByteCount(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
}
