// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import TestSupport
import Testing

@testable import CairnQuery

@Suite struct BubbleUpTests {
  /// A fleet in which requests are slow only on version 1.4.2 in ca-central-1. Zones lie in regions, hosts in zones, pods on hosts.
  private func fleet(_ count: Int, seed: UInt64, zonesPerRegion: Int = 3) -> [TestEvent] {
    var random = SeededGenerator(seed: seed)
    let regions = ["us-east-1", "eu-west-1", "ca-central-1", "ap-south-1"]
    return (0..<count).map { (index) in
      let region = regions[Int.random(in: 0..<4, using: &random)]
      let zone = region + ["a", "b", "c"][Int.random(in: 0..<zonesPerRegion, using: &random)]
      let host = "host-\(zone)-\(Int.random(in: 0..<4, using: &random))"
      let version = ["1.4.0", "1.4.1", "1.4.2"][Int.random(in: 0..<3, using: &random)]
      let isSlow = version == "1.4.2" && region == "ca-central-1"
      let length = isSlow ? Double.random(in: 1100...3000, using: &random) : Double.random(in: 5...200, using: &random)
      var fields: [String: FieldValue] = [
        "duration_ms": .float((length * 1e6).rounded() / 1e6), "app.version": .string(version), "cloud.region": .string(region),
        "cloud.availability_zone": .string(zone), "host.name": .string(host),
        "k8s.pod.name": .string("\(host)-pod-\(Int.random(in: 0..<3, using: &random))"),
        "http.route": .string("/route/\(Int.random(in: 0..<20, using: &random))"),
        "user.id": .string("user-\(Int.random(in: 0..<500, using: &random))"), "request.id": .string("request-\(index)"),
        "http.status_code": .integer(random.chance(95) ? 200 : 500), "payload.bytes": .integer(Int64.random(in: 0...1_000_000, using: &random)),
        "cpu.load": .float(Double.random(in: 0...1, using: &random)), "error": .boolean(random.chance(2)),
        "trace.trace_id": .string("0000000000000000" + String(String(UInt64(index) + (1 << 60), radix: 16).suffix(16))),
        "trace.span_id": .string(String(String(UInt64(index) + (1 << 60), radix: 16).suffix(16))),
      ]
      if random.chance(10) { fields["db.system"] = .string("postgresql") }
      return TestEvent(Int64(index) * 1000, fields, dataset: ["web", "api"][index % 2])
    }
  }

  private func slow(_ pieces: [any Piece]) async throws -> BubbleUpAnswer {
    try await patientEngine.bubbleUp(
      BubbleUpPlan(scope: everywhere, selection: .compare(column: "duration_ms", .greater, .integer(1000))), pieces: pieces)
  }

  @Test(arguments: [(UInt64(1), 3), (2, 3), (3, 2), (4, 1)])
  func findsAPlantedFault(seed: UInt64, zonesPerRegion: Int) async throws {
    let events = fleet(20_000, seed: seed, zonesPerRegion: zonesPerRegion)
    let halves = [TestPiece(Array(events[..<7000])), TestPiece(Array(events[7000...]))]
    let answer = try await slow(halves)
    #expect(Set(answer.columns.prefix(2).map(\.name)) == ["app.version", "cloud.region"])
    for column in answer.columns.prefix(2) {
      #expect(column.score > 0.6)
      #expect(column.values.first?.value == .string(column.name == "app.version" ? "1.4.2" : "ca-central-1"))
      #expect(column.values.first?.selectionCount == answer.selectionCount)
    }
    let names = answer.columns.map(\.name)
    for left in ["duration_ms", "request.id", "trace.trace_id", "trace.span_id"] { #expect(!names.contains(left)) }
    for noise in ["http.route", "user.id", "payload.bytes", "cpu.load", "http.status_code", "error", "db.system"] {
      #expect(answer.columns.first { $0.name == noise }?.score == 0, "\(noise) is noise")
    }
  }

  @Test func countsBothSidesByValue() async throws {
    let events = fleet(3000, seed: 8)
    let answer = try await slow([TestPiece(events)])
    let chosen = events.filter { ($0.fields["duration_ms"]?.number ?? 0) > 1000 }
    let others = events.filter { ($0.fields["duration_ms"]?.number ?? 0) <= 1000 }
    #expect(answer.selectionCount == Double(chosen.count))
    #expect(answer.baselineCount == Double(others.count))
    for column in answer.columns where column.histogram == nil {
      for contrast in column.values {
        #expect(contrast.selectionCount == Double(chosen.count { $0.fields[column.name] == contrast.value }), "\(column.name)")
        #expect(contrast.baselineCount == Double(others.count { $0.fields[column.name] == contrast.value }), "\(column.name)")
      }
    }
    for column in answer.columns {
      guard let histogram = column.histogram else { continue }
      #expect(histogram.selectionCounts.reduce(0, +) == Double(chosen.count { $0.fields[column.name] != nil }))
      #expect(histogram.baselineCounts.reduce(0, +) == Double(others.count { $0.fields[column.name] != nil }))
      #expect(histogram.edges.count == histogram.selectionCounts.count + 1)
    }
    #expect(answer.columns.contains { $0.name == "db.system" && $0.values.contains { $0.value == nil } })
  }

  /// Numbers at the ends of what a double holds: no edge is beyond it, which JSON has no word for.
  @Test(arguments: [
    [1.7e308], [.greatestFiniteMagnitude], [-.greatestFiniteMagnitude], [-1.7e308, 1.7e308], [1e-300, 1.7e308], [0, 1e-300, 1.7e308], [0], [1, 2, 1_000],
  ]) func edgesAreNumbersThatRise(_ values: [Double]) {
    let histogram = ContrastHistogram.make(values.map { ContrastPoint(number: $0, selection: 1, baseline: 2) })
    #expect(histogram.edges.allSatisfy { $0.isFinite })
    #expect(zip(histogram.edges, histogram.edges.dropFirst()).allSatisfy { $0 < $1 })
    #expect(histogram.selectionCounts.reduce(0, +) == Double(values.count) && histogram.baselineCounts.reduce(0, +) == Double(2 * values.count))
    #expect(histogram.edges[0] <= values[0] && histogram.edges.last.map { $0 >= values[values.count - 1] } == true)
  }

  @Test func weighsBothSides() async throws {
    let events = (0..<400).map { (index) -> TestEvent in
      let isChosen = index % 4 == 0
      return TestEvent(Int64(index), ["v": .boolean(isChosen), "k": .string(isChosen ? "x" : "y"), "SampleRate": .integer(5)])
    }
    let answer = try await patientEngine.bubbleUp(
      BubbleUpPlan(scope: everywhere, selection: .compare(column: "v", .equal, .boolean(true))), pieces: [TestPiece(events)])
    #expect(answer.selectionCount == 500 && answer.baselineCount == 1500)
    #expect(answer.columns.first?.name == "k")
    #expect(answer.columns.first?.values.first == ValueContrast(value: .string("x"), selectionCount: 500, baselineCount: 0))
    #expect(answer.info.meanSampleRate == 5)
  }

  @Test func comparesABoxWithAGivenBaseline() async throws {
    let events = (0..<1000).map { (index) -> TestEvent in
      let isOdd = index >= 500 && index % 10 > 7
      return TestEvent(Int64(index), ["d": .integer(Int64(index % 10)), "k": .string(isOdd ? "odd" : "usual")])
    }
    let answer = try await patientEngine.bubbleUp(
      BubbleUpPlan(
        scope: everywhere, selectionTime: TimeRange(startUnixNanoseconds: 500, endUnixNanoseconds: 700),
        selection: .compare(column: "d", .greater, .integer(7)), baseline: .compare(column: "d", .lessOrEqual, .integer(3))),
      pieces: [TestPiece(events)])
    #expect(answer.selectionCount == 40 && answer.baselineCount == 400)
    #expect(answer.columns.first?.name == "k")
    #expect(answer.columns.first?.score == 1)
  }

  @Test func ranksAShiftedMeasure() async throws {
    var random = SeededGenerator(seed: 3)
    let events = (0..<4000).map { (index) -> TestEvent in
      let isChosen = index % 10 == 0
      let size = Double.random(in: 0...100, using: &random) + (isChosen ? 80 : 0)
      let noise = Double.random(in: 0...100, using: &random)
      return TestEvent(Int64(index), ["v": .boolean(isChosen), "size": .float(size), "noise": .float(noise)])
    }
    let answer = try await patientEngine.bubbleUp(
      BubbleUpPlan(scope: everywhere, selection: .compare(column: "v", .equal, .boolean(true))), pieces: [TestPiece(events)])
    #expect(answer.columns.map(\.name) == ["size", "noise"])
    #expect(answer.columns[0].score > 0.7 && answer.columns[1].score == 0)
  }

  @Test func answersAnEmptySelection() async throws {
    let answer = try await patientEngine.bubbleUp(
      BubbleUpPlan(scope: everywhere, selection: .any([])), pieces: [TestPiece(fleet(100, seed: 1))])
    #expect(answer.selectionCount == 0)
    #expect(answer.columns.allSatisfy { $0.score == 0 })
  }
}
