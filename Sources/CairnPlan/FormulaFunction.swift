// SPDX-License-Identifier: Apache-2.0
public import CairnColumns

/// The functions of formulas; raw values are the names of Honeycomb's language.
public enum FormulaFunction: String, Sendable, Hashable, CaseIterable {
  case condition = "IF"
  case choice = "SWITCH"
  case coalesce = "COALESCE"
  case less = "LT"
  case lessOrEqual = "LTE"
  case greater = "GT"
  case greaterOrEqual = "GTE"
  case equals = "EQUALS"
  case isIn = "IN"
  case exists = "EXISTS"
  case not = "NOT"
  case and = "AND"
  case or = "OR"
  case minimum = "MIN"
  case maximum = "MAX"
  case sum = "SUM"
  case subtract = "SUB"
  case multiply = "MUL"
  case divide = "DIV"
  case modulo = "MOD"
  case logarithm = "LOG10"
  case bucket = "BUCKET"
  case integer = "INT"
  case float = "FLOAT"
  case boolean = "BOOL"
  case string = "STRING"
  case concatenate = "CONCAT"
  case startsWith = "STARTS_WITH"
  case endsWith = "ENDS_WITH"
  case contains = "CONTAINS"
  case lowercase = "TO_LOWER"
  case length = "LENGTH"

  /// How many arguments it takes.
  public var argumentCounts: ClosedRange<Int> {
    switch self {
    case .condition: 2...200
    case .choice: 3...200
    case .coalesce, .minimum, .maximum, .sum, .multiply, .concatenate, .and, .or: 1...200
    case .isIn: 2...200
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equals, .subtract, .divide, .modulo, .startsWith, .endsWith, .contains: 2...2
    case .exists, .not, .logarithm, .integer, .float, .boolean, .string, .lowercase: 1...1
    case .length: 1...2
    case .bucket: 2...4
    }
  }

  /// The types of its values; nil where they are those of `results`.
  var resultTypes: Set<FieldType>? {
    switch self {
    case .condition, .choice, .coalesce: nil
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equals, .isIn, .exists, .not, .and, .or, .boolean, .startsWith, .endsWith, .contains: [.boolean]
    case .minimum, .maximum, .sum, .subtract, .multiply, .modulo: [.integer, .float]
    case .divide, .logarithm, .float: [.float]
    case .integer, .length: [.integer]
    case .bucket, .string, .concatenate, .lowercase: [.string]
    }
  }

  /// Those of the arguments that can be its value.
  func results(_ arguments: [Formula]) -> [Formula] {
    let count = arguments.count
    switch self {
    case .condition: return arguments.indices.filter { $0 % 2 == 1 || $0 == count - 1 }.map { arguments[$0] }
    case .choice: return arguments.indices.filter { $0 > 0 && ($0 % 2 == 0 || $0 == count - 1) }.map { arguments[$0] }
    default: return arguments
    }
  }

  /// The function's value; arguments are asked for where they are needed.
  ///
  /// Null is false where a truth is wanted, and in no order. Numbers are read from text; what is none counts as 0 in sums.
  public func value(_ count: Int, _ argument: (Int) -> FieldValue?) -> FieldValue? {
    switch self {
    case .condition, .choice, .coalesce: return choose(count, argument)
    case .less, .lessOrEqual, .greater, .greaterOrEqual, .equals, .isIn, .exists, .not, .and, .or: return .boolean(holds(count, argument))
    case .minimum, .maximum, .sum, .subtract, .multiply, .divide, .modulo, .logarithm, .bucket: return number(count, argument)
    case .integer, .float, .boolean, .string: return cast(argument(0))
    case .concatenate, .startsWith, .endsWith, .contains, .lowercase, .length: return text(count, argument)
    }
  }

  private func choose(_ count: Int, _ argument: (Int) -> FieldValue?) -> FieldValue? {
    switch self {
    case .condition:
      for index in stride(from: 0, to: count - 1, by: 2) where Self.truth(argument(index)) { return argument(index + 1) }
      return count % 2 == 1 ? argument(count - 1) : nil
    case .choice:
      let subject = argument(0)
      for index in stride(from: 1, to: count - 1, by: 2) where Self.areEqual(subject, argument(index)) { return argument(index + 1) }
      return count % 2 == 0 ? argument(count - 1) : nil
    default:
      for index in 0..<count {
        if let value = argument(index), value != .string("") { return value }
      }
      return nil
    }
  }

  private func holds(_ count: Int, _ argument: (Int) -> FieldValue?) -> Bool {
    switch self {
    case .exists: return argument(0) != nil
    case .not: return !Self.truth(argument(0))
    case .and: return (0..<count).allSatisfy { Self.truth(argument($0)) }
    case .or: return (0..<count).contains { Self.truth(argument($0)) }
    case .equals: return Self.areEqual(argument(0), argument(1))
    case .isIn:
      let subject = argument(0)
      return (1..<count).contains { Self.areEqual(subject, argument($0)) }
    case .less: return Self.compare(argument(0), argument(1), .less)
    case .lessOrEqual: return Self.compare(argument(0), argument(1), .lessOrEqual)
    case .greater: return Self.compare(argument(0), argument(1), .greater)
    default: return Self.compare(argument(0), argument(1), .greaterOrEqual)
    }
  }

  /// What counts as true: everything but null, false, zero and the empty text.
  public static func truth(_ value: FieldValue?) -> Bool {
    switch value {
    case nil: false
    case .boolean(let truth): truth
    case .integer(let number): number != 0
    case .float(let number): number != 0
    case .string(let text): !text.isEmpty
    }
  }

  /// Equal in type and value; whole and other numbers are of one type here.
  static func areEqual(_ left: FieldValue?, _ right: FieldValue?) -> Bool {
    switch (left, right) {
    case (.integer(let left), .float(let right)): Double(left) == right
    case (.float(let left), .integer(let right)): left == Double(right)
    default: left == right
    }
  }

  private static func compare(_ left: FieldValue?, _ right: FieldValue?, _ comparison: Comparison) -> Bool {
    guard let left, let right else { return false }
    switch (left, right) {
    case (.string(let left), .string(let right)): return comparison.holds(ExactText(left), ExactText(right))
    case (.integer(let left), .integer(let right)): return comparison.holds(left, right)
    default:
      guard let left = left.number, let right = right.number else { return false }
      return comparison.holds(left, right)
    }
  }
}
