// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// SEGMENT := "CAIRNSG1", COLUMN*, FOOTER, footerByteCount u32, footerSum u32, "CAIRNEND"
// FOOTER  := id varint, rowCount varint, journalCount varint, (first varint, last varint)*, replacedCount varint, id varint*,
//            runCount varint, RUN*, columnCount varint, ENTRY*
// RUN     := environment text, dataset text, rowCount varint, minimum u64, maximum u64
// ENTRY   := name text, kind u8, presentCount varint, offset varint, byteCount varint, headerByteCount varint, headerSum u32
// text    := byteCount varint, UTF-8

/// All that is known of a segment before any of its columns is read.
struct SegmentFooter {
  /// One column's place in the file.
  struct Entry {
    var key: ColumnKey
    var presentCount: Int
    var offset: Int
    var byteCount: Int
    var headerByteCount: Int
    var headerSum: UInt32
  }

  static let magic = Array("CAIRNSG1".utf8)
  static let endMagic = Array("CAIRNEND".utf8)
  static let tailByteCount = 16

  var id: UInt64
  var rowCount: Int
  /// Journals whose events are in here or in a segment that this one replaced.
  var journals: [ClosedRange<UInt64>]
  /// Segments whose rows are in here: they count no more, even if their files are still there.
  var replaced: [UInt64]
  var runs: [DatasetRun]
  var columns: [Entry]

  func encoded() -> [UInt8] {
    var out = ByteWriter()
    out.write(varint: id)
    out.write(count: rowCount)
    out.write(count: journals.count)
    for range in journals {
      out.write(varint: range.lowerBound)
      out.write(varint: range.upperBound)
    }
    out.write(count: replaced.count)
    for id in replaced { out.write(varint: id) }
    out.write(count: runs.count)
    for run in runs {
      out.write(text: run.environment)
      out.write(text: run.dataset)
      out.write(count: run.rows.count)
      out.write(word: UInt64(bitPattern: run.minimumUnixNanoseconds))
      out.write(word: UInt64(bitPattern: run.maximumUnixNanoseconds))
    }
    out.write(count: columns.count)
    for entry in columns {
      out.write(text: entry.key.name)
      out.write(byte: entry.key.kind.rawValue)
      out.write(count: entry.presentCount)
      out.write(count: entry.offset)
      out.write(count: entry.byteCount)
      out.write(count: entry.headerByteCount)
      out.write(sum: entry.headerSum)
    }
    let sum = unsafe crc32c(out.bytes.span.bytes)
    let byteCount = UInt32(out.bytes.count)
    out.bytes.append(littleEndian: byteCount)
    out.bytes.append(littleEndian: sum)
    out.bytes.append(contentsOf: Self.endMagic)
    return out.bytes
  }

  /// Reads the footer at the end of a file; throws where the file is not a whole segment.
  init(_ file: any StoredFile) throws(StorageError) {
    let byteCount = try file.byteCount()
    guard byteCount >= Self.magic.count + Self.tailByteCount else { throw Self.damage(file, "it is too short to be a segment") }
    guard try file.read(at: 0, count: Self.magic.count) == Self.magic else { throw Self.damage(file, "it does not begin as a segment") }
    let tail = try file.read(at: byteCount - Self.tailByteCount, count: Self.tailByteCount)
    guard Array(tail[8...]) == Self.endMagic else { throw Self.damage(file, "it does not end as a segment") }
    let footerByteCount = Int(unsafe loadHalf(tail.span.bytes, 0))
    guard footerByteCount <= byteCount - Self.magic.count - Self.tailByteCount else { throw Self.damage(file, "its footer is cut") }
    let bytes = try file.read(at: byteCount - Self.tailByteCount - footerByteCount, count: footerByteCount)
    guard unsafe crc32c(bytes.span.bytes) == loadHalf(tail.span.bytes, 4) else {
      throw Self.damage(file, "its footer does not match its sum")
    }
    do throws(FormatDamage) {
      try self.init(bytes, columnsEnd: byteCount - Self.tailByteCount - footerByteCount)
    } catch {
      throw Self.damage(file, "its footer does not read: \(error.what)")
    }
  }

  private static func damage(_ file: any StoredFile, _ what: String) -> StorageError {
    StorageError("read", path: file.path, .damaged(what))
  }

  init(
    id: UInt64, rowCount: Int, journals: [ClosedRange<UInt64>], replaced: [UInt64], runs: [DatasetRun], columns: [Entry] = []
  ) {
    self.id = id
    self.rowCount = rowCount
    self.journals = journals
    self.replaced = replaced
    self.runs = runs
    self.columns = columns
  }

  /// Reads the footer's own bytes; columns lie before `columnsEnd`.
  init(_ bytes: [UInt8], columnsEnd: Int) throws(FormatDamage) {
    var reader = ByteReader(bytes)
    id = try reader.varint()
    rowCount = try reader.count(most: Int(Int32.max))
    journals = []
    for _ in 0..<(try reader.count(most: bytes.count)) {
      let first = try reader.varint()
      let last = try reader.varint()
      guard first <= last else { throw FormatDamage(what: "a range is upside down", offset: reader.position) }
      journals.append(first...last)
    }
    replaced = []
    for _ in 0..<(try reader.count(most: bytes.count)) { replaced.append(try reader.varint()) }
    runs = []
    var row = 0
    for _ in 0..<(try reader.count(most: bytes.count)) {
      let environment = try reader.text()
      let dataset = try reader.text()
      let count = try reader.count(most: rowCount - row)
      let minimum = Int64(bitPattern: try reader.word())
      let maximum = Int64(bitPattern: try reader.word())
      runs.append(
        DatasetRun(
          environment: environment, dataset: dataset, rows: row..<row + count, minimumUnixNanoseconds: minimum,
          maximumUnixNanoseconds: maximum))
      row += count
    }
    guard row == rowCount else { throw FormatDamage(what: "its runs do not cover its rows", offset: reader.position) }
    columns = []
    for _ in 0..<(try reader.count(most: bytes.count)) { columns.append(try Self.entry(&reader, rowCount, columnsEnd)) }
  }

  private static func entry(_ reader: inout ByteReader, _ rowCount: Int, _ columnsEnd: Int) throws(FormatDamage) -> Entry {
    let name = try reader.text()
    guard let kind = ColumnKind(rawValue: try reader.byte()) else { throw FormatDamage(what: "an unknown kind", offset: reader.position) }
    let presentCount = try reader.count(most: rowCount)
    let offset = try reader.count(most: columnsEnd)
    let byteCount = try reader.count(most: columnsEnd - offset)
    let headerByteCount = try reader.count(most: byteCount)
    return Entry(
      key: ColumnKey(name, kind), presentCount: presentCount, offset: offset, byteCount: byteCount, headerByteCount: headerByteCount,
      headerSum: try reader.sum())
  }
}
