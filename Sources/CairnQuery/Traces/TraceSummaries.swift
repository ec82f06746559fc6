// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

/// Fills in the summaries of a few known traces from all their spans.
struct TraceSummaries {
  private struct Span {
    var service: String
    var name: String
    var start: Int64
    var end: Int64
    var isError: Bool
    var isRoot: Bool
    var hasEnd: Bool
    var place: EventRow
    var id: String
    var givesWay: Bool
  }
  private let ids: [TraceID]
  private let givesWay: Filter
  private let watch: QueryWatch

  init(_ ids: [TraceID], givesWay: Filter, _ watch: QueryWatch) {
    self.ids = ids
    self.givesWay = givesWay
    self.watch = watch
  }

  /// The summaries in the order of the ids.
  func read(_ scope: Scope, _ pieces: [any Piece]) throws(QueryError) -> [TraceSummary] {
    guard !ids.isEmpty else { return [] }
    let names = exactNames(
      FieldName.traceID, FieldName.durationMilliseconds, FieldName.invalidDuration, FieldName.error, FieldName.statusCode, FieldName.parentID,
      FieldName.serviceName, FieldName.name, FieldName.spanID, FieldName.requestMethod, FieldName.requestURL)
    let scan = try ScanSet(scope, names: names.union(givesWay.columns.flatMap(storedNames)), pieces: pieces, watch)
    let wanted = Filter.all([.oneOf(column: FieldName.traceID, ids.map { .string($0.hex) }), .isTimed])
    let rows = try EventReader.rows(wanted, scan, watch).sorted(by: EventReader.isBefore)
    let errors = scan.pieces.map { RowTest(PieceFilter(errorFilter, $0)) }
    let yielding = scan.pieces.map { RowTest(PieceFilter(givesWay, $0)) }
    var spans: [TraceID: [Span]] = [:]
    for row in rows {
      let piece = scan.pieces[row.piece]
      guard case .string(let text) = first(piece, FieldName.traceID, row.row), let id = TraceID(text) else { continue }
      let length = spanNanoseconds(piece.columns(named: FieldName.durationMilliseconds), row.row)
      let end = row.timeUnixNanoseconds.addingReportingOverflow(max(length ?? 0, 0))
      spans[id, default: []].append(
        Span(
          service: first(piece, FieldName.serviceName, row.row)?.text ?? piece.runs[row.run].dataset,
          name: first(piece, FieldName.name, row.row)?.text ?? "", start: row.timeUnixNanoseconds,
          end: end.overflow ? .max : end.partialValue, isError: errors[row.piece].passes(row),
          isRoot: first(piece, FieldName.parentID, row.row) == nil, hasEnd: length != nil, place: row, id: first(piece, FieldName.spanID, row.row)?.text ?? "",
          givesWay: yielding[row.piece].passes(row)))
    }
    return ids.compactMap { (id) in spans[id].map { summary(id, Self.once($0), scan) } }
  }

  /// Without the spans that another with the same id tells better.
  private static func once(_ spans: [Span]) -> [Span] {
    guard spans.contains(where: \.givesWay) else { return spans }
    let own = Set(spans.filter { !$0.givesWay }.map(\.id))
    return spans.filter { !$0.givesWay || !own.contains($0.id) }
  }

  private func first(_ piece: OpenPiece, _ name: String, _ row: Int) -> FieldValue? {
    for column in piece.columns(named: name) {
      if let value = column.value(at: row) { return value }
    }
    return nil
  }

  private func name(_ span: Span, _ scan: ScanSet) -> String {
    let piece = scan.pieces[span.place.piece]
    func text(_ name: String) -> String? { first(piece, name, span.place.row)?.text }
    return shownName(span.name, service: span.service, method: text(FieldName.requestMethod), url: text(FieldName.requestURL))
  }

  private func summary(_ id: TraceID, _ spans: [Span], _ scan: ScanSet) -> TraceSummary {
    let root = spans.first { $0.isRoot }
    let shown = root ?? spans[0]
    var counts: [String: Int] = [:]
    for span in spans { counts[span.service, default: 0] += 1 }
    let services = counts.map { (name: $0.key, spanCount: $0.value) }.sorted {
      $0.spanCount != $1.spanCount ? $0.spanCount > $1.spanCount : $0.name < $1.name
    }
    let start = spans[0].start
    let end = spans.reduce(start) { max($0, $1.end) }
    return TraceSummary(
      traceID: id, rootService: shown.service, rootName: name(shown, scan), startUnixNanoseconds: start,
      durationNanoseconds: end.subtractingReportingOverflow(start).overflow ? .max : end - start, spanCount: spans.count,
      errorCount: spans.count { $0.isError }, services: services, hasRoot: root != nil, hasEnd: shown.hasEnd)
  }
}

/// A filter asked for single rows.
private struct RowTest {
  private let filter: PieceFilter

  init(_ filter: PieceFilter) { self.filter = filter }

  func passes(_ row: EventRow) -> Bool {
    let inside = row.row % blockRowCount
    var bits = Bits()
    filter.evaluate(Slice(piece: row.piece, run: row.run, block: row.row / blockRowCount, rows: inside..<inside + 1), &bits)
    return bits.contains(inside)
  }
}
