// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// One open column of a batch: the values in order of arrival, each with the row that it belongs to.
///
/// Absent values cost nothing. Values of shared groups (see `Batch`) stand apart. Text and trace ids are codes into `dictionary`; all
/// other kinds are 64-bit words. A row that gets several values keeps the last one.
@safe
public struct ColumnBuilder: ~Copyable {
  public let key: ColumnKey
  /// The rows that have a value of their own; their codes or words stand in this order.
  public var rows = RowSet()
  public var codes: GrowableBuffer<UInt32>
  public var words: GrowableBuffer<UInt64>
  /// The groups that have a value, in the order in which they got it, and their codes or words.
  public var groups = GrowableBuffer<UInt32>(capacity: 1)
  public var groupValues = GrowableBuffer<UInt64>(capacity: 1)
  public var dictionary: ByteInterner
  /// The key as protobuf's `KeyValue` starts with it: `0A length key 12`; what a decoder compares the next attribute with.
  @usableFromInline var prefix: GrowableBuffer<UInt8>
  @usableFromInline var prefixCount: Int
  /// The columns that were seen to follow this one in an event, as index + 1; 0 is none.
  @usableFromInline var successors: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)

  /// The column's bit in an intake's masks, or 0 (`Batch.watch`), and `Batch.twinMark`.
  @usableFromInline var marks: UInt64 = 0

  /// `name` is the field's name on the wire.
  init(name: String, kind: ColumnKind) {
    key = .ofField(name, kind)
    codes = GrowableBuffer(capacity: 1)
    words = GrowableBuffer(capacity: 1)
    dictionary = ByteInterner()
    prefix = GrowableBuffer(capacity: name.utf8.count + 16)
    prefixCount = 0
    let utf8 = Array(name.utf8)
    guard utf8.count < 128 else { return }
    prefix.append(0x0A)
    prefix.append(UInt8(utf8.count))
    for byte in utf8 { prefix.append(byte) }
    prefix.append(0x12)
    prefixCount = prefix.count
    for _ in 0..<8 { prefix.append(0) }
  }

  /// The number of values, of rows and of groups.
  @inlinable public var count: Int { rows.count &+ groups.count }

  /// The bytes of memory held.
  public var byteCount: Int {
    rows.byteCount + groups.byteCount + groupValues.byteCount + codes.byteCount + words.byteCount + dictionary.byteCount + prefix.byteCount + MemoryLayout<Self>.stride
  }

  /// Adds a text (kinds `string` and `traceID`); true if it became a new entry, which the caller may then have to check.
  @inlinable @inline(__always)
  public mutating func appendBytes(_ bytes: RawSpan, _ offset: Int, _ count: Int, row: UInt32) -> Bool {
    let known = dictionary.count
    appendCode(dictionary.intern(bytes, offset, count), row: row)
    if codes.count & 8191 == 0 { dictionary.adapt(valueCount: codes.count) }
    return dictionary.count != known
  }

  /// Adds a code of the dictionary.
  @inlinable @inline(__always)
  public mutating func appendCode(_ code: UInt32, row: UInt32) {
    if row & groupBit != 0 { return appendToGroup(UInt64(code), row) }
    if rows.append(row) { codes.append(code) } else { codes[codes.count &- 1] = code }
  }

  /// Adds a 64-bit word (all other kinds).
  @inlinable @inline(__always)
  public mutating func appendWord(_ word: UInt64, row: UInt32) {
    if row & groupBit != 0 { return appendToGroup(word, row) }
    if rows.append(row) { words.append(word) } else { words[words.count &- 1] = word }
  }

  @usableFromInline @inline(never)
  mutating func appendToGroup(_ value: UInt64, _ row: UInt32) {
    groups.append(row & ~groupBit)
    groupValues.append(value)
  }

  /// True if the row or group being built has a value.
  @inlinable
  func isSet(_ row: UInt32) -> Bool {
    guard row & groupBit != 0 else { return rows.isLast(row) }
    return groups.count > 0 && groups[groups.count &- 1] == row & ~groupBit
  }

  /// The code of the text that the row or group got last.
  func lastCode(_ row: UInt32) -> UInt32 {
    if row & groupBit != 0, groups.count > 0 { return UInt32(truncatingIfNeeded: groupValues[groups.count - 1]) }
    precondition(codes.count > 0, "a column without values has no last one")
    return codes[codes.count - 1]
  }

  /// True if the bytes from `offset` begin with this column's key as a `KeyValue`.
  @inlinable @inline(__always)
  func isPrefix(of bytes: RawSpan, _ offset: Int, _ end: Int) -> Bool {
    let count = prefixCount
    guard count > 0, end &- offset > count else { return false }
    let stored = unsafe prefix.span.bytes
    if count < 8 {
      return loadTail(bytes, offset, count) == loadWord(stored, 0) & ((1 &<< UInt64(count &* 8)) &- 1)
    }
    var index = 0
    while index &+ 8 < count {
      if loadWord(bytes, offset &+ index) != loadWord(stored, index) { return false }
      index &+= 8
    }
    return loadWord(bytes, offset &+ count &- 8) == loadWord(stored, count &- 8)
  }

  /// Takes back the value that the row or group got last, a text that had become a new entry.
  mutating func forgetNewText(_ row: UInt32) {
    if row & groupBit != 0 {
      groups.truncate(to: groups.count - 1)
      groupValues.truncate(to: groupValues.count - 1)
    } else {
      rows.removeLast()
      codes.truncate(to: codes.count - 1)
    }
    dictionary.removeLast()
  }

  /// Drops the values that were added for rows from `row` on and for groups from `group` on.
  mutating func rollBack(row: UInt32, group: UInt32) {
    rows.truncate(from: row)
    if codes.count > rows.count { codes.truncate(to: rows.count) }
    if words.count > rows.count { words.truncate(to: rows.count) }
    var count = groups.count
    while count > 0, groups[count - 1] >= group { count -= 1 }
    groups.truncate(to: count)
    groupValues.truncate(to: count)
  }
}

/// Set in a value's row number where the value belongs to a shared group.
public let groupBit: UInt32 = 0x8000_0000
