// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import Synchronization
import TestSupport
import Testing

@testable import CairnStorage

/// Columns that follow from another one, to bytes and back.
struct DerivedColumnTests {
  private static let sourceKey = ColumnKey(FieldName.name, .string)

  /// A source of so many values, with nulls, and its column as a reader has it.
  private static func source(_ rowCount: Int, values: Int, _ generator: inout SeededGenerator) -> FlatColumn {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    for value in 0..<values {
      bytes += Array("value \(value)".utf8)
      ends.append(UInt32(bytes.count))
    }
    let stored = (0..<rowCount).map { _ in UInt32(generator.below(values + 1)) }
    return .coded(sourceKey, .dictionary(ValueDictionary(.text(bytes: bytes, ends: ends))), stored: stored)
  }

  private static func codes(_ column: FlatColumn) -> [UInt32] {
    guard case .narrow(let stored) = column.values else { return [] }
    return stored
  }

  /// Columns of every domain that follow from the source in all rows, in some, or but for exceptions.
  private static func columns(_ source: FlatColumn, _ generator: inout SeededGenerator) -> [(String, FlatColumn)] {
    let codes = codes(source)
    let texts = ScanColumn.Domain.dictionary(ValueDictionary(.text(bytes: Array("abcdefghij".utf8), ends: (1...10).map { $0 })))
    let whole = codes.map { $0 % 3 == 0 ? 0 : $0 % 10 + 1 }
    let partly = codes.map { $0 % 4 == 1 ? UInt32(generator.below(11)) : $0 % 10 + 1 }
    let rarely = codes.map { generator.oneIn(12) ? UInt32(generator.below(11)) : $0 % 10 + 1 }
    let numbers = codes.map { $0 % 4 == 1 ? UInt64(generator.below(1 << 30)) : UInt64($0) &- 40 }
    let present = codes.map { $0 % 5 != 2 }
    let words = codes.indices.map { present[$0] ? generator.next() : 0 }
    let text = ColumnKey("t", .string)
    return [
      ("all rows", .coded(text, texts, stored: whole)), ("some rows", .coded(text, texts, stored: partly)),
      ("but for exceptions", .coded(text, texts, stored: rarely)),
      ("booleans", .coded(ColumnKey("b", .boolean), .booleans, stored: codes.map { $0 % 3 })),
      ("numbers", .numbers(ColumnKey("i", .integer), .integers, words: numbers, present: present)),
      ("decimals", .numbers(ColumnKey("f", .float), .scaled(divisor: 100), words: numbers, present: present)),
      ("wide numbers", .numbers(ColumnKey("i", .integer), .integers, words: words, present: present)),
      ("ids", .patterns(.spanID, .spanIDs, words: words, present: present)),
      ("doubles", .patterns(ColumnKey("f", .float), .floatBits, words: words, present: present)),
    ]
  }

  private static func decode(
    _ encoded: EncodedColumn, _ bytes: [UInt8], like column: FlatColumn, source: ScanColumn, onDamage: (Int, Int) -> Void
  ) throws(FormatDamage) -> ScanColumn {
    var decoder = ColumnDecoder()
    return try decoder.decode(
      derived: bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: column.rowCount, source: source,
      onDamage: onDamage)
  }

  @Test(arguments: [1_500, 16_384, 40_000], [3, 40, 900]) func derivedColumnsComeBack(_ rowCount: Int, _ values: Int) throws {
    var generator = SeededGenerator(seed: UInt64(rowCount + values))
    let source = Self.source(rowCount, values: values, &generator)
    var deriver = ColumnDeriver()
    deriver.addSource(source)
    var encoder = ColumnEncoder()
    var derivedCount = 0
    for (name, column) in Self.columns(source, &generator) {
      guard let derived = deriver.derived(column) else { continue }
      derivedCount += 1
      let encoded = encoder.encode(derived)
      #expect(try DerivedHeader.source(encoded.bytes) == Self.sourceKey)
      let decoded = try Self.decode(encoded, encoded.bytes, like: column, source: source.scanColumn()) { (offset, _) in
        Issue.record("\(name): damaged at \(offset)")
      }
      #expect(CodecTests.differingRow(column.scanColumn(), decoded) == nil, "\(name)")
      #expect(decoded.presentCount == column.presentCount, "\(name)")
      #expect(try Self.valuesAlone(encoded, rowCount) == Self.texts(decoded), "\(name)")
    }
    #expect(derivedCount >= (values < 100 ? 8 : 5), "too few columns were found to follow")
  }

  /// What a column's dictionary has when it is read without the rows; nil where it is not of texts.
  private static func valuesAlone(_ encoded: EncodedColumn, _ rowCount: Int) throws -> [String]? {
    let header = Array(encoded.bytes[..<encoded.headerByteCount])
    guard let place = try DictionaryPlace(header, columnByteCount: encoded.bytes.count, rowCount: rowCount) else { return nil }
    var decoder = ColumnDecoder()
    return try decoder.dictionary(Array(encoded.bytes[place.bytes]), place).map { (found) in (0..<found.count).map { found.value($0).text } }
  }

  private static func texts(_ column: ScanColumn) -> [String]? {
    guard case .dictionary(let dictionary) = column.domain, case .text = dictionary.entries else { return nil }
    return (0..<dictionary.count).map { dictionary.value($0).text }
  }

  @Test func valuesAloneAreRefusedWhereTheyAreDamaged() throws {
    var generator = SeededGenerator(seed: 12)
    let column = Self.source(20_000, values: 300, &generator)
    var encoder = ColumnEncoder()
    let encoded = encoder.encode(column.scanColumn())
    #expect(try Self.valuesAlone(encoded, 20_000) == Self.texts(column.scanColumn()))
    var bytes = encoded.bytes
    bytes[encoded.headerByteCount + 9] ^= 4
    let damaged = EncodedColumn(bytes: bytes, headerByteCount: encoded.headerByteCount, headerSum: encoded.headerSum)
    #expect(throws: FormatDamage.self) { try Self.valuesAlone(damaged, 20_000) }
    for count in 0..<encoded.headerByteCount {
      let cut = EncodedColumn(bytes: Array(encoded.bytes[..<count]), headerByteCount: count, headerSum: 0)
      // Refused or nothing found, and never the end of the program.
      if let found = try? Self.valuesAlone(cut, 20_000) { #expect(found.isEmpty) }
    }
  }

  @Test func aDamagedBlockOfTheSourceOrTheRestCostsThatBlock() throws {
    var generator = SeededGenerator(seed: 9)
    let source = Self.source(40_000, values: 20, &generator)
    var deriver = ColumnDeriver()
    deriver.addSource(source)
    var encoder = ColumnEncoder()
    let readSource = source.scanColumn()
    var blocks = readSource.blocks
    blocks[1] = CodeBlock(width: .constant, rowCount: blockRowCount, byteOffset: 0, nullCount: blockRowCount, isDamaged: true)
    let damagedSource = ScanColumn(
      key: readSource.key, domain: readSource.domain, rowCount: readSource.rowCount, blocks: blocks, storage: readSource.storage)
    for (name, column) in Self.columns(source, &generator) {
      let encoded = encoder.encode(try #require(deriver.derived(column), "\(name)"))
      let decoded = try Self.decode(encoded, encoded.bytes, like: column, source: damagedSource) { _, _ in }
      #expect(decoded.blocks.map(\.isDamaged) == [false, true, false], "\(name)")
      #expect(CodecTests.differingRow(column.scanColumn(), decoded) == nil, "\(name)")
      for position in stride(from: encoded.headerByteCount, to: encoded.bytes.count, by: max(1, encoded.bytes.count / 12)) {
        var bytes = encoded.bytes
        bytes[position] ^= 1 << UInt8(position % 8)
        var wasReported = false
        let found = try? Self.decode(encoded, bytes, like: column, source: readSource) { _, _ in wasReported = true }
        #expect(found == nil || wasReported, "\(name): byte \(position) went unnoticed")
        if let found { #expect(CodecTests.differingRow(column.scanColumn(), found) == nil, "\(name): byte \(position)") }
      }
    }
  }

  /// What a seal works on is what a reader of the file gets, column by column, and no byte of a column can change unnoticed.
  @Test func everyBlockOfASegmentIsSummedAndDecodedBack() async throws {
    let files = MemoryFiles()
    var settings = smallSettings(headRowCountMax: 6_000)
    settings.sealRowCount = 17_000
    let archive = try openArchive(files, settings)
    for id in 0..<65 { try await archive.ingest(TestRequest(id, itemCount: 300, isLog: id % 5 == 4)) }
    archive.settle()
    let segment = try #require(archive.state.withLock { $0.segments.first })
    #expect(segment.rowCount > blockRowCount)
    let sources = try segment.derivedSources()
    #expect(!sources.isEmpty, "no column of the workload follows from another")
    let bytes = try #require(files.bytes(segment.path))
    for entry in segment.footer.columns {
      let column = try #require(try segment.read(entry.key))
      #expect(column.presentCount == entry.presentCount, "\(entry.key)")
      for offset in stride(from: entry.offset, to: entry.offset + entry.byteCount, by: max(1, entry.byteCount / 2)) {
        var changed = bytes
        changed[offset] ^= 0x10
        files.put("segments/probe", changed)
        let damage = DamageLog()
        let probe = try SegmentPiece(try files.open("segments/probe"), cache: ColumnCache(byteCountMax: 0), damage: damage)
        let found = try? probe.read(entry.key)
        #expect(!damage.entries.isEmpty, "\(entry.key): a change at \(offset) went unnoticed")
        if let found { #expect(CodecTests.differingRow(column, found) == nil, "\(entry.key): a change at \(offset)") }
      }
    }
  }
}
