// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnFormats
internal import CairnPlan

extension HoneycombQuery {
  /// Reads a body; `.unparseable` where it is not JSON.
  public init(parsing body: RawSpan, rules: Rules) throws(HoneycombError) {
    let json: JSONValue
    do throws(DecodeError) { json = try JSONValue(parsing: body) } catch { throw HoneycombError(parsing: error) }
    try self.init(json, rules: rules)
  }

  /// Reads a query object; what is wrong with it is told in one error, field by field. A read-only `id` is ignored.
  public init(_ json: JSONValue, rules: Rules) throws(HoneycombError) {
    self.init(rules: rules)
    var findings = Findings()
    guard findings.isObject(json, "", known: Self.members) else { throw HoneycombError(invalid: findings.details) }
    Self.refuseUnsupported(json, &findings)
    readCalculatedFields(json["calculated_fields"], &findings)
    readCalculations(json["calculations"], &findings)
    filters = HoneycombFilter.list(json["filters"], "filters", &findings)
    filterCombination = HoneycombFilterCombination(json["filter_combination"], "filter_combination", &findings)
    readBreakdowns(json["breakdowns"], &findings)
    readOrders(json["orders"], &findings)
    readHavings(json["havings"], &findings)
    let limitRange = 1...Int64(rules.limitMax)
    limit = findings.integer(json["limit"], "limit", in: limitRange).map { Int($0) } ?? Self.limitDefault
    time = HoneycombTime(json, rules, &findings)
    granularityNanoseconds = TimeBuckets.read(json["granularity"], duration: time.durationNanoseconds, rules, &findings)
    try findings.settle()
  }

  private static let members = [
    "id", "calculations", "filters", "filter_combination", "breakdowns", "orders", "havings", "limit", "time_range", "start_time",
    "end_time", "granularity", "calculated_fields", "formulas", "compare_time_offset_seconds",
  ]

  private static func refuseUnsupported(_ json: JSONValue, _ findings: inout Findings) {
    if !findings.items(json["formulas"], "formulas").isEmpty { findings.add("formulas", .invalid, "formulas are not supported yet") }
    if let offset = Findings.present(json["compare_time_offset_seconds"]), offset.number != 0 {
      findings.add("compare_time_offset_seconds", .invalid, "comparison with an earlier time is not supported yet")
    }
  }

  private static let calculatedFieldCountMax = 100

  private mutating func readCalculatedFields(_ json: JSONValue?, _ findings: inout Findings) {
    let items = findings.items(json, "calculated_fields")
    guard items.count <= Self.calculatedFieldCountMax else {
      return findings.add("calculated_fields", .invalid, "may have at most \(Self.calculatedFieldCountMax) items")
    }
    for (index, item) in items.enumerated() {
      let field = "calculated_fields[\(index)]"
      guard findings.isObject(item, field, known: ["name", "expression"]) else { continue }
      let (name, expression) = (findings.text(item["name"], "\(field).name") ?? "", findings.text(item["expression"], "\(field).expression") ?? "")
      if name.isEmpty { findings.add("\(field).name", .missing, "a calculated field needs a name") }
      if expression.isEmpty { findings.add("\(field).expression", .missing, "a calculated field needs an expression") }
      guard let formula = HoneycombDerivedColumn.formula(expression, "\(field).expression", &findings) else { continue }
      calculatedFields.append(CalculatedField(name: name, expression: expression, formula: formula))
    }
  }

  private mutating func readCalculations(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "calculations").enumerated() {
      guard let calculation = Self.calculation(item, "calculations[\(index)]", &findings) else { continue }
      // Results are keyed by name, so a second one of the same name adds nothing.
      if !calculations.contains(calculation) { calculations.append(calculation) }
    }
    if calculations.isEmpty { calculations = [.count] }
  }

  private static func calculation(_ json: JSONValue, _ field: String, _ findings: inout Findings) -> Calculation? {
    let known = ["op", "column", "name", "filters", "filter_combination"]
    guard findings.isObject(json, field, known: known) else { return nil }
    if Findings.present(json["name"]) != nil {
      findings.add("\(field).name", .invalid, "names of calculations are not supported yet")
    }
    if !findings.items(json["filters"], "\(field).filters").isEmpty {
      findings.add("\(field).filters", .invalid, "filters of a single calculation are not supported yet")
    }
    _ = HoneycombFilterCombination(json["filter_combination"], "\(field).filter_combination", &findings)
    return operand(json, opName: "op", field, &findings)
  }

  /// The calculation that an object names by an operation and a column.
  private static func operand(
    _ json: JSONValue, opName: String, _ field: String, _ findings: inout Findings
  ) -> Calculation? {
    guard let name = findings.text(json[opName], "\(field).\(opName)") else {
      if Findings.present(json[opName]) == nil { findings.add("\(field).\(opName)", .missing, "an operation is needed") }
      return nil
    }
    guard let operation = Operation(named: name) else {
      let isMetric = name == "COUNT_DATAPOINTS" || name == "HISTOGRAM_COUNT"
      findings.add("\(field).\(opName)", .invalid, "'\(name)' is not \(isMetric ? "supported yet" : "an operation")")
      return nil
    }
    let column = findings.text(json["column"], "\(field).column")
    switch operation {
    case .count: break
    case .concurrency:
      guard column == nil else {
        findings.add("\(field).column", .invalid, "CONCURRENCY takes no column")
        return nil
      }
    default:
      guard let column, !column.isEmpty else {
        findings.add("\(field).column", .missing, "\(name) needs a column")
        return nil
      }
    }
    return Calculation(operation, column: column == "" ? nil : column)
  }

  private mutating func readBreakdowns(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "breakdowns").enumerated() {
      let field = "breakdowns[\(index)]"
      guard let column = findings.text(item, field), !column.isEmpty else {
        if item.string == "" || item == .null { findings.add(field, .invalid, "must be the name of a column") }
        continue
      }
      RelationalPrefix.check(column, field, &findings)
      if !breakdowns.contains(column) { breakdowns.append(column) }
    }
  }

  private mutating func readOrders(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "orders").enumerated() {
      let field = "orders[\(index)]"
      guard findings.isObject(item, field, known: ["op", "column", "order"]) else { continue }
      let direction = Self.direction(item["order"], "\(field).order", &findings)
      guard let term = term(item, field, &findings) else { continue }
      orders.append(Order(term, direction))
    }
  }

  private func term(_ json: JSONValue, _ field: String, _ findings: inout Findings) -> Order.Term? {
    guard Findings.present(json["op"]) != nil else {
      guard let column = findings.text(json["column"], "\(field).column") else {
        findings.add(field, .missing, "an order needs an operation or a column")
        return nil
      }
      guard breakdowns.contains(column) else {
        findings.add("\(field).column", .invalid, "'\(column)' is not among the breakdowns")
        return nil
      }
      return .breakdown(column)
    }
    guard let calculation = Self.operand(json, opName: "op", field, &findings) else { return nil }
    return check(calculation, "\(field).op", "orders", &findings) ? .calculation(calculation) : nil
  }

  private static func direction(_ json: JSONValue?, _ field: String, _ findings: inout Findings) -> Order.Direction {
    switch findings.text(json, field) {
    case nil, "ascending": return .ascending
    case "descending": return .descending
    case let other?:
      findings.add(field, .invalid, "'\(other)' is neither ascending nor descending")
      return .ascending
    }
  }

  private mutating func readHavings(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "havings").enumerated() {
      let field = "havings[\(index)]"
      guard findings.isObject(item, field, known: ["calculate_op", "column", "op", "value"]) else { continue }
      let comparison = Self.comparison(item["op"], "\(field).op", &findings)
      let value = Findings.present(item["value"])
      if value == nil { findings.add("\(field).value", .missing, "a having needs a value") }
      if value != nil, value?.number == nil { findings.add("\(field).value", .incorrectType, "must be a number") }
      guard
        let calculation = Self.operand(item, opName: "calculate_op", field, &findings),
        check(calculation, "\(field).calculate_op", "havings", &findings), let comparison, let number = value?.number
      else { continue }
      havings.append(Having(calculation, comparison, number))
    }
  }

  /// The six comparisons by their names on the wire.
  static let comparisons: [(name: String, comparison: Comparison)] = [
    ("=", .equal), ("!=", .notEqual), (">", .greater), (">=", .greaterOrEqual), ("<", .less), ("<=", .lessOrEqual),
  ]

  private static func comparison(_ json: JSONValue?, _ field: String, _ findings: inout Findings) -> Comparison? {
    guard let name = findings.text(json, field) else {
      if Findings.present(json) == nil { findings.add(field, .missing, "a having needs an operator") }
      return nil
    }
    guard let found = comparisons.first(where: { $0.name == name }) else {
      findings.add(field, .invalid, "'\(name)' is not an operator of havings; those are = != > >= < <=")
      return nil
    }
    return found.comparison
  }

  /// True if results can be ordered and filtered by the calculation: it is one of the query's, and not a picture.
  private func check(_ calculation: Calculation, _ field: String, _ place: String, _ findings: inout Findings) -> Bool {
    guard calculation.operation != .heatmap else {
      findings.add(field, .invalid, "HEATMAP cannot be used in \(place)")
      return false
    }
    guard calculations.contains(calculation) else {
      findings.add(field, .invalid, "'\(calculation.name)' is not among the calculations")
      return false
    }
    return true
  }
}
