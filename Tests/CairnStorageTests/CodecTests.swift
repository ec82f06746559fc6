// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import TestSupport
import Testing

@testable import CairnStorage

/// Columns to bytes and back.
struct CodecTests {
  static func encode(_ column: ScanColumn) -> EncodedColumn {
    var encoder = ColumnEncoder()
    return encoder.encode(column)
  }

  static func decode(
    _ encoded: EncodedColumn, like column: ScanColumn, onDamage: (Int, Int) -> Void = { _, _ in }
  ) throws(FormatDamage) -> ScanColumn {
    var decoder = ColumnDecoder()
    return try decoder.decode(
      encoded.bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: column.rowCount, onDamage: onDamage)
  }

  /// The first row in which two columns differ; rows of damaged blocks are equal to anything.
  static func differingRow(_ left: ScanColumn, _ right: ScanColumn) -> Int? {
    guard left.rowCount == right.rowCount, entries(left) == entries(right) else { return 0 }
    for row in 0..<left.rowCount where !right.blocks[row / blockRowCount].isDamaged {
      if left.stored(at: row) != right.stored(at: row) { return row }
      if left.blocks[row / blockRowCount].base != right.blocks[row / blockRowCount].base { return row }
    }
    return nil
  }

  private static func entries(_ column: ScanColumn) -> [String] {
    switch column.domain {
    case .dictionary(let dictionary):
      switch dictionary.plainEntries {
      case .text(let bytes, let ends): ["\(bytes.hashValue)", "\(ends.hashValue)"]
      case .templated: ["never plain"]
      case .integers(let values): ["\(values.hashValue)"]
      case .floats(let values): ["\(values.map(\.bitPattern).hashValue)"]
      case .traceIDs(let ids, let sorted): ["\(ids.hashValue)", "\(sorted.hashValue)"]
      }
    case .scaled(let divisor): ["scaled \(divisor)"]
    case .integers: ["integers"]
    case .booleans: ["booleans"]
    case .floatBits: ["floats"]
    case .spanIDs: ["spans"]
    }
  }

  private func expectRoundTrip(_ column: ScanColumn, _ name: String) throws {
    let encoded = Self.encode(column)
    let decoded = try Self.decode(encoded, like: column) { (offset, _) in
      Issue.record("\(name): damaged at \(offset)")
    }
    #expect(Self.differingRow(column, decoded) == nil, "\(name)")
    #expect(decoded.presentCount == column.presentCount, "\(name)")
  }

  /// Stored values that are hard for one encoding or another, up to `most`.
  private static func patterns(_ most: UInt32, count: Int, _ generator: inout SeededGenerator) -> [(String, [UInt32])] {
    let sawtooth = (0..<count).map { UInt32(($0 * 7) % Int(most)) + 1 }
    let jumps = (0..<count).map { $0 % 97 == 0 ? most : UInt32($0 % Int(most)) + 1 }
    let ascending = (0..<count).map { min(most, UInt32($0) + 1) }
    let alternating = (0..<count).map { $0 % 2 == 0 ? UInt32(1) : most }
    let random = (0..<count).map { _ in UInt32.random(in: 1...most, using: &generator) }
    let rare = (0..<count).map { _ in generator.oneIn(50) ? most : UInt32(1) }
    return [
      ("sawtooth", sawtooth), ("jumps", jumps), ("ascending", ascending), ("descending", ascending.reversed()),
      ("alternating", alternating), ("random", random), ("rare", rare), ("constant", [UInt32](repeating: most, count: count)),
    ]
  }

  private static func withNulls(_ values: [UInt32], _ generator: inout SeededGenerator) -> [UInt32] {
    values.map { generator.oneIn(3) ? 0 : $0 }
  }

  @Test(arguments: [1, 2, 200, 255, 256, 257, 60_000, 65_535, 65_536, 65_537, 100_000])
  func codesOfEveryWidthComeBack(_ most: Int) throws {
    var generator = SeededGenerator(seed: UInt64(most))
    let entries = ValueDictionary.Entries.integers((0..<Int64(most)).map { $0 * 3 - 7 })
    let dictionary = ScanColumn.Domain.dictionary(ValueDictionary(entries))
    for count in most % 256 < 2 ? [1, 2, 64, 65, 1000, 16_385] : [1, 63, 1000] {
      for (name, values) in Self.patterns(UInt32(most), count: count, &generator) {
        let key = ColumnKey("a", .integer)
        try expectRoundTrip(.coded(key, dictionary, stored: values), "\(name), \(count) rows")
        let holes = Self.withNulls(values, &generator)
        try expectRoundTrip(.coded(key, dictionary, stored: holes), "\(name), \(count) rows with nulls")
      }
    }
    try expectRoundTrip(.coded(ColumnKey("a", .integer), dictionary, stored: [UInt32](repeating: 0, count: 5000)), "nulls only")
  }

  @Test func numbersOfEveryRangeComeBack() throws {
    var generator = SeededGenerator(seed: 3)
    let ranges: [ClosedRange<Int64>] = [
      0...0, -5...5, 0...254, 0...255, 0...65_534, 0...65_535, -1...4_294_967_293, -1...4_294_967_294, 0...4_294_967_296,
      Int64.min...Int64.max, Int64.max - 3...Int64.max, Int64.min...Int64.min + 300,
    ]
    for range in ranges {
      for count in [1, 100, 1_000, 16_390] {
        var values = (0..<count).map { _ in Int64.random(in: range, using: &generator) }
        values[0] = range.lowerBound
        values[count - 1] = range.upperBound
        let present = (0..<count).map { _ in !generator.oneIn(4) }
        let key = ColumnKey("a", .integer)
        try expectRoundTrip(.numbers(key, .integers, values: values), "\(range), \(count) rows")
        try expectRoundTrip(.numbers(key, .integers, values: values, present: present), "\(range), \(count) rows with nulls")
        try expectRoundTrip(.numbers(.time, .integers, values: values.sorted()), "times in \(range), \(count) rows")
        try expectRoundTrip(.numbers(.time, .integers, values: values), "times out of order in \(range), \(count) rows")
        try expectRoundTrip(.numbers(.duration, .scaled(divisor: 1e6), values: values, present: present), "durations in \(range)")
      }
    }
  }

  @Test func patternsAndBooleansComeBack() throws {
    var generator = SeededGenerator(seed: 4)
    for count in [1, 63, 64, 65, 16_384, 16_450] {
      let values = (0..<count).map { _ in generator.oneIn(9) ? 0 : generator.next() }
      let present = (0..<count).map { _ in !generator.oneIn(4) }
      for (key, domain) in [(ColumnKey.spanID, ScanColumn.Domain.spanIDs), (ColumnKey("f", .float), .floatBits)] {
        try expectRoundTrip(.patterns(key, domain, values: values), "\(key.name), \(count) rows")
        try expectRoundTrip(.patterns(key, domain, values: values, present: present), "\(key.name), \(count) rows with nulls")
        try expectRoundTrip(
          .patterns(key, domain, values: values, present: present.map { _ in false }), "\(key.name), nulls only")
      }
      let stored = (0..<count).map { _ in UInt32(generator.below(3)) }
      try expectRoundTrip(.coded(ColumnKey("b", .boolean), .booleans, stored: stored), "booleans, \(count) rows")
    }
  }

  @Test func textsComeBackWhateverTheyAre() throws {
    var generator = SeededGenerator(seed: 5)
    let families: [(String, (Int) -> [UInt8])] = [
      ("numbers", { Array("\($0)".utf8) }), ("longer and longer", { [UInt8](repeating: 97, count: $0) }),
      ("a moving one", { (index) in (0..<300).map { $0 == index % 300 ? 49 : 48 } + Array("\(index / 300)".utf8) }),
      ("noise", { (_) in (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) } }),
    ]
    for (name, make) in families {
      for count in [1, 2, 255, 256, 3000] {
        var bytes: [UInt8] = []
        var ends: [UInt32] = []
        for index in 0..<count {
          bytes += make(index)
          ends.append(UInt32(bytes.count))
        }
        let domain = ScanColumn.Domain.dictionary(ValueDictionary(.text(bytes: bytes, ends: ends)))
        let stored = (0..<count * 2).map { UInt32($0 % (count + 1)) }
        let column = ScanColumn.coded(ColumnKey("t", .string), domain, stored: stored)
        let decoded = try Self.decode(Self.encode(column), like: column)
        guard case .dictionary(let dictionary) = decoded.domain, case .text(let gotBytes, let gotEnds) = dictionary.entries
        else {
          Issue.record("\(name): not a text dictionary")
          continue
        }
        #expect(gotBytes == bytes && gotEnds == ends, "\(name), \(count) entries")
        #expect(Self.differingRow(column, decoded) == nil, "\(name), \(count) entries")
      }
    }
  }

  @Test func traceIDsComeBackAndAreFound() throws {
    var generator = SeededGenerator(seed: 6)
    let ids = (0..<3000).map { _ in TraceID(high: generator.next(), low: generator.next()) }
    let domain = ScanColumn.Domain.dictionary(ValueDictionary(.traceIDs(ids, sorted: sortedEntries(ids))))
    let column = ScanColumn.coded(.traceID, domain, stored: (0..<6000).map { UInt32($0 / 2 + 1) })
    let decoded = try Self.decode(Self.encode(column), like: column)
    #expect(Self.differingRow(column, decoded) == nil)
    guard case .dictionary(let dictionary) = decoded.domain else {
      Issue.record("not a dictionary")
      return
    }
    for (entry, id) in ids.enumerated() where entry % 97 == 0 { #expect(dictionary.entry(of: id) == entry) }
    #expect(dictionary.entry(of: TraceID(high: 1, low: 1)) == nil)
  }

  @Test func floatsKeepEveryBit() {
    let values: [Double] = [0, -0.0, 1.5, .nan, .infinity, -.infinity, .leastNonzeroMagnitude, 1e300, 0.1, 123.456, -7]
    for subset in 1..<(1 << values.count) where subset % 7 == 1 {
      let words = values.indices.filter { subset >> $0 & 1 == 1 }.map { values[$0].bitPattern }
      let column = ColumnFreezer.floats(ColumnKey("f", .float), (words, nil)).scanColumn()
      for (row, word) in words.enumerated() {
        guard case .float(let value) = column.value(at: row) else {
          Issue.record("a float is gone")
          continue
        }
        #expect(value.bitPattern == word)
      }
    }
  }
}

/// Encoded columns of which bytes are gone or changed.
struct DamagedColumnTests {
  static let columns: [ScanColumn] = {
    var generator = SeededGenerator(seed: 11)
    let text = ValueDictionary(.text(bytes: Array("onetwothree".utf8), ends: [3, 6, 11]))
    let ids = (0..<40).map { _ in TraceID(high: generator.next(), low: generator.next()) }
    let codes = (0..<300).map { _ in UInt32(generator.below(4)) }
    let words = (0..<300).map { _ in generator.next() }
    let present = (0..<300).map { _ in !generator.oneIn(3) }
    return [
      .coded(ColumnKey("t", .string), .dictionary(ValueDictionary(text.entries)), stored: codes),
      .coded(ColumnKey("t", .string), .dictionary(ValueDictionary(text.entries)), stored: [UInt32](repeating: 2, count: 300)),
      .coded(
        .traceID, .dictionary(ValueDictionary(.traceIDs(ids, sorted: sortedEntries(ids)))),
        stored: (0..<300).map { UInt32($0 % 41) }),
      .coded(ColumnKey("b", .boolean), .booleans, stored: codes.map { min($0, 2) }),
      .numbers(.time, .integers, values: (0..<300).map { Int64($0) * 1_000_003 }),
      .numbers(ColumnKey("i", .integer), .integers, values: words.map { Int64(bitPattern: $0) }, present: present),
      .numbers(.duration, .scaled(divisor: 1e6), values: (0..<300).map { Int64($0 % 17) * 90_000 }, present: present),
      .patterns(.spanID, .spanIDs, values: words, present: present),
    ]
  }()

  /// Decodes as a segment does; nil where the column is refused. Reads every value, so that a trap would show.
  private func read(_ bytes: [UInt8], _ encoded: EncodedColumn, _ column: ScanColumn) -> (column: ScanColumn, wasReported: Bool)?
  {
    guard bytes.count >= encoded.headerByteCount,
      unsafe crc32c(bytes.span.bytes.extracting(0..<encoded.headerByteCount)) == encoded.headerSum
    else { return nil }
    var wasReported = false
    var decoder = ColumnDecoder()
    let decoded = try? decoder.decode(
      bytes, key: column.key, headerByteCount: encoded.headerByteCount, rowCount: column.rowCount
    ) { (_, _) in wasReported = true }
    return decoded.map { ($0, wasReported) }
  }

  @Test(arguments: 0..<8) func noFlippedBitOrCutGivesOtherValues(_ index: Int) {
    let column = Self.columns[index]
    let encoded = CodecTests.encode(column)
    for bit in 0..<encoded.bytes.count * 8 {
      var bytes = encoded.bytes
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      guard let found = read(bytes, encoded, column) else { continue }
      #expect(found.wasReported, "bit \(bit) went unnoticed")
      #expect(CodecTests.differingRow(column, found.column) == nil, "bit \(bit) changed values")
    }
    for count in 0..<encoded.bytes.count { #expect(read(Array(encoded.bytes[..<count]), encoded, column)?.wasReported ?? true) }
  }
}
