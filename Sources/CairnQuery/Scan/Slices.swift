// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Rows of one dataset inside one block of one piece: the unit of work.
struct Slice: Sendable {
  var piece: Int
  var run: Int
  var block: Int
  /// Within the block.
  var rows: Range<Int>
}

/// What a question reads: the pieces it touches and the slices inside its scope, in order.
struct ScanSet: Sendable {
  var pieces: [OpenPiece] = []
  var slices: [Slice] = []
  var info = ReadingInfo()
  /// The least and the greatest time of the runs inside the scope; empty where nothing is.
  var firstUnixNanoseconds = Int64.max
  var lastUnixNanoseconds = Int64.min

  /// Prunes pieces and runs by environment, dataset and time, and cuts the rest into slices; rows that damage hides are only counted.
  init(_ scope: Scope, names: Set<String>, pieces all: [any Piece], _ watch: QueryWatch) throws(QueryError) {
    let names = names.union([FieldName.timestamp])
    for piece in all {
      try watch.check()
      let runs = piece.runs
      let wanted = runs.indices.filter { Self.isWanted(runs[$0], scope) }
      guard !wanted.isEmpty else {
        info.segmentsPruned += 1
        continue
      }
      info.segmentsScanned += 1
      let open = OpenPiece(piece, names: names)
      let index = pieces.count
      pieces.append(open)
      for run in wanted { add(run, of: open, index, scope.time) }
    }
    for slice in slices { info.rowsScanned += slice.rows.count }
  }

  /// The run has events that the scope may take.
  static func isWanted(_ run: DatasetRun, _ scope: Scope) -> Bool {
    run.environment == scope.environment && scope.datasets.contains(run.dataset) && !run.rows.isEmpty
      && run.maximumUnixNanoseconds >= scope.time.startUnixNanoseconds
      && (run.minimumUnixNanoseconds < scope.time.endUnixNanoseconds || scope.time.endUnixNanoseconds == .max)
  }

  private mutating func add(_ runIndex: Int, of open: OpenPiece, _ piece: Int, _ time: TimeRange) {
    let run = open.runs[runIndex]
    guard !open.isUnavailable, let times = open.columns[.time] else {
      info.rowsUnavailable += run.rows.count
      return
    }
    firstUnixNanoseconds = min(firstUnixNanoseconds, max(run.minimumUnixNanoseconds, time.startUnixNanoseconds))
    lastUnixNanoseconds = max(lastUnixNanoseconds, min(run.maximumUnixNanoseconds, Self.last(of: time)))
    let columns = Array(open.columns.values)
    let isWhole =
      run.minimumUnixNanoseconds >= time.startUnixNanoseconds && run.maximumUnixNanoseconds <= Self.last(of: time)
    for block in run.rows.lowerBound / blockRowCount...(run.rows.upperBound - 1) / blockRowCount {
      let base = block * blockRowCount
      let inside = max(run.rows.lowerBound - base, 0)..<min(run.rows.upperBound - base, blockRowCount)
      if columns.contains(where: { $0.blocks[block].isDamaged }) {
        info.rowsUnavailable += inside.count
        continue
      }
      let rows = isWhole ? inside : Self.narrow(inside, base, times, time)
      if !rows.isEmpty { slices.append(Slice(piece: piece, run: runIndex, block: block, rows: rows)) }
    }
  }

  /// The last instant inside a range; the greatest `Int64` belongs to a range that ends there.
  private static func last(of time: TimeRange) -> Int64 {
    time.endUnixNanoseconds == .max ? .max : time.endUnixNanoseconds - (time.endUnixNanoseconds == .min ? 0 : 1)
  }

  private static func narrow(_ rows: Range<Int>, _ base: Int, _ times: ScanColumn, _ time: TimeRange) -> Range<Int> {
    let start = firstRow(rows, base, times, atOrAfter: time.startUnixNanoseconds)
    if time.endUnixNanoseconds == .max { return start..<rows.upperBound }
    return start..<max(start, firstRow(rows, base, times, atOrAfter: time.endUnixNanoseconds))
  }

  /// The first of `rows` whose time is not before an instant, by binary search.
  static func firstRow(_ rows: Range<Int>, _ base: Int, _ times: ScanColumn, atOrAfter instant: Int64) -> Int {
    var low = rows.lowerBound
    var high = rows.upperBound
    while low < high {
      let middle = (low + high) / 2
      if (times.integer(at: base + middle) ?? .min) < instant { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
