// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// A word, a value or a sign of a statement.
enum RQLToken: Hashable {
  /// A keyword, a function, or a column's dotted path.
  case word(String)
  /// A path in backticks: never a keyword.
  case quoted(String)
  case number(JSONValue)
  case string(JSONValue)
  case symbol(String)

  var text: String {
    switch self {
    case .word(let text), .symbol(let text): text
    case .quoted(let text): "`\(text)`"
    case .number(let value), .string(let value): String(decoding: value.bytes, as: UTF8.self)
    }
  }

  static func all(of text: String) throws(RQLError) -> [RQLToken] {
    let bytes = Array(text.utf8)
    var tokens: [RQLToken] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      switch byte {
      case 9, 10, 13, 32: index += 1
      case 0x22, 0x27: tokens.append(.string(.string(try quoted(bytes, &index))))
      case 0x60: tokens.append(try path(bytes, &index))
      case 48...57: tokens.append(try number(bytes, &index))
      case 65...90, 97...122, 95, 0x80...: tokens.append(try path(bytes, &index))
      default:
        let two = index + 1 < bytes.count ? String(decoding: bytes[index...index + 1], as: UTF8.self) : ""
        if ["!=", "<>", "<=", ">="].contains(two) {
          tokens.append(.symbol(two))
          index += 2
        } else if Array("=<>()*,+-/%;".utf8).contains(byte) {
          tokens.append(.symbol(String(UnicodeScalar(byte))))
          index += 1
        } else {
          throw RQLError("'\(UnicodeScalar(byte))' is no sign of RQL")
        }
      }
    }
    return tokens
  }

  /// A text in quotes; a doubled quote and a backslash keep what follows.
  private static func quoted(_ bytes: [UInt8], _ index: inout Int) throws(RQLError) -> String {
    let quote = bytes[index]
    var text: [UInt8] = []
    index += 1
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x5C, index + 1 < bytes.count {
        text.append(bytes[index + 1])
        index += 2
      } else if byte == quote {
        if index + 1 < bytes.count, bytes[index + 1] == quote {
          text.append(quote)
          index += 2
        } else {
          index += 1
          return String(decoding: text, as: UTF8.self)
        }
      } else {
        text.append(byte)
        index += 1
      }
    }
    throw RQLError("a quote is not closed")
  }

  /// `body.trace_chain.0.exception.class`, with backticks around odd parts.
  private static func path(_ bytes: [UInt8], _ index: inout Int) throws(RQLError) -> RQLToken {
    var text: [UInt8] = []
    var isQuoted = false
    while index < bytes.count {
      let byte = bytes[index]
      if byte == 0x60 {
        isQuoted = true
        index += 1
        while index < bytes.count, bytes[index] != 0x60 {
          text.append(bytes[index])
          index += 1
        }
        guard index < bytes.count else { throw RQLError("a backtick is not closed") }
        index += 1
      } else if (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte == 46 || byte >= 0x80 {
        text.append(byte)
        index += 1
      } else {
        break
      }
    }
    let word = String(decoding: text, as: UTF8.self)
    return isQuoted ? .quoted(word) : .word(word)
  }

  private static func number(_ bytes: [UInt8], _ index: inout Int) throws(RQLError) -> RQLToken {
    let start = index
    while index < bytes.count, (48...57).contains(bytes[index]) || bytes[index] == 46 || bytes[index] | 0x20 == 0x65 { index += 1 }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if let whole = Int64(text) { return .number(.integer(whole)) }
    guard let value = Double(text), value.isFinite else { throw RQLError("'\(text)' is no number") }
    return .number(.double(value))
  }
}
