// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

// The setters: each adds a value to the row or group that is being built. Setting a column twice keeps the last value.

extension Batch {
  /// The column of this name and kind, made if it is not there; nil where the batch has as many as it may.
  public mutating func column(_ name: String, _ kind: ColumnKind) -> ColumnIndex? {
    var name = name
    return name.withUTF8 { (utf8) -> ColumnIndex? in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      return column(bytes, 0, bytes.byteCount, kind)
    }
  }

  /// The column of a field that a decoder cannot do without.
  public mutating func column(needed name: String, _ kind: ColumnKind) throws(DecodeError) -> ColumnIndex {
    guard let column = column(name, kind) else { throw DecodeError(.tooManyFields, at: 0) }
    return column
  }

  /// The same for a name in bytes; the bytes must be valid UTF-8.
  @inlinable
  public mutating func column(_ name: RawSpan, _ offset: Int, _ count: Int, _ kind: ColumnKind) -> ColumnIndex? {
    let slot = Int(keys.intern(name, offset, count)) &* 8 &+ Int(kind.rawValue)
    if slot < columnOfKey.count, columnOfKey[slot] != 0 { return ColumnIndex(Int(columnOfKey[slot]) &- 1) }
    return makeColumn(slot: slot, kind)
  }

  @usableFromInline @inline(never)
  mutating func makeColumn(slot: Int, _ kind: ColumnKind) -> ColumnIndex? {
    guard columnCount < Self.columnCountMax else { return nil }
    columnOfKey.append(repeating: 0, until: (slot / 8 + 1) * 8)
    if columnCount == columnCapacity {
      let moved = UnsafeMutablePointer<ColumnBuilder>.allocate(capacity: columnCapacity * 2)
      unsafe moved.moveInitialize(from: columns, count: columnCount)
      unsafe columns.deallocate()
      unsafe columns = moved
      columnCapacity *= 2
    }
    var builder = ColumnBuilder(name: keys.text(slot / 8), kind: kind)
    if let size = expected.columns[builder.key] { builder.reserve(size) }
    unsafe (columns + columnCount).initialize(to: builder)
    columnCount += 1
    columnOfKey[slot] = UInt32(columnCount)
    markTwins(ofKey: slot / 8)
    return ColumnIndex(columnCount - 1)
  }

  /// The column that followed the last one set in an earlier event, if the bytes from `offset` begin with its key as a protobuf
  /// `KeyValue` (`0A length key 12`); `accepts` says whether the value that follows is of the column's kind.
  @inlinable @inline(__always)
  public func predictedColumn(
    _ bytes: RawSpan, _ offset: Int, _ end: Int, accepts: (ColumnKind, Int) -> Bool
  ) -> ColumnIndex? {
    let successors = unsafe columns[lastColumn].successors
    if let found = tried(successors.0, bytes, offset, end, accepts) { return found }
    if let found = tried(successors.1, bytes, offset, end, accepts) { return found }
    if let found = tried(successors.2, bytes, offset, end, accepts) { return found }
    return tried(successors.3, bytes, offset, end, accepts)
  }

  @inlinable @inline(__always)
  func tried(
    _ successor: UInt32, _ bytes: RawSpan, _ offset: Int, _ end: Int, _ accepts: (ColumnKind, Int) -> Bool
  ) -> ColumnIndex? {
    guard successor != 0 else { return nil }
    let index = Int(successor) &- 1
    guard unsafe columns[index].isPrefix(of: bytes, offset, end) else { return nil }
    guard unsafe accepts(columns[index].key.kind, offset &+ columns[index].prefixCount) else { return nil }
    return ColumnIndex(index)
  }

  /// The bytes that a predicted key took.
  @inlinable public func prefixCount(_ column: ColumnIndex) -> Int { unsafe columns[column.value].prefixCount }

  /// Remembers that `column` came after the one set before it, for the next prediction.
  public mutating func learn(_ column: ColumnIndex) {
    let next = UInt32(column.value + 1)
    var successors = unsafe columns[lastColumn].successors
    if successors.0 == next || successors.1 == next || successors.2 == next || successors.3 == next { return }
    successors = (next, successors.0, successors.1, successors.2)
    unsafe columns[lastColumn].successors = successors
  }

  /// A trace id.
  public mutating func setTraceID(_ column: ColumnIndex, _ id: TraceID) {
    let words: InlineArray<2, UInt64> = [id.high.byteSwapped, id.low.byteSwapped]
    unsafe setText(column, words.span.bytes, 0, 16)
  }

  /// Text or a trace id's bytes; true if the column did not know the value, so that only then a decoder has to check its UTF-8.
  @inlinable @inline(__always) @discardableResult
  public mutating func setText(_ column: ColumnIndex, _ bytes: RawSpan, _ offset: Int, _ count: Int) -> Bool {
    let isNew = unsafe columns[column.value].appendBytes(bytes, offset, count, row: target)
    lastColumn = column.value
    touched.append(UInt32(truncatingIfNeeded: column.value))
    return isNew
  }

  /// Takes back the text set last, for which `setText` was true and which then turned out not to be UTF-8: a later value must not find
  /// it as known.
  public mutating func forgetNewText(_ column: ColumnIndex) {
    unsafe columns[column.value].forgetNewText(target)
  }

  /// Gives the column a bit of its own, the same at each call, so that a decoder can gather in one word which of its base fields an
  /// attribute has set. There are `watchCountMax` bits; a column beyond them has none (0).
  public mutating func watch(_ column: ColumnIndex) -> UInt64 {
    if watchMask(column) == 0, watchedCount < Self.watchCountMax {
      unsafe columns[column.value].marks |= 1 << UInt64(watchedCount)
      watchedCount += 1
    }
    return watchMask(column)
  }

  /// The column's bit, or 0 where it is not watched.
  @inlinable @inline(__always)
  public func watchMask(_ column: ColumnIndex) -> UInt64 { unsafe columns[column.value].marks & Self.watchMasks }

  /// A word of the column's kind: `Int64` or `Double` bits, 0 or 1, nanoseconds, or the eight bytes of an id as they are read.
  @inlinable @inline(__always)
  public mutating func setWord(_ column: ColumnIndex, _ word: UInt64) {
    unsafe columns[column.value].appendWord(word, row: target)
    lastColumn = column.value
    touched.append(UInt32(truncatingIfNeeded: column.value))
  }

  /// A text that was interned before with `code`.
  @inlinable @inline(__always)
  public mutating func setCode(_ column: ColumnIndex, _ code: UInt32) {
    unsafe columns[column.value].appendCode(code, row: target)
    lastColumn = column.value
    touched.append(UInt32(truncatingIfNeeded: column.value))
  }

  /// The code of the text set last in a column, for `setCode`.
  public func lastCode(_ column: ColumnIndex) -> UInt32 {
    unsafe columns[column.value].lastCode(target)
  }

  /// The code of a text in a column, for `setCode`.
  public mutating func code(of text: StaticString, in column: ColumnIndex) -> UInt32 {
    let bytes = unsafe RawSpan(_unsafeStart: text.utf8Start, byteCount: text.utf8CodeUnitCount)
    return unsafe columns[column.value].dictionary.intern(bytes, 0, bytes.byteCount)
  }

  /// True if the row or group being built has a value in the column.
  @inlinable
  public func isSet(_ column: ColumnIndex) -> Bool {
    unsafe columns[column.value].isSet(target)
  }

  /// Text by name; nothing where there are too many columns.
  public mutating func set(_ name: String, text: String) {
    guard let column = column(name, .string) else { return }
    var text = text
    text.withUTF8 { (utf8) in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      setText(column, bytes, 0, bytes.byteCount)
    }
  }

  public mutating func set(_ name: String, integer: Int64) {
    if let column = column(name, .integer) { setWord(column, UInt64(bitPattern: integer)) }
  }

  public mutating func set(_ name: String, float: Double) {
    if let column = column(name, .float) { setWord(column, float.bitPattern) }
  }

  public mutating func set(_ name: String, boolean: Bool) {
    if let column = column(name, .boolean) { setWord(column, boolean ? 1 : 0) }
  }
}
