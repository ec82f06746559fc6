// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import TestSupport
import Testing

@testable import CairnStorage

/// Columns of lines to bytes and back.
struct TemplateCodecTests {
  private func column(_ lines: [[UInt8]]) -> ScanColumn {
    var bytes: [UInt8] = []
    var ends: [UInt32] = []
    for line in lines {
      bytes += line
      ends.append(UInt32(bytes.count))
    }
    let stored = lines.indices.map { UInt32($0 + 1) }
    return .coded(ColumnKey(FieldName.body, .string), .dictionary(ValueDictionary(.text(bytes: bytes, ends: ends))), stored: stored)
  }

  private static func isTemplated(_ encoded: EncodedColumn) -> Bool { encoded.bytes[0] == DomainTag.templated.rawValue }

  @Test(arguments: 0..<4) func linesComeBackByteByByte(_ seed: UInt64) throws {
    var hostile = HostileLines(seed: seed)
    let lines = Array(Set(hostile.lines(6_000))).sorted { $0.lexicographicallyPrecedes($1) }
    let column = column(lines)
    let encoded = CodecTests.encode(column)
    #expect(Self.isTemplated(encoded))
    let decoded = try CodecTests.decode(encoded, like: column) { (offset, _) in Issue.record("damaged at \(offset)") }
    guard case .dictionary(let dictionary) = decoded.domain, case .text(let bytes, let ends) = dictionary.plainEntries else {
      Issue.record("no text")
      return
    }
    #expect(bytes == lines.flatMap { $0 })
    #expect(ends.count == lines.count)
    for row in stride(from: 0, to: lines.count, by: 37) {
      #expect(decoded.value(at: row) == .string(String(decoding: lines[row], as: UTF8.self)))
    }
  }

  @Test func linesTakeLittleMoreThanWhatVariesInThem() {
    var generator = SeededGenerator(seed: 7)
    let lines = (0..<16_384).map { (_) -> [UInt8] in
      let id = hexText(generator.next() >> 16).suffix(12)
      return Array("INFO [worker-\(generator.below(16))] request done status=200 user=\(generator.below(1 << 20)) req=\(id)".utf8)
    }
    let encoded = CodecTests.encode(column(lines))
    // 4 + 20 + 48 bits vary.
    #expect(Self.isTemplated(encoded))
    #expect(encoded.bytes.count < 16_384 * 93 / 10)
  }

  @Test func idsThatComeAgainSoonAreKeptOnce() {
    var generator = SeededGenerator(seed: 8)
    let ids = (0..<4_096).map { _ in hexText(generator.next()) }
    let lines = (0..<16_384).map { Array("request \(ids[max(0, $0 / 4 - generator.below(8))]) of the shop, step \($0) is done".utf8) }
    let encoded = CodecTests.encode(column(lines))
    #expect(Self.isTemplated(encoded))
    #expect(encoded.bytes.count < 4_096 * 8 + 16_384)
  }

  @Test func textsThatAreNoLinesAreKeptAsTheyWere() {
    var generator = SeededGenerator(seed: 9)
    let few = (0..<100).map { Array("a line of some length with the number \($0) in it".utf8) }
    #expect(!Self.isTemplated(CodecTests.encode(column(few))))
    let noise = (0..<4_000).map { _ in generator.bytes(40) }
    #expect(!Self.isTemplated(CodecTests.encode(column(noise))))
  }

  private func small() -> (encoded: EncodedColumn, column: ScanColumn) {
    var hostile = HostileLines(seed: 11)
    let column = column(Array(Set(hostile.lines(2_900))))
    return (CodecTests.encode(column), column)
  }

  @Test func noFlippedBitOrCutGivesAnotherLine() {
    let (encoded, column) = small()
    #expect(Self.isTemplated(encoded))
    var generator = SeededGenerator(seed: 12)
    for _ in 0..<600 {
      var bytes = encoded.bytes
      let bit = generator.below(bytes.count * 8)
      if generator.oneIn(4) { bytes.removeLast(1 + generator.below(bytes.count / 2)) } else { bytes[bit / 8] ^= 1 << UInt8(bit % 8) }
      guard bytes.count >= encoded.headerByteCount,
        unsafe crc32c(bytes.span.bytes.extracting(0..<encoded.headerByteCount)) == encoded.headerSum
      else { continue }
      var wasReported = false
      var decoder = ColumnDecoder()
      let found = try? decoder.decode(
        bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: column.rowCount
      ) { (_, _) in wasReported = true }
      #expect(found == nil || wasReported, "bit \(bit) went unnoticed")
    }
  }

  /// As the fuzz target does: sums are not asked for, so that the decoder itself meets the bytes.
  @Test func noBytesTrapTheDecoder() throws {
    let (encoded, column) = small()
    guard case .dictionary(let dictionary) = column.domain else { return }
    var encoder = ColumnEncoder()
    guard case .text(let text, let ends) = dictionary.entries, let made = TemplatedText(bytes: text, ends: ends) else {
      Issue.record("no text")
      return
    }
    let plain = encoder.encodeTemplated(made)
    #expect(plain.count < encoded.bytes.count)
    var generator = SeededGenerator(seed: 13)
    for _ in 0..<1_500 {
      var bytes = plain
      for _ in 0...generator.below(3) {
        switch generator.below(4) {
        case 0: bytes[generator.below(bytes.count)] = UInt8(truncatingIfNeeded: generator.next())
        case 1: bytes[generator.below(min(bytes.count, 400))] ^= 1 << UInt8(generator.below(8))
        case 2: bytes.insert(UInt8(truncatingIfNeeded: generator.next()), at: generator.below(bytes.count))
        default: bytes.remove(at: generator.below(bytes.count))
        }
      }
      var decoder = ColumnDecoder(.ignored)
      guard let entries = try? decoder.templated(made.count, bytes), case .templated(let found) = entries else { continue }
      for run in 0..<min(found.runCount, 4) { _ = found.text(ofRuns: run..<run + 1) }
    }
  }
}
