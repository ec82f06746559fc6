// SPDX-License-Identifier: Apache-2.0

/// The four types that a field can have, as Honeycomb names them.
public enum FieldType: UInt8, Sendable, Hashable, CaseIterable {
  case string = 0
  case integer = 1
  case float = 2
  case boolean = 3
}

/// One value of one field: what a filter compares with and what an answer holds.
public enum FieldValue: Sendable, Hashable {
  case string(String)
  case integer(Int64)
  case float(Double)
  case boolean(Bool)

  /// Texts are equal where their bytes are; a whole number and the same one as a float are two values.
  public static func == (left: FieldValue, right: FieldValue) -> Bool {
    switch (left, right) {
    case (.string(let left), .string(let right)): ExactText(left) == ExactText(right)
    case (.integer(let left), .integer(let right)): left == right
    case (.float(let left), .float(let right)): left == right
    case (.boolean(let left), .boolean(let right)): left == right
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    switch self {
    case .string(let text): hasher.combine(ExactText(text))
    case .integer(let value): hasher.combine(value)
    case .float(let value): hasher.combine(value)
    case .boolean(let value): hasher.combine(value)
    }
  }

  /// The type of this value.
  public var type: FieldType {
    switch self {
    case .string: .string
    case .integer: .integer
    case .float: .float
    case .boolean: .boolean
    }
  }

  /// The value as a number; booleans are 0 and 1, strings are read as decimal numbers where they are one in full.
  public var number: Double? {
    switch self {
    case .string(let text): Self.decimal(text)
    case .integer(let value): Double(value)
    case .float(let value): value
    case .boolean(let value): value ? 1 : 0
    }
  }

  /// Decimal text in full as a number: no hexadecimal, no `inf`, no spaces, nothing beyond what a double can be.
  public static func decimal(_ text: String) -> Double? {
    guard text.utf8.allSatisfy(isDecimal), let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// A byte that a decimal number may contain.
  public static func isDecimal(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x2b, 0x2d, 0x2e, 0x45, 0x65: true
    default: false
    }
  }

  /// The value as text, as a page or a terminal shows it; whole floats keep no trailing `.0`.
  public var text: String {
    switch self {
    case .string(let text): return text
    case .integer(let value): return String(value)
    case .float(let value):
      if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
      return String(value)
    case .boolean(let value): return value ? "true" : "false"
    }
  }
}
