// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import Glibc
import TestSupport
import Testing

@testable import CairnStorage

/// Segments of lines, from the writer to the reader.
struct LineSegmentTests {
  /// Lines of a web service, every third a JSON object, with the fields that a door finds in them. The same in every build: a file in
  /// Tests/Fixtures/storage has them.
  private struct Lines: ColumnSource {
    let columns: [ColumnKey: FlatColumn]
    let runs: [DatasetRun]
    let texts: [String]
    var rowCount: Int { texts.count }
    var keys: [ColumnKey] { columns.keys.sorted() }
    var sharedSource: ColumnKey? { nil }
    func make(_ key: ColumnKey) throws(StorageError) -> FlatColumn? { columns[key] }

    init(_ count: Int) {
      var generator = SeededGenerator(seed: 3)
      var texts: [String] = []
      var latencies: [Double?] = []
      var traces: [TraceID?] = []
      for row in 0..<count {
        let id = TraceID(high: generator.next() | 1, low: generator.next())
        let latency = Double(generator.below(100_000)) / 100
        let isObject = row % 3 == 0
        texts.append(
          isObject
            ? "{\"level\":\"info\",\"latency\":\(latency),\"trace_id\":\"\(id.hex)\"}"
            : "[INFO] [worker-\(generator.below(16))] job \(hexText(generator.next())) done in \(latency) ms")
        latencies.append(isObject ? latency : nil)
        traces.append(isObject ? id : nil)
      }
      self.texts = texts
      runs = [
        DatasetRun(
          environment: "default", dataset: "web", rows: 0..<count, minimumUnixNanoseconds: 1_000, maximumUnixNanoseconds: 999 + Int64(count))
      ]
      columns = Self.columns(texts, latencies, traces)
    }

    private static func columns(_ texts: [String], _ latencies: [Double?], _ traces: [TraceID?]) -> [ColumnKey: FlatColumn] {
      var interner = ByteInterner(slotCount: 64, arenaByteCount: 64)
      let codes = texts.map { interner.intern($0) + 1 }
      let body = ValueDictionary(interner.texts((0..<UInt32(interner.count)).map { $0 }))
      let ids = traces.compactMap { $0 }
      var place: UInt32 = 0
      let stored = traces.map { (id) -> UInt32 in
        if id == nil { return 0 }
        place += 1
        return place
      }
      let list: [FlatColumn] = [
        .numbers(.time, .integers, words: texts.indices.map { UInt64($0 + 1_000) }, present: nil),
        .coded(ColumnKey(FieldName.body, .string), .dictionary(body), stored: codes),
        ColumnFreezer.floats(ColumnKey("latency", .float), (latencies.map { $0?.bitPattern ?? 0 }, latencies.map { $0 != nil })),
        .coded(.traceID, .dictionary(ValueDictionary(.traceIDs(ids, sorted: sortedEntries(ids)))), stored: stored),
      ]
      return Dictionary(uniqueKeysWithValues: list.map { ($0.key, $0) })
    }
  }

  private static let name = "v1-lines.segment"
  private static let folder = "\(#filePath)".split(separator: "/").dropLast(2).reduce("") { $0 + "/" + $1 } + "/Fixtures/storage"
  private static let rowCount = 2_100

  private func written(_ lines: Lines) throws -> [UInt8] {
    let files = MemoryFiles()
    _ = try SegmentWriter.write(lines, id: 1, journals: [1...1], replaced: [], files: files)
    return try #require(files.bytes(SegmentWriter.path(1)))
  }

  private func segment(_ bytes: [UInt8]) throws -> (piece: SegmentPiece, damage: DamageLog) {
    let files = MemoryFiles()
    files.put(SegmentWriter.path(1), bytes)
    let damage = DamageLog()
    return (try SegmentPiece(files.open(SegmentWriter.path(1)), cache: ColumnCache(byteCountMax: 1 << 24), damage: damage), damage)
  }

  /// The keys of which some row has another value than it was written with.
  private func wrongKeys(_ piece: SegmentPiece, _ lines: Lines) -> [String] {
    lines.keys.filter { (key) in
      guard let column = try? piece.column(key), let wanted = lines.columns[key]?.scanColumn() else { return false }
      return (0..<lines.rowCount).contains { (row) in
        !column.blocks[row / blockRowCount].isDamaged && column.value(at: row) != wanted.value(at: row)
      }
    }.map(\.name)
  }

  @Test func linesAndTheirFieldsAreKeptOnce() throws {
    let lines = Lines(20_000)
    let bytes = try written(lines)
    let (piece, damage) = try segment(bytes)
    #expect(wrongKeys(piece, lines).isEmpty)
    #expect(damage.entries.isEmpty)
    let sizes = Dictionary(uniqueKeysWithValues: piece.footer.columns.map { ($0.key.name, $0.byteCount) })
    #expect(sizes["latency", default: 0] < 200 && sizes[FieldName.traceID, default: 0] < 200)
    // 16 bytes of trace id and 17 bits of latency in a third of the lines, 8 bytes, 4 bits and 17 bits in the others.
    #expect(sizes[FieldName.body, default: 0] < 20_000 * 14)
  }

  @Test func aFlippedBitIsAnErrorAndNeverAnotherLine() throws {
    let lines = Lines(Self.rowCount)
    let bytes = try written(lines)
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<250 {
      var damaged = bytes
      let bit = generator.below(bytes.count * 8)
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let (piece, damage) = try? segment(damaged) else { continue }
      #expect(wrongKeys(piece, lines).isEmpty, "bit \(bit)")
      let isWhole = lines.keys.allSatisfy { (key) in (try? piece.column(key))?.presentCount == lines.columns[key]?.presentCount }
      #expect(!isWhole || damage.entries.isEmpty, "bit \(bit)")
    }
  }

  @Test(.enabled(if: unsafe getenv("CAIRN_WRITE_GOLDEN") != nil)) func writeGoldenLines() throws {
    let bytes = try written(Lines(Self.rowCount))
    let file = try SystemFiles(folder: Self.folder).create(Self.name)
    try unsafe file.append(bytes.span.bytes)
  }

  @Test func linesOfVersionOneAreReadForEver() throws {
    let file = try SystemFiles(folder: Self.folder).open(Self.name)
    let bytes = try file.read(at: 0, count: file.byteCount())
    let lines = Lines(Self.rowCount)
    let (piece, damage) = try segment(bytes)
    #expect(piece.rowCount == lines.rowCount)
    #expect(wrongKeys(piece, lines).isEmpty)
    for key in lines.keys { #expect(try piece.column(key)?.presentCount == lines.columns[key]?.presentCount) }
    #expect(damage.entries.isEmpty)
    #expect(Fsck.probe(segment: bytes) > 2 * lines.rowCount)
  }
}
