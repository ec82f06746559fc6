// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import Dispatch
import Glibc
import TestSupport
import Testing

@testable import CairnStorage

/// Calls of the operating system that fail: no wrong acknowledgement, no trap, no hang.
@Suite(.serialized)
struct FailureTests {
  private let requestCount = 14

  /// Opens, takes requests in, seals, merges and closes while calls fail; then a healthy start. Returns what is wrong, and whether the
  /// fault was ever reached.
  private func faults(_ fault: MemoryFiles.Fault) async throws -> (found: [String], wasReached: Bool) {
    let files = MemoryFiles()
    var ledger = Ledger()
    // What an earlier process left: segments and a journal, so that the start has something to fail at.
    let former = try openArchive(files, smallSettings(headRowCountMax: 20))
    for id in 0..<6 {
      let request = TestRequest(id)
      ledger.sent[id] = request
      try await former.ingest(request)
      ledger.acknowledged.insert(id)
    }
    former.settle()
    let next = files.copy()
    next.fail(fault)
    if let archive = try? openArchive(next, smallSettings(headRowCountMax: 20)) {
      for id in 6..<6 + requestCount {
        let request = TestRequest(id)
        ledger.sent[id] = request
        for _ in 0..<2 where !ledger.acknowledged.contains(id) {
          do throws(IngestError) {
            try await archive.ingest(request)
            ledger.acknowledged.insert(id)
          } catch {
            guard case .unavailable = error else { return (["refused with \(error)"], true) }
          }
        }
        if id % 4 == 0 { archive.tick() }
        if id % 5 == 0 { archive.settle() }
      }
      let live = check(archive, ledger, next)
      if !live.isEmpty { return (live.map { "live: \($0)" }, true) }
      archive.close()
    }
    let wasReached = next.count(fault.call) >= fault.turn
    let healthy = next.copy()
    let reopened = try openArchive(healthy)
    reopened.settle()
    return (check(reopened, ledger, healthy), wasReached)
  }

  /// Rows of files in quarantine are not served; nothing else may be missing.
  private func check(_ archive: EventArchive, _ ledger: Ledger, _ files: MemoryFiles) -> [String] {
    let quarantined = files.paths.filter { $0.hasPrefix("quarantine/") }
    do throws(PieceError) {
      return try ledger.faults(archive.allRows()).filter { quarantined.isEmpty || !$0.hasSuffix("is gone") }
    } catch {
      // A segment that cannot be read at the moment.
      return files.count(.read) > 0 ? [] : [error.reason]
    }
  }

  @Test(.timeLimit(.minutes(120)), arguments: MemoryFiles.Call.allCases, [EIO, ENOSPC, EMFILE])
  func everyCallMayFailOnceOrForEver(_ call: MemoryFiles.Call, _ number: Int32) async throws {
    let asksForAll = isFullRun
    for isForever in [false, true] {
      // Every call of a start and of the first requests, then some of the rest, unless all are asked for.
      for turn in 1... where turn < 16 || turn % 9 == 0 || asksForAll {
        var fault = MemoryFiles.Fault(call: call, turn: turn, isForever: isForever, number: number)
        fault.writtenShare = [0, 0.5, 1][turn % 3]
        let (found, wasReached) = try await faults(fault)
        #expect(found.isEmpty, "\(call) \(turn), for ever: \(isForever)")
        if !wasReached || !found.isEmpty { break }
      }
    }
  }

  @Test func afterAFailedSyncNothingIsAcknowledgedUntilARestart() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files)
    try await archive.ingest(TestRequest(0))
    files.fail(.init(call: .sync, turn: 1))
    for id in 1..<5 {
      #expect(await archive.refusal(of: TestRequest(id)) != nil)
    }
    #expect(archive.status().refusal?.contains("restarted") == true)
    #expect(files.count(.sync) == 1)
    let next = try openArchive(files.copy())
    try await next.ingest(TestRequest(5))
  }

  @Test func aRequestRefusedForAFullDiskIsNotAcknowledgedLater() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files)
    let first = TestRequest(0)
    let early = try unsafe archive.accept(first.header, body: first.body.span.bytes)
    files.fail(.init(call: .append, turn: 1, isForever: true, number: ENOSPC))
    for id in 1..<200 { _ = await archive.refusal(of: TestRequest(id, itemCount: 1)) }
    var isRefused = false
    do throws(IngestError) { try await archive.commit(early) } catch { isRefused = true }
    #expect(isRefused)
  }

  @Test func aFullDiskRefusesAndTakesUpAgainByItself() async throws {
    let files = MemoryFiles()
    var settings = smallSettings()
    settings.diskReserveByteCount = 2_000
    let archive = try openArchive(files, settings)
    var ledger = Ledger()
    var id = 0
    for round in 0..<20 {
      files.setBudget(byteCount: files.image.byteCount + 6_000)
      var isFull = false
      for _ in 0..<40 where !isFull {
        let request = TestRequest(id)
        ledger.sent[id] = request
        id += 1
        do throws(IngestError) {
          try await archive.ingest(request)
          ledger.acknowledged.insert(request.id)
        } catch {
          if case .unavailable(_, let delay) = error { #expect(delay > 0) } else { Issue.record("refused with \(error)") }
          isFull = true
        }
        archive.tick()
      }
      #expect(isFull)
      #expect(ledger.faults(try archive.allRows()).isEmpty, "queries go on")
      files.setBudget(byteCount: .max / 4)
      archive.tick()
      archive.settle()
      let request = TestRequest(id)
      ledger.sent[id] = request
      id += 1
      try await archive.ingest(request)
      ledger.acknowledged.insert(request.id)
      if round % 5 == 0 { #expect(ledger.faults(try openArchive(files.copy()).allRows()).isEmpty) }
    }
    #expect(archive.status().refusal == nil)
    archive.close()
    #expect(ledger.faults(try openArchive(files.copy()).allRows()).isEmpty)
  }

  @Test func aTransientErrorAtTheStartRefusesAndChangesNothing() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files)
    for id in 0..<20 { try await archive.ingest(TestRequest(id)) }
    archive.settle()
    let before = files.copy()
    for call in [MemoryFiles.Call.open, .read, .list] {
      let next = before.copy()
      next.fail(.init(call: call, turn: 1, number: EMFILE))
      #expect(throws: StorageError.self) { try openArchive(next) }
      #expect(next.paths == before.paths)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aStoreThatIsClosedMeanwhileRefuses() async throws {
    for _ in 0..<50 {
      let archive = try openArchive(MemoryFiles())
      await withTaskGroup(of: Void.self) { group in
        for id in 0..<4 { group.addTask { _ = await archive.refusal(of: TestRequest(id)) } }
        group.addTask { archive.close() }
      }
    }
  }
}
