// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

extension ColumnDecoder {
  /// What a derived column's header says.
  private struct Derived {
    var domain: ScanColumn.Domain
    var base: Int64
    var isWide: Bool
    var predictions: [UInt32] = []
    var isOpen: [UInt32] = []
    var residuals: [Residual] = []
  }

  private struct Residual {
    var valueCount: Int
    var offset: Int
    var byteCount: Int
    var sum: UInt32
  }

  /// Reads a derived column over its source's; `bytes` is the whole column, whose header has been checked against the footer's sum.
  ///
  /// A block of rows is damaged where its residual is, or where the source's block is.
  mutating func decode(
    derived bytes: [UInt8], key: ColumnKey, headerByteCount: Int, rowCount: Int, source: ScanColumn, onDamage: (Int, Int) -> Void
  ) throws(FormatDamage) -> ScanColumn {
    guard case .dictionary(let dictionary) = source.domain, source.rowCount == rowCount else {
      throw FormatDamage(what: "its source is no column of codes", offset: 0)
    }
    let derived = try header(bytes, headerByteCount: headerByteCount, rowCount: rowCount, sourceCount: dictionary.count + 1)
    var isDamaged = [Bool](repeating: false, count: source.blocks.count)
    var flat = FlatColumn(key: key, domain: derived.domain, base: derived.base, values: .narrow([]))
    var stored = [UInt32](repeating: 0, count: derived.isWide ? 0 : rowCount)
    var words = [UInt64](repeating: 0, count: derived.isWide ? rowCount : 0)
    var present = [Bool](repeating: false, count: words.count)
    for index in source.blocks.indices {
      let codes = source.narrowValues(index)
      let first = index * blockRowCount
      isDamaged[index] = source.blocks[index].isDamaged
      guard !isDamaged[index] else { continue }
      let isRead =
        derived.isWide
        ? fillWide(bytes, derived, codes, block: index, &words, &present, from: first)
        : fillNarrow(bytes, derived, codes, block: index, &stored, from: first)
      if isRead { continue }
      isDamaged[index] = true
      onDamage(derived.residuals.indices.contains(index) ? derived.residuals[index].offset : headerByteCount, codes.count)
    }
    flat.values = derived.isWide ? .wide(words, present: present.contains(false) ? present : nil) : .narrow(stored)
    return Self.marked(flat.scanColumn(), isDamaged)
  }

  /// The column with blocks of which nothing is known.
  private static func marked(_ column: ScanColumn, _ isDamaged: [Bool]) -> ScanColumn {
    guard isDamaged.contains(true) else { return column }
    var blocks = column.blocks
    for index in blocks.indices where isDamaged[index] {
      let rows = blocks[index].rowCount
      blocks[index] = CodeBlock(width: .constant, rowCount: rows, byteOffset: 0, nullCount: rows, isDamaged: true)
    }
    return ScanColumn(key: column.key, domain: column.domain, rowCount: column.rowCount, blocks: blocks, storage: column.storage)
  }

  private mutating func header(
    _ bytes: [UInt8], headerByteCount: Int, rowCount: Int, sourceCount: Int
  ) throws(FormatDamage) -> Derived {
    guard headerByteCount <= bytes.count else { throw FormatDamage(what: "a column is cut", offset: bytes.count) }
    var reader = ByteReader(Array(bytes[..<headerByteCount]))
    guard let tag = DomainTag(rawValue: try reader.byte() & ~DerivedHeader.flag) else {
      throw FormatDamage(what: "an unknown domain", offset: 0)
    }
    let divisor = tag == .scaled ? Double(bitPattern: try reader.word()) : 1
    guard try reader.varint() == UInt64(rowCount) else { throw FormatDamage(what: "a column has another length", offset: 0) }
    _ = try DerivedHeader.key(&reader)
    let base = Int64(bitPattern: try reader.word())
    let isWide = try reader.byte() == 1
    let entryCount = try reader.count(most: max(rowCount, bytes.count * 8))
    let dictionaryBytes = try part(bytes, &reader, at: headerByteCount)
    let tableAt = headerByteCount + dictionaryBytes.count
    let table = try part(bytes, &reader, at: tableAt)
    var derived = Derived(
      domain: try decodeDomain(tag, divisor: divisor, entryCount: entryCount, dictionaryBytes), base: base, isWide: isWide)
    guard isWide == Self.isWideAllowed(derived.domain, isWide) else { throw FormatDamage(what: "a domain has no such values", offset: 0) }
    var tableReader = ByteReader(table)
    if !isWide { derived.predictions = try block(&tableReader, count: sourceCount) }
    derived.isOpen = try block(&tableReader, count: sourceCount)
    let codeMax = Self.codeMax(derived.domain)
    guard derived.predictions.allSatisfy({ UInt64($0) <= codeMax }) else {
      throw FormatDamage(what: "a table has values that its domain has not", offset: tableAt)
    }
    derived.residuals = try residuals(&reader, at: tableAt + table.count, end: bytes.count)
    let blockCount = (rowCount + blockRowCount - 1) / blockRowCount
    guard derived.residuals.count == (derived.isOpen.contains { $0 != 0 } ? blockCount : 0) else {
      throw FormatDamage(what: "a column has another number of blocks", offset: 0)
    }
    return derived
  }

  /// Codes and booleans are never wide; doubles and ids always are.
  private static func isWideAllowed(_ domain: ScanColumn.Domain, _ isWide: Bool) -> Bool {
    switch domain {
    case .dictionary, .booleans: false
    case .floatBits, .spanIDs: true
    case .integers, .scaled: isWide
    }
  }

  /// The next part of the column's bytes, whose length and sum come next in the header.
  private func part(_ bytes: [UInt8], _ reader: inout ByteReader, at offset: Int) throws(FormatDamage) -> [UInt8] {
    let byteCount = try reader.count(most: bytes.count - offset)
    let sum = try reader.sum()
    let part = Array(bytes[offset..<offset + byteCount])
    guard unsafe sums == .ignored || crc32c(part.span.bytes) == sum else {
      throw FormatDamage(what: "a dictionary or table does not match its sum", offset: offset)
    }
    return part
  }

  private func residuals(_ reader: inout ByteReader, at start: Int, end: Int) throws(FormatDamage) -> [Residual] {
    var residuals: [Residual] = []
    var offset = start
    for _ in 0..<(try reader.count(most: end)) {
      let valueCount = try reader.count(most: blockRowCount)
      let byteCount = try reader.count(most: end - offset)
      residuals.append(Residual(valueCount: valueCount, offset: offset, byteCount: byteCount, sum: try reader.sum()))
      offset += byteCount
    }
    return residuals
  }

  // MARK: Blocks

  private mutating func fillNarrow(
    _ bytes: [UInt8], _ derived: Derived, _ codes: [UInt32], block index: Int, _ stored: inout [UInt32], from first: Int
  ) -> Bool {
    guard !derived.residuals.isEmpty else {
      // All is settled by the table, whose values were looked at.
      for (place, code) in codes.enumerated() { stored[first &+ place] = derived.predictions[Int(code)] }
      return true
    }
    let openCount = codes.reduce(0) { $0 &+ (derived.isOpen[Int($1)] == 0 ? 0 : 1) }
    guard let residual: [UInt32] = residual(bytes, derived, index, count: openCount) else { return false }
    let codeMax = Self.codeMax(derived.domain)
    var next = 0
    for (place, code) in codes.enumerated() {
      var value = derived.predictions[Int(code)]
      if derived.isOpen[Int(code)] != 0 {
        if residual[next] != 0 { value = residual[next] &- 1 }
        next &+= 1
      }
      guard UInt64(value) <= codeMax else { return false }
      stored[first + place] = value
    }
    return true
  }

  private mutating func fillWide(
    _ bytes: [UInt8], _ derived: Derived, _ codes: [UInt32], block index: Int, _ words: inout [UInt64], _ present: inout [Bool],
    from first: Int
  ) -> Bool {
    let openCount = codes.reduce(0) { $0 &+ (derived.isOpen[Int($1)] == 0 ? 0 : 1) }
    guard let residual: [UInt64] = residual(bytes, derived, index, count: openCount) else { return false }
    var next = 0
    for (place, code) in codes.enumerated() where derived.isOpen[Int(code)] != 0 {
      words[first + place] = residual[next]
      present[first + place] = true
      next &+= 1
    }
    return true
  }

  /// The residual of one block of rows, or nil where it is damaged or has another number of values.
  private mutating func residual<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: [UInt8], _ derived: Derived, _ index: Int, count: Int
  ) -> [Value]? {
    guard count > 0 else { return [] }
    guard derived.residuals.indices.contains(index) else { return nil }
    let entry = derived.residuals[index]
    let range = entry.offset..<entry.offset + entry.byteCount
    guard entry.valueCount == count, unsafe sums == .ignored || crc32c(bytes.span.bytes.extracting(range)) == entry.sum else { return nil }
    return try? values(Array(bytes[range]), count: count)
  }
}
