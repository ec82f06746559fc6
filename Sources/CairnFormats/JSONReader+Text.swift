// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

extension JSONReader {
  /// Hands the text to `body` as UTF-8: the document's own bytes where nothing is escaped, else the reader's scratch memory.
  public mutating func withUTF8<Result: ~Copyable, Failure: Error>(
    _ text: JSONText, _ bytes: RawSpan, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard text.hasEscapes else { return try body(bytes.extracting(text.range)) }
    unescape(text, bytes)
    return try body(unsafe scratch.span.bytes)
  }

  /// The text as a `String`; allocates beyond 15 bytes.
  public mutating func string(_ text: JSONText, _ bytes: RawSpan) -> String {
    withUTF8(text, bytes) { (utf8) in
      unsafe utf8.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
  }

  /// True if the text equals `word`, escapes resolved; compares bytes, allocates nothing.
  public mutating func matches(_ text: JSONText, _ bytes: RawSpan, _ word: StaticString) -> Bool {
    if !text.hasEscapes, text.byteCount != word.utf8CodeUnitCount { return false }
    return withUTF8(text, bytes) { (utf8) in
      guard utf8.byteCount == word.utf8CodeUnitCount else { return false }
      for index in 0..<utf8.byteCount where unsafe loadByte(utf8, index) != word.utf8Start[index] { return false }
      return true
    }
  }

  /// Writes the text, escapes resolved, to `scratch`; for texts that came from `next` on the same bytes.
  public mutating func unescape(_ text: JSONText, _ bytes: RawSpan) {
    scratch.removeAll()
    let end = text.offset &+ text.byteCount
    var position = text.offset
    while position < end {
      let byte = loadByte(bytes, position)
      position &+= 1
      guard byte == 0x5c, position < end else {
        scratch.append(byte)
        continue
      }
      let escape = loadByte(bytes, position)
      position &+= 1
      switch escape {
      case 0x62: scratch.append(0x08)
      case 0x66: scratch.append(0x0c)
      case 0x6e: scratch.append(0x0a)
      case 0x72: scratch.append(0x0d)
      case 0x74: scratch.append(0x09)
      case 0x75: appendScalar(bytes, &position, end)
      default: scratch.append(escape)
      }
    }
  }

  /// The scalar whose four digits are at `position`, with the second half of its pair if it needs one and has it.
  private mutating func appendScalar(_ bytes: RawSpan, _ position: inout Int, _ end: Int) {
    let unit = Self.hexUnit(bytes, position, end) ?? 0xfffd
    position &+= 4
    guard unit & 0xf800 == 0xd800 else { return append(scalar: unit) }
    guard
      unit < 0xdc00, position &+ 6 <= end, loadByte(bytes, position) == 0x5c, loadByte(bytes, position &+ 1) == 0x75,
      let low = Self.hexUnit(bytes, position &+ 2, end), low & 0xfc00 == 0xdc00
    else { return append(scalar: 0xfffd) }
    position &+= 6
    append(scalar: 0x10000 &+ (unit & 0x3ff) &<< 10 &+ (low & 0x3ff))
  }

  private mutating func append(scalar: UInt32) {
    if scalar < 0x80 { return scratch.append(UInt8(truncatingIfNeeded: scalar)) }
    if scalar < 0x800 {
      scratch.append(UInt8(truncatingIfNeeded: 0xc0 | scalar >> 6))
    } else {
      if scalar < 0x10000 {
        scratch.append(UInt8(truncatingIfNeeded: 0xe0 | scalar >> 12))
      } else {
        scratch.append(UInt8(truncatingIfNeeded: 0xf0 | scalar >> 18))
        scratch.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 12 & 0x3f))
      }
      scratch.append(UInt8(truncatingIfNeeded: 0x80 | scalar >> 6 & 0x3f))
    }
    scratch.append(UInt8(truncatingIfNeeded: 0x80 | scalar & 0x3f))
  }

  /// The value of four hex digits; nil if there are not four.
  private static func hexUnit(_ bytes: RawSpan, _ position: Int, _ end: Int) -> UInt32? {
    guard position &+ 4 <= end else { return nil }
    var unit: UInt32 = 0
    for index in 0..<4 {
      guard let nibble = hexNibble(loadByte(bytes, position &+ index)) else { return nil }
      unit = unit &<< 4 | UInt32(nibble)
    }
    return unit
  }

  /// Reads the string whose opening quote is at `offset`, and checks it; goes by eight bytes where nothing is special.
  mutating func readText(_ bytes: RawSpan) throws(DecodeError) -> JSONText {
    let start = offset &+ 1
    let end = bytes.byteCount
    var position = start
    var hasEscapes = false
    while true {
      while position &+ 8 <= end {
        let word = loadWord(bytes, position)
        let special = word & highBits | bytesEqual(word, 0x22) | bytesEqual(word, 0x5c) | bytesBelow(word, 0x20)
        if special != 0 {
          position &+= special.trailingZeroBitCount >> 3
          break
        }
        position &+= 8
      }
      guard position < end else { throw DecodeError(.truncated, at: end) }
      let byte = loadByte(bytes, position)
      if byte == 0x22 { break }
      if byte == 0x5c {
        hasEscapes = true
        position &+= try Self.escapeLength(bytes, position, end)
      } else if byte < 0x20 {
        throw DecodeError(.syntax(expected: "control characters in strings to be escaped"), at: position)
      } else if byte < 0x80 {
        position &+= 1
      } else {
        let length = utf8SequenceLength(bytes, position, end)
        guard length > 0 else { throw DecodeError(.invalidUTF8, at: position) }
        position &+= length
      }
    }
    offset = position &+ 1
    return JSONText(offset: start, byteCount: position &- start, hasEscapes: hasEscapes)
  }

  private static func escapeLength(_ bytes: RawSpan, _ position: Int, _ end: Int) throws(DecodeError) -> Int {
    guard position &+ 1 < end else { throw DecodeError(.truncated, at: end) }
    switch loadByte(bytes, position &+ 1) {
    case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: return 2
    case 0x75:
      guard position &+ 6 <= end else { throw DecodeError(.truncated, at: end) }
      guard hexUnit(bytes, position &+ 2, end) != nil else {
        throw DecodeError(.syntax(expected: "four hex digits behind \\u"), at: position)
      }
      return 6
    default: throw DecodeError(.syntax(expected: "an escape that JSON knows"), at: position)
    }
  }
}
