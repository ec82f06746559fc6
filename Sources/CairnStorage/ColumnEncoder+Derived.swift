// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// A derived column of a segment (`DerivedColumn`):
//
//   DERIVED   := DHEADER DICTIONARY? TABLE RESIDUAL*
//   DHEADER   := 128 + domain u8, divisor u64 (domain scaled only), rowCount varint, source text, sourceKind u8, base i64, isWide u8,
//                entryCount varint, dictionaryByteCount varint, dictionarySum u32, tableByteCount varint, tableSum u32,
//                blockCount varint, (valueCount varint, byteCount varint, sum u32)*
//   TABLE     := predictions: byteCount varint, BLOCK (narrow only), isOpen: byteCount varint, BLOCK of 0 and 1
//   RESIDUAL  := BLOCK of the values of the open rows of one block of rows; nothing where there are none

/// The part of a derived column's header before its dictionary.
struct DerivedHeader {
  static let flag: UInt8 = 0x80

  /// The column that a column's bytes rest on; nil for a plain one.
  static func source(_ header: [UInt8]) throws(FormatDamage) -> ColumnKey? {
    guard let first = header.first, first & flag != 0 || isDrawn(header) else { return nil }
    var reader = ByteReader(header)
    let tag = try reader.byte() & ~flag
    if tag == DomainTag.scaled.rawValue { _ = try reader.word() }
    _ = try reader.varint()
    return try key(&reader)
  }

  /// A column that is drawn from lines (`DrawnColumn`) names its source in the same place.
  static func isDrawn(_ header: [UInt8]) -> Bool { header.first == DomainTag.drawn.rawValue }

  static func key(_ reader: inout ByteReader) throws(FormatDamage) -> ColumnKey {
    let name = try reader.text()
    guard let kind = ColumnKind(rawValue: try reader.byte()) else { throw FormatDamage(what: "an unknown kind", offset: reader.position) }
    return ColumnKey(name, kind)
  }
}

extension ColumnEncoder {
  mutating func encode(_ derived: DerivedColumn) -> EncodedColumn {
    let (tag, divisor) = Self.tag(derived.column.domain)
    let dictionary = encodeDictionary(derived.column.domain)
    let table = encodeTable(derived)
    var entries = ByteWriter()
    let data = encodeResidual(derived, &entries)
    var header = ByteWriter()
    header.write(byte: DerivedHeader.flag | tag.rawValue)
    if let divisor { header.write(word: divisor.bitPattern) }
    header.write(count: derived.column.rowCount)
    header.write(text: derived.source.name)
    header.write(byte: derived.source.kind.rawValue)
    header.write(word: UInt64(bitPattern: derived.column.base))
    if case .wide = derived.residual { header.write(byte: 1) } else { header.write(byte: 0) }
    header.write(count: dictionary.entryCount)
    header.write(count: dictionary.bytes.count)
    header.write(sum: unsafe crc32c(dictionary.bytes.span.bytes))
    header.write(count: table.count)
    header.write(sum: unsafe crc32c(table.span.bytes))
    header.write(count: derived.residualCounts.count)
    header.bytes.append(contentsOf: entries.bytes)
    let sum = unsafe crc32c(header.bytes.span.bytes)
    return EncodedColumn(
      bytes: header.bytes + dictionary.bytes + table + data, headerByteCount: header.bytes.count, headerSum: sum)
  }

  private mutating func encodeTable(_ derived: DerivedColumn) -> [UInt8] {
    var out = ByteWriter()
    if case .narrow = derived.residual { appendBlock(derived.predictions, to: &out) }
    appendBlock(derived.isOpen.map { $0 ? 1 : 0 }, to: &out)
    return out.bytes
  }

  private mutating func encodeResidual(_ derived: DerivedColumn, _ entries: inout ByteWriter) -> [UInt8] {
    var data: [UInt8] = []
    var start = 0
    var plan = BlockCodec.Plan()
    for count in derived.residualCounts {
      var bytes: [UInt8] = []
      if count > 0 {
        switch derived.residual {
        case .narrow(let values): bytes = codec.encode(narrow: Array(values[start..<start + count]), &plan)
        case .wide(let values): bytes = codec.encode(wide: Array(values[start..<start + count]), isOrdered: false, &plan)
        }
      }
      entries.write(count: count)
      entries.write(count: bytes.count)
      entries.write(sum: unsafe crc32c(bytes.span.bytes))
      data.append(contentsOf: bytes)
      start += count
    }
    return data
  }
}
