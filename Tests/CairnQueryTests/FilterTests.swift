// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPatterns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

@Suite struct FilterTests {
  /// The rows (numbered from 0) that pass, over values of one column.
  private func passing(_ filter: Filter, _ values: [FieldValue?]) async throws -> [Int] {
    let events = values.enumerated().map { (row, value) in
      TestEvent(Int64(row), value.map { ["v": $0, "row": .integer(Int64(row))] } ?? ["row": .integer(Int64(row))])
    }
    let plan = EventsPlan(scope: everywhere, filter: filter, columns: ["row"], direction: .oldestFirst, limit: 1000)
    return try await patientEngine.events(plan, pieces: [TestPiece(events)]).times.map { Int($0) }
  }

  private func compare(_ comparison: Comparison, _ value: FieldValue) -> Filter { .compare(column: "v", comparison, value) }

  @Test func comparesTextByBytes() async throws {
    let values: [FieldValue?] = [.string("b"), .string("a"), nil, .string("é"), .string("")]
    #expect(try await passing(compare(.equal, .string("a")), values) == [1])
    #expect(try await passing(compare(.notEqual, .string("a")), values) == [0, 2, 3, 4])
    #expect(try await passing(compare(.less, .string("b")), values) == [1, 4])
    #expect(try await passing(compare(.greaterOrEqual, .string("b")), values) == [0, 3])
  }

  @Test func comparesNumbersAcrossTypes() async throws {
    let values: [FieldValue?] = [.integer(2), .float(2), .float(2.5), .string("2"), .string("2.0"), .string("x"), .boolean(true), nil]
    #expect(try await passing(compare(.equal, .integer(2)), values) == [0, 1, 3, 4])
    #expect(try await passing(compare(.equal, .string("2")), values) == [0, 1, 3])
    #expect(try await passing(compare(.greater, .float(2)), values) == [2])
    #expect(try await passing(compare(.lessOrEqual, .integer(1)), values) == [6])
    #expect(try await passing(compare(.equal, .boolean(true)), values) == [6])
  }

  @Test func comparesIntegersExactly() async throws {
    let big = Int64(1) << 53
    let values: [FieldValue?] = [.integer(big), .integer(big + 1), .integer(.max), .integer(.min)]
    #expect(try await passing(compare(.equal, .integer(big + 1)), values) == [1])
    #expect(try await passing(compare(.greater, .float(Double(big))), values) == [1, 2])
    #expect(try await passing(compare(.less, .float(0x1p63)), values) == [0, 1, 2, 3])
    #expect(try await passing(compare(.greaterOrEqual, .float(0x1p63)), values) == [])
    #expect(try await passing(compare(.less, .float(.nan)), values) == [])
    #expect(try await passing(compare(.notEqual, .float(.nan)), values) == [0, 1, 2, 3])
  }

  @Test func comparesDurationsAsMilliseconds() async throws {
    let events = [0.1, 0.2, 0.3, 1000].enumerated().map { TestEvent(Int64($0.offset), ["duration_ms": .float($0.element)]) }
    for (comparison, value, wanted) in [
      (Comparison.equal, FieldValue.float(0.3), 1), (.less, .float(0.3), 2), (.lessOrEqual, .float(0.3), 3), (.greater, .float(0.1), 3),
      (.greaterOrEqual, .integer(1000), 1), (.greater, .integer(1000), 0), (.equal, .string("0.2"), 1),
    ] {
      let answer = try await patientEngine.run(
        Plan(scope: everywhere, filter: .compare(column: "duration_ms", comparison, value)), pieces: [TestPiece(events)])
      #expect(answer.totals == [.integer(Int64(wanted))], "\(comparison) \(value)")
    }
  }

  @Test func comparesBooleansWithText() async throws {
    let values: [FieldValue?] = [.boolean(true), .boolean(false), .string("true"), .string("false"), .string("yes"), nil]
    #expect(try await passing(compare(.equal, .string("true")), values) == [0, 2])
    #expect(try await passing(compare(.equal, .boolean(false)), values) == [1, 3])
    #expect(try await passing(compare(.equal, .integer(1)), values) == [0])
  }

  @Test func matchesText() async throws {
    let values: [FieldValue?] = [.string("alphabet"), .string("beta"), .string("alpha"), .integer(1050), .float(0.5), nil, .boolean(true)]
    #expect(try await passing(.text(column: "v", .startsWith, "alpha"), values) == [0, 2])
    #expect(try await passing(.text(column: "v", .endsWith, "a"), values) == [1, 2])
    #expect(try await passing(.text(column: "v", .contains, "bet"), values) == [0, 1])
    #expect(try await passing(.text(column: "v", .contains, "5"), values) == [3, 4])
    #expect(try await passing(.text(column: "v", .contains, ""), values) == [0, 1, 2, 3, 4, 6])
    #expect(try await passing(.not(.text(column: "v", .contains, "a")), values) == [3, 4, 5, 6])
  }

  @Test func matchesRegularExpressions() async throws {
    let values: [FieldValue?] = [.string("GET /cart 503"), .string("GET /cart 200"), .integer(503), .float(0.5), nil, .boolean(true)]
    #expect(try await passing(.matches(column: "v", try Pattern("\\b5\\d\\d$")), values) == [0, 2])
    #expect(try await passing(.matches(column: "v", try Pattern("CART|TRUE", .ignoringCase)), values) == [0, 1, 5])
    #expect(try await passing(.not(.matches(column: "v", try Pattern("."))), values) == [4])
  }

  @Test func doesNotMatchOverTheBorderOfTwoEntries() async throws {
    let values: [FieldValue?] = ["xab", "cdy", "abc", "aabcdd", "z"].map { .string($0) } + (0..<40).map { .string("pad\($0)abcd") }
    #expect(try await passing(.text(column: "v", .contains, "abcd"), values) == [3] + Array(5..<45))
  }

  @Test func findsNoneOfAnEmptyList() async throws {
    let values: [FieldValue?] = [.integer(1), nil, .string("a"), .float(1)]
    #expect(try await passing(.oneOf(column: "v", []), values) == [])
    #expect(try await passing(.not(.oneOf(column: "v", [])), values) == [0, 1, 2, 3])
    #expect(try await passing(.oneOf(column: "v", [.integer(1), .string("a")]), values) == [0, 2, 3])
  }

  @Test func tellsPresence() async throws {
    let values: [FieldValue?] = [.integer(1), nil, .float(2), .boolean(false)]
    #expect(try await passing(.exists(column: "v"), values) == [0, 2, 3])
    #expect(try await passing(.not(.exists(column: "v")), values) == [1])
    #expect(try await passing(.exists(column: "nowhere"), values) == [])
    #expect(try await passing(.compare(column: "nowhere", .notEqual, .integer(1)), values) == [0, 1, 2, 3])
  }

  @Test func emptyTreesHoldOrNot() async throws {
    let values: [FieldValue?] = [.integer(1), nil]
    #expect(try await passing(.all([]), values) == [0, 1])
    #expect(try await passing(.any([]), values) == [])
    #expect(try await passing(.not(.all([])), values) == [])
  }

  @Test func knowsVirtualColumns() async throws {
    let id: FieldValue = .string("0123456789abcdef0123456789abcdef")
    let events = [
      TestEvent(1, ["trace.trace_id": id, "duration_ms": .float(1), "span.kind": .string("server")], dataset: "api"),
      TestEvent(2, ["trace.trace_id": id, "duration_ms": .float(1), "trace.parent_id": .string("0123456789abcdef")], dataset: "web"),
      TestEvent(3, ["trace.trace_id": id, "type": .string("log"), "span.kind": .string("server")], dataset: "web"),
    ]
    func count(_ filter: Filter) async throws -> FieldValue? {
      try await patientEngine.run(Plan(scope: everywhere, filter: filter), pieces: [TestPiece(events)]).totals[0]
    }
    #expect(try await count(.compare(column: "is_root", .equal, .boolean(true))) == .integer(1))
    #expect(try await count(.compare(column: "is_root", .equal, .boolean(false))) == .integer(2))
    #expect(try await count(.compare(column: "dataset", .equal, .string("web"))) == .integer(2))
    #expect(try await count(.compare(column: "timestamp", .greater, .integer(1))) == .integer(2))
    #expect(try await count(.compare(column: "type", .equal, .string("server"))) == .integer(1))
    #expect(try await count(.compare(column: "type", .equal, .string("log"))) == .integer(1))
    #expect(try await count(.compare(column: "trace.trace_id", .equal, id)) == .integer(3))
    #expect(try await count(.compare(column: "trace.parent_id", .equal, .string("0123456789abcdef"))) == .integer(1))
    #expect(try await count(.text(column: "trace.parent_id", .startsWith, "0123")) == .integer(1))
  }

  /// Many blocks, so that zone maps, constant blocks and ragged slices all take part.
  @Test func prunesNothingThatPasses() async throws {
    var random = SeededGenerator(seed: 77)
    let events = (0..<50_000).map { (index) -> TestEvent in
      let text = index < 30_000 ? "early" : "late\(index % 3)"
      return TestEvent(
        Int64(index), ["v": .integer(Int64(index / 1000)), "s": .string(text)], dataset: index % 5 == 0 ? "a" : "b")
    }
    let piece = TestPiece(events)
    for _ in 0..<40 {
      let low = Int64.random(in: 0..<50_000, using: &random)
      let time = TimeRange(startUnixNanoseconds: low, endUnixNanoseconds: low + Int64.random(in: 0..<30_000, using: &random))
      let value = FieldValue.integer(Int64.random(in: -1...51, using: &random))
      let comparison = Comparison.allCases.randomElement(using: &random) ?? .equal
      let filter = Filter.all([.compare(column: "v", comparison, value), .not(.compare(column: "s", .equal, .string("late1")))])
      let scope = Scope(environment: "default", datasets: .named(["b"]), time: time)
      let answer = try await patientEngine.run(Plan(scope: scope, filter: filter), pieces: [piece])
      let wanted = NaiveEngine(events: events).run(Plan(scope: scope, filter: filter)).totals[0] ?? 0
      #expect(answer.totals[0]?.number == wanted, "\(filter) \(time)")
    }
  }
}
