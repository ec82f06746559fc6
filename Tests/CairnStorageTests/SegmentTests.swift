// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import CairnStorage

/// Heads, segments and merges hold the same events.
struct SegmentTests {
  @Test(arguments: 1...12) func headSegmentAndMergeHoldTheSameRows(_ seed: Int) async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 60))
    var ledger = Ledger()
    for id in 0..<40 {
      let request = TestRequest(id, seed: UInt64(seed), isLog: id % 3 == 0)
      ledger.sent[id] = request
      ledger.acknowledged.insert(id)
      try await archive.ingest(request)
      #expect(ledger.faults(try archive.allRows()).isEmpty)
    }
    archive.close()
    #expect(ledger.faults(try archive.allRows()).isEmpty, "sealed")
    let next = try openArchive(files.copy(), smallSettings(headRowCountMax: 60))
    next.mergeQueue.sync { next.mergeAtLeisure() }
    #expect(next.state.withLock { $0.segments.contains { !$0.footer.replaced.isEmpty } }, "some were merged")
    #expect(next.state.withLock { EventArchive.mergeCandidates($0, next.settings, atLeast: 2).isEmpty }, "none is left to merge")
    #expect(ledger.faults(try next.allRows()).isEmpty, "merged")
    #expect(next.damage.entries.isEmpty)
  }

  @Test func aMergeOfManyBlocksIsTheUnionOfItsInputs() async throws {
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 6_000)
    settings.segmentRowCountMax = 100_000
    settings.segmentRowCountSmall = 100_000
    settings.sealRowCount = 1
    settings.mergeCount = 100
    let archive = try openArchive(files, settings)
    for id in 0..<60 { try await archive.ingest(TestRequest(id, itemCount: 300, isLog: id % 5 == 4)) }
    archive.close()
    let next = try openArchive(files.copy(), settings)
    let before = next.snapshot()
    #expect(before.count >= 3)
    let rows = try before.map { try TestRow.sorted($0) }.joined().sorted()
    next.mergeQueue.sync { next.mergeAtLeisure() }
    let after = next.snapshot()
    #expect(after.count == 1)
    #expect(try after.map { try TestRow.sorted($0) }.joined().sorted() == rows)
    #expect(try Fsck(files: files.copy()).run().isClean)
  }

  /// What is asked for without its rows is what the column has with them.
  @Test func valuesOfAColumnAreTheSameWithoutItsRows() async throws {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 6_000))
    for id in 0..<30 { try await archive.ingest(TestRequest(id, itemCount: 300, isLog: id % 5 == 4)) }
    archive.close()
    var foundCount = 0
    for piece in try openArchive(files.copy(), smallSettings()).snapshot() {
      for (key, _) in piece.columns {
        guard let alone = piece.dictionary(key) else { continue }
        #expect(piece.dictionary(key) === alone, "kept")
        guard case .dictionary(let whole)? = try piece.column(key)?.domain, case .text(let bytes, let ends) = whole.entries,
          case .text(let aloneBytes, let aloneEnds) = alone.entries
        else { throw FormatDamage(what: "\(key.name) has other values", offset: 0) }
        #expect(bytes == aloneBytes && ends == aloneEnds && piece.dictionary(key) === whole)
        foundCount += 1
      }
    }
    #expect(foundCount > 5)
  }

  @Test func aHeadThatGrowsIsWholeAtEachLook() async throws {
    let archive = try openArchive(MemoryFiles(), smallSettings(headRowCountMax: 100_000))
    var generator = SeededGenerator(seed: 11)
    var rowCount = 0
    var pieceCountMax = 0
    for id in 0..<90 {
      let itemCount = [1, 40, 700][generator.below(3)]
      rowCount += itemCount
      try await archive.ingest(TestRequest(id, itemCount: itemCount, isLog: id % 5 == 4))
      guard generator.oneIn(2) else { continue }
      let pieces = archive.snapshot()
      #expect(pieces.reduce(0) { $0 + $1.rowCount } == rowCount)
      pieceCountMax = max(pieceCountMax, pieces.count)
    }
    #expect(rowCount > 8_192 && pieceCountMax > 1 && pieceCountMax < 6, "\(rowCount) rows in \(pieceCountMax) pieces")
    let seen = try archive.snapshot().map { try TestRow.sorted($0) }.joined().sorted()
    #expect(try seen == TestRow.sorted(HeadPiece(archive.state.withLock { $0.head })).sorted())
  }

  @Test func datasetsBeyondSixteenBitsKeepTheirRows() throws {
    var batch = Batch()
    let count = 70_000
    for index in 0..<count {
      let key = Array("\(index)".utf8)
      unsafe batch.beginGroup(knownBy: key.span.bytes, 0, key.count)
      let group = batch.endGroup(environment: "e", dataset: "d\(index)")
      batch.set("n", integer: Int64(index))
      batch.appendRow(timeUnixNanoseconds: Int64(index), group: group)
    }
    let head = Head(journalNumber: 1, identities: IdentitySet())
    head.open.withLock { swap(&$0.batch, &batch) }
    let piece = HeadPiece(head)
    #expect(piece.runs.count == count)
    let column = try #require(try piece.column(ColumnKey("n", .integer)))
    for run in piece.runs where column.value(at: run.rows.lowerBound)?.text != String(run.dataset.dropFirst()) {
      Issue.record("the row of \(run.dataset) is in another dataset")
      break
    }
  }

  @Test func aDamagedInputIsNotMergedAndTheOthersAre() async throws {
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 20)
    settings.mergeCount = 100
    let archive = try openArchive(files, settings)
    for id in 0..<12 { try await archive.ingest(TestRequest(id, itemCount: 10)) }
    archive.close()
    let damaged = files.copy()
    let path = SegmentWriter.path(2)
    var bytes = try #require(damaged.bytes(path))
    bytes[200] ^= 4
    damaged.put(path, bytes)
    let next = try openArchive(damaged, settings)
    let count = next.status().eventCount
    next.mergeQueue.sync { next.mergeAtLeisure() }
    #expect(next.status().eventCount == count)
    #expect(next.status().segmentCount == 2)
    #expect(damaged.bytes(path) == bytes)
  }
}

/// A row as text, so that rows of many kinds have one order.
struct TestRow {
  static func sorted(_ piece: any Piece) throws -> [String] {
    try rows(of: piece).map { (row) in
      let fields = row.fields.map { "\($0.key.name) \($0.key.kind) \($0.value)" }.sorted().joined(separator: ";")
      return "\(row.environment)/\(row.dataset) \(row.time) \(fields)"
    }
  }
}
