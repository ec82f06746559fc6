// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns

/// Reads a pattern's text from left to right.
struct PatternCursor {
  let bytes: [UInt8]
  var position = 0
  /// Regular expressions read so far.
  var expressionCount = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  var peek: UInt8? { position < bytes.count ? bytes[position] : nil }
  var isAtEnd: Bool { position >= bytes.count }

  func peek(at offset: Int) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

  mutating func skipBlanks() { while let byte = peek, Self.isBlank(byte) { position += 1 } }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0d) }

  /// Takes a word if it comes next, in any case of letters.
  mutating func take(_ word: String) -> Bool {
    let wanted = Array(word.utf8)
    guard position + wanted.count <= bytes.count else { return false }
    for index in wanted.indices where Self.lower(bytes[position + index]) != Self.lower(wanted[index]) { return false }
    position += wanted.count
    return true
  }

  private static func lower(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte }

  /// The same for a word of letters, which no other letter may follow.
  mutating func takeWord(_ word: String) -> Bool {
    let start = position
    guard take(word) else { return false }
    if let next = peek, Self.isNameByte(next) {
      position = start
      return false
    }
    return true
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f: true
    default: byte >= 0x80
    }
  }

  /// A text in quotes, `\"` and `\\` resolved; the opening quote is next.
  mutating func quoted() throws(LogsError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = peek {
      position += 1
      if byte == 0x22 { return String(decoding: text, as: UTF8.self) }
      if byte == 0x5c, let next = peek, next == 0x22 || next == 0x5c {
        text.append(next)
        position += 1
      } else {
        text.append(byte)
      }
    }
    throw failure("a quotation mark is missing")
  }

  /// A regular expression between percent signs; the first one is next. `\%` stands for a percent sign.
  mutating func expression() throws(LogsError) -> Pattern {
    position += 1
    var text: [UInt8] = []
    while let byte = peek {
      position += 1
      if byte == 0x25 {
        expressionCount += 1
        do throws(PatternError) {
          return try Pattern(String(decoding: text, as: UTF8.self))
        } catch {
          throw failure("a regular expression cannot be read: \(error.reason)")
        }
      }
      if byte == 0x5c, peek == 0x25 {
        text.append(0x25)
        position += 1
      } else {
        text.append(byte)
      }
    }
    throw failure("a percent sign is missing")
  }

  func failure(_ reason: String) -> LogsError {
    LogsError(.invalidParameter, "Invalid filter pattern: \(reason) (at \(position)).")
  }
}
