// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnPlan

extension QueryEngine {
  /// Compares two sets of events over all columns; what most sets them apart comes first.
  ///
  /// Scores are 0 to 1: the largest gap between a value's shares on the two sides (or the Kolmogorov-Smirnov distance of a measure),
  /// 0 where chance explains it. Ties go to the column with fewer values, then the shorter name; a column
  /// that only repeats what one before it says has half its score. Columns that the selection itself
  /// names, ids and columns with another value in almost every event are left out. Cost: one pass over every column in scope.
  public func bubbleUp(_ plan: BubbleUpPlan, pieces: [any Piece]) async throws(QueryError) -> BubbleUpAnswer {
    let watch = QueryWatch(budget, dictionaries)
    let used = Set(plan.filter.columns + plan.selection.columns + (plan.baseline?.columns ?? []))
    let names = Set(used.flatMap(storedNames)).union([ExactText(FieldName.sampleRate)])
    let working = plan.scope.working(pieces, watch)
    let opened = try await ScanSet.opened(plan.scope, names: names, pieces: working, watch)
    let scan = try ScanSet(plan.scope, names: names, pieces: working, watch, opened: opened)
    let sets = try await ContrastSets(plan, scan, watch)
    let keys = Self.comparedColumns(plan, scan)
    let weights = Self.weights(sets)
    let scorer = ContrastScore(
      selectionRowShare: weights.selection > 0 ? Double(sets.selectionRowCount) / weights.selection : 1,
      baselineRowShare: weights.baseline > 0 ? Double(sets.baselineRowCount) / weights.baseline : 1, columnCount: keys.count)
    let workers = try await runUnits(
      keys.count, taskCount: scan.info.rowsScanned < 20_000 ? 1 : budget.taskCountMax, start: { ContrastCounter() },
      step: { (worker, unit) throws(QueryError) in
        try worker.count(keys[unit], sets, scorer, valueLimit: plan.valueLimit, watch)
      })
    var found = workers.flatMap(\.results)
    found.sort { Self.isBefore($0, $1) }
    Self.demoteEchoes(&found)
    var info = scan.info
    info.rowsMatched = sets.selectionRowCount + sets.baselineRowCount
    let rows = Double(max(info.rowsMatched, 1))
    info.meanSampleRate = info.rowsMatched == 0 ? 1 : (weights.selection + weights.baseline) / rows
    info.isTruncated = found.count > plan.columnLimit
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return BubbleUpAnswer(
      selectionCount: weights.selection, baselineCount: weights.baseline,
      columns: found.prefix(max(plan.columnLimit, 0)).map(\.contrast), info: info)
  }

  /// Halves the score of a column whose most different value falls on as many events of either side as that of a column before it: a zone
  /// that is the only one of its region says nothing that the region has not said.
  private static func demoteEchoes(_ found: inout [(contrast: ColumnContrast, valueCount: Int)]) {
    var said: Set<[Double]> = []
    for index in found.indices {
      guard found[index].contrast.score > 0, let first = found[index].contrast.values.first else { continue }
      if !said.insert([first.selectionCount, first.baselineCount]).inserted { found[index].contrast.score /= 2 }
    }
    found.sort { isBefore($0, $1) }
  }

  private static func isBefore(
    _ left: (contrast: ColumnContrast, valueCount: Int), _ right: (contrast: ColumnContrast, valueCount: Int)
  ) -> Bool {
    // Scores that differ by rounding alone are ties.
    let leftScore = (left.contrast.score * 1e9).rounded()
    let rightScore = (right.contrast.score * 1e9).rounded()
    if leftScore != rightScore { return leftScore > rightScore }
    if left.valueCount != right.valueCount { return left.valueCount < right.valueCount }
    let leftLength = left.contrast.name.utf8.count
    let rightLength = right.contrast.name.utf8.count
    if leftLength != rightLength { return leftLength < rightLength }
    return (left.contrast.name, left.contrast.type.rawValue) < (right.contrast.name, right.contrast.type.rawValue)
  }

  /// The columns of the scope that can say something: no ids, no weights, none that the selection names. Those with the most present
  /// values come first, as they take longest.
  private static func comparedColumns(_ plan: BubbleUpPlan, _ scan: ScanSet) -> [ColumnKey] {
    var left = Set(plan.selection.columns.flatMap(storedNames))
    left.formUnion(
      exactNames(
        FieldName.timestamp, FieldName.sampleRate, FieldName.traceID, FieldName.spanID, FieldName.parentID, FieldName.original))
    var counts: [ColumnKey: Int] = [:]
    for open in scan.pieces {
      for listed in open.piece.columns where listed.presentCount > 0 && !left.contains(ExactText(listed.key.name)) {
        guard listed.key.kind != .traceID, listed.key.kind != .spanID else { continue }
        counts[listed.key, default: 0] += listed.presentCount
      }
    }
    return counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }.map(\.key)
  }

  /// The weights of the two sets.
  private static func weights(_ sets: ContrastSets) -> (selection: Double, baseline: Double) {
    var selection = 0.0
    var baseline = 0.0
    var rows = Selection()
    var rates = [Int64](repeating: 1, count: blockRowCount)
    for part in sets.slices {
      guard let column = sets.scan.pieces[part.slice.piece].columns[sampleRateKey],
        column.blocks[part.slice.block].nullCount < column.blocks[part.slice.block].rowCount
      else {
        selection += Double(part.selectionCount)
        baseline += Double(part.baselineCount)
        continue
      }
      rows.select(part.selection, part.slice.rows)
      _ = readSampleRates(column, column.blocks[part.slice.block], rows, into: &rates)
      selection += Double(rates[..<rows.count].reduce(0, &+))
      rows.select(part.baseline, part.slice.rows)
      _ = readSampleRates(column, column.blocks[part.slice.block], rows, into: &rates)
      baseline += Double(rates[..<rows.count].reduce(0, &+))
    }
    return (selection, baseline)
  }
}
