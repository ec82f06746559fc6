// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnPlan

extension QueryEngine {
  /// The services and the calls between them, by joining every span with its parent.
  ///
  /// A node counts what its service says of the requests that it answered, or, where it says nothing, what its callers say; an edge counts
  /// what the caller saw. Cost: O(rows) to read, O(rows) to bring traces together, and about O(rows) to join; 56 bytes a row.
  public func serviceGraph(_ plan: ServiceGraphPlan, pieces: [any Piece]) async throws(QueryError) -> ServiceGraphAnswer {
    guard plan.granularityNanoseconds ?? 1 > 0 else { throw .invalid(field: "granularity", reason: "must be more than 0") }
    let watch = QueryWatch(budget, dictionaries)
    let scope = Scope(environment: plan.environment, datasets: .all, time: plan.time.widened(by: plan.marginNanoseconds))
    let scan = try ScanSet(scope, names: GraphSource.names(plan), pieces: pieces, watch)
    let traces = KeyDomain(traceIDs: FieldName.traceID, scan.pieces, watch.dictionaries)
    let marks = try await TraceMarks.find(plan.condition, scan, traces, watch)
    let source = GraphSource(plan, scan, traces, marks, watch.dictionaries)
    let taskCount = scan.info.rowsScanned < 100_000 ? 1 : watch.budget.taskCountMax
    // Where only some traces take part, rows are few: what is reserved then is given back or grows.
    let rowCount = marks == nil ? min(scan.info.rowsScanned / taskCount, 1 << 22) : 1 << 12
    let readers = try await runUnits(
      scan.slices.count, taskCount: taskCount, start: { GraphReader(source, rowCount: rowCount) },
      step: { (reader, unit) throws(QueryError) in try reader.add(scan.slices[unit], source, watch) })
    let names = GraphIdentities(readers)
    let links = try GraphLinks(readers, source, names, watch)
    let found = readers.map(\.found)
    var joins = try await runUnits(
      found[0].shares.count, taskCount: taskCount,
      start: { GraphJoin(granularityNanoseconds: plan.granularityNanoseconds, partCountMax: plan.partCountMax, links: links) },
      step: { (join, unit) throws(QueryError) in try join.join(found, names, share: unit, watch) })
    var tallies = joins.removeFirst().tallies
    for join in joins { tallies.absorb(join.tallies) }
    var info = scan.info
    info.rowsMatched = readers.reduce(0) { $0 + $1.rowsMatched }
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return names.answer(tallies, plan.granularityNanoseconds, info)
  }
}

extension TimeRange {
  /// The range with so much more on both sides.
  func widened(by nanoseconds: Int64) -> TimeRange {
    let start = startUnixNanoseconds.subtractingReportingOverflow(nanoseconds)
    let end = endUnixNanoseconds.addingReportingOverflow(nanoseconds)
    return TimeRange(startUnixNanoseconds: start.overflow ? .min : start.partialValue, endUnixNanoseconds: end.overflow ? .max : end.partialValue)
  }
}
