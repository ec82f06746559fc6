// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// Where the values of a column of texts lie, by its header: to read them without the rows.
struct DictionaryPlace {
  let tag: DomainTag
  let entryCount: Int
  /// From the column's start on.
  let bytes: Range<Int>
  let sum: UInt32

  /// Nil where the values are not listed as texts: templates are most of their column, and what is drawn from lines is listed nowhere.
  init?(_ header: [UInt8], columnByteCount: Int, rowCount: Int) throws(FormatDamage) {
    guard let first = header.first, first & ~DerivedHeader.flag == DomainTag.text.rawValue, header.count <= columnByteCount else { return nil }
    var reader = ByteReader(header)
    _ = try reader.byte()
    guard try reader.varint() == UInt64(rowCount) else { throw FormatDamage(what: "a column has another length", offset: 0) }
    if first & DerivedHeader.flag != 0 {
      _ = try DerivedHeader.key(&reader)
      _ = try reader.word()
      _ = try reader.byte()
    }
    tag = .text
    entryCount = try reader.count(most: max(rowCount, columnByteCount * 8))
    let byteCount = try reader.count(most: columnByteCount - header.count)
    sum = try reader.sum()
    bytes = header.count..<header.count + byteCount
  }
}

extension ColumnDecoder {
  /// `bytes` are those of the place; nil where they hold no dictionary.
  mutating func dictionary(_ bytes: [UInt8], _ place: DictionaryPlace) throws(FormatDamage) -> ValueDictionary? {
    guard unsafe sums == .ignored || crc32c(bytes.span.bytes) == place.sum else {
      throw FormatDamage(what: "a dictionary does not match its sum", offset: place.bytes.lowerBound)
    }
    guard case .dictionary(let dictionary) = try decodeDomain(place.tag, divisor: 1, entryCount: place.entryCount, bytes) else { return nil }
    return dictionary
  }
}
