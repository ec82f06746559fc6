// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

// One column of a segment:
//
//   COLUMN      := HEADER DICTIONARY? BLOCKDATA*
//   HEADER      := domain u8, divisor u64 (domain scaled only), rowCount varint, entryCount varint, dictionaryByteCount varint,
//                  dictionarySum u32, BLOCKENTRY*
//   BLOCKENTRY  := repeat varint (blocks that are alike, 1 or more), width u8, isOrdered u8, base u64, minimum varint, maximum varint,
//                  nullCount varint, constant varint, byteCount varint, presenceByteCount varint, sum u32
//   BLOCKDATA   := BLOCK (BlockCodec) and, for width 8 with nulls, one bit a row as PACKED
//   DICTIONARY  := text: LENGTHS TEXT | text by templates: TEMPLATED (TemplateEncoder) | integers, floats: u64 each | trace ids: 16 bytes each, then PERMUTATION
//   LENGTHS     := byteCount varint, BLOCK of the entries' lengths;  PERMUTATION likewise
//   TEXT        := byteCount varint, zstd of the bytes, or the bytes themselves where that is not shorter
//
// The sums are CRC32C; the header's own stands in the segment's footer. Only constant blocks are repeated; they have no data.

/// The number by which a domain is known in a file.
enum DomainTag: UInt8 {
  case text = 0, integers = 1, floats = 2, traceIDs = 3
  case offsets = 4, scaled = 5, booleans = 6, floatBits = 7, spanIDs = 8
  /// Text too, by templates.
  case templated = 9
  /// No domain of its own: what the lines of its rows say (`DrawnColumn`).
  case drawn = 10
}

/// A column as bytes, with what the footer says of it.
struct EncodedColumn {
  var bytes: [UInt8]
  var headerByteCount: Int
  var headerSum: UInt32
}

/// Turns columns in scan form into bytes; kept from column to column.
struct ColumnEncoder: ~Copyable {
  var codec = BlockCodec()
  private var compressor = ZstdCompressor(level: 3)
  /// For columns that no page shows: whole payloads, megabytes of them, of which level 3 makes little less at twice the time.
  private var quickCompressor = ZstdCompressor(level: 1)

  mutating func encode(_ column: ScanColumn) -> EncodedColumn {
    let domain = templated(column).map { .dictionary(ValueDictionary(.templated($0))) } ?? column.domain
    let (tag, divisor) = Self.tag(domain)
    let dictionary = encodeDictionary(domain, isInternal: FieldName.isInternal(column.key.name))
    var data: [UInt8] = []
    var entries = ByteWriter()
    var plan = BlockCodec.Plan()
    var index = 0
    while index < column.blocks.count {
      let block = column.blocks[index]
      var alike = 1
      if block.width == .constant {
        while index + alike < column.blocks.count, Self.isAlike(block, column.blocks[index + alike]) { alike += 1 }
      }
      encodeBlock(column, index: index, alike: alike, &plan, &entries, &data)
      index += alike
    }
    var header = ByteWriter()
    header.write(byte: tag.rawValue)
    if let divisor { header.write(word: divisor.bitPattern) }
    header.write(count: column.rowCount)
    header.write(count: dictionary.entryCount)
    header.write(count: dictionary.bytes.count)
    header.write(sum: unsafe crc32c(dictionary.bytes.span.bytes))
    header.bytes.append(contentsOf: entries.bytes)
    let sum = unsafe crc32c(header.bytes.span.bytes)
    return EncodedColumn(bytes: header.bytes + dictionary.bytes + data, headerByteCount: header.bytes.count, headerSum: sum)
  }

  static func tag(_ domain: ScanColumn.Domain) -> (DomainTag, Double?) {
    switch domain {
    case .dictionary(let dictionary):
      switch dictionary.entries {
      case .text: (.text, nil)
      case .templated: (.templated, nil)
      case .integers: (.integers, nil)
      case .floats: (.floats, nil)
      case .traceIDs: (.traceIDs, nil)
      }
    case .integers: (.offsets, nil)
    case .scaled(let divisor): (.scaled, divisor)
    case .booleans: (.booleans, nil)
    case .floatBits: (.floatBits, nil)
    case .spanIDs: (.spanIDs, nil)
    }
  }

  private static func isAlike(_ left: CodeBlock, _ right: CodeBlock) -> Bool {
    right.width == .constant && left.rowCount == right.rowCount && left.constant == right.constant && left.base == right.base
      && left.nullCount == right.nullCount
  }

  private mutating func encodeBlock(
    _ column: ScanColumn, index: Int, alike: Int, _ plan: inout BlockCodec.Plan, _ entries: inout ByteWriter, _ data: inout [UInt8]
  ) {
    let block = column.blocks[index]
    var bytes: [UInt8] = []
    var presence: [UInt8] = []
    let isOrdered = column.key == .time
    switch block.width {
    case .constant: break
    case .one, .two, .four: bytes = codec.encode(narrow: column.narrowValues(index), &plan)
    case .eight:
      bytes = codec.encode(wide: column.wideValues(index), isOrdered: isOrdered, &plan)
      presence = column.presenceBytes(index)
    }
    entries.write(count: alike)
    entries.write(byte: block.width.rawValue)
    entries.write(byte: isOrdered ? 1 : 0)
    entries.write(word: UInt64(bitPattern: block.base))
    entries.write(varint: block.storedMinimum)
    entries.write(varint: block.storedMaximum)
    entries.write(count: block.nullCount)
    entries.write(varint: block.constant)
    entries.write(count: bytes.count)
    entries.write(count: presence.count)
    let start = data.count
    data.append(contentsOf: bytes)
    data.append(contentsOf: presence)
    entries.write(sum: crc32c(unsafe data.span.bytes.extracting(start..<data.count)))
  }

  mutating func encodeDictionary(_ domain: ScanColumn.Domain, isInternal: Bool = false) -> (entryCount: Int, bytes: [UInt8]) {
    guard case .dictionary(let dictionary) = domain else { return (0, []) }
    var out = ByteWriter()
    switch dictionary.entries {
    case .text(let bytes, let ends):
      var lengths: [UInt32] = []
      lengths.reserveCapacity(ends.count)
      for entry in ends.indices { lengths.append(UInt32(ValueDictionary.range(ends, entry).count)) }
      appendBlock(lengths, to: &out)
      appendText(bytes, isInternal, to: &out)
    case .templated(let text): out.bytes = encodeTemplated(text)
    case .integers(let values): for value in values { out.write(word: UInt64(bitPattern: value)) }
    case .floats(let values): for value in values { out.write(word: value.bitPattern) }
    case .traceIDs(let ids, let sorted):
      for id in ids {
        out.write(word: id.high.byteSwapped)
        out.write(word: id.low.byteSwapped)
      }
      appendBlock(sorted, to: &out)
    }
    return (dictionary.count, out.bytes)
  }

  mutating func appendBlock(_ values: [UInt32], to out: inout ByteWriter) {
    var plan = BlockCodec.Plan()
    let block = codec.encode(narrow: values, &plan)
    out.write(count: block.count)
    out.bytes.append(contentsOf: block)
  }

  mutating func appendText(_ bytes: [UInt8], _ isInternal: Bool = false, to out: inout ByteWriter) {
    out.write(count: bytes.count)
    var packed: [UInt8] = []
    if isInternal {
      _ = unsafe quickCompressor.compress(bytes.span.bytes, appendingTo: &packed)
    } else if !bytes.isEmpty {
      _ = unsafe compressor.compress(bytes.span.bytes, appendingTo: &packed)
    }
    let isPacked = !bytes.isEmpty && packed.count < bytes.count
    out.write(count: isPacked ? packed.count : bytes.count)
    out.bytes.append(contentsOf: isPacked ? packed : bytes)
  }
}

extension ScanColumn {
  /// A block's stored values of up to 32 bits.
  func narrowValues(_ index: Int) -> [UInt32] {
    let block = blocks[index]
    switch block.width {
    case .constant, .eight: return [UInt32](repeating: UInt32(truncatingIfNeeded: block.constant), count: block.rowCount)
    case .one: return values(block, UInt8.self)
    case .two: return values(block, UInt16.self)
    case .four: return values(block, UInt32.self)
    }
  }

  private func values<Code: FixedWidthInteger & BitwiseCopyable>(_ block: CodeBlock, _ type: Code.Type) -> [UInt32] {
    var found: [UInt32] = []
    found.reserveCapacity(block.rowCount)
    storage.withElements(of: type, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
      for index in codes.indices { found.append(UInt32(truncatingIfNeeded: codes[index])) }
    }
    return found
  }

  /// A wide block's 64-bit values.
  func wideValues(_ index: Int) -> [UInt64] {
    let block = blocks[index]
    var found: [UInt64] = []
    found.reserveCapacity(block.rowCount)
    storage.withElements(of: UInt64.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
      for index in codes.indices { found.append(codes[index]) }
    }
    return found
  }

  /// A wide block's presence map, or nothing where every row has a value.
  func presenceBytes(_ index: Int) -> [UInt8] {
    let block = blocks[index]
    guard block.presenceOffset >= 0 else { return [] }
    var found: [UInt8] = []
    storage.withElements(of: UInt8.self, byteOffset: block.presenceOffset, count: (block.rowCount + 63) / 64 * 8) { (bits) in
      for index in bits.indices { found.append(bits[index]) }
    }
    return found
  }
}
