// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnFormats
import CairnRollbar
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import CairnServer

/// Results wait in memory for whoever asked: within bytes and an age, whatever is asked.
@Suite struct ResultShelfTests {
  private final class TestClock: Sendable {
    private let instant = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { instant.withLock { $0 } }
    func advance(_ duration: Duration) { instant.withLock { $0 = $0.advanced(by: duration) } }
  }

  private func key(_ number: Int) -> ResultShelf.Key { ResultShelf.Key(environment: "e", id: String(number)) }

  private func put(_ shelf: ResultShelf, _ number: Int, _ bytes: [UInt8]) async throws {
    shelf.add(key(number), dataset: "d", pending: ByteBuffer(string: "{}")) { () async throws(Refusal) in bytes }
    try await until { if case .running = shelf.find(key(number), dataset: "d") { false } else { true } }
  }

  @Test func resultsStayWithinTheirBytes() async throws {
    let bound = ShelfBound(byteCountMax: 30_000, countMax: 1000, age: .seconds(86_400))
    let shelf = ResultShelf(bound)
    var generator = SeededGenerator(seed: 1)
    for number in 0..<40 {
      // Nothing to pack in these.
      let bytes = generator.bytes(5_000)
      try await put(shelf, number, bytes)
      #expect(shelf.heldByteCount <= bound.byteCountMax)
      guard case .finished(let body) = shelf.find(key(number), dataset: "d") else { Issue.record("the newest is not there"); return }
      #expect(body.bytes == bytes)
    }
    #expect(shelf.find(key(0), dataset: "d") == nil)
    #expect(shelf.find(key(36), dataset: "d") != nil)
    // The newest stays, however large it is, and alone.
    try await put(shelf, 40, generator.bytes(40_000))
    #expect(shelf.find(key(40), dataset: "d") != nil && shelf.find(key(39), dataset: "d") == nil)
    shelf.reset()
    #expect(shelf.heldByteCount == 0)
  }

  @Test func whatRepeatsItselfTakesLittle() async throws {
    let shelf = ResultShelf()
    let row = #"{"time":"2026-11-26T20:00:00Z","data":{"service.name":"backend-flask","COUNT":3}},"#
    let bytes = Array(String(repeating: row, count: 2_000).utf8)
    try await put(shelf, 0, bytes)
    #expect(shelf.heldByteCount < bytes.count / 20)
  }

  @Test func aResultGoesWhenItIsOld() async throws {
    let clock = TestClock()
    let shelf = ResultShelf(ShelfBound(byteCountMax: 1 << 20, countMax: 10, age: .seconds(60)), now: { clock.now })
    try await put(shelf, 0, [1])
    clock.advance(.seconds(59))
    try await put(shelf, 1, [2])
    #expect(shelf.find(key(0), dataset: "d") != nil)
    clock.advance(.seconds(2))
    #expect(shelf.find(key(0), dataset: "d") == nil && shelf.find(key(1), dataset: "d") != nil)
    clock.advance(.seconds(60))
    #expect(shelf.find(key(1), dataset: "d") == nil)
    #expect(shelf.heldByteCount == 0)
  }

  @Test func rowsOfInsightsComeBackAsTheyWere() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<50 {
      let width = generator.below(6)
      let rows = (0..<generator.below(40)).map { _ in
        InsightsTask.ResultRow(
          texts: (0..<width).map { _ in generator.chance(20) ? nil : String(repeating: "ä☕x\0", count: generator.below(30)) },
          pointer: generator.chance(50) ? "p\(generator.below(1000))" : nil)
      }
      let packed = InsightsRows(packing: rows)
      #expect(packed.rows == rows && packed.count == rows.count)
      #expect(InsightsRows(live: rows).rows == rows)
    }
  }

  @Test func queriesOfInsightsStayWithinTheirBytes() async throws {
    let clock = TestClock()
    let bound = ShelfBound(byteCountMax: 20_000, countMax: 1000, age: .seconds(60))
    let shelf = InsightsShelf(bound, now: { clock.now })
    var generator = SeededGenerator(seed: 3)
    for number in 0..<30 {
      let id = String(number)
      let entry = InsightsShelf.Entry(id: id, environment: "e", queryString: "q", groups: [], createdUnixMilliseconds: 0, began: clock.now)
      #expect(shelf.start(entry) {})
      let rows = (0..<10).map { _ in InsightsTask.ResultRow(texts: [String(decoding: generator.bytes(200).map { $0 & 0x7F }, as: UTF8.self)], pointer: nil) }
      shelf.update(id, results: InsightsRows(packing: rows)) { $0.status = .complete }
      #expect(shelf.heldByteCount <= bound.byteCountMax)
      #expect(shelf.find("e", id)?.results.rows == rows)
    }
    #expect(shelf.find("e", "0") == nil)
    clock.advance(.seconds(61))
    #expect(shelf.start(InsightsShelf.Entry(id: "new", environment: "e", queryString: "q", groups: [], createdUnixMilliseconds: 0, began: clock.now)) {})
    #expect(shelf.list("e").map(\.id) == ["new"])
  }

  @Test func jobsOfRollbarStayWithinTheirBytes() async throws {
    let jobs = QueryJobs(ShelfBound(byteCountMax: 10_000, countMax: 50, age: .seconds(3600)))
    var generator = SeededGenerator(seed: 4)
    for number in 0..<80 {
      let text = String(decoding: generator.bytes(number < 20 ? 2_000 : 10).map { $0 & 0x3F | 0x40 }, as: UTF8.self)
      let job = try jobs.start("q \(number)", projectID: 1, isForced: true, nowUnixSeconds: 1) {
        .success(QueryJob.Result(RQLResult(columns: ["c"], rows: [[.string(text)], [.null]])), warning: "w")
      }
      try await until { jobs.job(job.id)?.status == "success" }
      #expect(jobs.heldByteCount <= 10_000 && jobs.jobs(projectID: 1).count <= 50)
      var writer = JSONWriter()
      writer.beginObject()
      jobs.job(job.id)?.writeResult(&writer)
      writer.endObject()
      let written = try JSONValue(parsing: writer.finish())
      #expect(written["rows"] == .array([.array([.string(text)]), .array([.null])]) && written["rowcount"]?.integer == 2)
    }
  }
}
