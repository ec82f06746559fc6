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
  /// Every row of the block is in this slice or another of the question.
  var isBlockInScope = false
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
  ///
  /// `opened` are pieces that are open already, by their place among `all`.
  init(
    _ scope: Scope, names: Set<ExactText>, pieces all: [any Piece], _ watch: QueryWatch, opened: [Int: OpenPiece] = [:]
  ) throws(QueryError) {
    let names = names.union([ExactText(FieldName.timestamp)])
    for (place, piece) in all.enumerated() {
      try watch.check()
      let runs = piece.runs
      let wanted = runs.indices.filter { Self.isWanted(runs[$0], scope) }
      guard !wanted.isEmpty else {
        info.segmentsPruned += 1
        continue
      }
      let open = opened[place] ?? OpenPiece(piece, names: names)
      guard !open.isClosed else {
        info.segmentsPruned += 1
        continue
      }
      info.segmentsScanned += 1
      let index = pieces.count
      pieces.append(open)
      for run in wanted { add(run, of: open, index, scope.time) }
    }
    for slice in slices { info.rowsScanned += slice.rows.count }
    markWholeBlocks()
  }

  /// Opens the pieces that the scope touches on several tasks: the first question after a start reads and unpacks their columns. Those
  /// whose values tell that no event passes the filter are left closed.
  static func opened(
    _ scope: Scope, names: Set<ExactText>, filter: Filter = .everything, pieces all: [any Piece], _ watch: QueryWatch
  ) async throws(QueryError) -> [Int: OpenPiece] {
    let names = names.union([ExactText(FieldName.timestamp)])
    let mayRuleOut = filter.asksForValues
    let wanted = all.indices.filter { place in all[place].runs.contains { isWanted($0, scope) } }
    let parts = try await runUnits(wanted.count, taskCount: watch.budget.taskCountMax, start: { [Int: OpenPiece]() }) {
      (opened: inout [Int: OpenPiece], unit) throws(QueryError) in
      try watch.check()
      let piece = all[wanted[unit]]
      let isRuledOut = mayRuleOut && filter.remaining(in: piece) == nil
      opened[wanted[unit]] = isRuledOut ? OpenPiece(closed: piece) : OpenPiece(piece, names: names)
    }
    var opened: [Int: OpenPiece] = [:]
    for part in parts { opened.merge(part) { first, _ in first } }
    return opened
  }

  private mutating func markWholeBlocks() {
    var start = 0
    while start < slices.count {
      let (piece, block) = (slices[start].piece, slices[start].block)
      var end = start
      var rowCount = 0
      while end < slices.count, slices[end].piece == piece, slices[end].block == block {
        rowCount += slices[end].rows.count
        end += 1
      }
      if rowCount == pieces[piece].columns[.time]?.blocks[block].rowCount {
        for index in start..<end { slices[index].isBlockInScope = true }
      }
      start = end
    }
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

  /// The first of `rows` whose time is not before an instant, by binary search; their times ascend.
  static func firstRow(_ rows: Range<Int>, _ base: Int, _ times: ScanColumn, atOrAfter instant: Int64) -> Int {
    times.firstRow(times.blocks[base / blockRowCount], rows, atOrAfter: instant)
  }
}

extension ScanColumn {
  /// The first of `rows` inside a block whose number is not less than `instant`; the numbers of `rows` ascend.
  func firstRow(_ block: CodeBlock, _ rows: Range<Int>, atOrAfter instant: Int64) -> Int {
    if block.width == .eight {
      return storage.withElements(of: Int64.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.firstRow($0, rows, atOrAfter: instant)
      }
    }
    // The stored value of `instant`, held within what a block can store.
    let (offset, overflow) = instant.subtractingReportingOverflow(block.base)
    if overflow ? instant < block.base : offset < 0 { return rows.lowerBound }
    guard !overflow, offset < Int64(block.storedMaximum) else { return rows.upperBound }
    let stored = UInt32(truncatingIfNeeded: offset + 1)
    switch block.width {
    case .constant, .eight: return UInt64(stored) <= block.constant ? rows.lowerBound : rows.upperBound
    case .one:
      return storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.firstRow($0, rows, atOrAfter: UInt8(truncatingIfNeeded: stored))
      }
    case .two:
      return storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.firstRow($0, rows, atOrAfter: UInt16(truncatingIfNeeded: stored))
      }
    case .four:
      return storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.firstRow($0, rows, atOrAfter: stored)
      }
    }
  }
}

/// The first of `rows` whose value is not less than `wanted`: steps that double, then a binary search.
@inline(__always)
private func firstRow<Value: Comparable & BitwiseCopyable>(_ values: Span<Value>, _ rows: Range<Int>, atOrAfter wanted: Value) -> Int {
  var low = rows.lowerBound
  var high = rows.upperBound
  var step = 16
  while low + step < high {
    if values[low + step] < wanted { low += step + 1 } else { high = low + step }
    step *= 2
  }
  while low < high {
    let middle = (low + high) / 2
    if values[middle] < wanted { low = middle + 1 } else { high = middle }
  }
  return low
}
