// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

/// Reads what `ColumnEncoder` wrote; kept from column to column.
///
/// A damaged block becomes one that says so, and the other blocks are read; a damaged header or dictionary costs the column.
struct ColumnDecoder: ~Copyable {
  private var codec = BlockCodec()
  private var decompressor = ZstdDecompressor()
  let sums: SumPolicy

  init(_ sums: SumPolicy = .checked) { self.sums = sums }

  /// A block as the header lists it.
  private struct Entry {
    var block: CodeBlock
    var dataOffset: Int
    var dataByteCount: Int
    var presenceByteCount: Int
    var sum: UInt32
  }

  /// `bytes` is the whole column, whose header has been checked against the footer's sum.
  mutating func decode(
    _ bytes: [UInt8], key: ColumnKey, headerByteCount: Int, rowCount: Int, onDamage: (Int, Int) -> Void
  ) throws(FormatDamage) -> ScanColumn {
    guard headerByteCount <= bytes.count else { throw FormatDamage(what: "a column is cut", offset: bytes.count) }
    var reader = ByteReader(Array(bytes[..<headerByteCount]))
    guard let tag = DomainTag(rawValue: try reader.byte()) else { throw FormatDamage(what: "an unknown domain", offset: 0) }
    let divisor = tag == .scaled ? Double(bitPattern: try reader.word()) : 1
    guard try reader.varint() == UInt64(rowCount) else { throw FormatDamage(what: "a column has another length", offset: 0) }
    // An entry is used by a row; it may take less than a bit where entries follow from each other.
    let entryCount = try reader.count(most: max(rowCount, bytes.count * 8))
    let dictionaryByteCount = try reader.count(most: bytes.count - headerByteCount)
    let dictionarySum = try reader.sum()
    let dictionaryBytes = Array(bytes[headerByteCount..<headerByteCount + dictionaryByteCount])
    guard unsafe sums == .ignored || crc32c(dictionaryBytes.span.bytes) == dictionarySum else {
      throw FormatDamage(what: "a dictionary does not match its sum", offset: headerByteCount)
    }
    let domain = try decodeDomain(tag, divisor: divisor, entryCount: entryCount, dictionaryBytes)
    var (entries, byteCount) = try Self.entries(
      &reader, rowCount: rowCount, dataOffset: headerByteCount + dictionaryByteCount, dataEnd: bytes.count)
    let codeMax = Self.codeMax(domain)
    // Wide blocks hold values themselves, which no domain of few codes has.
    let mayBeWide = codeMax == UInt64.max
    guard entries.allSatisfy({ $0.block.width == .eight ? mayBeWide : max($0.block.storedMaximum, $0.block.constant) <= codeMax }) else {
      throw FormatDamage(what: "a block has values that its domain has not", offset: 0)
    }
    let storage = CodeStorage(byteCount: byteCount) { (memory) in
      for index in entries.indices where entries[index].block.width != .constant {
        if load(bytes, entries[index], domain, into: &memory) { continue }
        onDamage(entries[index].dataOffset, entries[index].block.rowCount)
        let rows = entries[index].block.rowCount
        entries[index].block = CodeBlock(width: .constant, rowCount: rows, byteOffset: 0, nullCount: rows, isDamaged: true)
      }
    }
    return ScanColumn(key: key, domain: domain, rowCount: rowCount, blocks: entries.map(\.block), storage: storage)
  }

  /// The greatest stored value that means something.
  static func codeMax(_ domain: ScanColumn.Domain) -> UInt64 {
    switch domain {
    case .dictionary(let dictionary): UInt64(dictionary.count)
    case .booleans: 2
    case .integers, .scaled, .floatBits, .spanIDs: .max
    }
  }

  /// True if no stored value of a narrow block is greater than its entry says: readers use them as indices.
  private static func isWithinMaximum(_ block: CodeBlock, _ memory: borrowing MutableRawSpan) -> Bool {
    switch block.width {
    case .constant, .eight: true
    case .one: greatest(UInt8.self, block, memory.bytes) <= block.storedMaximum
    case .two: greatest(UInt16.self, block, memory.bytes) <= block.storedMaximum
    case .four: greatest(UInt32.self, block, memory.bytes) <= block.storedMaximum
    }
  }

  private static func greatest<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ type: Code.Type, _ block: CodeBlock, _ bytes: RawSpan
  ) -> UInt64 {
    var most: Code = 0
    for row in 0..<block.rowCount {
      most = max(most, bytes.load(block.byteOffset &+ row &* MemoryLayout<Code>.size, as: type))
    }
    return UInt64(most)
  }

  /// The block list, each block with its place in the file and in memory.
  private static func entries(
    _ reader: inout ByteReader, rowCount: Int, dataOffset: Int, dataEnd: Int
  ) throws(FormatDamage) -> ([Entry], Int) {
    var entries: [Entry] = []
    var byteCount = 0
    var dataOffset = dataOffset
    let blockCount = (rowCount + blockRowCount - 1) / blockRowCount
    while entries.count < blockCount {
      let alike = try reader.count(most: blockCount - entries.count)
      guard alike > 0, let width = CodeWidth(rawValue: try reader.byte()), alike == 1 || width == .constant else {
        throw FormatDamage(what: "a block entry makes no sense", offset: reader.position)
      }
      _ = try reader.byte()
      var block = CodeBlock(width: width, rowCount: 0, byteOffset: 0)
      block.base = Int64(bitPattern: try reader.word())
      block.storedMinimum = try reader.varint()
      block.storedMaximum = try reader.varint()
      block.nullCount = try reader.count(most: blockRowCount)
      block.constant = try reader.varint()
      let dataByteCount = try reader.count(most: dataEnd - dataOffset)
      let presenceByteCount = try reader.count(most: dataEnd - dataOffset - dataByteCount)
      let sum = try reader.sum()
      for _ in 0..<alike {
        block.rowCount = min(blockRowCount, rowCount - entries.count * blockRowCount)
        guard block.nullCount <= block.rowCount else {
          throw FormatDamage(what: "a block has more nulls than rows", offset: reader.position)
        }
        block.byteOffset = byteCount
        byteCount += (block.rowCount * Int(width.rawValue) + 63) / 64 * 64
        if presenceByteCount > 0 {
          block.presenceOffset = byteCount
          byteCount += (block.rowCount + 63) / 64 * 8
        }
        entries.append(
          Entry(block: block, dataOffset: dataOffset, dataByteCount: dataByteCount, presenceByteCount: presenceByteCount, sum: sum))
      }
      dataOffset += dataByteCount + presenceByteCount
    }
    return (entries, byteCount)
  }

  /// Unpacks one block into its place; false where it is damaged.
  private mutating func load(
    _ bytes: [UInt8], _ entry: Entry, _ domain: ScanColumn.Domain, into memory: inout MutableRawSpan
  ) -> Bool {
    let end = entry.dataOffset + entry.dataByteCount + entry.presenceByteCount
    guard unsafe sums == .ignored || crc32c(bytes.span.bytes.extracting(entry.dataOffset..<end)) == entry.sum else { return false }
    let data = Array(bytes[entry.dataOffset..<entry.dataOffset + entry.dataByteCount])
    let block = entry.block
    do throws(FormatDamage) {
      switch block.width {
      case .constant: break
      case .one: try codec.decode(data, count: block.rowCount, as: UInt8.self, into: &memory, at: block.byteOffset)
      case .two: try codec.decode(data, count: block.rowCount, as: UInt16.self, into: &memory, at: block.byteOffset)
      case .four: try codec.decode(data, count: block.rowCount, as: UInt32.self, into: &memory, at: block.byteOffset)
      case .eight: try codec.decode(data, count: block.rowCount, as: UInt64.self, into: &memory, at: block.byteOffset)
      }
    } catch {
      return false
    }
    guard Self.isWithinMaximum(block, memory) else { return false }
    guard entry.presenceByteCount > 0 else { return true }
    guard entry.presenceByteCount == (block.rowCount + 63) / 64 * 8 else { return false }
    for index in 0..<entry.presenceByteCount {
      memory.storeBytes(of: bytes[end - entry.presenceByteCount + index], toByteOffset: block.presenceOffset + index, as: UInt8.self)
    }
    return true
  }

  mutating func decodeDomain(
    _ tag: DomainTag, divisor: Double, entryCount: Int, _ bytes: [UInt8]
  ) throws(FormatDamage) -> ScanColumn.Domain {
    switch tag {
    case .offsets: return .integers
    case .scaled: return .scaled(divisor: divisor)
    case .booleans: return .booleans
    case .floatBits: return .floatBits
    case .spanIDs: return .spanIDs
    case .text:
      var reader = ByteReader(bytes)
      return .dictionary(ValueDictionary(try texts(entryCount, &reader)))
    case .templated: return .dictionary(ValueDictionary(try templated(entryCount, bytes)))
    case .integers, .floats:
      guard bytes.count == entryCount * 8 else { throw FormatDamage(what: "a dictionary is cut", offset: bytes.count) }
      let words = (0..<entryCount).map { unsafe loadWord(bytes.span.bytes, $0 * 8) }
      if tag == .integers { return .dictionary(ValueDictionary(.integers(words.map { Int64(bitPattern: $0) }))) }
      return .dictionary(ValueDictionary(.floats(words.map { Double(bitPattern: $0) })))
    case .traceIDs: return .dictionary(ValueDictionary(try traceIDs(entryCount, bytes)))
    case .drawn: throw FormatDamage(what: "a drawn column has no domain", offset: 0)
    }
  }

  private mutating func traceIDs(_ entryCount: Int, _ bytes: [UInt8]) throws(FormatDamage) -> ValueDictionary.Entries {
    guard bytes.count >= entryCount * 16 else { throw FormatDamage(what: "a dictionary is cut", offset: bytes.count) }
    var ids: [TraceID] = []
    ids.reserveCapacity(entryCount)
    for entry in 0..<entryCount {
      let high = unsafe loadWord(bytes.span.bytes, entry * 16).byteSwapped
      ids.append(TraceID(high: high, low: unsafe loadWord(bytes.span.bytes, entry * 16 + 8).byteSwapped))
    }
    var reader = ByteReader(Array(bytes[(entryCount * 16)...]))
    let sorted = try block(&reader, count: entryCount)
    guard sorted.allSatisfy({ $0 < entryCount }) else { throw FormatDamage(what: "an entry is out of range", offset: 0) }
    return .traceIDs(ids, sorted: sorted)
  }

  mutating func texts(_ entryCount: Int, _ reader: inout ByteReader) throws(FormatDamage) -> ValueDictionary.Entries {
    let lengths = try block(&reader, count: entryCount)
    let plainByteCount = try reader.count(most: Int(UInt32.max))
    let byteCount = try reader.count(most: reader.bytes.count)
    guard plainByteCount <= (byteCount + 4) << 16 else {
      throw FormatDamage(what: "a dictionary claims more text than its bytes can hold", offset: reader.position)
    }
    var ends: [UInt32] = []
    ends.reserveCapacity(entryCount)
    var end = 0
    for length in lengths {
      end += Int(length)
      guard end <= plainByteCount else { throw FormatDamage(what: "entries are longer than their text", offset: 0) }
      ends.append(UInt32(end))
    }
    guard end == plainByteCount else { throw FormatDamage(what: "entries are shorter than their text", offset: 0) }
    let packed = try reader.bytes(byteCount)
    if byteCount == plainByteCount { return .text(bytes: packed, ends: ends) }
    var text: [UInt8] = []
    do throws(InflateError) {
      try unsafe decompressor.decompress(packed.span.bytes, byteCount: plainByteCount, appendingTo: &text)
    } catch {
      throw FormatDamage(what: "a dictionary does not unpack: \(error.message)", offset: reader.position)
    }
    return .text(bytes: text, ends: ends)
  }

  /// A length and a block of 32-bit values.
  mutating func block(_ reader: inout ByteReader, count: Int) throws(FormatDamage) -> [UInt32] {
    let byteCount = try reader.count(most: reader.bytes.count - reader.position)
    let bytes = try reader.bytes(byteCount)
    return count > 0 ? try values(bytes, count: count) : []
  }

  /// The values of a block that no scan reads in place.
  mutating func values<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ bytes: [UInt8], count: Int
  ) throws(FormatDamage) -> [Value] {
    var failure: FormatDamage?
    let storage = CodeStorage(byteCount: count * MemoryLayout<Value>.size) { (memory) in
      do throws(FormatDamage) {
        try codec.decode(bytes, count: count, as: Value.self, into: &memory, at: 0)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return storage.withElements(of: Value.self, byteOffset: 0, count: count) { (values) in
      values.indices.map { values[$0] }
    }
  }
}
