// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// One open column of a batch: the values in order of arrival, each with the row that it belongs to.
///
/// Absent values cost nothing. A row number with `groupBit` set names a shared group instead (see `Batch`). Text and trace ids are
/// codes into `dictionary`; all other kinds are 64-bit words.
@safe
public struct ColumnBuilder: ~Copyable {
  public let key: ColumnKey
  public var rows: GrowableBuffer<UInt32>
  public var codes: GrowableBuffer<UInt32>
  public var words: GrowableBuffer<UInt64>
  public var dictionary: ByteInterner
  /// The key as protobuf's `KeyValue` starts with it: `0A length key 12`; what a decoder compares the next attribute with.
  @usableFromInline var prefix: GrowableBuffer<UInt8>
  @usableFromInline var prefixCount: Int
  /// The columns that were seen to follow this one in an event, as index + 1; 0 is none.
  @usableFromInline var successors: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)

  /// The column's bit in an intake's masks, or 0 (`Batch.watch`).
  @usableFromInline var watchMask: UInt64 = 0

  /// `name` is the field's name on the wire.
  init(name: String, kind: ColumnKind) {
    key = .ofField(name, kind)
    rows = GrowableBuffer()
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

  /// The number of values.
  @inlinable public var count: Int { rows.count }

  /// The bytes of memory held.
  public var byteCount: Int {
    rows.byteCount + codes.byteCount + words.byteCount + dictionary.byteCount + prefix.byteCount + MemoryLayout<Self>.stride
  }

  /// Adds a text (kinds `string` and `traceID`); true if it became a new entry, which the caller may then have to check.
  @inlinable @inline(__always)
  public mutating func appendBytes(_ bytes: RawSpan, _ offset: Int, _ count: Int, row: UInt32) -> Bool {
    let known = dictionary.count
    codes.append(dictionary.intern(bytes, offset, count))
    rows.append(row)
    if codes.count & 8191 == 0 { dictionary.adapt(valueCount: codes.count) }
    return dictionary.count != known
  }

  /// Adds a 64-bit word (all other kinds).
  @inlinable @inline(__always)
  public mutating func appendWord(_ word: UInt64, row: UInt32) {
    words.append(word)
    rows.append(row)
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

  /// Takes back the value added last, a text that had become a new entry.
  mutating func forgetNewText() {
    rows.truncate(to: rows.count - 1)
    codes.truncate(to: codes.count - 1)
    dictionary.removeLast()
  }

  /// Drops the values that were added for rows from `row` on and for groups from `group` on.
  mutating func rollBack(row: UInt32, group: UInt32) {
    var count = rows.count
    while count > 0 {
      let last = rows[count - 1]
      let isNew = last & groupBit != 0 ? last & ~groupBit >= group : last >= row
      guard isNew else { break }
      count -= 1
    }
    rows.truncate(to: count)
    if codes.count > count { codes.truncate(to: count) }
    if words.count > count { words.truncate(to: count) }
  }
}

/// Set in a value's row number where the value belongs to a shared group.
public let groupBit: UInt32 = 0x8000_0000
