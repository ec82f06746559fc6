// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// The rows of one slice that are selected, and those they are compared with.
struct ContrastSlice: Sendable {
  var slice: Slice
  var selection: Bits
  var baseline: Bits
  var selectionCount: Int
  var baselineCount: Int
  /// Every row of the slice is on one side and none on both: the baseline is the whole less the selection.
  var isSplit: Bool
}

/// The two sets of rows of a BubbleUp, over all slices.
struct ContrastSets: Sendable {
  var scan: ScanSet
  var slices: [ContrastSlice] = []
  var selectionRowCount = 0
  var baselineRowCount = 0
  /// The pieces that have rows on either side: no column of another is read.
  private(set) var pieces: Set<Int> = []

  /// Evaluates the plan's filters, slice by slice.
  init(_ plan: BubbleUpPlan, _ scan: ScanSet, _ watch: QueryWatch) async throws(QueryError) {
    self.scan = scan
    let filters = scan.pieces.map { PieceFilter(plan.filter, $0) }
    let selections = scan.pieces.map { PieceFilter(plan.selection, $0) }
    let baselines = plan.baseline.map { (baseline) in scan.pieces.map { PieceFilter(baseline, $0) } }
    let found = try await runUnits(
      scan.slices.count, taskCount: scan.info.rowsScanned < 100_000 ? 1 : watch.budget.taskCountMax,
      start: { [Int: ContrastSlice]() },
      step: { (worker, unit) throws(QueryError) in
        try watch.check()
        let slice = scan.slices[unit]
        var all = Bits()
        filters[slice.piece].evaluate(slice, &all)
        var selection = Bits()
        selections[slice.piece].evaluate(slice, &selection)
        selection.formIntersection(all)
        Self.narrow(&selection, slice, scan, plan.selectionTime)
        if let baselines {
          var baseline = Bits()
          baselines[slice.piece].evaluate(slice, &baseline)
          all.formIntersection(baseline)
        } else {
          all.subtract(selection)
        }
        let counts = (selection.count, all.count)
        if counts.0 + counts.1 == 0 { return }
        worker[unit] = ContrastSlice(
          slice: slice, selection: selection, baseline: all, selectionCount: counts.0, baselineCount: counts.1,
          isSplit: baselines == nil && counts.0 + counts.1 == slice.rows.count)
      })
    for unit in scan.slices.indices {
      for worker in found {
        if let slice = worker[unit] { slices.append(slice) }
      }
    }
    pieces = Set(slices.map(\.slice.piece))
    selectionRowCount = slices.reduce(0) { $0 + $1.selectionCount }
    baselineRowCount = slices.reduce(0) { $0 + $1.baselineCount }
  }

  private static func narrow(_ bits: inout Bits, _ slice: Slice, _ scan: ScanSet, _ time: TimeRange?) {
    guard let time, let times = scan.pieces[slice.piece].columns[.time] else { return }
    let base = slice.block * blockRowCount
    let start = ScanSet.firstRow(slice.rows, base, times, atOrAfter: time.startUnixNanoseconds)
    let end =
      time.endUnixNanoseconds == .max
      ? slice.rows.upperBound : ScanSet.firstRow(slice.rows, base, times, atOrAfter: time.endUnixNanoseconds)
    for word in bits.words.indices { bits.words[word] &= Bits.mask(start..<max(start, end), word) }
  }
}

/// The weight of each side at one value of a column.
struct ContrastPoint: Sendable {
  /// The value's code in the column's domain; without meaning for measures.
  var code: UInt32 = 0
  /// The value of a measure.
  var number = 0.0
  var selection: Double
  var baseline: Double
}
