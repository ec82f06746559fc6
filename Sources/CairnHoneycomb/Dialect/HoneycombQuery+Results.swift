// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
internal import CairnPlan

// What a query calculates, and the terms by which its groups are ordered and chosen.
extension HoneycombQuery {
  private static let nameCountMax = 255

  mutating func readCalculations(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "calculations").enumerated() {
      let field = "calculations[\(index)]"
      guard let calculation = calculation(item, field, &findings) else { continue }
      // Results are keyed by name, so a second one that is the same adds nothing.
      if calculations.contains(calculation) { continue }
      let isNew = checkName(calculation.name, calculation.label == nil ? field : "\(field).name", &findings)
      if isNew { calculations.append(calculation) }
    }
    if calculations.isEmpty { calculations = [.count] }
  }

  private mutating func calculation(_ json: JSONValue, _ field: String, _ findings: inout Findings) -> Calculation? {
    let known = ["op", "column", "name", "filters", "filter_combination"]
    guard findings.isObject(json, field, known: known) else { return nil }
    let name = findings.text(json["name"], "\(field).name") ?? ""
    let own = OwnFilters(
      filters: HoneycombFilter.list(json["filters"], "\(field).filters", &findings),
      combination: HoneycombFilterCombination(json["filter_combination"], "\(field).filter_combination", &findings))
    guard var calculation = Self.operand(json, opName: "op", field, &findings) else { return nil }
    if !name.isEmpty { calculation.label = name }
    guard !own.filters.isEmpty else { return calculation }
    guard !name.isEmpty else {
      findings.add("\(field).name", .missing, "a calculation with filters of its own needs a name")
      return nil
    }
    calculation.filter = own.combination.combine(own.filters)
    ownFilters[name] = own
    return calculation
  }

  mutating func readFormulas(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, formula) in Self.namedFormulas(json, "formulas", "a formula", &findings).enumerated() {
      let field = "formulas[\(index)]"
      let isNew = checkName(formula.name, "\(field).name", &findings)
      let isSound = check(formula.formula, "\(field).expression", &findings)
      if isNew, isSound { formulas.append(formula) }
    }
  }

  /// True if no other result has the name.
  private func checkName(_ name: String, _ field: String, _ findings: inout Findings) -> Bool {
    if name.unicodeScalars.count > Self.nameCountMax {
      findings.add(field, .invalid, "may have at most \(Self.nameCountMax) characters")
      return false
    }
    if calculations.contains(where: { $0.name == name }) || formulas.contains(where: { $0.name == name }) {
      findings.add(field, .invalid, "'\(name.prefix(80))' is the name of another calculation or formula too")
      return false
    }
    return true
  }

  /// Names that are given could be others than those of breakdowns, beside which they stand in results.
  func checkNames(_ findings: inout Findings) {
    let given = calculations.map(\.label).enumerated().map { ("calculations", $0, $1) } + formulas.enumerated().map { ("formulas", $0, $1.name) }
    for (list, index, name) in given {
      guard let name, breakdowns.contains(name) else { continue }
      findings.add("\(list)[\(index)].name", .invalid, "'\(name.prefix(80))' is the name of a breakdown too")
    }
  }

  /// True if a formula is about the calculations' results, and a number.
  private func check(_ formula: Formula, _ field: String, _ findings: inout Findings) -> Bool {
    for name in formula.columns.sorted() {
      let calculation = calculations.first { $0.name == name }
      guard let calculation, calculation.operation != .heatmap else {
        findings.add(field, .invalid, calculation == nil ? "'\(name.prefix(80))' is not among the calculations" : "HEATMAP is not one number")
        return false
      }
    }
    if formula.readsTime {
      findings.add(field, .invalid, "results have no EVENT_TIMESTAMP")
      return false
    }
    if formula.types({ _ in [.integer, .float] }).contains(.string) {
      findings.add(field, .invalid, "the result must be a number")
      return false
    }
    return true
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
      let known = "an operation; those are \(Operation.names.joined(separator: " "))"
      findings.add("\(field).\(opName)", .invalid, "'\(name)' is not \(isMetric ? "supported yet" : known)")
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

  mutating func readOrders(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "orders").enumerated() {
      let field = "orders[\(index)]"
      guard findings.isObject(item, field, known: ["op", "column", "order"]) else { continue }
      let direction = Self.direction(item["order"], "\(field).order", &findings)
      guard let term = orderTerm(item, field, &findings) else { continue }
      orders.append(Order(term, direction))
      orderSpellings.append(Spelling(operation: item["op"]?.string, column: item["column"]?.string))
    }
  }

  private func orderTerm(_ json: JSONValue, _ field: String, _ findings: inout Findings) -> Order.Term? {
    if Findings.present(json["op"]) == nil {
      guard let column = findings.text(json["column"], "\(field).column") else {
        findings.add(field, .missing, "an order needs an operation or a column")
        return nil
      }
      if breakdowns.contains(column) { return .breakdown(column) }
      guard named(column) != nil else {
        findings.add("\(field).column", .invalid, "'\(column)' is not among the breakdowns")
        return nil
      }
    }
    return resultTerm(json, opName: "op", field, "orders", &findings).map { .result($0) }
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

  mutating func readHavings(_ json: JSONValue?, _ findings: inout Findings) {
    for (index, item) in findings.items(json, "havings").enumerated() {
      let field = "havings[\(index)]"
      guard findings.isObject(item, field, known: ["calculate_op", "column", "op", "value"]) else { continue }
      let comparison = Self.comparison(item["op"], "\(field).op", &findings)
      let value = Findings.present(item["value"])
      if value == nil { findings.add("\(field).value", .missing, "a having needs a value") }
      if value != nil, value?.number == nil { findings.add("\(field).value", .incorrectType, "must be a number") }
      guard let term = resultTerm(item, opName: "calculate_op", field, "havings", &findings), let comparison, let number = value?.number
      else { continue }
      havings.append(Having(term, comparison, number))
      havingSpellings.append(Spelling(operation: item["calculate_op"]?.string, column: item["column"]?.string))
    }
  }

  /// The formula, or the calculation with a name of its own, that a text names.
  private func named(_ name: String) -> Having.Term? {
    if formulas.contains(where: { $0.name == name }) { return .formula(name) }
    return calculations.first { $0.label == name }.map { .calculation($0) }
  }

  /// The calculation or formula that an object names: by an operation and a column, or by a name in the column's place.
  ///
  /// An operation and a column mean the calculation that goes by them, else the one with a name that has them.
  private func resultTerm(
    _ json: JSONValue, opName: String, _ field: String, _ place: String, _ findings: inout Findings
  ) -> Having.Term? {
    let byName = json["column"]?.string.flatMap { named($0) }
    if Findings.present(json[opName]) == nil, let byName { return checked(byName, "\(field).column", place, &findings) }
    if let byName, let operation = json[opName]?.string, isPlain(operation, json["column"]?.string) == false {
      return checked(byName, "\(field).column", place, &findings)
    }
    guard let wanted = Self.operand(json, opName: opName, field, &findings) else { return nil }
    let alike = calculations.filter { $0.operation == wanted.operation && $0.column == wanted.column }
    if alike.count > 1, !alike.contains(wanted) {
      findings.add("\(field).\(opName)", .invalid, "several calculations are '\(wanted.name)'; the column must name one of them")
      return nil
    }
    let found = alike.contains(wanted) ? wanted : alike.first ?? wanted
    return checked(.calculation(found), "\(field).\(opName)", place, &findings)
  }

  /// Some calculation goes by this operation and column.
  private func isPlain(_ operation: String, _ column: String?) -> Bool {
    calculations.contains { $0.operation.name == operation && $0.column == column }
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

  /// The term if groups can be ordered and chosen by it: it is one of the query's, and not a picture.
  private func checked(_ term: Having.Term, _ field: String, _ place: String, _ findings: inout Findings) -> Having.Term? {
    guard case .calculation(let calculation) = term else { return term }
    guard calculation.operation != .heatmap else {
      findings.add(field, .invalid, "HEATMAP cannot be used in \(place)")
      return nil
    }
    guard calculations.contains(calculation) else {
      findings.add(field, .invalid, "'\(calculation.name)' is not among the calculations")
      return nil
    }
    return term
  }
}
