// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import CairnStorage

/// Retention, clocks, and requests that come twice.
struct UpkeepTests {
  private let day: Int64 = 86_400_000_000_000

  private final class TestClock: Sendable {
    private let time: Mutex<Int64>
    init(_ time: Int64) { self.time = Mutex(time) }
    var now: Int64 { time.withLock { $0 } }
    func set(_ new: Int64) { time.withLock { $0 = new } }
  }

  private func open(_ files: MemoryFiles, _ settings: ArchiveSettings, _ clock: TestClock) throws -> EventArchive {
    try EventArchive(files: files, settings: settings, decoders: testDecoders, wallClock: { clock.now })
  }

  private func requests(_ archive: EventArchive) throws -> [String] {
    Set(try archive.allRows().compactMap { $0["request"]?.text }).sorted()
  }

  @Test func retentionDropsWhatIsTooOldAndNothingElse() async throws {
    let clock = TestClock(testTime)
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.retentionDays = 10
    settings.mergeCount = 100
    let archive = try open(files, settings, clock)
    for id in 0..<20 { try await archive.ingest(TestRequest(id, itemCount: 10, time: testTime + Int64(id) * day)) }
    archive.settle()
    #expect(try requests(archive).count == 20)
    clock.set(testTime + 20 * day)
    archive.tick()
    archive.settle()
    archive.mergeQueue.sync { archive.mergeAtLeisure() }
    let kept = try requests(archive)
    #expect(kept == (10..<20).map { "\($0)" })
    archive.close()
    #expect(try requests(try open(files.copy(), settings, clock)) == kept, "after a restart too")
  }

  /// A log group's retention is of its lines: spans of a service of the same name stay, in segments of their own and beside lines.
  @Test(arguments: [true, false]) func theDaysOfADatasetsLinesTakeNoSpans(_ together: Bool) async throws {
    let clock = TestClock(testTime)
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: together ? 400 : 20)
    settings.retentionDays = 60
    settings.mergeCount = 100
    settings.sealRowCount = 1
    let archive = try open(files, settings, clock)
    // Each twice, two days apart.
    for id in 0..<20 {
      for age in [0, 2] as [Int64] {
        try await archive.ingest(TestRequest(id, seed: UInt64(age) + 1, itemCount: 10, isLog: id.isMultiple(of: 2), time: testTime + age * day))
        if !together { archive.settle() }
      }
    }
    #expect(try archive.allRows().count == 400)
    archive.retain(["prod", "test"].flatMap { (environment) in
      (0..<3).map { DatasetRetention(environment: environment, dataset: "service-\($0)", days: 1) }
    })
    clock.set(testTime + 2 * day + day / 2)
    for _ in 0..<3 {
      archive.tick()
      archive.settle()
      archive.mergeQueue.sync { archive.retain() }
    }
    let signal = ColumnKey(FieldName.signalType, .string)
    let kept = try archive.allRows().map { $0.fields[signal] }
    #expect(kept.count { $0 == .string("trace") } == 200)
    #expect(kept.count { $0 == .string("log") } == 100)
    archive.close()
    #expect(try open(files.copy(), settings, clock).allRows().count == 300, "after a restart too")
  }

  @Test func textThatIsTooLargeTogetherStaysApart() async throws {
    let clock = TestClock(testTime)
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.mergeCount = 2
    settings.segmentTextByteCountMax = 40
    let archive = try open(files, settings, clock)
    // Heads that wait together would make one segment.
    for id in 0..<20 {
      try await archive.ingest(TestRequest(id, itemCount: 10, time: testTime + Int64(id)))
      archive.settle()
    }
    archive.mergeQueue.sync { archive.mergeAtLeisure() }
    #expect(try requests(archive).count == 20)
    #expect(archive.state.withLock { $0.segments.count } > 1)
    archive.close()
    #expect(try requests(try open(files.copy(), settings, clock)).count == 20, "after a restart too")
  }

  /// Many texts are joined in two readings; what is read is the same.
  @Test(arguments: [0, 40, 1 << 20]) func mergedTextsAreWhatTheyWere(_ byteCountWhole: Int) async throws {
    let clock = TestClock(testTime)
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.mergeCount = 2
    settings.mergeTextByteCountWhole = byteCountWhole
    let archive = try open(files, settings, clock)
    for id in 0..<20 { try await archive.ingest(TestRequest(id % 15, itemCount: 10, time: testTime + Int64(id))) }
    archive.settle()
    let before = try requests(archive)
    let count = archive.state.withLock { $0.segments.count }
    archive.mergeQueue.sync { archive.mergeAtLeisure() }
    #expect(archive.state.withLock { $0.merges.count } > 0 && archive.state.withLock { $0.segments.count } <= count)
    #expect(try requests(archive) == before)
    archive.close()
    #expect(try requests(try open(files.copy(), settings, clock)) == before, "after a restart too")
  }

  @Test func aCloseWithoutTimeLeavesItsHeadsToTheNextStart() async throws {
    let clock = TestClock(testTime)
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.sealRowCount = 1_000_000
    settings.closeSecondsMax = 0
    let archive = try open(files, settings, clock)
    for id in 0..<20 { try await archive.ingest(TestRequest(id, itemCount: 10, time: testTime + Int64(id))) }
    let before = try requests(archive)
    archive.close()
    #expect(before.count == 20)
    #expect(try files.list("segments") == [])
    settings.closeSecondsMax = 60
    let next = try open(files.copy(), settings, clock)
    #expect(try requests(next) == before)
    next.close()
    #expect(try requests(try open(files.copy(), settings, clock)) == before)
  }

  @Test func aMergeThatIsNotWantedAnyMoreLeavesNothingBehind() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files)
    for id in 0..<10 { try await archive.ingest(TestRequest(id, itemCount: 10)) }
    archive.settle()
    let inputs = archive.state.withLock(\.segments)
    let names = try files.list("segments")
    try #require(!inputs.isEmpty)
    var columnCount = 0
    #expect(throws: StorageError.self) {
      _ = try SegmentWriter.write(
        try PieceMerger(inputs, cutoff: { _ in RetentionCutoff(lines: .min, others: .min) }), id: 99, journals: [], replaced: [], files: files,
        isWanted: {
          columnCount += 1
          return columnCount < 3
        })
    }
    #expect(columnCount == 3)
    #expect(try files.list("segments") == names)
  }

  @Test func aForwardJumpOfTheClockDeletesNothing() async throws {
    let clock = TestClock(testTime)
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.retentionDays = 10
    let archive = try open(files, settings, clock)
    for id in 0..<10 { try await archive.ingest(TestRequest(id, itemCount: 10)) }
    archive.settle()
    for jump in [1, 400, 3_650, 100_000, -3_650] as [Int64] {
      clock.set(testTime &+ jump * day)
      archive.tick()
      archive.settle()
      archive.mergeQueue.sync { archive.mergeAtLeisure() }
      #expect(try requests(archive).count == 10)
    }
    archive.close()
    clock.set(testTime + 3_650 * day)
    let next = try open(files.copy(), settings, clock)
    next.tick()
    next.settle()
    #expect(try requests(next).count == 10)
  }

  @Test(arguments: [0, -1, 106_751, 106_752, 200_000, 1_000_000_000, Int.max]) func anyLongRetentionKeepsEverything(
    _ days: Int
  ) async throws {
    let clock = TestClock(testTime)
    var settings = smallSettings(headRowCountMax: 20)
    settings.retentionDays = days
    settings.futureSecondsMax = .max
    let archive = try open(MemoryFiles(), settings, clock)
    for id in 0..<10 { try await archive.ingest(TestRequest(id, itemCount: 10)) }
    archive.settle()
    archive.tick()
    archive.settle()
    #expect(try requests(archive).count == 10)
  }

  @Test func aRepeatedSpanCountsOnceInAHeadTheNextAndAfterARestart() async throws {
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.sealRowCount = 1
    let archive = try openArchive(files, settings)
    let first = TestRequest(0, itemCount: 8)
    for _ in 0..<3 { try await archive.ingest(first) }
    #expect(try archive.allRows().count == 8)
    try await archive.ingest(TestRequest(1, itemCount: 12))
    archive.settle()
    #expect(archive.status().segmentCount == 1)
    try await archive.ingest(first)
    #expect(try archive.allRows().count == 20, "in the head after")
    let afterCrash = try openArchive(files.copy(), settings)
    #expect(try afterCrash.allRows().count == 20, "replayed after a crash")
    try await afterCrash.ingest(first)
    #expect(try afterCrash.allRows().count == 20, "sent again after a crash")
    archive.close()
    let afterClose = try openArchive(files.copy(), settings)
    try await afterClose.ingest(first)
    try await afterClose.ingest(TestRequest(1, itemCount: 12))
    #expect(try afterClose.allRows().count == 20, "sent again after an orderly end")
    afterClose.close()
    #expect(try openArchive(files.copy(), settings).allRows().count == 20)
  }

  @Test func removedEventsStayRemoved() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 20))
    for id in 0..<10 { try await archive.ingest(TestRequest(id)) }
    try archive.removeEverything()
    #expect(try archive.allRows().isEmpty)
    for seed in 1...20 { #expect(try openArchive(files.crash(seed: UInt64(seed))).allRows().isEmpty) }
    try await archive.ingest(TestRequest(0))
    #expect(try !archive.allRows().isEmpty, "a request after it counts")
  }

  @Test func removedEventsCountAgainWhenTheyComeAgain() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 20))
    for round in 0..<3 {
      for id in 0..<6 { try await archive.ingest(TestRequest(id, itemCount: 5)) }
      #expect(try archive.allRows().count == 30, "round \(round)")
      try archive.removeEverything()
      #expect(try archive.allRows().isEmpty, "round \(round)")
    }
    let next = try openArchive(files.copy())
    #expect(try next.allRows().isEmpty)
    try await next.ingest(TestRequest(0, itemCount: 5))
    #expect(try next.allRows().count == 5, "no identity outlives a restart either")
  }

  @Test(.timeLimit(.minutes(5))) func nothingComesBackThatWasRemovedWhileRequestsAndMergesRun() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 30))
    for round in 0..<40 {
      await withTaskGroup(of: Void.self) { (group) in
        for writer in 0..<3 {
          group.addTask {
            for turn in 0..<6 { _ = await archive.refusal(of: TestRequest(round * 100 + writer * 10 + turn, itemCount: 7)) }
          }
        }
        group.addTask { try? archive.removeEverything() }
        group.addTask {
          archive.tick()
          archive.mergeQueue.async { archive.mergeAtLeisure() }
        }
      }
      try archive.removeEverything()
      archive.settle()
      #expect(try archive.allRows().isEmpty, "round \(round)")
    }
    #expect(try openArchive(files.copy()).allRows().isEmpty)
  }

  /// How far the writers are.
  private final class Progress: Sendable {
    private let state = Mutex((accepted: 0, isDone: false))
    var accepted: Int { state.withLock { $0.accepted } }
    var isDone: Bool { state.withLock { $0.isDone } }
    func add(_ count: Int) { state.withLock { $0.accepted += count } }
    func end() { state.withLock { $0.isDone = true } }
  }

  @Test(.timeLimit(.minutes(5))) func readersNeverSeeLessHalfOrTwice() async throws {
    let archive = try openArchive(MemoryFiles(), smallSettings(headRowCountMax: 300))
    let progress = Progress()
    let itemCount = 7
    await withTaskGroup(of: Void.self) { (group) in
      for _ in 0..<3 {
        group.addTask {
          var last = 0
          var rounds = 0
          while !progress.isDone {
            let least = progress.accepted
            let pieces = archive.snapshot()
            let count = pieces.reduce(0) { $0 + $1.rowCount }
            #expect(count >= last, "the count went down")
            #expect(count >= least, "an acknowledged request is not seen")
            #expect(count % itemCount == 0, "half a request is seen")
            last = count
            rounds += 1
            if rounds % 8 == 0 { Self.expectWholeRequests(pieces, itemCount) }
            await Task.yield()
          }
        }
      }
      group.addTask {
        await withTaskGroup(of: Void.self) { (writers) in
          for writer in 0..<3 {
            writers.addTask {
              for turn in 0..<150 {
                if await archive.refusal(of: TestRequest(writer * 1000 + turn, itemCount: itemCount)) == nil {
                  progress.add(itemCount)
                }
                if turn % 20 == 0 { archive.tick() }
              }
            }
          }
        }
        archive.settle()
        progress.end()
      }
    }
    #expect(try archive.allRows().count == 3 * 150 * itemCount)
    #expect(archive.status().mergeCount > 0)
  }

  /// As above, while older requests expire: they go whole, and nothing of the newer ones goes with them.
  @Test(.timeLimit(.minutes(5))) func retentionTakesNothingFromReadersThatIsNotTooOld() async throws {
    let clock = TestClock(testTime)
    var settings = smallSettings(headRowCountMax: 200)
    settings.retentionDays = 10
    let archive = try open(MemoryFiles(), settings, clock)
    let progress = Progress()
    let itemCount = 5
    await withTaskGroup(of: Void.self) { (group) in
      for _ in 0..<3 { group.addTask { await Self.readWholeRequests(archive, progress, itemCount: itemCount) } }
      group.addTask {
        await Self.writeNewAndOld(archive, clock, progress, itemCount: itemCount)
        progress.end()
      }
    }
    clock.set(testTime + day)
    archive.tick()
    archive.settle()
    let left = Set(try archive.allRows().compactMap { $0.fields[ColumnKey("request", .integer)] })
    for id in 0..<200 { #expect(left.contains(.integer(Int64(id)))) }
    #expect(left.count < 400, "some of the old ones went")
  }

  private static let oldID = 100_000

  private static func readWholeRequests(_ archive: EventArchive, _ progress: Progress, itemCount: Int) async {
    var last = 0
    while !progress.isDone {
      let least = progress.accepted
      let counts = rowCounts(archive.snapshot())
      let odd = counts.filter { $0.value != itemCount }
      #expect(odd.isEmpty, "a request is seen in part or twice: \(odd)")
      let count = counts.filter { $0.key < oldID }.reduce(0) { $0 + $1.value }
      #expect(count >= last && count >= least, "newer requests went with the old ones")
      last = count
      await Task.yield()
    }
  }

  /// Rows by request.
  private static func rowCounts(_ pieces: [any Piece]) -> [Int64: Int] {
    var counts: [Int64: Int] = [:]
    for piece in pieces {
      guard let column = try? piece.column(ColumnKey("request", .integer)) else {
        Issue.record("a piece cannot be read")
        continue
      }
      for row in 0..<piece.rowCount {
        guard case .integer(let id) = column.value(at: row) else { continue }
        counts[id, default: 0] += 1
      }
    }
    return counts
  }

  /// New requests, and old ones between nine and ten days old, in steps, which the clock reaches one after the other.
  private static func writeNewAndOld(_ archive: EventArchive, _ clock: TestClock, _ progress: Progress, itemCount: Int) async {
    let day: Int64 = 86_400_000_000_000
    for turn in 0..<200 {
      let age = day * 10 - Int64(turn % 20 + 1) * day / 20 - day / 40
      if await archive.refusal(of: TestRequest(turn, itemCount: itemCount)) == nil { progress.add(itemCount) }
      _ = await archive.refusal(of: TestRequest(oldID + turn, itemCount: itemCount, time: testTime - age))
      guard turn % 10 == 9 else { continue }
      clock.set(testTime + Int64(turn) * day / 200)
      archive.tick()
    }
    archive.settle()
  }

  private static func expectWholeRequests(_ pieces: [any Piece], _ itemCount: Int) {
    #expect(rowCounts(pieces).allSatisfy { $0.value == itemCount }, "a request is seen in part or twice")
  }
}
