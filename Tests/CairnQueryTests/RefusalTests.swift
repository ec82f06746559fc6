// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

/// Damage, budgets and cancellation.
@Suite struct RefusalTests {
  private func events(_ count: Int) -> [TestEvent] {
    (0..<count).map { (index) in
      TestEvent(Int64(index), ["a": .integer(Int64(index)), "s": .string("v\(index % 7)"), "u": .float(Double(index) + 0.5)])
    }
  }

  @Test func leavesDamagedBlocksOutAndSaysSo() async throws {
    let damaged = TestPiece(events(50_000), damaged: [ColumnKey("a", .integer): [1]])
    let plan = Plan(scope: everywhere, calculations: [.count, Calculation(.sum, column: "a")])
    let answer = try await patientEngine.run(plan, pieces: [damaged])
    #expect(answer.info.rowsUnavailable == 16_384)
    #expect(answer.totals[0] == .integer(50_000 - 16_384))
    let readable = (0..<50_000).filter { $0 / 16_384 != 1 }.reduce(0, +)
    #expect(answer.totals[1] == .integer(Int64(readable)))
    let unrelated = try await patientEngine.run(Plan(scope: everywhere, breakdowns: ["s"]), pieces: [damaged])
    #expect(unrelated.info.rowsUnavailable == 0 && unrelated.totals == [.integer(50_000)])
  }

  @Test func leavesABrokenColumnsPieceOut() async throws {
    let broken = TestPiece(events(100), broken: [ColumnKey("s", .string)])
    let answer = try await patientEngine.run(Plan(scope: everywhere, breakdowns: ["s"]), pieces: [broken, TestPiece(events(70))])
    #expect(answer.info.rowsUnavailable == 100)
    #expect(answer.totals == [.integer(70)])
    let shown = try await patientEngine.events(EventsPlan(scope: everywhere, limit: 1), pieces: [broken])
    #expect(shown.events.first?["a"] == .integer(99) && shown.events.first?["s"] == nil && shown.info.rowsUnavailable == 1)
  }

  @Test func survivesDamagedTimes() async throws {
    let damaged = TestPiece(events(40_000), damaged: [.time: [0]])
    let answer = try await patientEngine.run(Plan(scope: everywhere, granularityNanoseconds: 10_000), pieces: [damaged])
    #expect(answer.info.rowsUnavailable == 16_384)
    #expect(answer.totals == [.integer(40_000 - 16_384)])
  }

  @Test func bubbleUpSkipsDamageInOneColumn() async throws {
    let damaged = TestPiece(events(40_000), damaged: [ColumnKey("s", .string): [1]])
    let answer = try await patientEngine.bubbleUp(
      BubbleUpPlan(scope: everywhere, selection: .compare(column: "a", .less, .integer(20_000))), pieces: [damaged])
    let column = try #require(answer.columns.first { $0.name == "s" })
    #expect(column.selectionPresent == 16_384)
    #expect(column.baselinePresent == Double(40_000 - 2 * 16_384))
  }

  @Test func stopsAtItsBudgets() async throws {
    let pieces = [TestPiece(events(50_000))]
    let wide = Plan(scope: everywhere, breakdowns: ["u"])
    await #expect(throws: QueryError.overBudget("the question makes more than 1000 groups; narrow its time, filters or breakdowns")) {
      try await QueryEngine(budget: QueryBudget(cellCountMax: 1000)).run(wide, pieces: pieces)
    }
    await #expect(throws: QueryError.self) {
      try await QueryEngine(budget: QueryBudget(memoryByteCountMax: 1 << 18)).run(wide, pieces: pieces)
    }
    await #expect(throws: QueryError.overBudget("the question took longer than 0 ms")) {
      try await QueryEngine(budget: QueryBudget(wallTimeNanoseconds: 0)).run(wide, pieces: pieces)
    }
    #expect(try await patientEngine.run(wide, pieces: pieces).info.isTruncated)
  }

  /// All groups tie: which are shown follows from their values, and the bound on groups is met where it is passed, not at the end.
  @Test func manyTiesAreOrderedByTheirValues() async throws {
    let pieces = [TestPiece(events(50_000))]
    for orders in [[], [Order(.calculation(.count), .ascending)], [Order(.breakdown("a"), .ascending)]] {
      let answer = try await patientEngine.run(Plan(scope: everywhere, breakdowns: ["a"], orders: orders, limit: 37), pieces: pieces)
      #expect(answer.columns[0].values == (0..<37).map { .integer($0) } && answer.info.isTruncated)
    }
    let last = try await patientEngine.run(
      Plan(scope: everywhere, breakdowns: ["a"], orders: [Order(.breakdown("a"), .descending)], limit: 37), pieces: pieces)
    #expect(last.columns[0].values == (0..<37).map { .integer(49_999 - $0) })
    let two = try await patientEngine.run(
      Plan(
        scope: everywhere, breakdowns: ["s", "a"], orders: [Order(.breakdown("s"), .descending), Order(.breakdown("a"), .ascending)], limit: 5),
      pieces: pieces)
    #expect(two.columns[1].values == [6, 13, 20, 27, 34].map { .integer($0) })
  }

  @Test func stopsWhenItsTaskIsCancelled() async throws {
    let pieces = [TestPiece(events(50_000))]
    let task = Task { () throws(QueryError) -> Answer in
      while !Task.isCancelled { await Task.yield() }
      return try await patientEngine.run(Plan(scope: everywhere, breakdowns: ["a"]), pieces: pieces)
    }
    task.cancel()
    await #expect(throws: QueryError.cancelled) { try await task.value }
  }

  @Test func refusesMoreBucketsThanAnAnswerHolds() async throws {
    await #expect(throws: QueryError.self) {
      try await patientEngine.run(Plan(scope: everywhere, granularityNanoseconds: 1), pieces: [TestPiece(events(150_000))])
    }
  }

  /// Durations of many rows go through one table for all groups: the percentiles stay within one percent, outliers and zeros too.
  @Test func percentilesOfManyRowsStayNear() async throws {
    var random = SeededGenerator(seed: 12)
    let many = (0..<70_000).map { (index) -> TestEvent in
      let length = index % 500 == 0 ? 0 : Double(Int64.random(in: 1...4_000_000_000, using: &random)) / 1e6
      return TestEvent(Int64(index), ["duration_ms": .float(length), "s": .string("v\(index % 3)")])
    }
    let plan = Plan(
      scope: everywhere, breakdowns: ["s"],
      calculations: [0, 1, 500, 990, 1000].map { Calculation(.percentile(perMille: $0), column: "duration_ms") })
    let answer = try await patientEngine.run(plan, pieces: [TestPiece(many)])
    let wanted = NaiveEngine(events: many).run(plan)
    #expect(answer.rowCount == 3)
    for group in wanted.groups {
      guard let row = answer.columns[0].values.firstIndex(of: group.values[0]) else { continue }
      for (index, result) in group.results.enumerated() {
        let own = answer.columns[index + 1].values[row]?.number ?? .nan
        #expect(abs(own - (result ?? 0)) <= abs(result ?? 0) * 0.01, "\(plan.calculations[index].name)")
      }
    }
  }

  /// Enough rows for two tasks, groups that are numbered as they come, and a second reading for the series.
  @Test func twoTasksAgreeWithOne() async throws {
    let many = (0..<105_000).map { (index) in
      TestEvent(
        Int64(index), ["u": .float(Double(index % 997)), "s": .string("v\(index % 13)"), "a": .integer(Int64(index) << 33)],
        dataset: "d\(index % 3)")
    }
    let pieces = [TestPiece(Array(many[..<60_000])), TestPiece(Array(many[60_000...]))]
    let scope = Scope(environment: "default", datasets: .all, time: TimeRange(startUnixNanoseconds: 0, endUnixNanoseconds: 150_000))
    let plan = Plan(
      scope: scope, breakdowns: ["u", "s"],
      calculations: [
        .count, Calculation(.sum, column: "u"), Calculation(.countDistinct, column: "a"), Calculation(.percentile(perMille: 900), column: "a"),
      ], limit: 50, granularityNanoseconds: 10_000)
    var two = try await patientEngine.run(plan, pieces: pieces)
    var one = try await QueryEngine(budget: QueryBudget(taskCountMax: 1)).run(plan, pieces: pieces)
    two.info.elapsedNanoseconds = 0
    one.info.elapsedNanoseconds = 0
    #expect(one == two)
  }
}
