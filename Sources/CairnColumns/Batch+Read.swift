// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// Reading back what the rows of one request have, and adding to them: for what is decided after a decoder, the same for all doors.

extension Batch {
  /// The column of this name and kind; nil where none was ever set. Unlike `column` it makes none.
  public func existingColumn(_ name: String, _ kind: ColumnKind) -> ColumnIndex? {
    var name = name
    return name.withUTF8 { (utf8) -> ColumnIndex? in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      guard let code = keys.find(bytes, 0, bytes.byteCount) else { return nil }
      let slot = Int(code) * 8 + Int(kind.rawValue)
      guard slot < columnOfKey.count, columnOfKey[slot] != 0 else { return nil }
      return ColumnIndex(Int(columnOfKey[slot]) - 1)
    }
  }

  /// The places of the values that rows from `firstRow` on have by themselves, newest first: (row, index of the value).
  public func forEachValue(of column: ColumnIndex, from firstRow: Int, _ body: (_ row: Int, _ index: Int) -> Void) {
    withColumn(column) { $0.rows.forEachReversed(from: firstRow, body) }
  }

  /// A text value by its index in the column.
  public func text(_ column: ColumnIndex, at index: Int) -> String {
    withColumn(column) { (builder) in builder.dictionary.text(Int(builder.codes[index])) }
  }

  /// The bytes of a text or a trace id by its index in the column.
  public func bytes(_ column: ColumnIndex, at index: Int) -> [UInt8] {
    withColumn(column) { (builder) in
      let bounds = builder.dictionary.bounds(Int(builder.codes[index]))
      return builder.dictionary.withArena { (arena) in bounds.map { loadByte(arena, $0) } }
    }
  }

  /// The text that a group has in a column, or nil; O(groups that have one).
  public func groupText(_ column: ColumnIndex, _ group: UInt32) -> String? {
    withColumn(column) { (builder) in
      var index = builder.groups.count - 1
      while index >= 0 {
        if builder.groups[index] == group { return builder.dictionary.text(Int(builder.groupValues[index])) }
        index -= 1
      }
      return nil
    }
  }

  /// Adds a text to a row that was appended; rows must come in order, and after those that the column has.
  public mutating func addText(_ column: ColumnIndex, _ text: String, row: Int) {
    var text = text
    text.withUTF8 { (utf8) in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      _ = unsafe columns[column.value].appendBytes(bytes, 0, bytes.byteCount, row: UInt32(row))
    }
  }

  /// The same for a word.
  public mutating func addWord(_ column: ColumnIndex, _ word: UInt64, row: Int) {
    unsafe columns[column.value].appendWord(word, row: UInt32(row))
  }
}
