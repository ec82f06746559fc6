// SPDX-License-Identifier: Apache-2.0

/// Protobuf's wire format at the end of the buffer, field by field.
extension WireBuffer {
  @inline(__always)
  mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  @inline(__always)
  mutating func tag(_ number: Int, _ wireType: Int) { varint(UInt64(truncatingIfNeeded: number << 3 | wireType)) }

  @inline(__always)
  mutating func text(_ number: Int, _ value: String) {
    tag(number, 2)
    varint(UInt64(value.utf8.count))
    text(value)
  }

  /// A message that is open.
  struct OpenMessage {
    /// Its first byte.
    fileprivate var start: Int
    /// The bytes that are kept before it for its length.
    fileprivate var lengthByteCount: Int
  }

  /// Opens a message in place; give what it answers to `endMessage`. Most messages have 128 bytes to 16 KiB; where a longer one is not
  /// `about` as long as was said, it is moved when it is closed.
  @inline(__always)
  mutating func beginMessage(_ number: Int, about byteCount: Int = 128) -> OpenMessage {
    tag(number, 2)
    let lengthByteCount = Self.varintByteCount(UInt64(byteCount))
    for _ in 0..<lengthByteCount { byte(0) }
    return OpenMessage(start: count, lengthByteCount: lengthByteCount)
  }

  mutating func endMessage(_ message: OpenMessage) {
    let start = message.start, length = count - start
    let lengthByteCount = Self.varintByteCount(UInt64(length))
    if lengthByteCount != message.lengthByteCount { move(from: start, by: lengthByteCount - message.lengthByteCount) }
    var rest = UInt64(length)
    for place in 0..<lengthByteCount {
      set(start - message.lengthByteCount + place, UInt8(truncatingIfNeeded: rest & 0x7f) | (place + 1 < lengthByteCount ? 0x80 : 0))
      rest >>= 7
    }
  }

  /// KeyValue { 1 key, 2 AnyValue } of what is not nested: lengths are computed, so that nothing is written twice.
  mutating func attribute(_ number: Int, _ key: String, _ value: WireValue) {
    switch value {
    case .string(let text):
      let count = text.utf8.count
      beginAttribute(number, key, valueByteCount: 1 + Self.varintByteCount(UInt64(count)) + count)
      self.text(1, text)
    case .integer(let value):
      let word = UInt64(bitPattern: value)
      beginAttribute(number, key, valueByteCount: 1 + Self.varintByteCount(word))
      byte(3 << 3)
      varint(word)
    case .double(let value):
      beginAttribute(number, key, valueByteCount: 9)
      byte(4 << 3 | 1)
      word(value.bitPattern)
    case .boolean(let flag):
      beginAttribute(number, key, valueByteCount: 2)
      byte(2 << 3)
      byte(flag ? 1 : 0)
    case .array, .map: preconditionFailure("what is nested is written as a message")
    }
  }

  @inline(__always)
  private mutating func beginAttribute(_ number: Int, _ key: String, valueByteCount: Int) {
    let keyByteCount = key.utf8.count
    // Nearly all are so short that each length is a byte: two of them at a time.
    if keyByteCount + valueByteCount < 120, number < 16 {
      bytePair(UInt8(truncatingIfNeeded: number << 3 | 2), UInt8(truncatingIfNeeded: keyByteCount + valueByteCount + 4))
      bytePair(1 << 3 | 2, UInt8(truncatingIfNeeded: keyByteCount))
      text(key)
      bytePair(2 << 3 | 2, UInt8(truncatingIfNeeded: valueByteCount))
      return
    }
    let whole =
      1 + Self.varintByteCount(UInt64(keyByteCount)) + keyByteCount + 1 + Self.varintByteCount(UInt64(valueByteCount)) + valueByteCount
    tag(number, 2)
    varint(UInt64(whole))
    text(1, key)
    tag(2, 2)
    varint(UInt64(valueByteCount))
  }

  @inline(__always)
  static func varintByteCount(_ value: UInt64) -> Int { max(1, (70 &- value.leadingZeroBitCount) / 7) }
}
