// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

extension JSONWriter {
  /// Valid UTF-8 with its escapes; runs without any are copied whole.
  mutating func appendEscaped(_ text: RawSpan, _ escaping: Escaping) {
    let end = text.byteCount
    var copied = 0
    var position = 0
    while position < end {
      position = escaping == .json ? Self.nextSpecial(text, position) : Self.nextMarkup(text, position)
      guard position < end else { break }
      let byte = loadByte(text, position)
      if byte == 0xe2 {
        // U+2028 and U+2029 are e2 80 a8 and e2 80 a9.
        let isSeparator =
          position &+ 2 < end && loadByte(text, position &+ 1) == 0x80 && loadByte(text, position &+ 2) | 1 == 0xa9
        guard isSeparator else {
          position &+= 1
          continue
        }
        append(text, copied..<position)
        append(ascii: loadByte(text, position &+ 2) == 0xa8 ? "\\u2028" : "\\u2029")
        position &+= 3
      } else {
        append(text, copied..<position)
        appendEscape(byte)
        position &+= 1
      }
      copied = position
    }
    append(text, copied..<end)
  }

  /// The place of the next quote, backslash, control character or byte e2.
  private static func nextSpecial(_ text: RawSpan, _ start: Int) -> Int {
    var position = start
    let end = text.byteCount
    while position &+ 8 <= end {
      let word = loadWord(text, position)
      let special = bytesEqual(word, 0x22) | bytesEqual(word, 0x5c) | bytesEqual(word, 0xe2) | bytesBelow(word, 0x20)
      if special != 0 { return position &+ special.trailingZeroBitCount >> 3 }
      position &+= 8
    }
    while position < end {
      let byte = loadByte(text, position)
      if byte == 0x22 || byte == 0x5c || byte == 0xe2 || byte < 0x20 { return position }
      position &+= 1
    }
    return end
  }

  /// The same with `<`, `>` and `&`.
  private static func nextMarkup(_ text: RawSpan, _ start: Int) -> Int {
    for position in start..<text.byteCount {
      switch loadByte(text, position) {
      case 0x22, 0x5c, 0xe2, 0x3c, 0x3e, 0x26, 0..<0x20: return position
      default: continue
      }
    }
    return text.byteCount
  }

  private mutating func appendEscape(_ byte: UInt8) {
    switch byte {
    case 0x22: append(ascii: "\\\"")
    case 0x5c: append(ascii: "\\\\")
    case 0x0a: append(ascii: "\\n")
    case 0x0d: append(ascii: "\\r")
    case 0x09: append(ascii: "\\t")
    case 0x08: append(ascii: "\\b")
    case 0x0c: append(ascii: "\\f")
    default:
      append(ascii: "\\u00")
      for nibble in [byte >> 4, byte & 15] { bytes.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
    }
  }

  mutating func append(_ text: RawSpan, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    unsafe text.extracting(range).withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  mutating func append(ascii text: StaticString) {
    unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func appendInteger(_ value: Int64) {
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var rest = value.magnitude
    var start = 20
    repeat {
      start &-= 1
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
      digits[start] = 48 &+ UInt8(truncatingIfNeeded: remainder)
      rest = quotient
    } while rest > 0
    if value < 0 { bytes.append(0x2d) }
    unsafe append(digits.span.bytes, start..<20)
  }

  mutating func appendDouble(_ value: Double) {
    guard value.isFinite else { return append(ascii: "null") }
    let magnitude = value.magnitude
    if magnitude >= 1e-3, magnitude < 1e9 {
      // Six decimals of such a number are an integer below 2 ^ 53; where the quotient is the number again, these digits are its
      // shortest form, as no other decimal of at most 15 digits reads back as it.
      let scaled = (magnitude * 1e6).rounded()
      if scaled / 1e6 == magnitude { return append(millionths: UInt64(scaled), isNegative: value < 0) }
    }
    bytes.append(contentsOf: value.description.utf8)
  }

  /// A whole part, a point and one to six decimals.
  private mutating func append(millionths: UInt64, isNegative: Bool) {
    let (whole, fraction) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
    if isNegative { bytes.append(0x2d) }
    appendInteger(Int64(whole))
    bytes.append(0x2e)
    var rest = fraction
    var unit: UInt64 = 100_000
    repeat {
      bytes.append(48 &+ UInt8(truncatingIfNeeded: rest / unit))
      rest %= unit
      unit /= 10
    } while rest > 0
  }
}
