// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Testing

let second: Int64 = 1_000_000_000
let now: Int64 = 1_795_392_000 * second

@Suite struct HoneycombQueryTests {
  static func query(_ text: String, _ rules: HoneycombQuery.Rules = .honeycomb) throws -> HoneycombQuery {
    try HoneycombQuery(JSONValue(parsing: text), rules: rules)
  }

  static func plan(_ text: String, _ rules: HoneycombQuery.Rules = .honeycomb) throws -> Plan {
    try query(text, rules).plan(environment: "e", datasets: .all, nowUnixNanoseconds: now)
  }

  @Test func anEmptyQueryCountsTheLastTwoHours() throws {
    let plan = try Self.plan("{}")
    #expect(plan.calculations == [.count])
    #expect(plan.filter == .everything)
    #expect(plan.breakdowns.isEmpty && plan.orders.isEmpty && plan.havings.isEmpty)
    #expect(plan.limit == 1000)
    #expect(plan.granularityNanoseconds == 60 * second)
    #expect(plan.scope == Scope(environment: "e", datasets: .all, time: TimeRange(startUnixNanoseconds: now - 7200 * second, endUnixNanoseconds: now)))
  }

  @Test func aFullQueryBecomesItsPlan() throws {
    let plan = try Self.plan(
      #"""
      {"calculations":[{"op":"COUNT"},{"op":"P99","column":"duration_ms"},{"op":"HEATMAP","column":"duration_ms"}],
       "filters":[{"column":"error","op":"exists"},{"column":"status","op":">=","value":500}],"filter_combination":"OR",
       "breakdowns":["service.name","name"],
       "orders":[{"op":"P99","column":"duration_ms","order":"descending"},{"column":"name"}],
       "havings":[{"calculate_op":"COUNT","op":">","value":10}],"limit":25,"time_range":600,"end_time":1795000000,"granularity":10}
      """#)
    let slowest = Calculation(.percentile(perMille: 990), column: "duration_ms")
    #expect(plan.calculations == [.count, slowest, Calculation(.heatmap, column: "duration_ms")])
    #expect(plan.filter == .any([.exists(column: "error"), .compare(column: "status", .greaterOrEqual, .integer(500))]))
    #expect(plan.breakdowns == ["service.name", "name"])
    #expect(plan.orders == [Order(.calculation(slowest), .descending), Order(.breakdown("name"), .ascending)])
    #expect(plan.havings == [Having(.count, .greater, 10)])
    #expect(plan.limit == 25)
    #expect(plan.granularityNanoseconds == 10 * second)
    #expect(plan.scope.time == TimeRange(startUnixNanoseconds: 1_794_999_400 * second, endUnixNanoseconds: 1_795_000_000 * second))
  }

  @Test(arguments: [
    "COUNT", "SUM", "AVG", "COUNT_DISTINCT", "HEATMAP", "MAX", "MIN", "P001", "P01", "P05", "P10", "P20", "P25", "P50", "P75",
    "P80", "P90",
    "P95", "P99", "P999", "RATE_AVG", "RATE_SUM", "RATE_MAX",
  ])
  func everyOperationTakesAColumn(name: String) throws {
    let calculation = try #require(try Self.plan(#"{"calculations":[{"op":"\#(name)","column":"c"}]}"#).calculations.first)
    #expect(calculation.name == "\(name)(c)")
    let body = try Self.query(#"{"calculations":[{"op":"\#(name)","column":"c"}]}"#).body(id: "x")
    #expect(try JSONValue(parsing: body)["calculations"]?.array?.first?["op"] == .string(name))
  }

  @Test func repeatedCalculationsAndBreakdownsCountOnce() throws {
    let plan = try Self.plan(#"{"calculations":[{"op":"COUNT"},{"op":"COUNT","column":null}],"breakdowns":["a","b","a"]}"#)
    #expect(plan.calculations == [.count])
    #expect(plan.breakdowns == ["a", "b"])
  }

  @Test(arguments: [
    (#"{"time_range":60}"#, -60, 0), (#"{"start_time":1000}"#, 1000, 8200), (#"{"end_time":10000}"#, 2800, 10000),
    (#"{"start_time":1000,"time_range":60}"#, 1000, 1060), (#"{"end_time":1000,"time_range":60}"#, 940, 1000),
    (#"{"start_time":1000,"end_time":2000}"#, 1000, 2000), (#"{"start_time":1000,"end_time":1000}"#, 1000, 1000),
    (#"{"time_range":60.0}"#, -60, 0), (#"{"time_range":null,"start_time":null}"#, -7200, 0),
    (#"{"start_time":9223372036,"time_range":9223372036}"#, 9_223_372_036, nil),
  ] as [(String, Int64, Int64?)])
  func timesFollowHoneycombsRules(text: String, start: Int64, end: Int64?) throws {
    let time = try Self.plan(text).scope.time
    let base = start <= 0 ? now : 0
    #expect(time.startUnixNanoseconds == base + start * second)
    #expect(time.endUnixNanoseconds == (end.map { ($0 <= 0 ? now : 0) + $0 * second } ?? .max))
  }

  @Test(arguments: [
    (#"{"time_range":0}"#, "time_range"), (#"{"time_range":-5}"#, "time_range"), (#"{"time_range":1.5}"#, "time_range"),
    (#"{"time_range":"60"}"#, "time_range"), (#"{"time_range":1e300}"#, "time_range"), (#"{"start_time":99999999999}"#, "start_time"),
    (#"{"start_time":1.5}"#, "start_time"), (#"{"end_time":true}"#, "end_time"),
    (#"{"start_time":2000,"end_time":1000}"#, "start_time"),
    (#"{"start_time":1000,"end_time":2000,"time_range":60}"#, "time_range"),
    (#"{"granularity":7}"#, "granularity"), (#"{"granularity":721}"#, "granularity"), (#"{"granularity":-1}"#, "granularity"),
    (#"{"granularity":60.5}"#, "granularity"), (#"{"time_range":5,"granularity":1}"#, "granularity"),
    (#"{"granularity":9223372036}"#, "granularity"),
    (#"{"limit":0}"#, "limit"), (#"{"limit":1001}"#, "limit"), (#"{"limit":"5"}"#, "limit"), (#"{"limit":1.5}"#, "limit"),
    (#"{"breakdowns":"a"}"#, "breakdowns"), (#"{"breakdowns":[1]}"#, "breakdowns[0]"), (#"{"breakdowns":["a",""]}"#, "breakdowns[1]"),
    (#"{"breakdowns":[null]}"#, "breakdowns[0]"), (#"{"breakdowns":["root.name"]}"#, "breakdowns[0]"),
    (#"{"breakdowns":["parent.name"]}"#, "breakdowns[0]"), (#"{"breakdowns":["child.x"]}"#, "breakdowns[0]"),
    (#"{"breakdowns":["any.x"]}"#, "breakdowns[0]"), (#"{"breakdowns":["any3.x"]}"#, "breakdowns[0]"),
    (#"{"calculations":{}}"#, "calculations"), (#"{"calculations":[{}]}"#, "calculations[0].op"),
    (#"{"calculations":[{"op":"count"}]}"#, "calculations[0].op"),
    (#"{"calculations":[{"op":"P42","column":"c"}]}"#, "calculations[0].op"),
    (#"{"calculations":[{"op":1}]}"#, "calculations[0].op"), (#"{"calculations":[{"op":"HISTOGRAM_COUNT"}]}"#, "calculations[0].op"),
    (#"{"calculations":[{"op":"SUM"}]}"#, "calculations[0].column"),
    (#"{"calculations":[{"op":"SUM","column":""}]}"#, "calculations[0].column"),
    (#"{"calculations":[{"op":"CONCURRENCY","column":"c"}]}"#, "calculations[0].column"),
    (#"{"calculations":[{"op":"COUNT","name":1}]}"#, "calculations[0].name"),
    (#"{"calculations":[{"op":"COUNT","filters":[{"column":"a","op":"exists"}]}]}"#, "calculations[0].name"),
    (#"{"calculations":[{"op":"COUNT","name":"n","filters":[{"column":"a","op":"~"}]}]}"#, "calculations[0].filters[0].op"),
    (#"{"calculations":[{"op":"COUNT","name":"n","filters":[{"column":"root.a","op":"exists"}]}]}"#, "calculations[0].filters[0].column"),
    (#"{"calculations":[{"op":"COUNT","name":"n"},{"op":"SUM","column":"a","name":"n"}]}"#, "calculations[1].name"),
    (#"{"calculations":[{"op":"COUNT"},{"op":"SUM","column":"a","name":"COUNT"}]}"#, "calculations[1].name"),
    (#"{"calculations":[{"op":"COUNT","name":"app"}],"breakdowns":["app"]}"#, "calculations[0].name"),
    (#"{"calculations":[{"op":"COUNT","filter_combination":"XOR"}]}"#, "calculations[0].filter_combination"),
    (#"{"calculations":[{"op":"COUNT","what":1}]}"#, "calculations[0].what"), (#"{"calculations":[5]}"#, "calculations[0]"),
    (#"{"orders":[{}]}"#, "orders[0]"), (#"{"orders":[{"column":"a"}]}"#, "orders[0].column"),
    (#"{"orders":[{"op":"SUM","column":"a"}]}"#, "orders[0].op"),
    (#"{"orders":[{"op":"COUNT","order":"down"}]}"#, "orders[0].order"), (#"{"orders":[{"op":"nope"}]}"#, "orders[0].op"),
    (#"{"orders":[{"op":"COUNT","limit":3}]}"#, "orders[0].limit"),
    (#"{"calculations":[{"op":"HEATMAP","column":"c"}],"orders":[{"op":"HEATMAP","column":"c"}]}"#, "orders[0].op"),
    (#"{"havings":[{"op":">","value":1}]}"#, "havings[0].calculate_op"),
    (#"{"havings":[{"calculate_op":"COUNT","value":1}]}"#, "havings[0].op"),
    (#"{"havings":[{"calculate_op":"COUNT","op":"in","value":1}]}"#, "havings[0].op"),
    (#"{"havings":[{"calculate_op":"COUNT","op":">"}]}"#, "havings[0].value"),
    (#"{"havings":[{"calculate_op":"COUNT","op":">","value":"1"}]}"#, "havings[0].value"),
    (#"{"havings":[{"calculate_op":"SUM","column":"c","op":">","value":1}]}"#, "havings[0].calculate_op"),
    (#"{"calculations":[{"op":"HEATMAP","column":"c"}],"havings":[{"calculate_op":"HEATMAP","column":"c","op":">","value":1}]}"#, "havings[0].calculate_op"),
    (#"{"filter_combination":"NOR"}"#, "filter_combination"), (#"{"calculated_fields":[{"name":"n","expression":"NOPE(1)"}]}"#, "calculated_fields[0].expression"),
    (#"{"formulas":[{"name":"n","expression":"$a"}]}"#, "formulas[0].expression"),
    (#"{"formulas":[{"name":"n","expression":"DIV($COUNT"}]}"#, "formulas[0].expression"),
    (#"{"formulas":[{"name":"n","expression":"CONCAT($COUNT, \"x\")"}]}"#, "formulas[0].expression"),
    (#"{"formulas":[{"name":"n","expression":"EVENT_TIMESTAMP()"}]}"#, "formulas[0].expression"),
    (#"{"formulas":[{"expression":"$COUNT"}]}"#, "formulas[0].name"), (#"{"formulas":[{"name":"n"}]}"#, "formulas[0].expression"),
    (#"{"formulas":[{"name":"COUNT","expression":"$COUNT"}]}"#, "formulas[0].name"),
    (#"{"formulas":[{"name":"n","expression":"1"}],"breakdowns":["n"]}"#, "formulas[0].name"),
    (#"{"calculations":[{"op":"HEATMAP","column":"d","name":"h"}],"formulas":[{"name":"n","expression":"$h"}]}"#, "formulas[0].expression"),
    (#"{"calculations":[{"op":"COUNT","name":"a"},{"op":"COUNT","name":"b"}],"orders":[{"op":"COUNT"}]}"#, "orders[0].op"),
    (#"{"calculations":[{"op":"COUNT","name":"a"}],"havings":[{"column":"b","op":">","value":1}]}"#, "havings[0].calculate_op"),
    (#"{"compare_time_offset_seconds":3600}"#, "compare_time_offset_seconds"),
    (#"{"compare_time_offset_seconds":90000}"#, "compare_time_offset_seconds"),
    (#"{"compare_time_offset_seconds":"86400"}"#, "compare_time_offset_seconds"),
    (#"{"colour":"red"}"#, "colour"), ("[]", ""), ("7", ""), ("null", ""),
  ])
  func everyMistakeIsToldWithItsField(text: String, field: String) throws {
    let error = #expect(throws: HoneycombError.self) { try Self.query(text) }
    #expect(error?.status == 422)
    #expect(error?.details.map(\.field) == [field])
  }

  @Test func absentAndNullAreTheSame() throws {
    let nulls = #"""
      {"id":null,"calculations":null,"filters":null,"filter_combination":null,"breakdowns":null,"orders":null,"havings":null,"limit":null,
       "time_range":null,"start_time":null,"end_time":null,"granularity":null,"calculated_fields":null,"formulas":null,
       "compare_time_offset_seconds":null}
      """#
    #expect(try Self.query(nulls) == Self.query("{}"))
    #expect(try Self.query(#"{"id":"abc","calculated_fields":[],"formulas":[],"granularity":0}"#) == Self.query("{}"))
  }

  @Test func allMistakesAreToldAtOnce() {
    let error = #expect(throws: HoneycombError.self) {
      try Self.query(#"{"limit":0,"calculations":[{"op":"X"}],"filters":[{"column":"a","op":"~"}],"nope":1}"#)
    }
    #expect(error?.details.map(\.field) == ["nope", "calculations[0].op", "filters[0].op", "limit"])
  }

  @Test func aBodyThatIsNotJSONIsUnparseable() {
    let error = #expect(throws: HoneycombError.self) {
      try unsafe HoneycombQuery(parsing: Array("{\"limit\":".utf8).span.bytes, rules: .honeycomb)
    }
    #expect(error?.status == 400)
    #expect(error?.problem == .unparseable)
  }

  @Test func cairnsOwnRulesAreWider() throws {
    let plan = try Self.plan(#"{"start_time":1795392000.25,"end_time":1795392000.75,"granularity":0.001,"limit":10000}"#, .cairn)
    #expect(plan.scope.time == TimeRange(startUnixNanoseconds: now + second / 4, endUnixNanoseconds: now + second * 3 / 4))
    #expect(plan.granularityNanoseconds == 1_000_000)
    #expect(plan.limit == 10_000)
    #expect(try Self.plan(#"{"granularity":1}"#, .cairn).granularityNanoseconds == second)
    #expect(try Self.plan(#"{"granularity":7200}"#, .cairn).granularityNanoseconds == 7200 * second)
    #expect(throws: HoneycombError.self) { try Self.plan(#"{"granularity":0.001}"#, .cairn) }
    #expect(throws: HoneycombError.self) { try Self.plan(#"{"limit":10001}"#, .cairn) }
    #expect(throws: HoneycombError.self) { try Self.plan(#"{"start_time":-1}"#, .cairn) }
    #expect(throws: HoneycombError.self) { try Self.plan(#"{"time_range":1e300}"#, .cairn) }
  }

  @Test(arguments: [
    (60, 1), (61, 1), (120, 1), (121, 5), (600, 5), (601, 10), (1200, 10), (1800, 15), (3600, 30), (7200, 60), (14_400, 120),
    (21_600, 300), (36_000, 300),
    (86_400, 900), (172_800, 1800), (604_800, 7200), (2_592_000, 21_600), (5_184_000, 43_200), (10_368_000, 86_400),
    (31_536_000, 604_800),
  ] as [(Int64, Int64)])
  func anOpenGranularityMakesAReadableChart(range: Int64, expected: Int64) throws {
    #expect(try Self.plan(#"{"time_range":\#(range)}"#).granularityNanoseconds == expected * second)
    #expect(range / expected <= 120)
  }

  @Test func anyRangeHasAGranularityThatKeepsTheChartSmall() throws {
    for exponent in 0...63 {
      let range = Double(UInt64(1) << UInt64(exponent)) / 1e9
      guard range < 9e9 else { continue }
      let plan = try Self.plan(#"{"time_range":\#(range)}"#, .cairn)
      let width = try #require(plan.granularityNanoseconds)
      #expect(width >= 1_000_000)
      #expect(plan.scope.time.durationNanoseconds / width <= 121)
    }
  }
}
