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
    case .string(let text): Double(text)
    case .integer(let value): Double(value)
    case .float(let value): value
    case .boolean(let value): value ? 1 : 0
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
