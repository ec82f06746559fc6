// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
internal import CairnPatterns
public import CairnPlan

extension QueryEngine {
  /// The text structures that the values of a field share, by number of events.
  ///
  /// Counts the events by dictionary entry first, so that each distinct text is read once. Cost: the filter, a count of codes, and about a
  /// nanosecond a byte of distinct text, on as many tasks as the budget allows.
  public func patterns(_ plan: PatternPlan, pieces: [any Piece]) async throws(QueryError) -> PatternAnswer {
    let watch = QueryWatch(budget, dictionaries)
    let names = Set((plan.filter.columns + [plan.column]).flatMap(storedNames))
    let pieces = plan.scope.working(pieces, watch)
    let opened = try await ScanSet.opened(plan.scope, names: names, pieces: pieces, watch)
    let scan = try ScanSet(plan.scope, names: names, pieces: pieces, watch, opened: opened)
    let taskCount = scan.info.rowsScanned < 20_000 ? 1 : budget.taskCountMax
    let units = Self.columns(plan, scan)
    let counted = try await runUnits(
      units.count, taskCount: taskCount, start: { PatternCounter() },
      step: { (counter, unit) throws(QueryError) in try counter.count(units[unit], scan, watch) })
    let texts = counted.flatMap(\.texts)
    let spans = texts.indices.flatMap { (text) in
      stride(from: 0, to: texts[text].entryCount, by: PatternCounter.entriesAtOnce).map { (text, $0) }
    }
    let read = try await runUnits(
      spans.count, taskCount: taskCount, start: { LineTemplates() },
      step: { (templates, unit) throws(QueryError) in
        try watch.check()
        texts[spans[unit].0].add(from: spans[unit].1, to: &templates)
      })
    var templates = LineTemplates()
    for part in read { templates.merge(part) }
    try watch.hold(templates.byteCount)
    var info = scan.info
    info.rowsMatched = templates.lineCount
    let patterns = templates.patterns(limit: max(plan.limit, 0) + 1)
    info.isTruncated = patterns.count > plan.limit
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return PatternAnswer(patterns: Array(patterns.prefix(max(plan.limit, 0))), lineCount: templates.lineCount, info: info)
  }

  /// A unit of work for each piece and column of the field: a piece's rows count for the first of its columns that has a value.
  private static func columns(_ plan: PatternPlan, _ scan: ScanSet) -> [PatternUnit] {
    var slices = [[Slice]](repeating: [], count: scan.pieces.count)
    for slice in scan.slices { slices[slice.piece].append(slice) }
    return scan.pieces.indices.compactMap { (piece) in
      let columns = scan.pieces[piece].columns(named: plan.column)
      if columns.isEmpty || slices[piece].isEmpty { return nil }
      return PatternUnit(columns: columns, slices: slices[piece], filter: PieceFilter(plan.filter, scan.pieces[piece]))
    }
  }
}

/// What one piece has for the question.
struct PatternUnit: Sendable {
  var columns: [ScanColumn]
  var slices: [Slice]
  var filter: PieceFilter
}
