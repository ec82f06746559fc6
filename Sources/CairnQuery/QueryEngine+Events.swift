// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
public import CairnPlan

extension QueryEngine {
  /// Everything of one trace, across datasets, by time; no events where there is none.
  ///
  /// Events some of whose fields damage hides come without these fields and are counted as unavailable. Cost: one look into each
  /// piece's dictionary of trace ids, and a scan of their codes where it has the id.
  public func trace(_ id: TraceID, environment: String, pieces: [any Piece]) async throws(QueryError) -> TraceAnswer {
    try await traces(ids: [id], environment: environment, pieces: pieces).first
      ?? TraceAnswer(traceID: id, events: [], info: ReadingInfo())
  }

  /// The same for several traces in one pass: an answer for each id, in their order. `rowsMatched` counts the events of that trace alone,
  /// the other figures are those of the whole pass.
  public func traces(ids: [TraceID], environment: String, pieces: [any Piece]) async throws(QueryError) -> [TraceAnswer] {
    let watch = QueryWatch(budget, dictionaries)
    let scope = Scope(environment: environment, datasets: .all, time: .everything)
    let holding = pieces.filter { Self.mayHold(ids, $0) }
    var scan = try ScanSet(scope, names: [ExactText(FieldName.traceID)], pieces: holding, watch)
    scan.info.segmentsPruned += pieces.count - holding.count
    let filter = Filter.oneOf(column: FieldName.traceID, ids.map { .string($0.hex) })
    let rows = try EventReader.rows(filter, scan, watch).sorted(by: EventReader.isBefore)
    let (events, damagedCount) = try EventReader.read(rows, scan, watch)
    var byID: [TraceID: [Event]] = [:]
    let wanted = Set(ids)
    for event in events {
      let own = event.fields.lazy.filter { $0.name == FieldName.traceID }.compactMap { TraceID($0.value.text) }
      if let id = own.first(where: wanted.contains) { byID[id, default: []].append(event) }
    }
    var info = scan.info
    info.rowsUnavailable += damagedCount
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return ids.map { (id) in
      info.rowsMatched = byID[id]?.count ?? 0
      return TraceAnswer(traceID: id, events: byID[id] ?? [], info: info)
    }
  }

  /// False where the piece's dictionary of trace ids tells that it has none of these.
  private static func mayHold(_ ids: [TraceID], _ piece: any Piece) -> Bool {
    let keys = OpenPiece.keys(named: ExactText(FieldName.traceID), in: piece.columns)
    if keys.isEmpty { return false }
    // Text of that name may be an id too, and what damage hides is to be counted.
    guard keys == [.traceID], let column = try? piece.column(.traceID), case .dictionary(let dictionary) = column.domain else { return true }
    return column.blocks.contains(where: \.isDamaged) || ids.contains { dictionary.entry(of: $0) != nil }
  }

  /// Traces with at least one event that matches, in the plan's ranking: newest start, longest, or most errors first.
  ///
  /// Summaries cover all spans of a trace in all datasets of the environment that lie within an hour around the plan's time.
  public func traces(_ plan: TraceSearchPlan, pieces: [any Piece]) async throws(QueryError) -> TraceSearchAnswer {
    let watch = QueryWatch(budget, dictionaries)
    let answer = try await TraceSearch(plan: plan, watch: watch).answer(plan.scope.working(pieces, watch))
    try plan.scope.settle(watch)
    return answer
  }

  /// A page of single events; see `EventsPlan` for their order and for what pages promise.
  ///
  /// Reads the times and the filter's columns in the page's order until the page is full, then the chosen fields of its rows only. Events
  /// some of whose fields damage hides come without these fields and are counted as unavailable. Cost: rows looked at x the filter's
  /// columns + rows of the page x fields.
  public func events(_ plan: EventsPlan, pieces: [any Piece]) async throws(QueryError) -> EventsAnswer {
    let watch = QueryWatch(budget, dictionaries)
    var run = EventsRun(plan, plan.scope.working(pieces, watch), watch)
    let answer = try await run.answer()
    try plan.scope.settle(watch)
    return answer
  }

  /// The datasets of an environment, by name. Reads no column.
  public func datasets(environment: String, pieces: [any Piece]) async throws(QueryError) -> [DatasetSummary] {
    var found: [ExactText: DatasetSummary] = [:]
    for run in pieces.flatMap(\.runs) where run.environment == environment && !run.rows.isEmpty {
      var summary =
        found[ExactText(run.dataset)]
        ?? DatasetSummary(name: run.dataset, eventCount: 0, firstUnixNanoseconds: .max, lastUnixNanoseconds: .min)
      summary.eventCount += run.rows.count
      summary.firstUnixNanoseconds = min(summary.firstUnixNanoseconds, run.minimumUnixNanoseconds)
      summary.lastUnixNanoseconds = max(summary.lastUnixNanoseconds, run.maximumUnixNanoseconds)
      found[ExactText(run.dataset)] = summary
    }
    return found.values.sorted { $0.name < $1.name }
  }

  /// The columns that events of the scope have, by name, then type, with the number of such events; virtual columns are left out.
  ///
  /// Whole pieces are answered from their lists of columns; where the scope takes only a part of a piece its columns are read.
  public func columns(_ scope: Scope, pieces: [any Piece]) async throws(QueryError) -> [ColumnSummary] {
    let watch = QueryWatch(budget, dictionaries)
    let scan = try ScanSet(scope, names: [], pieces: pieces, watch)
    var slices = [[Slice]](repeating: [], count: scan.pieces.count)
    for slice in scan.slices { slices[slice.piece].append(slice) }
    var counts: [ExactText: [FieldType: Int]] = [:]
    for (index, open) in scan.pieces.enumerated() {
      let isWhole = slices[index].reduce(0) { $0 + $1.rows.count } == open.piece.rowCount
      for listed in open.piece.columns
      where listed.key != .time && listed.presentCount > 0 && !FieldName.isInternal(listed.key.name) {
        try watch.check()
        let count = isWhole ? listed.presentCount : Self.present(listed.key, open.piece, slices[index])
        if count > 0 { counts[ExactText(listed.key.name), default: [:]][listed.key.kind.fieldType, default: 0] += count }
      }
    }
    var summaries: [ColumnSummary] = []
    for (name, types) in counts.sorted(by: { $0.key < $1.key }) {
      for type in FieldType.allCases {
        if let count = types[type] { summaries.append(ColumnSummary(name: name.text, type: type, eventCount: count)) }
      }
    }
    return summaries
  }

  /// How many rows of the slices have a value; rows of damaged blocks are not counted.
  private static func present(_ key: ColumnKey, _ piece: any Piece, _ slices: [Slice]) -> Int {
    guard let column = try? piece.column(key) else { return 0 }
    var count = 0
    var bits = Bits()
    for slice in slices {
      let block = column.blocks[slice.block]
      if block.isDamaged || block.nullCount == block.rowCount { continue }
      if block.nullCount == 0 {
        count += slice.rows.count
      } else {
        column.markPresent(block, slice.rows, &bits)
        count += bits.count
      }
    }
    return count
  }
}
