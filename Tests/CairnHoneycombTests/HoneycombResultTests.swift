// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import TestSupport
import Testing

@Suite struct HoneycombResultTests {
  static let links = #""links":{"query_url":"https://ui/q","graph_image_url":"https://ui/q/snapshot"}"#

  static func result(_ query: String, _ request: HoneycombResultRequest = HoneycombResultRequest(queryID: "q")) throws -> HoneycombResult {
    HoneycombResult(
      id: "r", query: try HoneycombQueryTests.query(query), request: request, queryURL: "https://ui/q",
      graphImageURL: "https://ui/q/snapshot")
  }

  static func data(_ body: [UInt8]) throws -> JSONValue {
    try #require(JSONValue(parsing: body)["data"])
  }

  /// Two groups of one breakdown, COUNT and P99, two buckets; the second group has nothing in the first bucket.
  static let grouped: Answer = {
    var answer = Answer()
    answer.columns = [
      AnswerColumn(name: "app", kind: .breakdown, type: .string, values: [.string("web"), nil]),
      AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: [.integer(5), .integer(1)]),
      AnswerColumn(name: "P99(d)", kind: .calculation, type: .float, values: [.float(12.5), nil]),
    ]
    answer.totals = [.integer(6), .float(12)]
    answer.series = AnswerSeries(
      startUnixNanoseconds: 1_617_977_760 * second, stepNanoseconds: 60 * second, bucketCount: 2, resultNames: ["COUNT", "P99(d)"],
      values: [[[3, 2], [nil, 1]], [[12.5, 11], [nil, nil]]])
    return answer
  }()
  static let groupedQuery = #"{"breakdowns":["app"],"calculations":[{"op":"COUNT"},{"op":"P99","column":"d"}]}"#

  @Test func aPendingResultHasNoData() throws {
    let body = try String(decoding: Self.result("{}").pendingBody, as: UTF8.self)
    #expect(
      body == #"{"query":{"calculations":[{"op":"COUNT"}],"limit":1000,"time_range":7200},"id":"r","complete":false,"# + Self.links + "}")
  }

  @Test func groupsAndSeriesAreWrittenByTimeThenGroup() throws {
    let body = try String(decoding: Self.result(Self.groupedQuery).body(Self.grouped), as: UTF8.self)
    let expected =
      #""complete":true,"data":{"series":["#
      + #"{"time":"2021-04-09T14:16:00Z","data":{"app":"web","COUNT":3,"P99(d)":12.5}},"#
      + #"{"time":"2021-04-09T14:17:00Z","data":{"app":"web","COUNT":2,"P99(d)":11.0}},"#
      + #"{"time":"2021-04-09T14:17:00Z","data":{"app":null,"COUNT":1,"P99(d)":null}}],"#
      + #""results":[{"data":{"app":"web","COUNT":5,"P99(d)":12.5}},{"data":{"app":null,"COUNT":1,"P99(d)":null}}]},"# + Self.links + "}"
    #expect(body.hasSuffix(expected), "\(body)")
  }

  @Test func totalsAndTheRestAreThereWhenAskedFor() throws {
    let request = HoneycombResultRequest(queryID: "q", totalByAggregate: .enabled, otherByAggregate: .enabled)
    var total = Answer()
    total.columns = [
      AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: [.integer(6)]),
      AnswerColumn(name: "P99(d)", kind: .calculation, type: .float, values: [.float(12)]),
    ]
    total.totals = [.integer(6), .float(12)]
    total.series = AnswerSeries(
      startUnixNanoseconds: 0, stepNanoseconds: 60 * second, bucketCount: 1, resultNames: ["COUNT", "P99(d)"], values: [[[6]], [[12]]])
    let data = try Self.data(Self.result(Self.groupedQuery, request).body(Self.grouped, total: total, other: total))
    let sums = try JSONValue(parsing: #"{"data":{"COUNT":6,"P99(d)":12.0}}"#)
    #expect(data["total_by_aggregate"] == sums)
    #expect(data["other_by_aggregate"] == sums)
    #expect(
      try data["total_by_aggregate_series"] == JSONValue(parsing: #"[{"time":"1970-01-01T00:00:00Z","data":{"COUNT":6,"P99(d)":12.0}}]"#))
    let none = try Self.data(Self.result(Self.groupedQuery, request).body(Self.grouped))
    #expect(try none["other_by_aggregate"] == JSONValue(parsing: #"{"data":{}}"#))
    #expect(none["total_by_aggregate_series"] == nil)
    let plain = try Self.data(Self.result(Self.groupedQuery).body(Self.grouped))
    #expect(plain["total_by_aggregate"] == nil && plain["other_by_aggregate"] == nil)
  }

  @Test func disabledSeriesAreEmptyAndWidenTheLimit() throws {
    let request = HoneycombResultRequest(queryID: "q", series: .disabled, totalByAggregate: .enabled, limit: 5000)
    let body = try Self.result(Self.groupedQuery, request).body(Self.grouped)
    let data = try Self.data(body)
    #expect(data["series"] == .array([]))
    #expect(data["results"]?.array?.count == 2)
    #expect(data["total_by_aggregate_series"] == nil)
    #expect(try JSONValue(parsing: body)["query"]?["limit"] == .integer(5000))
    let query = try HoneycombQueryTests.query(Self.groupedQuery)
    let plan = query.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now, request: request)
    #expect(plan.limit == 5000)
    #expect(plan.granularityNanoseconds == nil)
    var enabled = request
    enabled.series = .enabled
    #expect(query.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now, request: enabled).limit == 1000)
  }

  @Test(arguments: ["HEATMAP", "RATE_SUM", "RATE_AVG", "RATE_MAX", "CONCURRENCY"])
  func calculationsMadeOfBucketsKeepThemWithoutSeries(name: String) throws {
    let column = name == "CONCURRENCY" ? "" : #","column":"c""#
    let query = try HoneycombQueryTests.query(#"{"calculations":[{"op":"\#(name)"\#(column)}]}"#)
    let request = HoneycombResultRequest(queryID: "q", series: .disabled)
    #expect(query.plan(environment: "e", datasets: .all, nowUnixNanoseconds: now, request: request).granularityNanoseconds == 60 * second)
  }

  @Test func theRestIsAskedForOnlyWhenGroupsWereLeftOut() throws {
    let plan = try HoneycombQueryTests.plan(Self.groupedQuery)
    #expect(HoneycombQuery.otherPlan(of: plan, Self.grouped) == nil)
    var cut = Self.grouped
    cut.info.isTruncated = true
    let other = try #require(HoneycombQuery.otherPlan(of: plan, cut))
    #expect(other.breakdowns.isEmpty && other.orders.isEmpty && other.limit == 1)
    let shown = Filter.any([.oneOf(column: "app", [.string("web")]), .not(.exists(column: "app"))])
    #expect(other.filter == .all([.everything, .not(shown)]))
    let total = try #require(HoneycombQuery.totalPlan(of: plan))
    #expect(total.breakdowns.isEmpty && total.filter == plan.filter && total.calculations == plan.calculations)
    #expect(try HoneycombQuery.totalPlan(of: HoneycombQueryTests.plan("{}")) == nil)
  }

  @Test func linearHeatmapsKeepTheirCells() throws {
    var answer = Answer()
    answer.heatmaps = [
      AnswerHeatmap(
        column: "d", startUnixNanoseconds: 0, stepNanoseconds: 60 * second, scale: .linear, edges: [0, 10, 20, 30, 40],
        counts: [[0, 1, 2, 0], [0, 0, 0, 0], [0, 3, 0, 0]])
    ]
    let data = try Self.data(Self.result(#"{"calculations":[{"op":"HEATMAP","column":"d"}]}"#).body(answer))
    #expect(
      try data["results"]
        == JSONValue(parsing: #"[{"data":{"HEATMAP(d)":{"counts":[4,2],"min_value":10.0,"max_value":30.0,"step_size":10.0}}}]"#))
    #expect(data["series"]?.array?.count == 2)
    #expect(
      try data["series"]?.array?.last
        == JSONValue(
          parsing:
            #"{"time":"1970-01-01T00:02:00Z","data":{"HEATMAP(d)":{"counts":[3,0],"min_value":10.0,"max_value":30.0,"step_size":10.0}}}"#))
  }

  @Test(arguments: [UInt64](1...20))
  func logarithmicHeatmapsAreBinnedAgainWithoutLosingCounts(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let cellCount = Int.random(in: 1...200, using: &generator)
    var edges = [Double.random(in: 0.001...1, using: &generator)]
    for _ in 0..<cellCount { edges.append((edges.last ?? 1) * Double.random(in: 1.01...1.5, using: &generator)) }
    let counts = (0..<5).map { _ in
      (0..<cellCount).map { _ in Int.random(in: 0...2, using: &generator) == 0 ? Double(Int.random(in: 0...1000, using: &generator)) : 0 }
    }
    var answer = Answer()
    answer.heatmaps = [
      AnswerHeatmap(column: "d", startUnixNanoseconds: 0, stepNanoseconds: second, scale: .logarithmic, edges: edges, counts: counts)
    ]
    let data = try Self.data(Self.result(#"{"calculations":[{"op":"HEATMAP","column":"d"}]}"#).body(answer))
    let cell = try #require(data["results"]?.array?.first?["data"]?["HEATMAP(d)"])
    let sums = try #require(cell["counts"]?.array).map { $0.integer ?? -1 }
    #expect(sums.allSatisfy { $0 >= 0 }, "seed \(seed)")
    #expect(Double(sums.reduce(0, +)) == counts.joined().reduce(0, +), "seed \(seed)")
    let (low, high, step) = (cell["min_value"]?.number ?? 0, cell["max_value"]?.number ?? 0, cell["step_size"]?.number ?? 0)
    #expect(abs(low + Double(sums.count) * step - high) <= high * 1e-9, "seed \(seed)")
  }

  @Test func emptyAndDegenerateHeatmapsDoNotTrap() throws {
    for (edges, counts) in [
      ([], [[]]), ([1.0], [[]]), ([1, 2], [[0]]), ([5, 5], [[3]]), ([-.infinity, 1, .infinity], [[1, 2]]),
      ([1, 2, 4], [[1], [], [1, 2, 3]]),
      ([.nan, 1], [[1]]), ([-1e308, 1e308], [[1]]),
    ] as [([Double], [[Double]])] {
      for scale in [AnswerHeatmap.Scale.linear, .logarithmic] {
        var answer = Answer()
        answer.heatmaps = [
          AnswerHeatmap(column: "d", startUnixNanoseconds: 0, stepNanoseconds: second, scale: scale, edges: edges, counts: counts)
        ]
        _ = try Self.data(Self.result(#"{"calculations":[{"op":"HEATMAP","column":"d"}]}"#).body(answer))
      }
    }
  }

  @Test func aHeatmapOfAllNumbersHasAWidthOfItsCells() throws {
    var answer = Answer()
    answer.heatmaps = [
      AnswerHeatmap(column: "d", startUnixNanoseconds: 0, stepNanoseconds: second, scale: .linear, edges: [-1.5e308, 0, 1.5e308], counts: [[1, 2]])
    ]
    let data = try Self.data(Self.result(#"{"calculations":[{"op":"HEATMAP","column":"d"}]}"#).body(answer))
    #expect(data["results"]?.array?.first?["data"]?["HEATMAP(d)"]?["step_size"]?.number == 1.5e308)
  }

  @Test func heatmapsOfGroupedQueriesStandInTheTotals() throws {
    var answer = Self.grouped
    answer.heatmaps = [
      AnswerHeatmap(column: "d", startUnixNanoseconds: 0, stepNanoseconds: second, scale: .linear, edges: [0, 1], counts: [[6]])
    ]
    let request = HoneycombResultRequest(queryID: "q", totalByAggregate: .enabled)
    let query = #"{"breakdowns":["app"],"calculations":[{"op":"COUNT"},{"op":"HEATMAP","column":"d"}]}"#
    let data = try Self.data(Self.result(query, request).body(answer))
    #expect(data["results"]?.array?.first?["data"]?["HEATMAP(d)"] == .null)
    #expect(data["total_by_aggregate"]?["data"]?["HEATMAP(d)"]?["counts"] == .array([.integer(6)]))
  }

  @Test func requestsAreReadWithHoneycombsDefaults() throws {
    #expect(try HoneycombResultRequest(JSONValue(parsing: #"{"query_id":"a"}"#)) == HoneycombResultRequest(queryID: "a"))
    let all = #"{"query_id":"a","disable_series":true,"disable_total_by_aggregate":false,"disable_other_by_aggregate":false,"limit":10000}"#
    #expect(
      try HoneycombResultRequest(JSONValue(parsing: all))
        == HoneycombResultRequest(queryID: "a", series: .disabled, totalByAggregate: .enabled, otherByAggregate: .enabled, limit: 10_000))
    for text in [
      "{}", #"{"query_id":""}"#, #"{"query_id":5}"#, #"{"query_id":"a","limit":10001}"#, #"{"query_id":"a","disable_series":"yes"}"#,
      #"{"query_id":"a","more":1}"#, "[]",
    ] {
      let error = #expect(throws: HoneycombError.self) { try HoneycombResultRequest(JSONValue(parsing: text)) }
      #expect(error?.details.count == 1, "\(text)")
    }
  }
}
