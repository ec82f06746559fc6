// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import Dispatch
import Glibc
import TestSupport
import Testing

@testable import CairnStorage

/// Files of format version 1 that an earlier build wrote, read for ever; see Tests/Fixtures/storage/README.md.
struct GoldenFileTests {
  private static let folder = "\(#filePath)".split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Fixtures/storage"

  /// What is in the files: twelve requests, of which the segment has those below eight. What a test request holds follows from its number.
  private static var requests: [TestRequest] { (0..<12).map { TestRequest($0, seed: 42, itemCount: 3, isLog: $0 % 4 == 3) } }

  private static func read(_ name: String) throws -> [UInt8] {
    let file = try SystemFiles(folder: folder).open(name)
    return try file.read(at: 0, count: file.byteCount())
  }

  /// Writes the files anew where CAIRN_WRITE_GOLDEN is set: for a new version, never for version 1.
  @Test(.enabled(if: unsafe getenv("CAIRN_WRITE_GOLDEN") != nil)) func writeGoldenFiles() async throws {
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 12)
    settings.mergeCount = 100
    let archive = try openArchive(files, settings)
    for request in Self.requests.prefix(8) { try await archive.ingest(request) }
    archive.close()
    let next = try openArchive(files.copy(), settings)
    next.mergeQueue.sync { next.mergeAtLeisure() }
    let merged = try #require(next.snapshot().first as? SegmentPiece)
    let other = MemoryFiles()
    let second = try openArchive(other, smallSettings(headRowCountMax: 1000))
    for request in Self.requests.suffix(4) { try await second.ingest(request) }
    let target = try SystemFiles(folder: Self.folder)
    for (name, bytes) in [
      ("v1.segment", try #require(next.files as? MemoryFiles).bytes(merged.path)),
      ("v1.journal", other.bytes(JournalWriter.path(1))),
    ] {
      let file = try target.create(name)
      let bytes = try #require(bytes)
      try unsafe file.append(bytes.span.bytes)
    }
  }

  @Test func versionOneIsReadForEver() throws {
    let segment = try Self.read("v1.segment")
    let journal = try Self.read("v1.journal")
    let alone = MemoryFiles()
    alone.put("segments/probe", segment)
    let footer = try SegmentFooter(try alone.open("segments/probe"))
    let number = try #require(JournalHeader.number(journal))
    let files = MemoryFiles()
    files.put(SegmentWriter.path(footer.id), segment)
    let archive = try openArchive(files)
    var ledger = Ledger()
    for request in Self.requests.prefix(8) { ledger.sent[request.id] = request }
    ledger.acknowledged = Set(0..<8)
    #expect(ledger.faults(try archive.allRows()).isEmpty)
    let journalFiles = MemoryFiles()
    journalFiles.put(JournalWriter.path(number), journal)
    let replayed = try openArchive(journalFiles)
    ledger = Ledger()
    for request in Self.requests.suffix(4) { ledger.sent[request.id] = request }
    ledger.acknowledged = Set(8..<12)
    #expect(ledger.faults(try replayed.allRows()).isEmpty)
    #expect(archive.damage.entries.isEmpty && replayed.damage.entries.isEmpty)
  }
}

/// Bytes that are no segment and no journal, and those that nearly are: the readers return.
struct ProbeTests {
  private static func count() -> Int { environmentNumber("CAIRN_MUTATIONS") ?? 20_000 }

  private func corpus() async throws -> (segments: [[UInt8]], journals: [[UInt8]]) {
    let files = MemoryFiles()
    let archive = try openArchive(files, smallSettings(headRowCountMax: 20))
    for id in 0..<6 { try await archive.ingest(TestRequest(id, itemCount: 5, isLog: id % 3 == 2)) }
    archive.settle()
    let journals = files.paths.filter { $0.hasPrefix("journal/") }.compactMap { files.bytes($0) }
    archive.close()
    var segments = files.paths.filter { $0.hasSuffix(".segment") }.compactMap { files.bytes($0) }
    archive.settle()
    let next = try openArchive(files.copy())
    next.mergeQueue.sync { next.mergeAtLeisure() }
    if let merged = next.snapshot().first as? SegmentPiece, let files = next.files as? MemoryFiles,
      let bytes = files.bytes(merged.path)
    {
      segments.append(bytes)
    }
    return (segments, journals)
  }

  @Test(.timeLimit(.minutes(20))) func changedSegmentsNeverTrap() async throws {
    let seeds = try await corpus().segments
    #expect(seeds.allSatisfy { Fsck.probe(segment: $0) > 0 })
    for seed in 0..<Self.count() {
      var generator = SeededGenerator(seed: UInt64(seed))
      let bytes = seeds[generator.below(seeds.count)]
      // The tail keeps its place, so that a change reaches the columns and the footer.
      let footerByteCount = bytes.count < 16 ? 0 : Int(bytes[bytes.count - 16]) | Int(bytes[bytes.count - 15]) << 8
      if generator.oneIn(8) {
        Fsck.probe(segment: mutated(bytes, using: &generator))
      } else {
        var changed = bytes
        for _ in 0...generator.below(4) {
          let inFooter = generator.oneIn(3)
          let range = inFooter ? bytes.count - 16 - footerByteCount..<bytes.count - 16 : 8..<bytes.count - 16
          changed[range.lowerBound + generator.below(range.count)] =
            [0, 1, 2, 3, 4, 8, 0x7f, 0x80, 0xff, UInt8(generator.below(256))][generator.below(10)]
        }
        Fsck.probe(segment: changed)
      }
    }
  }

  @Test(.timeLimit(.minutes(20))) func changedJournalsNeverTrap() async throws {
    let seeds = try await corpus().journals
    #expect(seeds.allSatisfy { Fsck.probe(journal: $0) > 0 })
    for bytes in Mutants(of: seeds) { Fsck.probe(journal: bytes) }
  }
}
