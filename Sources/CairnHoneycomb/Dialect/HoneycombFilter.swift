// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnFormats
public import CairnPlan

/// The operators of a filter; raw values are the wire's.
public enum HoneycombFilterOperator: String, Sendable, Hashable, CaseIterable {
  case equal = "="
  case notEqual = "!="
  case greater = ">"
  case greaterOrEqual = ">="
  case less = "<"
  case lessOrEqual = "<="
  case startsWith = "starts-with"
  case doesNotStartWith = "does-not-start-with"
  case endsWith = "ends-with"
  case doesNotEndWith = "does-not-end-with"
  case contains
  case doesNotContain = "does-not-contain"
  case exists
  case doesNotExist = "does-not-exist"
  case isIn = "in"
  case isNotIn = "not-in"
}

/// One filter of a query: `{"column": "http.route", "op": "=", "value": "/cart"}`.
///
/// | operators | value |
/// |---|---|
/// | `exists`, `does-not-exist` | none |
/// | `in`, `not-in` | an array of 1 to 100 strings, numbers and booleans |
/// | the six of text | a string; a number or boolean stands for its text |
/// | `= != > >= < <=` | a string, number or boolean |
///
/// The negative operators are `.not` of the positive ones, so they hold for events without the column.
public struct HoneycombFilter: Sendable, Hashable {
  /// The column that is looked at.
  public let column: String
  /// What is asked of its value.
  public let operation: HoneycombFilterOperator
  /// As it was sent; nil for `exists` and `does-not-exist`.
  public let value: JSONValue?
  /// What it means.
  public let filter: Filter

  /// Reads one filter; what is wrong goes to `findings`, under the path `field`.
  init?(_ json: JSONValue, field: String, _ findings: inout Findings) {
    guard findings.isObject(json, field, known: ["column", "op", "value"]) else { return nil }
    let column = findings.text(json["column"], "\(field).column")
    if Findings.present(json["column"]) == nil || column == "" { findings.add("\(field).column", .missing, "a filter needs a column") }
    if let column { RelationalPrefix.check(column, "\(field).column", &findings) }
    guard let name = findings.text(json["op"], "\(field).op") else {
      if Findings.present(json["op"]) == nil { findings.add("\(field).op", .missing, "a filter needs an operator") }
      return nil
    }
    guard let operation = HoneycombFilterOperator(rawValue: name) else {
      let known = HoneycombFilterOperator.allCases.map(\.rawValue).joined(separator: " ")
      findings.add("\(field).op", .invalid, "'\(name)' is not an operator of filters; those are \(known)")
      return nil
    }
    let value = Findings.present(json["value"])
    guard let column, let filter = Self.filter(column, operation, value, "\(field).value", &findings) else { return nil }
    self.column = column
    self.operation = operation
    self.value = value
    self.filter = filter
  }

  /// Reads a list of filters with its combination (`AND` or `OR`, nil for AND), for places that have nothing else of a query.
  public static func list(
    _ filters: JSONValue?, combination: JSONValue? = nil, field: String = "filters"
  ) throws(HoneycombError) -> Filter {
    var findings = Findings()
    let read = list(filters, field, &findings)
    let combined = HoneycombFilterCombination(combination, "filter_combination", &findings).combine(read)
    try findings.settle()
    return combined
  }

  static func list(_ filters: JSONValue?, _ field: String, _ findings: inout Findings) -> [HoneycombFilter] {
    var read: [HoneycombFilter] = []
    for (index, item) in findings.items(filters, field).enumerated() {
      if let filter = HoneycombFilter(item, field: "\(field)[\(index)]", &findings) { read.append(filter) }
    }
    return read
  }

  private static func filter(
    _ column: String, _ operation: HoneycombFilterOperator, _ value: JSONValue?, _ field: String, _ findings: inout Findings
  ) -> Filter? {
    switch operation {
    case .exists, .doesNotExist:
      guard value == nil else {
        findings.add(field, .invalid, "'\(operation.rawValue)' takes no value")
        return nil
      }
      return operation == .exists ? .exists(column: column) : .not(.exists(column: column))
    case .isIn, .isNotIn:
      guard let values = list(value, operation, field, &findings) else { return nil }
      let positive = Filter.oneOf(column: column, values)
      return operation == .isIn ? positive : .not(positive)
    case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual:
      guard let value = scalar(value, operation, field, &findings) else { return nil }
      return comparison(column, operation, value)
    case .startsWith, .doesNotStartWith, .endsWith, .doesNotEndWith, .contains, .doesNotContain:
      guard let value = scalar(value, operation, field, &findings) else { return nil }
      return textTest(column, operation, value.text)
    }
  }

  private static func comparison(_ column: String, _ operation: HoneycombFilterOperator, _ value: FieldValue) -> Filter {
    switch operation {
    case .notEqual: .not(.compare(column: column, .equal, value))
    case .greater: .compare(column: column, .greater, value)
    case .greaterOrEqual: .compare(column: column, .greaterOrEqual, value)
    case .less: .compare(column: column, .less, value)
    case .lessOrEqual: .compare(column: column, .lessOrEqual, value)
    default: .compare(column: column, .equal, value)
    }
  }

  private static func textTest(_ column: String, _ operation: HoneycombFilterOperator, _ text: String) -> Filter {
    switch operation {
    case .startsWith: .text(column: column, .startsWith, text)
    case .doesNotStartWith: .not(.text(column: column, .startsWith, text))
    case .endsWith: .text(column: column, .endsWith, text)
    case .doesNotEndWith: .not(.text(column: column, .endsWith, text))
    case .doesNotContain: .not(.text(column: column, .contains, text))
    default: .text(column: column, .contains, text)
    }
  }

  private static func list(
    _ value: JSONValue?, _ operation: HoneycombFilterOperator, _ field: String, _ findings: inout Findings
  ) -> [FieldValue]? {
    guard let value else {
      findings.add(field, .missing, "'\(operation.rawValue)' needs an array of values")
      return nil
    }
    let items = findings.items(value, field)
    guard !items.isEmpty else {
      if value == .array([]) { findings.add(field, .invalid, "'\(operation.rawValue)' needs at least one value") }
      return nil
    }
    var values: [FieldValue] = []
    for (index, item) in items.enumerated() {
      guard let value = scalar(item, operation, "\(field)[\(index)]", &findings) else { return nil }
      values.append(value)
    }
    return values
  }

  private static func scalar(
    _ value: JSONValue?, _ operation: HoneycombFilterOperator, _ field: String, _ findings: inout Findings
  ) -> FieldValue? {
    switch value {
    case .string(let text): return .string(text)
    case .integer(let number): return .integer(number)
    case .double(let number): return .float(number)
    case .boolean(let truth): return .boolean(truth)
    case nil, .null: findings.add(field, .missing, "'\(operation.rawValue)' needs a value")
    case .array, .object: findings.add(field, .incorrectType, "'\(operation.rawValue)' takes a string, a number or a boolean")
    }
    return nil
  }
}
