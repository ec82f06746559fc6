// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnQuery
import Testing

@Suite struct TraceTests {
  private func id(_ number: Int) -> TraceID { TraceID(high: 7, low: UInt64(number)) }

  private func span(
    _ trace: Int, _ span: Int, parent: Int? = nil, at time: Int64, nanoseconds: Double, service: String, name: String,
    more: [String: FieldValue] = [:]
  ) -> TestEvent {
    var fields = more
    fields["trace.trace_id"] = .string(id(trace).hex)
    fields["trace.span_id"] = .string(hexText(UInt64(span)))
    if let parent { fields["trace.parent_id"] = .string(hexText(UInt64(parent))) }
    fields["duration_ms"] = .float(nanoseconds / 1e6)
    fields["service.name"] = .string(service)
    fields["name"] = .string(name)
    return TestEvent(time, fields, dataset: service)
  }

  /// Trace 1 over two pieces and three services, trace 2 without a root, trace 3 with errors, a log of trace 1.
  private var pieces: [any Piece] {
    let log = TestEvent(1050, ["trace.trace_id": .string(id(1).hex), "body": .string("hello")], dataset: "web")
    return [
      TestPiece([
        span(1, 1, at: 1000, nanoseconds: 500, service: "web", name: "GET /cart"),
        span(1, 2, parent: 1, at: 1100, nanoseconds: 600, service: "api", name: "load", more: ["status_code": .integer(2)]),
        span(2, 9, parent: 77, at: 3000, nanoseconds: 50, service: "api", name: "orphan"), log,
      ]),
      TestPiece([
        span(1, 3, parent: 2, at: 1200, nanoseconds: 10, service: "db", name: "select"),
        span(1, 4, parent: 2, at: 1300, nanoseconds: 10, service: "db", name: "select"),
        span(3, 5, at: 2000, nanoseconds: 100, service: "web", name: "POST", more: ["error": .boolean(true)]),
        span(3, 6, parent: 5, at: 2001, nanoseconds: 100, service: "web", name: "in", more: ["error": .boolean(true)]),
      ]),
    ]
  }

  @Test func gathersATraceAcrossPieces() async throws {
    let answer = try await patientEngine.trace(id(1), environment: "default", pieces: pieces)
    #expect(answer.events.map(\.timeUnixNanoseconds) == [1000, 1050, 1100, 1200, 1300])
    #expect(answer.events.map(\.dataset) == ["web", "web", "api", "db", "db"])
    #expect(answer.events[2]["trace.parent_id"] == .string("0000000000000001"))
    #expect(answer.events[0].fields.map(\.name) == ["duration_ms", "name", "service.name", "trace.span_id", "trace.trace_id"])
    #expect(try await patientEngine.trace(id(99), environment: "default", pieces: pieces).events.isEmpty)
    #expect(try await patientEngine.trace(id(1), environment: "other", pieces: pieces).events.isEmpty)
  }

  @Test func gathersSeveralTracesAtOnce() async throws {
    let answers = try await patientEngine.traces(ids: [id(2), id(99), id(1)], environment: "default", pieces: pieces)
    #expect(answers.map(\.traceID) == [id(2), id(99), id(1)])
    for (answer, number) in zip(answers, [2, 99, 1]) {
      let alone = try await patientEngine.trace(id(number), environment: "default", pieces: pieces)
      #expect(answer.events == alone.events && answer.info.rowsMatched == alone.events.count)
    }
    #expect(answers[0].events.count > 0 && answers[1].events.isEmpty)
  }

  @Test func ranksTraces() async throws {
    func found(_ ranking: TraceSearchPlan.Ranking) async throws -> [Int] {
      try await patientEngine.traces(TraceSearchPlan(scope: everywhere, ranking: ranking), pieces: pieces).traces.map {
        Int($0.traceID.low)
      }
    }
    #expect(try await found(.recent) == [2, 3, 1])
    #expect(try await found(.slowest) == [1, 3, 2])
    #expect(try await found(.errors) == [3, 1, 2])
  }

  @Test func summarisesWholeTracesOfMatchingSpans() async throws {
    let plan = TraceSearchPlan(scope: everywhere, filter: .compare(column: "name", .equal, .string("select")))
    let answer = try await patientEngine.traces(plan, pieces: pieces)
    #expect(answer.traces.count == 1)
    let trace = try #require(answer.traces.first)
    #expect(trace.rootService == "web" && trace.rootName == "GET /cart" && trace.hasRoot)
    #expect(trace.spanCount == 4 && trace.errorCount == 1)
    #expect(trace.startUnixNanoseconds == 1000 && trace.durationNanoseconds == 700)
    #expect(trace.services.map(\.name) == ["db", "api", "web"] && trace.services.map(\.spanCount) == [2, 1, 1])
    #expect(answer.info.rowsMatched == 2)
  }

  @Test func letsTheEarliestSpanStandInForARoot() async throws {
    let plan = TraceSearchPlan(scope: everywhere, filter: .compare(column: "name", .equal, .string("orphan")))
    let trace = try #require(try await patientEngine.traces(plan, pieces: pieces).traces.first)
    #expect(!trace.hasRoot && trace.rootName == "orphan")
  }

  @Test func countsASpanThatCameInTwoFormsOnce() async throws {
    let other = TestPiece([
      span(3, 5, at: 2000, nanoseconds: 100, service: "web", name: "web", more: ["error": .boolean(true), "form": .string("document")]),
      span(3, 8, parent: 5, at: 2001, nanoseconds: 100, service: "web", name: "alone", more: ["form": .string("document")]),
    ])
    var plan = TraceSearchPlan(scope: everywhere, filter: .compare(column: "name", .equal, .string("POST")))
    plan.givesWay = .exists(column: "form")
    for all in [[other] + pieces, pieces + [other]] {
      let trace = try #require(try await patientEngine.traces(plan, pieces: all).traces.first)
      #expect(trace.rootName == "POST" && trace.spanCount == 3 && trace.errorCount == 2)
    }
  }

  @Test func looksBeyondTheDatasetsOfTheScope() async throws {
    let scope = Scope(environment: "default", datasets: .named(["db"]), time: TimeRange(startUnixNanoseconds: 1200, endUnixNanoseconds: 1201))
    let answer = try await patientEngine.traces(TraceSearchPlan(scope: scope, limit: 1), pieces: pieces)
    #expect(answer.traces.map(\.spanCount) == [4])
    #expect(!answer.info.isTruncated)
  }

  @Test func listsDatasetsAndColumns() async throws {
    let datasets = try await patientEngine.datasets(environment: "default", pieces: pieces)
    #expect(datasets.map(\.name) == ["api", "db", "web"])
    #expect(datasets.map(\.eventCount) == [2, 2, 4])
    #expect(datasets[2].firstUnixNanoseconds == 1000 && datasets[2].lastUnixNanoseconds == 2001)
    let web = Scope(environment: "default", datasets: .named(["web"]), time: .everything)
    let columns = try await patientEngine.columns(web, pieces: pieces)
    #expect(columns.first { $0.name == "body" } == ColumnSummary(name: "body", type: .string, eventCount: 1))
    #expect(columns.first { $0.name == "trace.trace_id" }?.eventCount == 4)
    #expect(!columns.contains { $0.name == "status_code" || $0.name == "timestamp" })
    let all = try await patientEngine.columns(everywhere, pieces: pieces)
    #expect(all.first { $0.name == "status_code" }?.eventCount == 1)
  }
}
