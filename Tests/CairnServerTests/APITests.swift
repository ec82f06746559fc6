// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnPlan
import Synchronization
import Testing

@testable import CairnServer

@Suite struct APITests {
  @Test func queriesBecomePlansAndAnswersColumns() async throws {
    var answer = Answer()
    answer.columns = [
      AnswerColumn(name: "service.name", kind: .breakdown, type: .string, values: [.string("api"), nil]),
      AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: [.integer(3), .integer(1)]),
    ]
    answer.totals = [.integer(4)]
    answer.series = AnswerSeries(
      startUnixNanoseconds: 60_000_000_000, stepNanoseconds: 60_000_000_000, bucketCount: 2, resultNames: ["COUNT"],
      values: [[[1, 2], [nil, 1]]])
    answer.heatmaps = [
      AnswerHeatmap(
        column: "d", startUnixNanoseconds: 0, stepNanoseconds: 1000, scale: .logarithmic, edges: [0.5, 1], counts: [[2]])
    ]
    var script = FakeStore.Script()
    script.answer = .success(answer)
    try await withServer(script) { (live) async throws in
      let body = #"{"dataset": "api", "query": {"breakdowns": ["service.name"], "time_range": 120, "granularity": 60}}"#
      let json = try await live.client().ask("POST", "/api/cairn/query", body: Array(body.utf8))
      #expect(json["data"] == .array([.array([.string("api"), .null]), .array([.integer(3), .integer(1)])]))
      #expect(json["columns"]?.array?.first?["kind"]?.string == "breakdown")
      #expect(json["total"]?["COUNT"] == .integer(4))
      #expect(json["series"]?["start_us"]?.integer == 60_000_000)
      #expect(json["series"]?["values"]?.array?.last?["COUNT"] == .array([.null, .double(1)]))
      #expect(json["heatmaps"]?["HEATMAP(d)"]?["scale"]?.string == "log")
      #expect(json["info"]?["granularity_seconds"]?.integer == 60)
      let plan = live.store.log.withLock { $0.plans.first }
      #expect(plan?.scope.environment == "default")
      #expect(plan?.scope.datasets == .named(["api"]))
      #expect(plan?.scope.time.durationNanoseconds == 120_000_000_000)
    }
  }

  @Test func badQuestionsNameTheField() async throws {
    try await withServer { (live) async throws in
      let cases: [(String, String, Int, String?)] = [
        ("POST", #"{"query": {"filters": [{"column": "a", "op": "~"}]}}"#, 422, "filters[0].op"), ("POST", "{", 400, nil),
        ("POST", "", 400, nil),
        ("POST", "[]", 422, nil), ("POST", #"{"dataset": 7}"#, 422, "dataset"),
        // A specification that is not under `query` would be another question: how many events there are.
        ("POST", #"{"calculations": [{"op": "MAX", "column": "d"}]}"#, 422, "calculations"),
      ]
      for (method, body, status, field) in cases {
        let reply = try await live.client().send(method, "/api/cairn/query", body: Array(body.utf8))
        #expect(reply.status == status, "\(body)")
        #expect(try JSONValue(parsing: reply.body)["field"]?.string == field)
      }
      for query in [
        "order=best", "limit=0", "limit=x", "start=2&end=1", "start=-1", "start=nan", "filters=%5B", "min_duration_ms=x",
      ] {
        let reply = try await live.client().send("GET", "/api/cairn/traces?\(query)")
        #expect(reply.status == 422 || reply.status == 400, "\(query)")
        #expect(try JSONValue(parsing: reply.body)["error"]?.string?.isEmpty == false)
      }
    }
  }

  @Test func storeErrorsBecomeStatuses() async throws {
    let cases: [(QueryError, Int)] = [
      (.invalid(field: "calculations[0]", reason: "no"), 422), (.overBudget("too long"), 422), (.unavailable("starting"), 503),
      (.cancelled, 499),
    ]
    for (error, status) in cases {
      var script = FakeStore.Script()
      script.answer = .failure(error)
      try await withServer(script) { (live) async throws in
        #expect(try await live.client().send("POST", "/api/cairn/query", body: Array("{}".utf8)).status == status)
        #expect(live.server.state.telemetry.counts.refusals.isEmpty == (error == .cancelled), "\(error)")
      }
    }
  }

  @Test func bubbleUpTakesBoxesFiltersAndBaselines() async throws {
    try await withServer { (live) async throws in
      let body = #"""
        {"dataset": "api", "query": {"start_time": 1000, "end_time": 2000}, "limit": 5,
         "selection": {"box": {"column": "d", "min": 1, "max": 2, "start": 1500.5, "end": 1600}, "filters": [{"column": "e", "op": "exists"}]},
         "baseline": {"filters": [{"column": "f", "op": "exists"}]}}
        """#
      _ = try await live.client().ask("POST", "/api/cairn/bubbleup", body: Array(body.utf8))
      let plan = try #require(live.store.log.withLock { $0.bubbleUps.first })
      #expect(plan.selectionTime == TimeRange(startUnixNanoseconds: 1_500_500_000_000, endUnixNanoseconds: 1_600_000_000_000))
      #expect(plan.selection.columns == ["d", "e"])
      #expect(plan.baseline?.columns == ["f"])
      #expect(plan.columnLimit == 5)
      let empty = Array(#"{"selection": {}}"#.utf8)
      #expect(try await live.client().send("POST", "/api/cairn/bubbleup", body: empty).status == 422)
    }
  }

  @Test func traceSearchCollectsItsConditions() async throws {
    try await withServer { (live) async throws in
      let query = "dataset=api&service=a&name=GET%20%2Fcart&error=true&min_duration_ms=5&order=slowest&limit=7&start=10&end=20"
      _ = try await live.client().ask("GET", "/api/cairn/traces?\(query)")
      let plan = try #require(live.store.log.withLock { $0.searches.first })
      #expect(plan.filter.columns == [FieldName.serviceName, FieldName.name, FieldName.error, FieldName.durationMilliseconds])
      #expect(plan.ranking == .slowest)
      #expect(plan.limit == 7)
      #expect(plan.scope.time == TimeRange(startUnixNanoseconds: 10_000_000_000, endUnixNanoseconds: 20_000_000_000))
    }
  }

  @Test func servicesFallBackToAllSpans() async throws {
    try await withServer { (live) async throws in
      _ = try await live.client().ask("GET", "/api/cairn/services?range=3600")
      #expect(
        live.store.log.withLock { $0.plans.map(\.breakdowns) } == [
          [FieldName.serviceName], [FieldName.serviceName], [FieldName.serviceName],
        ])
      var answer = Answer()
      answer.columns = [
        AnswerColumn(name: FieldName.serviceName, kind: .breakdown, type: .string, values: [.string("batch")]),
        AnswerColumn(name: "COUNT", kind: .calculation, type: .integer, values: [.integer(9)]),
      ]
      let all = answer
      live.store.script.withLock { $0.answer = .success(all) }
      let json = try await live.client().ask("GET", "/api/cairn/services?range=3600")
      #expect(json["services"]?.array?.first?["requests"]?.integer == 9)
    }
  }

  @Test func tailSendsWhatIsNew() async throws {
    try await withServer { (live) async throws in
      let received = Mutex<[String]>([])
      let client = try live.client()
      let following = Task { try await client.follow("/api/cairn/tail") { _, data in received.withLock { $0.append(data) } } }
      try await until { live.store.feeds.withLock { !$0.isEmpty } }
      live.store.script.withLock { $0.events = [Event(dataset: "api", timeUnixNanoseconds: 5000, fields: [("a", .integer(1))])] }
      _ = try await client.send("POST", "/v1/traces", headers: [("content-type", "application/json")], body: [1])
      try await until { received.withLock { !$0.isEmpty } }
      #expect(received.withLock { $0.first } == #"{"us":5,"dataset":"api","fields":{"a":1}}"#)
      following.cancel()
    }
  }

  @Test func tailBeginsWithTheLast() async throws {
    try await withServer { (live) async throws in
      func event(_ number: Int64) -> Event { Event(dataset: "api", timeUnixNanoseconds: number * 1000, fields: [("a", .integer(number))]) }
      live.store.script.withLock { $0.events = [event(1), event(2), event(3)] }
      let received = Mutex<[String]>([])
      let client = try live.client()
      let following = Task { try await client.follow("/api/cairn/tail?last=2") { _, data in received.withLock { $0.append(data) } } }
      try await until { received.withLock { $0.count } == 2 }
      // What was acknowledged while the last events were read is in the feed as well.
      live.store.script.withLock { $0.events = [event(3), event(4)] }
      _ = try await client.send("POST", "/v1/traces", headers: [("content-type", "application/json")], body: [1])
      try await until { received.withLock { $0.count } >= 3 }
      let texts = received.withLock { $0 }
      #expect(texts == [2, 3, 4].map { #"{"us":\#($0),"dataset":"api","fields":{"a":\#($0)}}"# })
      following.cancel()
      let refused = try await client.send("GET", "/api/cairn/tail?last=501")
      #expect(refused.status == 422 && String(decoding: refused.body, as: UTF8.self).contains("last must be between 0 and 500"))
    }
  }

  @Test func metricsAreText() async throws {
    try await withServer { (live) async throws in
      _ = try await live.client().send("POST", "/v1/traces", headers: [("content-type", "application/json")], body: [1])
      let page = String(decoding: try await live.client().send("GET", "/metrics").body, as: UTF8.self)
      #expect(page.contains(#"cairn_ingest_events_total{door="otlp-http",signal="traces"} 2"#))
      for line in page.split(separator: "\n") where !line.hasPrefix("#") { #expect(line.split(separator: " ").count == 2) }
    }
  }
}
