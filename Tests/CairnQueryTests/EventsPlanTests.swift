// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import TestSupport
import Testing

@testable import CairnQuery

/// Pages of events: the engine must show what the naive interpreter finds, whatever the pieces do between two pages.
@Suite struct EventsPlanTests {
  /// An event of a page as text, so that pages compare as lists.
  private func line(_ time: Int64, _ dataset: String, _ values: [FieldValue?]) -> String {
    "\(time) \(dataset) " + values.map { $0.map { "\($0.type) \($0.text)" } ?? "-" }.joined(separator: "|")
  }

  private func lines(_ answer: EventsAnswer) -> [String] {
    answer.times.indices.map { (row) in line(answer.times[row], answer.datasets[row], answer.columns.map { $0.values[row] }) }
  }

  /// All pages of a plan; the pieces are cut anew before each.
  private func pages(
    _ plan: EventsPlan, of events: [TestEvent], _ random: inout SeededGenerator
  ) async throws -> (lines: [String], lengths: [Int]) {
    var plan = plan
    var shown: [String] = []
    var lengths: [Int] = []
    while true {
      let pieces = EnginePropertyTests.pieces(events.shuffled(using: &random), &random)
      let answer = try await patientEngine.events(plan, pieces: pieces)
      shown += lines(answer)
      lengths.append(answer.rowCount)
      #expect(answer.hasMore == answer.info.isTruncated && (answer.cursor == nil) == (answer.rowCount == 0))
      guard answer.hasMore else { return (shown, lengths) }
      #expect(answer.rowCount == plan.limit)
      let cursor = try #require(answer.cursor)
      #expect(EventCursor(cursor.text) == cursor)
      plan.after = cursor
      plan.limit = Int.random(in: 1...9, using: &random)
    }
  }

  @Test(arguments: 0..<40)
  func pagesHoldEachEventOnceInOrder(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var events = EnginePropertyTests.events(&random, count: Int.random(in: 0...120, using: &random))
    // Few times, so that many events share one, and some that are wholly alike.
    for index in events.indices where seed % 2 == 0 { events[index].time = 1_000_000 + events[index].time % 5 }
    events += events.prefix(10)
    let naive = NaiveEngine(events: events)
    let base = EnginePropertyTests.plan(&random)
    let columns = Array(
      ["name", "mixed", "is_root", "dataset", "type", "timestamp", "missing", "wide"].shuffled(using: &random).prefix(3))
    for direction in EventsPlan.Direction.allCases {
      let plan = EventsPlan(
        scope: base.scope, filter: base.filter, columns: columns, direction: direction,
        limit: Int.random(in: 1...9, using: &random),
        sequenceColumn: random.chance(50) ? "wide" : nil)
      let (shown, _) = try await pages(plan, of: events, &random)
      let wanted = events.filter {
        $0.environment == "default" && plan.scope.datasets.contains($0.dataset)
          && (plan.scope.time == .everything || plan.scope.time.contains($0.time)) && naive.passes(plan.filter, $0)
      }
      let note = Comment("seed \(seed), plan \(plan)")
      #expect(
        shown.sorted()
          == wanted.map { (event) in line(event.time, event.dataset, columns.map { naive.field($0, event) }) }.sorted(), note)
      let times = shown.compactMap { $0.split(separator: " ").first.flatMap { Int64($0) } }
      #expect(times == (direction == .oldestFirst ? times.sorted() : times.sorted(by: >)), note)
    }
  }

  @Test func oneDirectionIsTheReverseOfTheOther() async throws {
    var random = SeededGenerator(seed: 7)
    var events = EnginePropertyTests.events(&random, count: 400)
    for index in events.indices { events[index].time = 1_000_000 + events[index].time % 3 }
    let pieces = EnginePropertyTests.pieces(events, &random)
    let forward = try await patientEngine.events(
      EventsPlan(scope: everywhere, direction: .oldestFirst, limit: 1000), pieces: pieces)
    let backward = try await patientEngine.events(EventsPlan(scope: everywhere, limit: 1000), pieces: pieces)
    #expect(forward.rowCount > 300 && lines(forward) == lines(backward).reversed())
    let all = NaiveEngine(events: events).events.filter { $0.environment == "default" }
    let wanted = all.map { (event) in
      line(event.time, event.dataset, forward.columns.map { event.fields[$0.name] })
    }
    #expect(lines(forward).sorted() == wanted.sorted())
    #expect(Set(forward.columns.map(\.name)) == Set(all.flatMap(\.fields.keys)))
    #expect(forward.columns.map(\.name) == forward.columns.map(\.name).sorted())
  }

  @Test func equalTimesGoByTheirSequence() async throws {
    let events = (0..<50).map { TestEvent(5, ["line": .string("\($0 * 7 % 50)"), "sequence": .integer(Int64($0))]) }
    var random = SeededGenerator(seed: 1)
    let plan = EventsPlan(scope: everywhere, columns: ["sequence"], direction: .oldestFirst, limit: 4, sequenceColumn: "sequence")
    let (shown, lengths) = try await pages(plan, of: events, &random)
    #expect(shown == (0..<50).map { line(5, "web", [.integer($0)]) } && lengths.count > 6)
  }

  @Test func anEventThatComesLaterIsOnALaterPageOnly() async throws {
    let early = (0..<20).map { TestEvent(Int64($0), ["n": .integer(Int64($0))]) }
    var plan = EventsPlan(scope: everywhere, columns: ["n"], direction: .oldestFirst, limit: 10)
    let first = try await patientEngine.events(plan, pieces: [TestPiece(early)])
    plan.after = first.cursor
    let late = TestPiece([TestEvent(3, ["n": .integer(100)]), TestEvent(15, ["n": .integer(200)])])
    let second = try await patientEngine.events(plan, pieces: [late, TestPiece(early)])
    #expect(first.columns[0].values == (0..<10).map { .integer($0) })
    #expect(second.rowCount == 10 && second.hasMore && second.columns[0].values.contains(.integer(200)))
    plan.after = second.cursor
    let third = try await patientEngine.events(plan, pieces: [late, TestPiece(early)])
    #expect(third.columns[0].values == [.integer(19)] && !third.hasMore)
    plan.after = third.cursor
    let none = try await patientEngine.events(plan, pieces: [late, TestPiece(early)])
    #expect(none.rowCount == 0 && none.cursor == nil && !none.hasMore)
  }

  @Test func aPageOfManyRowsReadsFewBlocks() async throws {
    let old = TestPiece((0..<40_000).map { TestEvent(Int64($0), ["n": .integer(Int64($0))]) })
    let new = TestPiece((40_000..<90_000).map { TestEvent(Int64($0), ["n": .integer(Int64($0)), "s": .string("x\($0 % 3)")]) })
    let answer = try await patientEngine.events(EventsPlan(scope: everywhere, limit: 3), pieces: [old, new])
    #expect(answer.times == [89_999, 89_998, 89_997])
    #expect(answer.info.rowsScanned <= 16_384 && answer.info.segmentsPruned == 1 && answer.info.segmentsScanned == 1)
    let oldest = try await patientEngine.events(
      EventsPlan(scope: everywhere, direction: .oldestFirst, limit: 2), pieces: [new, old])
    #expect(oldest.times == [0, 1] && oldest.columns.map(\.name) == ["n"])
  }

  /// Values of columns are looked through before rows are: pieces and columns without what is wanted stay closed.
  @Test func whatIsLookedForOpensOnlyThePiecesThatHaveIt() async throws {
    let pieces = (0..<7).map { (piece) in
      TestPiece((0..<100).map { TestEvent(Int64(piece * 100 + $0), ["user": .string("u\(piece)"), "host": .string("h\($0 % 3)"), "n": .integer(Int64($0))]) })
    }
    let filter = Filter.any(["user", "host", "n", "absent"].map { .compare(column: $0, .equal, .string("u3")) })
    let page = try await patientEngine.events(EventsPlan(scope: everywhere, filter: filter, columns: ["user"], limit: 500), pieces: pieces)
    #expect(page.rowCount == 100 && page.columns[0].values.allSatisfy { $0 == .string("u3") })
    #expect(page.info.segmentsScanned == 1 && page.info.segmentsPruned == 6 && page.info.rowsScanned == 100)
    let counted = try await patientEngine.run(Plan(scope: everywhere, filter: filter), pieces: pieces)
    #expect(counted.info.rowsMatched == 100 && counted.info.segmentsScanned == 1 && counted.info.segmentsPruned == 6)
    // A number may be what a text reads as, and what is not there is not equal to anything.
    let number = Filter.all([.compare(column: "n", .equal, .string("7")), .not(.compare(column: "user", .equal, .string("u3")))])
    #expect(try await patientEngine.run(Plan(scope: everywhere, filter: number), pieces: pieces).info.rowsMatched == 6)
    let none = try await patientEngine.events(
      EventsPlan(scope: everywhere, filter: .oneOf(column: "user", [.string("u9"), .string("x")]), limit: 5), pieces: pieces)
    #expect(none.rowCount == 0 && none.info.segmentsPruned == 7)
  }

  @Test(arguments: [0, -1, EventsPlan.limitMax + 1])
  func refusesALimitOutOfBounds(limit: Int) async throws {
    await #expect(throws: QueryError.self) {
      try await patientEngine.events(EventsPlan(scope: everywhere, limit: limit), pieces: [])
    }
  }

  @Test func acceptsOnlyItsOwnCursors() {
    let cursor = EventCursor(timeUnixNanoseconds: -5, sequence: .min, hash: .max, alikeCount: 3)
    #expect(EventCursor(cursor.text) == cursor)
    for text in ["", "0", String(repeating: "f", count: 64), String(repeating: "g", count: 64), cursor.text + "0"] {
      #expect(EventCursor(text) == nil)
    }
  }
}
