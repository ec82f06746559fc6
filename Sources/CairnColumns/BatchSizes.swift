// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// How much each column of a full batch holds: what the batch that follows it will most likely need.
///
/// A batch that asks for its memory at once neither copies columns while they grow nor keeps what doubling leaves over (benchmark: `bench.py
/// raw:4`, CPU and peak RSS). Memory that stays unused is never touched.
public struct BatchSizes: Sendable {
  struct Column: Sendable {
    var valueCount: Int
    var entryCount: Int
    var entryByteCount: Int
    var isExact: Bool
  }
  var rowCount = 0
  var columns: [ColumnKey: Column] = [:]

  /// Nothing is known.
  public init() {}

  /// An eighth more than before is asked for.
  static func withSlack(_ count: Int) -> Int { count + count / 8 }
}

extension Batch {
  /// What this batch holds; O(columns).
  public var sizes: BatchSizes {
    var sizes = BatchSizes()
    sizes.rowCount = rowCount
    for index in 0..<columnCount {
      withColumn(ColumnIndex(index)) { (column) in
        sizes.columns[column.key] = BatchSizes.Column(
          valueCount: column.rows.count, entryCount: column.dictionary.count, entryByteCount: column.dictionary.entryByteCount,
          isExact: column.dictionary.isExact)
      }
    }
    return sizes
  }

  /// An empty batch with room for as much as another one held.
  public init(like sizes: BatchSizes) {
    self.init()
    expected = sizes
    rowTimes.reserve(BatchSizes.withSlack(sizes.rowCount))
    rowGroups.reserve(BatchSizes.withSlack(sizes.rowCount))
  }
}

extension ColumnBuilder {
  /// Makes room in a column without values.
  mutating func reserve(_ size: BatchSizes.Column) {
    let count = BatchSizes.withSlack(size.valueCount)
    if key.kind == .string || key.kind == .traceID { codes.reserve(count) } else { words.reserve(count) }
    dictionary.reserve(
      entryCount: BatchSizes.withSlack(size.entryCount), byteCount: BatchSizes.withSlack(size.entryByteCount), isExact: size.isExact)
  }
}
