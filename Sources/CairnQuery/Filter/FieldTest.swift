// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

/// A leaf of a filter as a test of one present value: what all faster forms must agree with.
///
/// Coercions: text compares with text by its UTF-8 bytes; a number with text through the number that the text reads as in full, else
/// nothing holds; a boolean is 0 or 1 among numbers and `true` or `false` against text.
enum FieldTest: Sendable {
  /// Never `.notEqual`: that is the negation of `.equal`.
  case compare(Comparison, FieldValue)
  case text(TextMatch, [UInt8])
  case oneOf([FieldValue])
  case matches(Pattern)
  case exists

  func passes(_ value: FieldValue) -> Bool {
    switch self {
    case .exists: true
    case .compare(let comparison, let wanted): Self.holds(comparison, value, wanted)
    case .oneOf(let list): list.contains { Self.holds(.equal, value, $0) }
    case .matches(let pattern): pattern.matches(value.text)
    case .text(let match, let wanted): Self.matches(Array(value.text.utf8), match, wanted)
    }
  }

  static func holds(_ comparison: Comparison, _ value: FieldValue, _ wanted: FieldValue) -> Bool {
    if case .string(let left) = value, case .string(let right) = wanted {
      return comparison.holds(order(left, right), 0)
    }
    guard let left = number(value, against: wanted), let right = number(wanted, against: value) else { return false }
    return Number.holds(comparison, left, right)
  }

  /// -1, 0 or 1 by the UTF-8 bytes.
  private static func order(_ left: String, _ right: String) -> Int {
    if left.utf8.elementsEqual(right.utf8) { return 0 }
    return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
  }

  private static func number(_ value: FieldValue, against other: FieldValue) -> Number? {
    if case .string(let text) = value, case .boolean = other {
      if text == "true" { return .integer(1) }
      if text == "false" { return .integer(0) }
    }
    return Number(value)
  }

  static func matches(_ text: [UInt8], _ match: TextMatch, _ wanted: [UInt8]) -> Bool {
    guard text.count >= wanted.count else { return false }
    switch match {
    case .startsWith: return text.starts(with: wanted)
    case .endsWith: return text.suffix(wanted.count).elementsEqual(wanted)
    case .contains:
      guard !wanted.isEmpty else { return true }
      return (0...text.count - wanted.count).contains { text[$0..<$0 + wanted.count].elementsEqual(wanted) }
    }
  }
}
