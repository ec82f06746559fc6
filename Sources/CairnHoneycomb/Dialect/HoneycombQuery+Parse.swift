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
    calculatedFields = Self.namedFormulas(json["calculated_fields"], "calculated_fields", "a calculated field", &findings)
    readCalculations(json["calculations"], &findings)
    readFormulas(json["formulas"], &findings)
    filters = HoneycombFilter.list(json["filters"], "filters", &findings)
    filterCombination = HoneycombFilterCombination(json["filter_combination"], "filter_combination", &findings)
    readBreakdowns(json["breakdowns"], &findings)
    checkNames(&findings)
    readOrders(json["orders"], &findings)
    readHavings(json["havings"], &findings)
    let limitRange = 1...Int64(rules.limitMax)
    limit = findings.integer(json["limit"], "limit", in: limitRange).map { Int($0) } ?? Self.limitDefault
    time = HoneycombTime(json, rules, &findings)
    granularityNanoseconds = TimeBuckets.read(json["granularity"], duration: time.durationNanoseconds, rules, &findings)
    readCompareOffset(json["compare_time_offset_seconds"], &findings)
    if findings.truth(json["usage_mode"], "usage_mode") == true { weighting = .asKept }
    try findings.settle()
  }

  private static let members = [
    "id", "calculations", "filters", "filter_combination", "breakdowns", "orders", "havings", "limit", "time_range", "start_time",
    "end_time", "granularity", "calculated_fields", "formulas", "compare_time_offset_seconds", "usage_mode",
  ]

  /// Reads formulas with their names: those that make columns, and those over results.
  static func namedFormulas(_ json: JSONValue?, _ list: String, _ noun: String, _ findings: inout Findings) -> [NamedFormula] {
    var formulas: [NamedFormula] = []
    for (index, item) in findings.items(json, list).enumerated() {
      let field = "\(list)[\(index)]"
      guard findings.isObject(item, field, known: ["name", "expression"]) else { continue }
      let (name, expression) = (findings.text(item["name"], "\(field).name") ?? "", findings.text(item["expression"], "\(field).expression") ?? "")
      if name.isEmpty { findings.add("\(field).name", .missing, "\(noun) needs a name") }
      if expression.isEmpty { findings.add("\(field).expression", .missing, "\(noun) needs an expression") }
      guard let formula = HoneycombDerivedColumn.formula(expression, "\(field).expression", &findings) else { continue }
      formulas.append(NamedFormula(name: name, expression: expression, formula: formula))
    }
    return formulas
  }

  /// The offsets that Honeycomb compares over, in seconds: half an hour, 1, 2, 8 and 24 hours, 7 and 28 days, half a year.
  static let compareOffsetSeconds: [Int64] = [1800, 3600, 7200, 28_800, 86_400, 604_800, 2_419_200, 15_724_800]

  private mutating func readCompareOffset(_ json: JSONValue?, _ findings: inout Findings) {
    let field = "compare_time_offset_seconds"
    // Clients send 0 for none.
    guard let json = Findings.present(json), json.number != 0,
      let offset = HoneycombTime.nanoseconds(json, field, rules.seconds, &findings)
    else { return }
    guard offset == time.durationNanoseconds || Self.compareOffsetSeconds.contains(where: { $0 * HoneycombTime.nanosecondsPerSecond == offset }) else {
      let known = Self.compareOffsetSeconds.map(String.init).joined(separator: " ")
      return findings.add(field, .invalid, "must be the length of the query's time range, or one of \(known)")
    }
    guard offset >= time.durationNanoseconds else {
      return findings.add(field, .invalid, "must not be less than the query's time range")
    }
    compareOffsetNanoseconds = offset
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
}
