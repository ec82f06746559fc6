// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPlan

/// Finds the traces that a condition lets through: one pass over the columns that its filters name.
struct TraceMarks: Sendable {
  /// One bit a filter, by the code of the trace.
  private var bits: [UInt8]
  private var reader: KeyReader
  private var selection = Selection()
  private var passing = Bits()
  private var codes = [UInt32](repeating: 0, count: blockRowCount)

  private init(_ domain: KeyDomain) {
    bits = [UInt8](repeating: 0, count: domain.codeCount)
    reader = KeyReader(domain)
  }

  /// By code: 1 for each trace that may take part; nil where every trace does.
  ///
  /// Of more than eight filters the first eight are asked: the others only narrow.
  static func find(
    _ condition: TraceCondition, _ scan: ScanSet, _ domain: KeyDomain, _ watch: QueryWatch
  ) async throws(QueryError) -> [UInt8]? {
    var marks = listed(condition.traces, domain)
    let events = condition.events.filter { $0 != .everything }.prefix(8)
    guard !events.isEmpty else { return marks }
    try watch.hold(domain.codeCount * watch.budget.taskCountMax)
    let filters = events.map { (filter) in
      scan.pieces.map { PieceFilter(.all([filter, .exists(column: FieldName.traceID)]), $0) }
    }
    var workers = try await runUnits(
      scan.slices.count, taskCount: scan.info.rowsScanned < 100_000 ? 1 : watch.budget.taskCountMax, start: { TraceMarks(domain) },
      step: { (worker, unit) throws(QueryError) in
        try watch.check()
        for index in filters.indices { worker.mark(scan.slices[unit], filters[index][scan.slices[unit].piece], 1 << UInt8(index)) }
      })
    var found = workers.removeFirst().bits
    for worker in workers { for code in found.indices { found[code] |= worker.bits[code] } }
    let all = UInt8(truncatingIfNeeded: (1 << filters.count) - 1)
    for code in found.indices { found[code] = found[code] == all && marks?[code] != 0 ? 1 : 0 }
    found[0] = 0
    marks = found
    return marks
  }

  private static func listed(_ traces: [TraceID]?, _ domain: KeyDomain) -> [UInt8]? {
    guard let traces else { return nil }
    var marks = [UInt8](repeating: 0, count: domain.codeCount)
    let wanted = Set(traces)
    var code = 1
    for dictionary in domain.texts {
      if case .traceIDs(let ids, _) = dictionary.entries {
        for (entry, id) in ids.enumerated() where wanted.contains(id) { marks[code + entry] = 1 }
      }
      code += dictionary.count
    }
    return marks
  }

  private mutating func mark(_ slice: Slice, _ filter: PieceFilter, _ bit: UInt8) {
    guard filter.verdict(slice) != .none else { return }
    filter.evaluate(slice, &passing)
    selection.select(passing, slice.rows)
    guard selection.count > 0 else { return }
    reader.read(slice, selection, into: &codes)
    for position in 0..<selection.count { bits[Int(codes[position])] |= bit }
  }
}
