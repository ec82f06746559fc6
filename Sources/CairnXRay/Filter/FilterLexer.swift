// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import CairnPlan

/// Cuts an expression into the pieces that the parser asks for, one at a time.
///
/// Works on UTF-8 and only ever moves forward; every method looks at each byte a bounded number of times.
struct FilterLexer {
  let bytes: [UInt8]
  var position = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The next byte after white space; nil at the end.
  mutating func peek() -> UInt8? {
    while position < bytes.count, bytes[position] == 0x20 || (0x09...0x0d).contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  /// Moves past a character if it is next.
  mutating func take(_ character: Character) -> Bool {
    guard let next = peek(), next == character.asciiValue else { return false }
    position += 1
    return true
  }

  /// A word of keywords: letters, digits, `.` and `_`, in lower case; empty where there is none. Does not move.
  mutating func peekWord() -> String {
    _ = peek()
    var end = position
    while end < bytes.count, Self.isWord(bytes[end]) { end += 1 }
    return String(decoding: bytes[position..<end], as: UTF8.self).lowercased()
  }

  /// Moves past a word of this length that was peeked.
  mutating func skip(_ word: String) { position += word.utf8.count }

  /// The key of an annotation: what follows the dot, up to a space, an operator or a bracket.
  mutating func key() -> String {
    let start = position
    while position < bytes.count, Self.isKey(bytes[position]) { position += 1 }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  /// A key in square brackets, whose first was taken: quoted, or everything up to the second.
  mutating func bracketedKey() throws(FilterSyntaxError) -> String {
    if let next = peek(), next == 0x22 || next == 0x27 {
      let key = try string()
      guard take("]") else { throw error("expected ]") }
      return key
    }
    let start = position
    while position < bytes.count, bytes[position] != 0x5d { position += 1 }
    guard position < bytes.count else { throw error("expected ]") }
    var key = bytes[start..<position]
    while key.last == 0x20 { key.removeLast() }
    position += 1
    return String(decoding: key, as: UTF8.self)
  }

  /// A quoted text; a backslash stands before a quote or a backslash that belongs to it.
  mutating func string() throws(FilterSyntaxError) -> String {
    guard let quote = peek(), quote == 0x22 || quote == 0x27 else { throw error("expected a text in quotes") }
    let start = position
    position += 1
    var text: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == quote { return String(decoding: text, as: UTF8.self) }
      if byte == 0x5c, position < bytes.count, bytes[position] == quote || bytes[position] == 0x5c {
        text.append(bytes[position])
        position += 1
      } else {
        text.append(byte)
      }
    }
    position = start
    throw error("the text has no closing quote")
  }

  /// A decimal number; nil where none is next.
  mutating func number() throws(FilterSyntaxError) -> Double? {
    guard let first = peek(), (0x30...0x39).contains(first) || [0x2b, 0x2d, 0x2e].contains(first) else { return nil }
    var end = position
    while end < bytes.count, (0x30...0x39).contains(bytes[end]) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains(bytes[end]) { end += 1 }
    guard let value = Double(String(decoding: bytes[position..<end], as: UTF8.self)), value.isFinite else {
      throw error("this is no number")
    }
    position = end
    return value
  }

  /// A comparison or one of the words that compare texts; nil where none is next.
  mutating func testOperator() -> FilterOperator? {
    guard let next = peek() else { return nil }
    let second = position + 1 < bytes.count ? bytes[position + 1] : 0
    switch (next, second) {
    case (0x21, 0x3d): return take(2, .compare(.notEqual))
    case (0x3c, 0x3d): return take(2, .compare(.lessOrEqual))
    case (0x3e, 0x3d): return take(2, .compare(.greaterOrEqual))
    case (0x3d, 0x3d): return take(2, .compare(.equal))
    case (0x3d, _): return take(1, .compare(.equal))
    case (0x3c, _): return take(1, .compare(.less))
    case (0x3e, _): return take(1, .compare(.greater))
    default: break
    }
    let word = peekWord()
    let matches: [String: TextMatch] = ["contains": .contains, "beginswith": .startsWith, "endswith": .endsWith]
    guard let match = matches[word] else { return nil }
    skip(word)
    return .match(match)
  }

  private mutating func take(_ count: Int, _ found: FilterOperator) -> FilterOperator {
    position += count
    return found
  }

  /// The JSON document that comes next.
  mutating func json() throws(FilterSyntaxError) -> JSONValue {
    let start = position
    var depth = 0
    var isInText = false
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if isInText {
        if byte == 0x5c { position += 1 } else if byte == 0x22 { isInText = false }
        continue
      }
      switch byte {
      case 0x22: isInText = true
      case 0x5b, 0x7b: depth += 1
      case 0x5d, 0x7d: depth -= 1
      default: break
      }
      if depth <= 0 { break }
    }
    let end = min(position, bytes.count)
    do throws(DecodeError) {
      return try JSONValue(parsing: Array(bytes[start..<end]), depthMax: 32)
    } catch {
      position = start
      throw self.error("expected JSON: \(error.message)")
    }
  }

  /// An error at the next character.
  mutating func error(_ reason: String) -> FilterSyntaxError {
    _ = peek()
    return error(reason, at: position)
  }

  /// An error at an offset, told as a column.
  func error(_ reason: String, at offset: Int) -> FilterSyntaxError {
    FilterSyntaxError(column: String(decoding: bytes[..<min(offset, bytes.count)], as: UTF8.self).count + 1, reason: reason)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2e || byte == 0x5f
  }

  private static func isKey(_ byte: UInt8) -> Bool { isWord(byte) || byte >= 0x80 || [0x2d, 0x2f, 0x3a, 0x40, 0x25, 0x23].contains(byte) }
}

/// What stands between a keyword and its value.
enum FilterOperator {
  case compare(Comparison)
  case match(TextMatch)
}
