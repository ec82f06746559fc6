// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// The rows that may still be on a page: the first `limit` in order of time, and all that share the time of the last of them.
///
/// Memory stays near twice the limit, whatever the number of rows that pass, but for events of one and the same time.
struct EventCandidates {
  let limit: Int
  let isNewestFirst: Bool
  private(set) var rows: [EventRow] = []
  /// No row beyond this time is wanted any more; nil while there are fewer than `limit`.
  private(set) var lastTime: Int64?
  /// `rows` is cut when it has so many.
  private var cutCount: Int

  init(limit: Int, direction: EventsPlan.Direction) {
    self.limit = limit
    isNewestFirst = direction == .newestFirst
    cutCount = limit * 2 + 64
  }

  /// Events of times from `first` to `last` may belong to the page.
  func wants(_ first: Int64, _ last: Int64) -> Bool {
    guard let lastTime else { return true }
    return isNewestFirst ? last >= lastTime : first <= lastTime
  }

  /// The rows of a slice, whose times ascend, that may belong to the page.
  func wanted(_ slice: Slice, _ times: ScanColumn) -> Range<Int> {
    guard let lastTime else { return slice.rows }
    let base = slice.block * blockRowCount
    if isNewestFirst { return ScanSet.firstRow(slice.rows, base, times, atOrAfter: lastTime)..<slice.rows.upperBound }
    guard lastTime < .max else { return slice.rows }
    return slice.rows.lowerBound..<ScanSet.firstRow(slice.rows, base, times, atOrAfter: lastTime + 1)
  }

  /// Takes the set rows of a slice in the page's order and stops at the first that cannot be on it.
  mutating func add(_ bits: Bits, _ slice: Slice, _ times: ScanColumn) {
    let base = slice.block * blockRowCount
    var taken = 0
    var limitTime: Int64 = 0
    for step in bits.words.indices {
      var word = bits.words[isNewestFirst ? Bits.wordCount - 1 - step : step]
      let start = (isNewestFirst ? Bits.wordCount - 1 - step : step) * 64
      while word != 0 {
        let bit = isNewestFirst ? 63 - word.leadingZeroBitCount : word.trailingZeroBitCount
        word &= ~(1 << UInt64(bit))
        let row = base + start + bit
        let time = times.integer(at: row) ?? 0
        if taken >= limit, time != limitTime { return cut(always: false) }
        rows.append(EventRow(piece: slice.piece, run: slice.run, row: row, timeUnixNanoseconds: time))
        taken += 1
        limitTime = time
      }
    }
    cut(always: false)
  }

  /// Drops what cannot be on the page; `always` leaves the rows in the order of their times.
  mutating func cut(always: Bool) {
    guard always || rows.count >= cutCount || (lastTime == nil && rows.count >= limit) else { return }
    rows.sort {
      isNewestFirst ? $0.timeUnixNanoseconds > $1.timeUnixNanoseconds : $0.timeUnixNanoseconds < $1.timeUnixNanoseconds
    }
    if rows.count >= limit, limit > 0 {
      let last = rows[limit - 1].timeUnixNanoseconds
      lastTime = last
      var end = limit
      while end < rows.count, rows[end].timeUnixNanoseconds == last { end += 1 }
      rows.removeLast(rows.count - end)
    }
    cutCount = max(rows.count * 2, limit * 2) + 64
  }
}
