// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns
internal import CairnPlan

/// The right side of a condition: a text with `*` for any characters, a number, or a regular expression.
enum PatternValue: Sendable, Hashable {
  case number(Double, text: String)
  /// The parts between the asterisks.
  case wildcard([String])
  case expression(Pattern)

  /// A quoted text is never a number.
  init(quoted text: String) { self = .wildcard(text.split(separator: "*", omittingEmptySubsequences: false).map(String.init)) }

  init(word text: String) {
    if let number = Self.number(text) { self = .number(number, text: text) } else { self.init(quoted: text) }
  }

  /// Decimal digits with sign, fraction and exponent; no `inf`, no hexadecimal.
  static func number(_ text: String) -> Double? {
    guard let first = text.utf8.first, first == 0x2d || first == 0x2b || first == 0x2e || (first >= 0x30 && first <= 0x39) else {
      return nil
    }
    let allowed: (UInt8) -> Bool = { ($0 >= 0x30 && $0 <= 0x39) || [0x2b, 0x2d, 0x2e, 0x45, 0x65].contains($0) }
    guard text.utf8.allSatisfy(allowed) else { return nil }
    return Double(text)
  }

  /// Whether a value in the line stands in this relation.
  func holds(_ comparison: Comparison, text: String) -> Bool {
    switch (comparison, self) {
    case (.equal, .number(let wanted, let written)): return text == written || Self.number(text) == wanted
    case (.notEqual, .number): return !holds(.equal, text: text)
    case (_, .number(let wanted, _)): return Self.number(text).map { comparison.holds($0, wanted) } ?? false
    case (.equal, .wildcard(let parts)): return Self.isMatch(text, parts)
    case (.notEqual, .wildcard(let parts)): return !Self.isMatch(text, parts)
    case (.equal, .expression(let pattern)): return pattern.matches(text)
    case (.notEqual, .expression(let pattern)): return !pattern.matches(text)
    default: return false
    }
  }

  /// Greedy from the left: each part is found as early as it can be, the last one at the end.
  private static func isMatch(_ text: String, _ parts: [String]) -> Bool {
    let bytes = Array(text.utf8)
    guard let first = parts.first.map({ Array($0.utf8) }), let last = parts.last.map({ Array($0.utf8) }) else { return false }
    guard parts.count > 1 else { return bytes == first }
    guard bytes.count >= first.count + last.count, bytes.starts(with: first), bytes.suffix(last.count).elementsEqual(last) else {
      return false
    }
    var position = first.count
    let end = bytes.count - last.count
    for part in parts[1..<parts.count - 1] where !part.isEmpty {
      let search = TextSearch(part)
      guard let found = bytes.withBytes({ search.first(in: $0, from: position, to: end) }) else { return false }
      position = found + search.wanted.count
    }
    return position <= end
  }

  /// A text that every equal value contains as it is; empty where there is none.
  var literal: String {
    switch self {
    case .number, .expression: ""
    case .wildcard(let parts): parts.max { $0.utf8.count < $1.utf8.count } ?? ""
    }
  }
}

extension PatternCursor {
  /// `=`, `!=`, `<`, `<=`, `>` or `>=`; nil where none comes next.
  mutating func comparison() -> Comparison? {
    for (sign, comparison) in [
      ("!=", Comparison.notEqual), ("<=", .lessOrEqual), (">=", .greaterOrEqual), ("=", .equal), ("<", .less), (">", .greater),
    ] where take(sign) { return comparison }
    return nil
  }

  /// The right side of a condition; a word ends at a blank or at one of `ends`, or before `&&` and `||`.
  mutating func value(endingAt ends: [UInt8]) throws(LogsError) -> PatternValue {
    skipBlanks()
    switch peek {
    case 0x22: return PatternValue(quoted: try quoted())
    case 0x25: return .expression(try expression())
    default:
      let start = position
      while let byte = peek, !Self.isBlank(byte), !ends.contains(byte) {
        if byte == 0x26 || byte == 0x7c, peek(at: 1) == byte { break }
        position += 1
      }
      guard position > start else { throw failure("a value is missing") }
      return PatternValue(word: String(decoding: bytes[start..<position], as: UTF8.self))
    }
  }

  /// Orders other than equality want a number.
  func check(_ comparison: Comparison, _ value: PatternValue) throws(LogsError) {
    if comparison == .equal || comparison == .notEqual { return }
    guard case .number = value else { throw failure("<, <=, > and >= compare with a number") }
  }
}
