// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

@Suite struct CalculationTests {
  private func ask(_ plan: Plan, _ events: [TestEvent]) async throws -> Answer {
    try await patientEngine.run(plan, pieces: [TestPiece(events)])
  }

  private func totals(_ calculations: [Calculation], _ events: [TestEvent]) async throws -> [FieldValue?] {
    try await ask(Plan(scope: everywhere, calculations: calculations), events).totals
  }

  @Test func countsZeroWhereNothingIs() async throws {
    let answer = try await patientEngine.run(
      Plan(scope: everywhere, calculations: [.count, Calculation(.sum, column: "a"), Calculation(.countDistinct, column: "a")]), pieces: [])
    #expect(answer.rowCount == 1)
    #expect(answer.totals == [.integer(0), nil, .integer(0)])
  }

  @Test func weighsBySampleRate() async throws {
    let events = [
      TestEvent(1, ["a": .integer(10), "SampleRate": .integer(3)]), TestEvent(2, ["a": .integer(20)]),
      TestEvent(3, ["SampleRate": .integer(0)]), TestEvent(4, ["a": .integer(20), "SampleRate": .integer(-7)]),
    ]
    let operations: [CairnPlan.Operation] = [.count, .sum, .average, .minimum, .maximum, .countDistinct, .percentile(perMille: 500)]
    let answer = try await ask(
      Plan(scope: everywhere, calculations: [.count] + operations.map { Calculation($0, column: "a") }), events)
    #expect(
      answer.totals == [
        .integer(6), .integer(5), .integer(70), .float(14), .integer(10), .integer(20), .integer(2), .float(10),
      ])
    #expect(answer.info.meanSampleRate == 1.5)
    #expect(answer.info.rowsMatched == 4)
  }

  @Test func sumsWholeNumbersExactly() async throws {
    let big = Int64(1) << 53
    let events = [TestEvent(1, ["a": .integer(big)]), TestEvent(2, ["a": .integer(1)])]
    #expect(try await totals([Calculation(.sum, column: "a")], events) == [.integer(big + 1)])
    let over = [TestEvent(1, ["a": .integer(.max)]), TestEvent(2, ["a": .integer(.max)])]
    #expect(try await totals([Calculation(.sum, column: "a")], over) == [.float(0x1p64)])
    #expect(try await totals([Calculation(.maximum, column: "a")], over) == [.integer(.max)])
  }

  /// Few different numbers are kept as a dictionary; nothing that a question says may depend on that.
  @Test(arguments: [[], ["a"]] as [Set<String>]) func tellsWholeNumbersByTheirLastDigit(dictionaries: Set<String>) async throws {
    let big = Int64(1) << 53
    let calculations = [CairnPlan.Operation.minimum, .maximum, .sum].map { Calculation($0, column: "a") }
    let whole = [TestEvent(1, ["a": .integer(big + 1)]), TestEvent(2, ["a": .integer(big + 3)]), TestEvent(3, [:]), TestEvent(4, ["a": .integer(big + 1)])]
    let plan = Plan(scope: everywhere, calculations: calculations)
    let found = try await patientEngine.run(plan, pieces: [TestPiece(whole, dictionaryIntegers: dictionaries)])
    #expect(found.totals == [.integer(big + 1), .integer(big + 3), .integer(3 * big + 5)])
    // Beside pieces whose numbers stand in their rows, and beside a float.
    let rows = TestPiece([TestEvent(5, ["a": .integer(-big - 1)])])
    let both = try await patientEngine.run(plan, pieces: [TestPiece(whole, dictionaryIntegers: dictionaries), rows])
    #expect(both.totals == [.integer(-big - 1), .integer(big + 3), .integer(2 * big + 4)])
    let floats = try await patientEngine.run(plan, pieces: [TestPiece(whole, dictionaryIntegers: dictionaries), TestPiece([TestEvent(5, ["a": .float(0.5)])])])
    #expect(floats.totals == [.float(0.5), .float(Double(big + 3)), .float(Double(3 * big + 5) + 0.5)])
  }

  @Test func readsNumbersFromTextAndBooleans() async throws {
    let events = [
      TestEvent(1, ["a": .string("2.5")]), TestEvent(2, ["a": .string("0x10")]), TestEvent(3, ["a": .boolean(true)]),
      TestEvent(4, ["a": .float(.nan)]),
    ]
    let found = try await totals([Calculation(.sum, column: "a"), Calculation(.count, column: "a")], events)
    #expect(found == [.float(3.5), .integer(4)])
  }

  @Test func keepsPercentilesWithinOnePercent() async throws {
    var random = SeededGenerator(seed: 5)
    let values = (0..<40_000).map { _ in Double(Int64(Double.random(in: 0...18, using: &random).rounded() * 1000) + 1) * 1.37 - 500 }
    let events = values.enumerated().map { TestEvent(Int64($0.offset), ["a": .float($0.element)]) }
    let sorted = values.sorted()
    for (_, perMille) in CairnPlan.Operation.percentiles {
      let found = try await totals([Calculation(.percentile(perMille: perMille), column: "a")], events)[0]?.number ?? .nan
      let position = Double(sorted.count - 1) * Double(perMille) / 1000
      let low = sorted[Int(position)]
      let wanted = low + (sorted[min(Int(position) + 1, sorted.count - 1)] - low) * (position - position.rounded(.down))
      #expect(abs(found - wanted) <= abs(wanted) * 0.01, "P\(perMille): \(found), not \(wanted)")
    }
  }

  @Test func countsDistinctExactlyOverPieces() async throws {
    let pieces = (0..<3).map { (piece) in
      TestPiece((0..<1000).map { TestEvent(Int64($0), ["u": .string("user\(($0 + piece * 500) % 1700)"), "w": .integer(Int64($0) << 40)]) })
    }
    let answer = try await patientEngine.run(
      Plan(
        scope: everywhere, calculations: [Calculation(.countDistinct, column: "u"), Calculation(.countDistinct, column: "w")]),
      pieces: pieces)
    #expect(answer.totals == [.integer(1700), .integer(1000)])
  }

  @Test func findsConcurrency() async throws {
    func span(_ start: Int64, _ nanoseconds: Double) -> TestEvent { TestEvent(start, ["duration_ms": .float(nanoseconds / 1e6)]) }
    let events = [span(0, 100), span(10, 10), span(15, 30), span(20, 5), span(250, 10), TestEvent(11, [:])]
    let scope = Scope(environment: "default", datasets: .all, time: TimeRange(startUnixNanoseconds: 0, endUnixNanoseconds: 400))
    let answer = try await ask(
      Plan(scope: scope, calculations: [Calculation(.concurrency)], granularityNanoseconds: 50), events)
    #expect(answer.totals == [.integer(3)])
    #expect(answer.series?.values[0][0] == [3, 1, 0, 0, 0, 1, 0, 0])
  }

  @Test func takesRatesFromSuccessiveBuckets() async throws {
    let events = [(1, 10), (11, 30), (12, 20), (31, 5), (45, 7)].map { TestEvent(Int64($0.0), ["a": .integer(Int64($0.1))]) }
    let scope = Scope(environment: "default", datasets: .all, time: TimeRange(startUnixNanoseconds: 0, endUnixNanoseconds: 50))
    let calculations = [
      Calculation(.rateMaximum, column: "a"), Calculation(.rateSum, column: "a"), Calculation(.rateAverage, column: "a"),
    ]
    let answer = try await ask(Plan(scope: scope, calculations: calculations, granularityNanoseconds: 10), events)
    #expect(answer.series?.values[0][0] == [nil, 20, nil, nil, 2])
    #expect(answer.series?.values[1][0] == [nil, 40, nil, nil, 2])
    #expect(answer.series?.values[2][0] == [nil, 15, nil, nil, 2])
    #expect(answer.totals == [.float(11), .float(21), .float(8.5)])
    await #expect(throws: QueryError.self) { try await ask(Plan(scope: scope, calculations: calculations), events) }
  }

  @Test func drawsHeatmapsOverSharedEdges() async throws {
    var random = SeededGenerator(seed: 9)
    let events = (0..<2000).map { (index) in
      TestEvent(Int64(index), [
        "duration_ms": .float(Double(Int64.random(in: 1...9_000_000_000, using: &random)) / 1e6), "b": .integer(Int64(index % 80)),
        "SampleRate": .integer(2),
      ])
    }
    let scope = Scope(environment: "default", datasets: .all, time: TimeRange(startUnixNanoseconds: 0, endUnixNanoseconds: 2000))
    let plan = Plan(
      scope: scope, calculations: [Calculation(.heatmap, column: "duration_ms"), .count, Calculation(.heatmap, column: "b")],
      granularityNanoseconds: 100)
    let answer = try await ask(plan, events)
    #expect(answer.columns.map(\.name) == ["COUNT"])
    #expect(answer.heatmaps.map(\.scale) == [.logarithmic, .linear])
    for map in answer.heatmaps {
      #expect(map.counts.count == 20)
      #expect(map.edges == map.edges.sorted())
      for bucket in 0..<20 {
        let values = events.filter { $0.time / 100 == Int64(bucket) }.compactMap { $0.fields[map.column]?.number }
        let cellCount = map.edges.count - 1
        for cell in 0..<cellCount {
          let wanted = values.filter { $0 >= map.edges[cell] && ($0 < map.edges[cell + 1] || cell == cellCount - 1) }.count
          #expect(map.counts[bucket][cell] == Double(wanted * 2), "\(map.column), bucket \(bucket), cell \(cell)")
        }
      }
    }
  }

  @Test func putsZeroIntoTheFirstCellOfALogarithmicHeatmap() async throws {
    let events = [0.0, 0.5, 1000].enumerated().map { TestEvent(Int64($0.offset), ["a": .float($0.element)]) }
    let map = try await ask(Plan(scope: everywhere, calculations: [Calculation(.heatmap, column: "a")]), events).heatmaps[0]
    #expect(map.scale == .logarithmic)
    #expect(map.counts.count == 1)
    #expect(map.counts[0].first == 2 && map.counts[0].last == 1)
  }

  @Test func ordersByTermsAndBreaksTiesByValues() async throws {
    let events = ["b", "a", "c", "a", "c", "d"].enumerated().map { TestEvent(Int64($0.offset), ["n": .string($0.element)]) }
    let plan = Plan(scope: everywhere, breakdowns: ["n"])
    #expect(lines(try await ask(plan, events)) == ["a|2", "c|2", "b|1", "d|1"])
    var ascending = plan
    ascending.orders = [Order(.calculation(.count), .ascending), Order(.breakdown("n"), .descending)]
    #expect(lines(try await ask(ascending, events)) == ["d|1", "b|1", "c|2", "a|2"])
    ascending.limit = 1
    let cut = try await ask(ascending, events)
    #expect(lines(cut) == ["d|1"])
    #expect(cut.info.isTruncated)
    #expect(cut.totals == [.integer(6)])
  }

  @Test func havingsDropGroupsButNotTotals() async throws {
    let events = ["b", "a", "c", "a"].enumerated().map { TestEvent(Int64($0.offset), ["n": .string($0.element)]) }
    let answer = try await ask(
      Plan(scope: everywhere, breakdowns: ["n"], havings: [Having(.count, .greater, 1)]), events)
    #expect(lines(answer) == ["a|2"])
    #expect(answer.totals == [.integer(4)])
  }

  @Test func refusesWhatMakesNoSense() async throws {
    let wrong: [Plan] = [
      Plan(scope: everywhere, limit: 0), Plan(scope: everywhere, calculations: [Calculation(.sum)]),
      Plan(scope: everywhere, calculations: [Calculation(.concurrency, column: "a")]),
      Plan(scope: everywhere, orders: [Order(.breakdown("a"), .ascending)]),
      Plan(scope: everywhere, havings: [Having(Calculation(.heatmap, column: "a"), .less, 1)]),
      Plan(scope: everywhere, granularityNanoseconds: 0),
    ]
    for plan in wrong {
      await #expect(throws: QueryError.self) { try await ask(plan, [TestEvent(1, [:])]) }
    }
  }

  @Test func alignsBucketsBeforeTheEpochToo() async throws {
    let events = [-15, -10, -1, 0, 9].map { TestEvent($0, [:]) }
    let answer = try await ask(Plan(scope: everywhere, granularityNanoseconds: 10), events)
    #expect(answer.series?.startUnixNanoseconds == -20)
    #expect(answer.series?.values[0][0] == [1, 2, 2])
  }
}
