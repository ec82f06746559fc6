// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnFormats

/// A value while an Insights query runs: what a field holds or an expression gives.
public enum InsightsValue: Sendable, Hashable {
  /// The event has no such field, or a function had nothing to work on.
  case absent
  case text(String)
  case integer(Int64)
  case number(Double)
  case boolean(Bool)
  /// A point in time, in Unix milliseconds; counts as that number in arithmetic.
  case time(Int64)
  /// A list or a map, from `jsonParse`.
  case json(JSONValue)

  /// What a stored field holds.
  public init(_ value: FieldValue?) {
    switch value {
    case nil: self = .absent
    case .string(let text): self = .text(text)
    case .integer(let value): self = .integer(value)
    case .float(let value): self = .number(value)
    case .boolean(let value): self = .boolean(value)
    }
  }

  /// What a part of a JSON document holds; null is absence.
  public init(_ value: JSONValue) {
    switch value {
    case .null: self = .absent
    case .boolean(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .double(let value): self = .number(value)
    case .string(let text): self = .text(text)
    case .array, .object: self = .json(value)
    }
  }

  public var isAbsent: Bool { self == .absent }

  /// The number that the value is or reads as in full; booleans are 0 and 1.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .boolean(let value): value ? 1 : 0
    case .time(let milliseconds): Double(milliseconds)
    case .text(let text): Self.number(text)
    case .absent, .json: nil
    }
  }

  /// The value as text, as results show it: booleans as 1 and 0, whole numbers without a fraction, times by the millisecond.
  public var text: String? {
    switch self {
    case .absent: nil
    case .text(let text): text
    case .integer(let value): String(value)
    case .number(let value): Self.text(value)
    case .boolean(let value): value ? "1" : "0"
    case .time(let milliseconds): InsightsTime.text(milliseconds)
    case .json(let value): String(decoding: value.bytes, as: UTF8.self)
    }
  }

  /// Whether a condition that is this value holds.
  public var isTrue: Bool {
    switch self {
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0 && !value.isNaN
    case .text(let text): text == "true" || (Self.number(text).map { $0 != 0 } ?? false)
    case .absent, .time, .json: false
    }
  }

  /// Decimal text in full: digits with a sign, a fraction and an exponent, no spaces, no hexadecimal, no `inf`.
  static func number(_ text: String) -> Double? {
    var text = text
    let isDecimal = text.withUTF8 { (utf8) in
      guard let first = unsafe utf8.first, utf8.count <= 64, first < 0x40 else { return false }
      return unsafe utf8.allSatisfy { (byte) in
        (0x30...0x39).contains(byte) || byte == 0x2b || byte == 0x2d || byte == 0x2e || byte == 0x45 || byte == 0x65
      }
    }
    return isDecimal ? Double(text) : nil
  }

  /// A number without needless digits.
  static func text(_ value: Double) -> String {
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return String(value)
  }

  /// A computed number: at most four decimals.
  static func roundedText(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e11 else { return text(value) }
    return text((value * 10_000).rounded() / 10_000)
  }
}

extension InsightsValue {
  /// Whether two values are equal: numbers by value, a number and a text where the text reads as that number, texts by their bytes.
  static func areEqual(_ left: InsightsValue, _ right: InsightsValue) -> Bool {
    switch (left, right) {
    case (.absent, _), (_, .absent): return false
    case (.text(let left), .text(let right)): return left.utf8.elementsEqual(right.utf8)
    case (.integer(let left), .integer(let right)): return left == right
    case (.boolean(let wanted), .text(let text)), (.text(let text), .boolean(let wanted)):
      return text == (wanted ? "true" : "false") || text == (wanted ? "1" : "0")
    case (.json, _), (_, .json): return left.text == right.text
    default:
      guard let left = left.number, let right = right.number else { return false }
      return left == right
    }
  }

  /// -1, 0 or 1 for `<`, `=` and `>`; nil where neither holds: something is absent, or a number meets a text that is none.
  static func order(_ left: InsightsValue, _ right: InsightsValue) -> Int? {
    switch (left, right) {
    case (.absent, _), (_, .absent), (.json, _), (_, .json): return nil
    case (.integer(let left), .integer(let right)): return left == right ? 0 : left < right ? -1 : 1
    case (.text(let leftText), .text(let rightText)):
      if let left = number(leftText), let right = number(rightText) { return left == right ? 0 : left < right ? -1 : 1 }
      if leftText.utf8.elementsEqual(rightText.utf8) { return 0 }
      return leftText.utf8.lexicographicallyPrecedes(rightText.utf8) ? -1 : 1
    default:
      guard let left = left.number, let right = right.number, !left.isNaN, !right.isNaN else { return nil }
      return left == right ? 0 : left < right ? -1 : 1
    }
  }
}
