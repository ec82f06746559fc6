// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import Dispatch
import TestSupport
import Testing

@testable import CairnStorage

/// Bytes that change on the disk: the store opens, the rest is served, no wrong row is ever shown, and the place is reported.
@Suite(.serialized)
struct DamageTests {
  /// A folder with two segments (one merged, one quick) and a journal, and what it holds.
  private func folder() async throws -> (files: MemoryFiles, ledger: Ledger, rowCount: Int) {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 40))
    var ledger = Ledger()
    for id in 0..<30 {
      let request = TestRequest(id, itemCount: 6)
      ledger.sent[id] = request
      try await archive.ingest(request)
      ledger.acknowledged.insert(id)
      if id == 20 {
        archive.settle()
        archive.mergeQueue.sync { archive.mergeAtLeisure() }
      }
    }
    archive.settle()
    let settled = files.copy()
    #expect(settled.paths.filter { $0.hasSuffix(".segment") }.count >= 2)
    return (settled, ledger, ledger.sent.values.reduce(0) { $0 + $1.expectedRows.count })
  }

  /// Settings under which a start changes nothing by itself.
  private var still: ArchiveSettings {
    var settings = smallSettings()
    settings.mergeCount = 100
    return settings
  }

  /// What is wrong with a store that was opened over damaged files: wrong values, doubled rows, or a loss without a report.
  private func faults(_ files: MemoryFiles, _ ledger: Ledger, _ rowCount: Int) throws -> [String] {
    let archive = try openArchive(files, still)
    archive.settle()
    var faults: [String] = []
    var lostCount = rowCount
    for piece in archive.snapshot() {
      guard let ids = try? piece.column(ColumnKey("request", .integer)),
        let indices = try? piece.column(ColumnKey("index", .integer))
      else {
        continue
      }
      for (key, _) in piece.columns {
        guard let column = try? piece.column(key) else {
          lostCount += 1
          continue
        }
        if column.blocks.contains(where: \.isDamaged) {
          lostCount += 1
          continue
        }
        guard !ids.blocks.contains(where: \.isDamaged), !indices.blocks.contains(where: \.isDamaged) else { continue }
        for row in 0..<piece.rowCount {
          guard case .integer(let id) = ids.value(at: row), case .integer(let index) = indices.value(at: row),
            let request = ledger.sent[Int(id)],
            let wanted = request.expectedRows.first(where: { $0["index"] == .integer(index) })
          else {
            faults.append("a row that was never sent")
            continue
          }
          let value = key == .time ? FieldValue.integer(wanted.time) : wanted.fields[key]
          if column.value(at: row) != value { faults.append("request \(id): \(key.name) has another value") }
        }
      }
      lostCount -= piece.rowCount
    }
    if lostCount < 0 { faults.append("\(-lostCount) rows too many") }
    if lostCount > 0, archive.damage.entries.isEmpty { faults.append("\(lostCount) rows or columns are gone without a report") }
    return faults
  }

  /// The places of a file that are worth changing: all of its ends, and some of the rest.
  private func offsets(_ byteCount: Int, _ generator: inout SeededGenerator, step: Int) -> [Int] {
    (0..<byteCount).filter { $0 < 24 || $0 >= byteCount - 24 || ($0 + generator.below(3)) % step == 0 }
  }

  @Test(.timeLimit(.minutes(10))) func everyFlippedBitIsFoundOrHarmless() async throws {
    let (files, ledger, rowCount) = try await folder()
    var generator = SeededGenerator(seed: 7)
    var count = 0
    for path in files.paths {
      let bytes = files.bytes(path) ?? []
      let isKept = path == files.paths.last { $0.hasPrefix("journal/") } ? false : path.hasPrefix("journal/")
      for offset in offsets(bytes.count, &generator, step: 61) {
        var changed = bytes
        changed[offset] ^= 1 << UInt8(generator.below(8))
        let damaged = files.copy()
        damaged.put(path, changed)
        let report = try Fsck(files: damaged.copy()).run()
        let isReported = !report.isClean || report.leftovers.contains { $0.reason.contains("not finished") }
        if !isKept { #expect(isReported, "fsck does not see \(path) at \(offset)") }
        if !isKept, !report.isClean { #expect(report.damage.contains { $0.file == path }) }
        count += 1
        let found = try faults(damaged, ledger, rowCount)
        // The last frame of a journal with a length that is too great looks like a write that was cut off.
        if report.isClean, path.hasPrefix("journal/") { continue }
        #expect(found.isEmpty, "\(path) at \(offset)")
      }
    }
    #expect(count > 400)
  }

  /// One small segment and one small journal: little enough to damage each byte of it.
  private func smallFolder() async throws -> (files: MemoryFiles, ledger: Ledger, rowCount: Int) {
    let files = MemoryFiles()
    var ledger = Ledger()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 9))
    for id in 0..<6 {
      ledger.sent[id] = TestRequest(id, itemCount: 3, isLog: id % 3 == 2)
      try await archive.ingest(TestRequest(id, itemCount: 3, isLog: id % 3 == 2))
      ledger.acknowledged.insert(id)
      if id == 2 { archive.settle() }
    }
    // Before the second head is sealed.
    let settled = files.copy()
    archive.settle()
    return (settled, ledger, 18)
  }

  /// Every bit of every byte in the long form, one bit of each byte in the short one; and every length that a file can be cut to.
  @Test(.timeLimit(.minutes(30))) func everyByteOfASmallFolderMayChangeAndEveryFileMayEndAnywhere() async throws {
    let (files, ledger, rowCount) = try await smallFolder()
    var generator = SeededGenerator(seed: 11)
    var counts = (flips: 0, cuts: 0)
    for path in files.paths {
      let bytes = files.bytes(path) ?? []
      for offset in bytes.indices {
        for bit in isFullRun ? Array(0..<8) : [generator.below(8)] {
          var changed = bytes
          changed[offset] ^= 1 << UInt8(bit)
          try expectNoFault(path, changed, files, ledger, rowCount, "\(path): bit \(bit) of byte \(offset)")
          counts.flips += 1
        }
        try expectNoFault(path, Array(bytes.prefix(offset)), files, ledger, rowCount, "\(path) cut to \(offset)")
        counts.cuts += 1
      }
      try expectNoFault(path, nil, files, ledger, rowCount, "\(path) removed")
    }
    print("damage: \(counts.flips) flipped bits, \(counts.cuts) cuts")
    // Every byte of a segment and of what stands beside it; a folder that came out empty would prove nothing.
    #expect(counts.cuts == files.paths.reduce(0) { $0 + (files.bytes($1)?.count ?? 0) } && counts.cuts > 2_500)
  }

  /// The damaged folder opens, shows no wrong row, and names what is missing; but the end of a journal may look like a write that was never
  /// acknowledged, and a whole file that is gone has left nothing to name.
  private func expectNoFault(
    _ path: String, _ bytes: [UInt8]?, _ files: MemoryFiles, _ ledger: Ledger, _ rowCount: Int, _ what: String
  ) throws {
    let damaged = files.copy()
    damaged.put(path, bytes)
    let mayLoseSilently = bytes == nil || path.hasPrefix("journal/")
    let found = try faults(damaged, ledger, rowCount).filter { !mayLoseSilently || !$0.contains("without a report") }
    #expect(found.isEmpty, "\(what)")
  }

  @Test func cutEmptySwappedAndDoubledFilesCostOnlyThemselves() async throws {
    let (files, ledger, rowCount) = try await folder()
    let segments = files.paths.filter { $0.hasSuffix(".segment") }
    for path in files.paths {
      let bytes = files.bytes(path) ?? []
      for count in [0, 1, 8, 15, 16, 17, bytes.count / 2, bytes.count - 17, bytes.count - 1] where count >= 0 {
        let damaged = files.copy()
        damaged.put(path, Array(bytes.prefix(count)))
        let found = try faults(damaged, ledger, rowCount).filter {
          path.hasPrefix("segments/") || !$0.contains("without a report")
        }
        #expect(found.isEmpty, "\(path) cut to \(count)")
      }
      let zeroed = files.copy()
      zeroed.put(path, bytes.enumerated().map { $0.offset / 512 == bytes.count / 1024 ? 0 : $0.element })
      #expect(try faults(zeroed, ledger, rowCount).isEmpty, "\(path) with a sector of zeros")
    }
    let swapped = files.copy()
    swapped.put(segments[0], files.bytes(segments[1]))
    swapped.put(segments[1], files.bytes(segments[0]))
    #expect(try !Fsck(files: swapped.copy()).run().isClean)
    #expect(try faults(swapped, ledger, rowCount).isEmpty, "two segments swapped")
    let doubled = files.copy()
    doubled.put(SegmentWriter.path(900), files.bytes(segments[0]))
    #expect(try !Fsck(files: doubled.copy()).run().isClean)
    #expect(try faults(doubled, ledger, rowCount).isEmpty, "a segment under a second name")
  }

  @Test func aSoundFolderIsCleanAndItsSizesAddUp() async throws {
    let (files, _, _) = try await folder()
    let report = try Fsck(files: files.copy()).run()
    #expect(report.isClean)
    #expect(report.segmentCount >= 2)
    #expect(report.eventCount > 0)
    #expect(report.requestCount > 0)
    #expect(report.byteCount == files.image.byteCount)
    #expect(report.columns.contains { $0.name == "trace.trace_id (traceID)" })
    #expect(report.columns.reduce(0) { $0 + $1.byteCount } < report.byteCount)
    let before = files.paths
    _ = try Fsck(files: files).run()
    #expect(files.paths == before)
    #expect(try Fsck(files: files).run().isInUse)
  }

  @Test func foreignFilesStayWhereTheyAre() async throws {
    let (files, ledger, rowCount) = try await folder()
    files.put("segments/notes.txt", [1, 2, 3])
    files.put("segments/000000000900.writing", [1])
    files.put("journal/notes.txt", [1])
    #expect(try Fsck(files: files.copy()).run().leftovers.filter { $0.reason == "not a file of Cairn's" }.count == 2)
    #expect(try faults(files, ledger, rowCount).isEmpty)
    #expect(files.bytes("segments/notes.txt") == [1, 2, 3])
    #expect(files.bytes("journal/notes.txt") == [1])
    #expect(files.bytes("segments/000000000900.writing") == nil)
  }

  @Test func aDamagedFrameCostsItselfAndAnUnreadableJournalIsKept() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 1000))
    var ledger = Ledger()
    for id in 0..<5 {
      ledger.sent[id] = TestRequest(id)
      try await archive.ingest(TestRequest(id))
    }
    let path = JournalWriter.path(1)
    var bytes = try #require(files.bytes(path))
    bytes[bytes.count / 2] ^= 0x10
    let damaged = files.copy()
    damaged.put(path, bytes)
    let next = try openArchive(damaged)
    #expect(next.damage.entries.count == 1)
    #expect(next.damage.entries.first?.file == path)
    #expect(ledger.faults(try next.allRows()).isEmpty)
    #expect(Set(try next.allRows().map { $0["request"] }).count == 4)
    next.settle()
    next.close()
    #expect(damaged.bytes("quarantine/000000000001.journal") == bytes)
  }
}
