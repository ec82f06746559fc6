// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Testing

/// Calculations with names and filters of their own, formulas over them, and earlier times to hold them against.
@Suite struct HoneycombCalculationTests {
  static let ratio = #"""
    {"calculations":[{"op":"COUNT","name":"total"},{"op":"COUNT","name":"failed","filters":[{"op":"exists","column":"error"},{"op":">=","column":"status","value":500}],
     "filter_combination":"OR"}],"formulas":[{"name":"rate","expression":"DIV($failed, $total)"}],"breakdowns":["app"]
    """#

  @Test func aCalculationHasAFilterAndAName() throws {
    let plan = try HoneycombQueryTests.plan(Self.ratio + "}")
    let failed = Filter.any([.exists(column: "error"), .compare(column: "status", .greaterOrEqual, .integer(500))])
    #expect(plan.calculations == [Calculation(.count, label: "total"), Calculation(.count, label: "failed", filter: failed)])
    #expect(plan.formulas == [ResultFormula(name: "rate", formula: .call(.divide, [.column("failed"), .column("total")]))])
    #expect(plan.filter == .everything)
  }

  @Test(arguments: [
    (#"{"column":"rate","order":"descending"}"#, Order.Term.formula("rate")), (#"{"column":"app"}"#, .breakdown("app")),
    (#"{"column":"total"}"#, .calculation(Calculation(.count, label: "total"))), (#"{"op":"COUNT","column":"total"}"#, .calculation(Calculation(.count, label: "total"))),
    (#"{"op":"MAX","column":"d"}"#, .calculation(Calculation(.maximum, column: "d", label: "longest"))),
    (#"{"op":"SUM","column":"d"}"#, .calculation(Calculation(.sum, column: "d"))),
  ])
  func ordersNameResults(order: String, term: Order.Term) throws {
    let calculations = #""calculations":[{"op":"COUNT","name":"total"},{"op":"COUNT","name":"other"},{"op":"MAX","column":"d","name":"longest"},{"op":"SUM","column":"d","name":"d"},{"op":"SUM","column":"d"}]"#
    let text = #"{"breakdowns":["app"],\#(calculations),"formulas":[{"name":"rate","expression":"$total * 2"}],"orders":[\#(order)]}"#
    let query = try HoneycombQueryTests.query(text)
    #expect(query.orders.map(\.term) == [term])
    #expect(try JSONValue(parsing: query.body(id: ""))["orders"]?.array?.first == JSONValue(parsing: order))
  }

  @Test(arguments: [
    (#"{"column":"rate","op":">","value":0.5}"#, Having.Term.formula("rate")), (#"{"calculate_op":"COUNT","column":"rate","op":">","value":0.5}"#, .formula("rate")),
    (#"{"calculate_op":"COUNT","column":"total","op":">","value":0.5}"#, .calculation(Calculation(.count, label: "total"))),
    (#"{"column":"total","op":">","value":0.5}"#, .calculation(Calculation(.count, label: "total"))),
  ])
  func havingsNameResults(having: String, term: Having.Term) throws {
    let query = try HoneycombQueryTests.query(Self.ratio + #","havings":[\#(having)]}"#)
    #expect(query.havings == [Having(term, .greater, 0.5)])
    #expect(try JSONValue(parsing: query.body(id: ""))["havings"]?.array?.first == JSONValue(parsing: having))
  }

  @Test func allOfItIsGivenBack() throws {
    let text =
      #"{"id":"q","breakdowns":["app"],"calculations":[{"op":"COUNT","name":"total"},{"op":"P95","column":"d","name":"slow","#
      + #""filters":[{"op":"=","column":"a","value":1},{"op":"exists","column":"b"}],"filter_combination":"OR"}],"#
      + #""formulas":[{"name":"f","expression":"$slow / $total"}],"orders":[{"column":"f","order":"descending"}],"#
      + #""havings":[{"column":"f","op":">","value":2}],"limit":1000,"time_range":7200,"compare_time_offset_seconds":86400}"#
    #expect(try String(decoding: HoneycombQueryTests.query(text).body(id: "q"), as: UTF8.self) == text)
  }

  @Test(arguments: [(7200, 7200), (7200, 86_400), (60, 60), (1800, 1800), (86_400, 15_724_800)])
  func theTimesThatHoneycombComparesOver(range: Int64, offset: Int64) throws {
    let query = try HoneycombQueryTests.query(#"{"time_range":\#(range),"compare_time_offset_seconds":\#(offset)}"#)
    #expect(query.compareOffsetNanoseconds == offset * second)
    #expect(try HoneycombQueryTests.query(#"{"compare_time_offset_seconds":0}"#).compareOffsetNanoseconds == nil)
  }

  /// As the vendor's document shows it: `{"FormulaName": 0.85, "test.status": "passed"}`.
  @Test func resultsHaveFormulasInsteadOfCalculations() throws {
    var answer = Answer()
    answer.columns = [
      AnswerColumn(name: "app", kind: .breakdown, type: .string, values: [.string("web")]),
      AnswerColumn(name: "total", kind: .calculation, type: .integer, values: [.integer(10)]),
      AnswerColumn(name: "failed", kind: .calculation, type: .integer, values: [.integer(5)]),
      AnswerColumn(name: "rate", kind: .formula, type: .float, values: [.float(0.5)]),
    ]
    answer.totals = [.integer(10), .integer(5), .float(0.5)]
    answer.series = AnswerSeries(
      startUnixNanoseconds: 0, stepNanoseconds: 60 * second, bucketCount: 2, resultNames: ["total", "failed", "rate"],
      values: [[[10, 0]], [[5, 0]], [[0.5, nil]]])
    let request = HoneycombResultRequest(queryID: "q", totalByAggregate: .enabled)
    let data = try HoneycombResultTests.data(HoneycombResultTests.result(Self.ratio + "}", request).body(answer))
    #expect(try data["results"] == JSONValue(parsing: #"[{"data":{"app":"web","rate":0.5}}]"#))
    #expect(try data["total_by_aggregate"] == JSONValue(parsing: #"{"data":{"rate":0.5}}"#))
    #expect(try data["series"] == JSONValue(parsing: #"[{"time":"1970-01-01T00:00:00Z","data":{"app":"web","rate":0.5}}]"#))
  }

  @Test(arguments: [
    ("$a / $b", 6.0, 3.0, 2.0), ("$a / $b", 6, 0, nil), ("$a / $b", nil, 3, nil), ("$a + $b", 1, nil, nil), ("SUB($a, $b)", nil, nil, nil),
    ("COALESCE($a, 0) + 1", nil, nil, 1), ("IF(EXISTS($b), $a, -1)", 5, nil, -1), ("GT($a, $b)", 2, 1, 1), ("LT($a, $b)", 2, 1, 0),
    ("$a * $b", 1e200, 1e200, nil), ("$a % $b", 7, 4, 3), ("MAX($a, $b)", 7, nil, 7), ("LOG10($a)", 0, nil, nil),
  ] as [(String, Double?, Double?, Double?)])
  func nothingFollowsFromNothing(expression: String, a: Double?, b: Double?, result: Double?) throws {
    let query = try HoneycombQueryTests.query(
      #"{"calculations":[{"op":"SUM","column":"x","name":"a"},{"op":"SUM","column":"y","name":"b"}],"formulas":[{"name":"f","expression":"\#(expression)"}]}"#)
    let formula = ResultFormula(name: "f", formula: query.formulas[0].formula)
    #expect(formula.value { (name) in (name == "a" ? a : b).map { .float($0) } }?.number == result)
  }

  @Test func groupsInTwoSpellingsAreTwoOfAnEarlierTimeToo() {
    func answer(_ names: [String], _ counts: [Int64]) -> Answer {
      var answer = Answer()
      answer.columns = [
        AnswerColumn(name: "city", kind: .breakdown, type: .string, values: names.map { .string($0) }),
        AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: counts.map { .integer($0) }),
      ]
      return answer
    }
    let then = answer(["Orle\u{301}ans", "Orl\u{e9}ans"], [1, 2])
    #expect(then.arranged(as: answer(["Orl\u{e9}ans", "Orle\u{301}ans"], [8, 9])).columns[1].values == [.integer(2), .integer(1)])
  }

  @Test func anEarlierTimeIsAskedAboutTheGroupsOfTheAnswer() throws {
    let plan = try HoneycombQueryTests.plan(#"{"breakdowns":["app","host"],"limit":5,"havings":[{"calculate_op":"COUNT","op":">","value":1}],"orders":[{"op":"COUNT"}]}"#)
    var answer = Answer()
    answer.columns = [
      AnswerColumn(name: "app", kind: .breakdown, type: .string, values: [.string("web"), nil]),
      AnswerColumn(name: "host", kind: .breakdown, type: .string, values: [.string("h"), .string("h")]),
      AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: [.integer(9), .integer(8)]),
    ]
    let earlier = EarlierTime(plan, answer, offsetNanoseconds: 3600 * second)
    #expect(earlier.groups.scope.time == TimeRange(startUnixNanoseconds: now - 10_800 * second, endUnixNanoseconds: now - 3600 * second))
    #expect(earlier.groups.havings.isEmpty && earlier.groups.orders.isEmpty && earlier.groups.limit == 10_000)
    #expect(
      earlier.groups.filter
        == .all([.everything, .all([.any([.oneOf(column: "app", [.string("web")]), .not(.exists(column: "app"))]), .oneOf(column: "host", [.string("h")])])]))
    #expect(earlier.total?.breakdowns == [] && earlier.total?.filter == .everything && earlier.total?.granularityNanoseconds == nil)
    var then = answer
    then.columns[0].values = [nil, .string("other")]
    then.series = AnswerSeries(startUnixNanoseconds: 0, stepNanoseconds: 1, bucketCount: 2, resultNames: ["COUNT"], values: [[[4, 5], [6, 7]]])
    let arranged = then.arranged(as: answer)
    #expect(arranged.columns[0] == answer.columns[0] && arranged.columns[2].values == [nil, .integer(9)])
    #expect(arranged.series?.values == [[[nil, nil], [4, 5]]])
    let whole = EarlierTime(try HoneycombQueryTests.plan("{}"), Answer(), offsetNanoseconds: second)
    #expect(whole.total == nil && whole.groups.filter == .everything)
  }
}
