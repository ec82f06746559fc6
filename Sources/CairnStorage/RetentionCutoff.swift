// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// The times in Unix nanoseconds before which rows of a dataset are dropped.
///
/// Log records have one of their own: what a log group is told to keep says nothing about spans and metrics under the same name.
struct RetentionCutoff: Sendable, Hashable {
  var lines: Int64
  var others: Int64

  /// Before it every row goes.
  var everything: Int64 { min(lines, others) }
  /// Not before it does every row stay.
  var anything: Int64 { max(lines, others) }
}

extension ScanColumn {
  /// How a column of signals stores that a row is a log record; nil where no row is one.
  fileprivate var storedLine: UInt64? {
    guard case .dictionary(let dictionary) = domain else { return nil }
    return (0..<dictionary.count).first { dictionary.value($0) == .string("log") }.map { UInt64($0) + 1 }
  }

  /// How many of the rows are log records, by their column of signals; a block that holds one value is counted whole.
  fileprivate func lineCount(in rows: Range<Int>) -> Int {
    guard let line = storedLine else { return 0 }
    var count = 0
    var row = rows.lowerBound
    while row < rows.upperBound {
      let index = row / blockRowCount
      let end = min(rows.upperBound, (index + 1) * blockRowCount)
      if blocks[index].width == .constant {
        count += stored(at: row) == line ? end - row : 0
      } else {
        for row in row..<end where stored(at: row) == line { count += 1 }
      }
      row = end
    }
    return count
  }
}

extension SegmentPiece {
  /// How many rows of a run are too old; reads what tells lines from others only where that decides.
  func expiredRowCount(in run: DatasetRun, _ cutoff: RetentionCutoff) -> Int {
    let all = rowCount(in: run, before: cutoff.everything)
    guard cutoff.lines != cutoff.others else { return all }
    let end = rowCount(in: run, before: cutoff.anything)
    // What cannot be read stays.
    guard end > all, let count = try? lineCount(in: run.rows.lowerBound + all..<run.rows.lowerBound + end) else { return all }
    return all + (cutoff.lines > cutoff.others ? count : end - all - count)
  }

  /// For each row whether it is too old; empty where the beginning of each run is all that goes.
  func expiredRows(times: [Int64], _ cutoff: (DatasetRun) -> RetentionCutoff) throws(StorageError) -> [Bool] {
    let mixed = runs.map { ($0, cutoff($0)) }.filter { $1.lines != $1.others && $0.minimumUnixNanoseconds < $1.anything }
    guard !mixed.isEmpty else { return [] }
    let signals = try PieceMerger.whole(self, Self.signalType)
    let line = signals?.storedLine
    var isExpired = [Bool](repeating: false, count: rowCount)
    for (run, cutoff) in mixed {
      for row in run.rows {
        let isLine = line != nil && signals?.stored(at: row) == line
        isExpired[row] = times[row] < (isLine ? cutoff.lines : cutoff.others)
      }
    }
    return isExpired
  }

  private static let signalType = ColumnKey(FieldName.signalType, .string)

  private func lineCount(in rows: Range<Int>) throws(PieceError) -> Int { try column(Self.signalType)?.lineCount(in: rows) ?? 0 }
}
