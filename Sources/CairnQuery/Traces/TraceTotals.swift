// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A span that says so itself (`error` is true) or by its status.
let errorFilter = Filter.any([
  .compare(column: FieldName.error, .equal, .boolean(true)), .compare(column: FieldName.statusCode, .equal, .integer(2)),
])

/// Figures of every candidate trace, by the code of its id: what traces are ranked by.
struct TraceTotals: Sendable {
  var starts: [Int64]
  var ends: [Int64]
  var spanCounts: [Int32]
  var errorCounts: [Int32]

  init(count: Int) {
    starts = [Int64](repeating: .max, count: count)
    ends = [Int64](repeating: .min, count: count)
    spanCounts = [Int32](repeating: 0, count: count)
    errorCounts = [Int32](repeating: 0, count: count)
  }

  mutating func add(_ code: Int, start: Int64, nanoseconds: Int64, isError: Bool) {
    starts[code] = min(starts[code], start)
    ends[code] = max(ends[code], start.addingReportingOverflow(max(nanoseconds, 0)).overflow ? .max : start + max(nanoseconds, 0))
    spanCounts[code] &+= 1
    errorCounts[code] &+= isError ? 1 : 0
  }

  mutating func absorb(_ other: TraceTotals) {
    for code in starts.indices where other.spanCounts[code] > 0 {
      starts[code] = min(starts[code], other.starts[code])
      ends[code] = max(ends[code], other.ends[code])
      spanCounts[code] &+= other.spanCounts[code]
      errorCounts[code] &+= other.errorCounts[code]
    }
  }

  func duration(_ code: Int) -> Int64 { ends[code].subtractingReportingOverflow(starts[code]).overflow ? .max : ends[code] - starts[code] }
}

/// One task's share of a search: marks traces, then adds up their spans.
struct TraceWorker: Sendable {
  private(set) var marks: [UInt8]
  private(set) var totals: TraceTotals
  private(set) var rowsMatched = 0
  private var reader: KeyReader
  private var selection = Selection()
  private var bits = Bits()
  private var errors = Bits()
  private var codes = [UInt32](repeating: 0, count: blockRowCount)
  private var times = [Int64](repeating: 0, count: blockRowCount)
  private var lengths = [Int64](repeating: 0, count: blockRowCount)

  /// `candidates` is empty while traces are still being marked.
  init(_ domain: KeyDomain, candidates: [UInt8]) {
    reader = KeyReader(domain)
    marks = candidates.isEmpty ? [UInt8](repeating: 0, count: domain.codeCount) : candidates
    totals = TraceTotals(count: candidates.isEmpty ? 0 : domain.codeCount)
  }

  /// Marks the traces of the slice's rows that pass.
  mutating func mark(_ slice: Slice, _ filter: PieceFilter, _ watch: QueryWatch) throws(QueryError) {
    try watch.check()
    guard filter.verdict(slice) != .none else { return }
    filter.evaluate(slice, &bits)
    selection.select(bits, slice.rows)
    rowsMatched += selection.count
    reader.read(slice, selection, into: &codes)
    for position in 0..<selection.count { marks[Int(codes[position])] = 1 }
  }

  /// Adds the spans of marked traces.
  mutating func add(
    _ slice: Slice, _ piece: OpenPiece, spans: PieceFilter, errors errorTest: PieceFilter, _ watch: QueryWatch
  ) throws(QueryError) {
    try watch.check()
    guard let timeColumn = piece.columns[.time], spans.verdict(slice) != .none else { return }
    spans.evaluate(slice, &bits)
    errorTest.evaluate(slice, &errors)
    selection.select(bits, slice.rows)
    reader.read(slice, selection, into: &codes)
    timeColumn.readIntegers(timeColumn.blocks[slice.block], selection, into: &times)
    let columns = piece.columns(named: FieldName.durationMilliseconds)
    let base = slice.block * blockRowCount
    let isPlain = columns.count == 1 && columns[0].isNanoseconds && columns[0].blocks[slice.block].nullCount == 0
    if isPlain { columns[0].readIntegers(columns[0].blocks[slice.block], selection, into: &lengths) }
    for position in 0..<selection.count {
      let code = Int(codes[position])
      guard code > 0, marks[code] == 1 else { continue }
      let row = selection.row(position)
      let length = isPlain ? lengths[position] : spanNanoseconds(columns, base + row) ?? 0
      totals.add(code, start: times[position], nanoseconds: length, isError: errors.contains(row))
    }
  }

  mutating func absorb(_ other: TraceWorker) {
    rowsMatched += other.rowsMatched
    for code in marks.indices { marks[code] |= other.marks[code] }
    totals.absorb(other.totals)
  }
}
