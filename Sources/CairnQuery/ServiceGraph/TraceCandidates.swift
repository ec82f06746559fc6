// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import CairnColumns
public import CairnPlan

extension QueryEngine {
  /// Traces that meet a condition, newest first, behind a place. Cost: a pass over the condition's columns and one over trace ids and times.
  public func traceCandidates(_ plan: TraceCandidatePlan, pieces: [any Piece]) async throws(QueryError) -> TraceCandidateAnswer {
    let watch = QueryWatch(budget, dictionaries)
    var filters = plan.condition.events + [plan.isSpan]
    if case .anySpan(let filter) = plan.instant { filters.append(filter) }
    let names = Set(filters.flatMap(\.columns).flatMap(storedNames)).union([ExactText(FieldName.traceID)])
    // A trace may begin before the range, and reach out of it.
    let scope = Scope(environment: plan.environment, datasets: .all, time: plan.time.widened(by: 3_600_000_000_000))
    let scan = try ScanSet(scope, names: names, pieces: pieces, watch)
    let domain = KeyDomain(traceIDs: FieldName.traceID, scan.pieces, watch.dictionaries)
    let marks = try await TraceMarks.find(plan.condition, scan, domain, watch)
    let instants = try await TraceInstants.find(plan, scan, domain, marks, watch)
    var info = scan.info
    let (codes, hasMore, matchedCount) = Self.newest(instants, plan, domain)
    info.rowsMatched = matchedCount
    info.elapsedNanoseconds = watch.elapsedNanoseconds
    return TraceCandidateAnswer(places: codes, hasMore: hasMore, matchedCount: matchedCount, info: info)
  }

  private static func newest(
    _ instants: [Int64], _ plan: TraceCandidatePlan, _ domain: KeyDomain
  ) -> (places: [TraceCandidatePlan.Place], hasMore: Bool, matchedCount: Int) {
    func place(_ code: Int) -> TraceCandidatePlan.Place? {
      guard case .string(let text) = domain.value(.code(UInt32(code))), let id = TraceID(text) else { return nil }
      return TraceCandidatePlan.Place(unixNanoseconds: instants[code], traceID: id)
    }
    var matchedCount = 0
    var kept: [Int] = []
    for code in instants.indices.dropFirst() where plan.time.contains(instants[code]) {
      matchedCount += 1
      if let after = plan.after, instants[code] > after.unixNanoseconds { continue }
      kept.append(code)
    }
    // Only the instants that can be on the page are turned into ids.
    kept.sort { instants[$0] > instants[$1] }
    var places: [TraceCandidatePlan.Place] = []
    var index = 0
    while index < kept.count, places.count <= plan.limit {
      var end = index + 1
      while end < kept.count, instants[kept[end]] == instants[kept[index]] { end += 1 }
      let tied = kept[index..<end].compactMap(place).sorted { $1.traceID < $0.traceID }
      places += tied.filter { (place) in
        guard let after = plan.after, after.unixNanoseconds == place.unixNanoseconds else { return true }
        return place.traceID < after.traceID
      }
      index = end
    }
    return (Array(places.prefix(plan.limit)), places.count > plan.limit || index < kept.count, matchedCount)
  }
}

/// The instant of each trace, by code: the least or the greatest time of its rows that count.
private struct TraceInstants: Sendable {
  private var instants: [Int64]
  private var reader: KeyReader
  private var selection = Selection()
  private var bits = Bits()
  private var codes = [UInt32](repeating: 0, count: blockRowCount)
  private var times = [Int64](repeating: 0, count: blockRowCount)

  private init(_ domain: KeyDomain, _ blank: Int64) {
    instants = [Int64](repeating: blank, count: domain.codeCount)
    reader = KeyReader(domain)
  }

  /// By code; a time outside every range where a trace is not marked or has no row that counts.
  static func find(
    _ plan: TraceCandidatePlan, _ scan: ScanSet, _ domain: KeyDomain, _ marks: [UInt8]?, _ watch: QueryWatch
  ) async throws(QueryError) -> [Int64] {
    let filter: Filter
    let isStart: Bool
    switch plan.instant {
    case .start: (filter, isStart) = (plan.isSpan, true)
    case .anySpan(let wanted): (filter, isStart) = (.all([plan.isSpan, wanted]), false)
    }
    try watch.hold(domain.codeCount * 8 * watch.budget.taskCountMax)
    let filters = scan.pieces.map { PieceFilter(.all([filter, .exists(column: FieldName.traceID)]), $0) }
    let blank = isStart ? Int64.max : Int64.min
    var workers = try await runUnits(
      scan.slices.count, taskCount: scan.info.rowsScanned < 100_000 ? 1 : watch.budget.taskCountMax,
      start: { TraceInstants(domain, blank) },
      step: { (worker, unit) throws(QueryError) in
        try watch.check()
        let slice = scan.slices[unit]
        guard let column = scan.pieces[slice.piece].columns[.time] else { return }
        worker.add(slice, filters[slice.piece], column, isStart ? nil : plan.time)
      })
    var instants = workers.removeFirst().instants
    for worker in workers {
      for code in instants.indices {
        instants[code] = isStart ? min(instants[code], worker.instants[code]) : max(instants[code], worker.instants[code])
      }
    }
    if let marks { for code in instants.indices where marks[code] == 0 { instants[code] = blank } }
    // Nothing is at either end of time but what no range should hold.
    return instants
  }

  /// `inside` nil looks for the first time, else for the last that the range has.
  private mutating func add(_ slice: Slice, _ filter: PieceFilter, _ column: ScanColumn, _ inside: TimeRange?) {
    guard filter.verdict(slice) != .none else { return }
    filter.evaluate(slice, &bits)
    selection.select(bits, slice.rows)
    guard selection.count > 0 else { return }
    reader.read(slice, selection, into: &codes)
    column.readIntegers(column.blocks[slice.block], selection, into: &times)
    for position in 0..<selection.count {
      let code = Int(codes[position])
      if let inside {
        if inside.contains(times[position]) { instants[code] = max(instants[code], times[position]) }
      } else {
        instants[code] = min(instants[code], times[position])
      }
    }
  }
}
