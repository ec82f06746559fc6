// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

/// Finds traces: which have a matching event, what they amount to as a whole, and the summaries of those that rank first.
///
/// A trace's spans are looked for in all datasets of the environment, within an hour around the plan's time.
struct TraceSearch {
  let plan: TraceSearchPlan
  let watch: QueryWatch
  private static let marginNanoseconds: Int64 = 3_600_000_000_000
  private static let names = exactNames(
    FieldName.traceID, FieldName.durationMilliseconds, FieldName.invalidDuration, FieldName.error, FieldName.statusCode)

  func answer(_ pieces: [any Piece]) async throws(QueryError) -> TraceSearchAnswer {
    let inTrace = Filter.all([plan.filter, .exists(column: FieldName.traceID)])
    let names = Set(inTrace.columns.flatMap(storedNames)).union(Self.names)
    let wide = try ScanSet(wideScope, names: names, pieces: pieces, watch)
    let narrow = try ScanSet(plan.scope, names: names, pieces: pieces, watch)
    let domain = KeyDomain(traceIDs: FieldName.traceID, wide.pieces, watch.dictionaries)

    let marks = try await marked(narrow, wide, domain, inTrace)
    let totals = try await added(wide, domain, marks.marks)
    let codes = ranked(totals.totals, marks.marks)
    let chosen = codes.prefix(plan.limit)
    var info = narrow.info
    info.rowsMatched = marks.rowsMatched
    info.isTruncated = codes.count > chosen.count
    let ids = chosen.compactMap { (code) -> TraceID? in
      guard case .string(let text) = domain.value(.code(UInt32(code))) else { return nil }
      return TraceID(text)
    }
    let traces = try TraceSummaries(ids, givesWay: plan.givesWay, watch).read(wideScope, pieces)
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return TraceSearchAnswer(traces: traces, info: info)
  }

  private var wideScope: Scope {
    let start = plan.scope.time.startUnixNanoseconds.subtractingReportingOverflow(Self.marginNanoseconds)
    let end = plan.scope.time.endUnixNanoseconds.addingReportingOverflow(Self.marginNanoseconds)
    let time = TimeRange(
      startUnixNanoseconds: start.overflow ? .min : start.partialValue, endUnixNanoseconds: end.overflow ? .max : end.partialValue)
    return Scope(environment: plan.scope.environment, datasets: .all, time: time)
  }

  private func taskCount(_ scan: ScanSet) -> Int { scan.info.rowsScanned < 100_000 ? 1 : watch.budget.taskCountMax }

  /// The traces with a matching event. The domain's pieces are those of the wide scan, so slices are renumbered to them.
  private func marked(
    _ narrow: ScanSet, _ wide: ScanSet, _ domain: KeyDomain, _ filter: Filter
  ) async throws(QueryError) -> TraceWorker {
    let places = narrow.pieces.map { (piece) in wide.pieces.firstIndex { $0.piece === piece.piece } ?? 0 }
    let slices = narrow.slices.map { (slice) in
      Slice(piece: places[slice.piece], run: slice.run, block: slice.block, rows: slice.rows)
    }
    let filters = wide.pieces.map { PieceFilter(filter, $0) }
    let watch = watch
    var workers = try await runUnits(
      slices.count, taskCount: taskCount(narrow), start: { TraceWorker(domain, candidates: []) },
      step: { (worker, unit) throws(QueryError) in
        try worker.mark(slices[unit], filters[slices[unit].piece], watch)
      })
    var first = workers.removeFirst()
    for worker in workers { first.absorb(worker) }
    return first
  }

  private func added(_ scan: ScanSet, _ domain: KeyDomain, _ marks: [UInt8]) async throws(QueryError) -> TraceWorker {
    let spans = scan.pieces.map { PieceFilter(.all([.isTimed, .exists(column: FieldName.traceID)]), $0) }
    let errors = scan.pieces.map { PieceFilter(errorFilter, $0) }
    let watch = watch
    try watch.hold(domain.codeCount * 24 * watch.budget.taskCountMax)
    var workers = try await runUnits(
      scan.slices.count, taskCount: taskCount(scan), start: { TraceWorker(domain, candidates: marks) },
      step: { (worker, unit) throws(QueryError) in
        let slice = scan.slices[unit]
        try worker.add(slice, scan.pieces[slice.piece], spans: spans[slice.piece], errors: errors[slice.piece], watch)
      })
    var first = workers.removeFirst()
    for worker in workers { first.absorb(worker) }
    return first
  }

  /// The codes of the traces with spans, best first; ties by the later start, then by code.
  private func ranked(_ totals: TraceTotals, _ marks: [UInt8]) -> [Int] {
    let codes = marks.indices.filter { $0 > 0 && marks[$0] == 1 && totals.spanCounts[$0] > 0 }
    let keys = codes.map { (code) -> Int64 in
      switch plan.ranking {
      case .recent: totals.starts[code]
      case .slowest: totals.duration(code)
      case .errors: Int64(totals.errorCounts[code])
      }
    }
    let places = codes.indices.sorted { (left, right) in
      if keys[left] != keys[right] { return keys[left] > keys[right] }
      let leftStart = totals.starts[codes[left]]
      let rightStart = totals.starts[codes[right]]
      return leftStart != rightStart ? leftStart > rightStart : codes[left] < codes[right]
    }
    return places.map { codes[$0] }
  }
}
