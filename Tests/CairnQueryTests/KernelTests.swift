// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import TestSupport
import Testing

@testable import CairnQuery

/// The loops over rows against the plain way to say the same.
@Suite struct KernelTests {
  /// A column of numbers of a width, some absent, and the numbers.
  private func column(_ range: ClosedRange<Int64>, _ count: Int, _ random: inout SeededGenerator) -> (ScanColumn, [Int64?]) {
    let values = (0..<count).map { _ in random.chance(80) ? Int64.random(in: range, using: &random) : nil }
    let column = ScanColumn.numbers(ColumnKey("n", .integer), .integers, values: values.map { $0 ?? 0 }, present: values.map { $0 != nil })
    return (column, values)
  }

  private static let ranges: [ClosedRange<Int64>] = [
    5...5, 0...200, -30...210, 0...60_000, -70_000...3_000_000_000, -5_000_000_000...5_000_000_000, 0...3,
  ]

  @Test(arguments: 0..<30)
  func marksTheRowsWhoseCodeIsInARange(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let count = [1, 63, 64, 65, 130, 700].randomElement(using: &random) ?? 1
    let (column, _) = column(Self.ranges[seed % 5], count, &random)
    let block = column.blocks[0]
    for _ in 0..<6 {
      let start = Int.random(in: 0...count, using: &random)
      let rows = start..<Int.random(in: start...count, using: &random)
      let greatest = UInt32(truncatingIfNeeded: block.storedMaximum)
      let low = random.chance(30) ? 1 : UInt32.random(in: 0...max(greatest, 1), using: &random)
      let high = random.chance(30) ? UInt32.max : UInt32.random(in: 0...UInt32.max, using: &random)
      var bits = Bits()
      bits.set(0..<blockRowCount)
      column.markRange(block, rows, low, high, &bits)
      let isRight = (0..<count).allSatisfy { (row) in
        let code = column.stored(at: row) ?? 0
        return bits.contains(row) == (rows.contains(row) && code >= low && code <= high)
      }
      #expect(isRight, "seed \(seed), rows \(rows), \(low)...\(high)")
      #expect(bits.count <= rows.count)
      column.markPresent(block, rows, &bits)
      #expect((0..<count).allSatisfy { bits.contains($0) == (rows.contains($0) && column.stored(at: $0) != nil) }, "seed \(seed)")
    }
  }

  @Test(arguments: 0..<30)
  func findsTheFirstRowOfAnInstant(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let range = Self.ranges[seed % Self.ranges.count]
    let times = (0..<Int.random(in: 1...3000, using: &random)).map { _ in Int64.random(in: range, using: &random) }.sorted()
    let column = ScanColumn.numbers(.time, .integers, values: times)
    for _ in 0..<50 {
      let start = Int.random(in: 0..<times.count, using: &random)
      let rows = start..<Int.random(in: start...times.count, using: &random)
      let near = times[Int.random(in: 0..<times.count, using: &random)] + Int64.random(in: -2...2, using: &random)
      for instant in [near, .min, .max, range.lowerBound, range.upperBound] {
        let wanted = rows.first { times[$0] >= instant } ?? rows.upperBound
        #expect(column.firstRow(column.blocks[0], rows, atOrAfter: instant) == wanted, "seed \(seed), \(instant) in \(rows)")
      }
    }
  }

  @Test(arguments: 0..<50)
  func ordersTheWantedPlaces(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let kinds = [3, 100, 1_000_000].randomElement(using: &random) ?? 3
    var values = (0..<Int.random(in: 1...800, using: &random)).map { _ in Double(Int.random(in: 0..<kinds, using: &random)) }
    if random.chance(30) { values.sort() }
    let sorted = values.sorted()
    let places = Array(Set((0..<Int.random(in: 1...7, using: &random)).map { _ in values.indices.randomElement(using: &random) ?? 0 })).sorted()
    var span = values.mutableSpan
    orderPlaces(&span, 0, span.count, places[...])
    #expect(places.map { values[$0] } == places.map { sorted[$0] }, "seed \(seed)")
    #expect(values.sorted() == sorted, "seed \(seed)")
  }

  @Test(arguments: 0..<200)
  func findsTheScoreOfAPlace(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let scores = (0..<Int.random(in: 1...500, using: &random)).map { _ in Double(Int.random(in: 0..<60, using: &random)) }
    let place = Int.random(in: 0..<scores.count, using: &random) / (random.chance(50) ? 1 : 40)
    #expect(score(scores, atPlace: place) == scores.sorted(by: >)[place], "seed \(seed)")
  }

  /// Whatever the numbers, edges are finite and ascend, from the least value to the greatest, and every value has a cell.
  @Test(arguments: [
    [.leastNonzeroMagnitude, 1], [1e-300, 1e15], [.leastNonzeroMagnitude, 0x1p-1060], [0, .leastNonzeroMagnitude],
    [-.greatestFiniteMagnitude, .greatestFiniteMagnitude], [.leastNonzeroMagnitude],
    [.greatestFiniteMagnitude], [-.greatestFiniteMagnitude], [1, 1.0.nextUp], [1, 1.0.nextUp.nextUp], [.leastNonzeroMagnitude, .greatestFiniteMagnitude],
    [1e-300, 9e15, 4], [1e16], [-1e308, 1],
  ])
  func aHeatmapHoldsBothEndsOfWhatADoubleIs(values: [Double]) async throws {
    let events = values.enumerated().map { TestEvent(Int64($0.offset), ["a": .float($0.element), "duration_ms": .float(min(max($0.element, -1e12), 1e12))]) }
    for (column, limit) in [("a", Double.infinity), ("duration_ms", 1e12)] {
      let (least, greatest) = (max(values.min() ?? 0, -limit), min(values.max() ?? 0, limit))
      let plan = Plan(scope: everywhere, calculations: [Calculation(.heatmap, column: column)])
      let map = try #require(try await patientEngine.run(plan, pieces: [TestPiece(events)]).heatmaps.first)
      #expect(map.edges.count >= 2 && map.edges.allSatisfy(\.isFinite), "\(map.edges)")
      #expect(zip(map.edges, map.edges.dropFirst()).allSatisfy { $0 < $1 }, "\(map.edges)")
      #expect(map.edges[0] <= least && map.edges[map.edges.count - 1] >= greatest, "\(map.edges)")
      #expect(map.counts.joined().reduce(0, +) == Double(values.count))
    }
  }

  /// Every value lies in the cell whose edges hold it, whatever the widths of the blocks.
  @Test(arguments: 0..<40)
  func aHeatmapCountsEachValueInItsCell(seed: Int) async throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let scales: [Double] = [1e-3, 2.0, 900, 50_000, 9e6]
    let greatest: Double = scales.randomElement(using: &random) ?? 1
    let events = (0..<Int.random(in: 1...2000, using: &random)).map { (index) -> TestEvent in
      var fields: [String: FieldValue] = [:]
      let exponent = Double.random(in: 0...1, using: &random)
      let nanoseconds = random.chance(3) ? 0 : (greatest * 1e6 * exponent * exponent * exponent).rounded()
      if random.chance(90) { fields["duration_ms"] = .float(nanoseconds / 1e6) }
      return TestEvent(Int64(index % 300), fields, dataset: random.chance(50) ? "a" : "b")
    }
    let filter: Filter = random.chance(70) ? .everything : .compare(column: "dataset", .equal, .string("a"))
    let plan = Plan(
      scope: Scope(environment: "default", datasets: .all, time: TimeRange(startUnixNanoseconds: 0, endUnixNanoseconds: 300)),
      filter: filter, calculations: [Calculation(.heatmap, column: "duration_ms")], granularityNanoseconds: 70)
    let pieces = EnginePropertyTests.pieces(events, &random)
    let answer = try await patientEngine.run(plan, pieces: pieces)
    let heatmap = try #require(answer.heatmaps.first)
    var wanted = heatmap.counts.map { $0.map { _ in 0.0 } }
    let naive = NaiveEngine(events: events)
    for event in events where naive.passes(filter, event) {
      guard let value = event.fields["duration_ms"]?.number else { continue }
      let cell = (0..<heatmap.edges.count - 1).last { heatmap.edges[$0] <= value } ?? 0
      wanted[Int(event.time / 70)][cell] += 1
    }
    #expect(heatmap.counts == wanted, "seed \(seed), edges \(heatmap.edges)")
  }
}
