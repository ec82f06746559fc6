// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// The rules of a graph made ready for all pieces of a question.
struct GraphSource: Sendable {
  let scan: ScanSet
  let traces: KeyDomain
  /// By code: 1 for the traces that take part; nil where all do.
  let marks: [UInt8]?
  let time: TimeRange
  let spans: [PieceFilter]
  let links: [PieceFilter]
  let linkedTraces: KeyDomain
  let flags: [(flag: UInt16, filters: [PieceFilter])]
  let services: [GraphNamingRule]
  let callees: [GraphNamingRule]

  init(_ plan: ServiceGraphPlan, _ scan: ScanSet, _ traces: KeyDomain, _ marks: [UInt8]?, _ cache: DictionaryCache) {
    self.scan = scan
    self.traces = traces
    self.marks = marks
    time = plan.time
    let rules = plan.rules
    func ready(_ filter: Filter) -> [PieceFilter] { scan.pieces.map { PieceFilter(filter, $0) } }
    spans = ready(.all([rules.isSpan, .exists(column: FieldName.traceID)]))
    let linkColumns = [FieldName.traceID, FieldName.parentID, FieldName.linkTraceID, FieldName.linkSpanID]
    links = ready(.all([rules.isLink] + linkColumns.map { .exists(column: $0) }))
    linkedTraces = KeyDomain(traceIDs: FieldName.linkTraceID, scan.pieces, cache)
    flags = [
      (GraphRow.entry, ready(rules.isEntry)), (GraphRow.call, ready(rules.isCall)), (GraphRow.queued, ready(rules.isQueued)),
      (GraphRow.fault, ready(rules.isFault)), (GraphRow.throttle, ready(rules.isThrottle)), (GraphRow.error, ready(rules.isError)),
      (GraphRow.partial, ready(rules.isPartial)), (GraphRow.preferred, ready(rules.isPreferred)), (GraphRow.inner, ready(rules.isInner)),
    ]
    let named = rules.services + [ServiceGraphRules.Naming(names: [FieldName.dataset])]
    services = named.map { GraphNamingRule($0, scan.pieces, cache) }
    callees = rules.callees.map { GraphNamingRule($0, scan.pieces, cache) }
  }

  /// The columns that the rules name.
  static func names(_ plan: ServiceGraphPlan) -> Set<ExactText> {
    let rules = plan.rules
    let filters =
      [
        rules.isSpan, rules.isLink, rules.isPartial, rules.isPreferred, rules.isEntry, rules.isInner, rules.isCall, rules.isQueued, rules.isFault,
        rules.isThrottle, rules.isError,
      ]
      + rules.services.map(\.filter) + rules.callees.map(\.filter) + plan.condition.events
    let namings = rules.services + rules.callees
    return Set(filters.flatMap(\.columns) + namings.flatMap { $0.names + $0.types }).reduce(into: own) { (names, name) in
      names.formUnion(storedNames(name))
    }
  }

  private static let own = exactNames(
    FieldName.traceID, FieldName.spanID, FieldName.parentID, FieldName.durationMilliseconds, FieldName.sampleRate,
    FieldName.linkTraceID, FieldName.linkSpanID)
}

/// One task's share of the reading: slices to rows.
struct GraphReader: Sendable {
  private(set) var found: GraphRows
  private(set) var links: [GraphLink] = []
  private(set) var services: GraphNamer
  private(set) var callees: GraphNamer
  private(set) var rowsMatched = 0
  private var traces: KeyReader
  private var linkedTraces: KeyReader
  private var selection = Selection()
  private var bits = Bits()
  private var scratch = Bits()
  private var calls = Bits()
  private var queuedEntries = Bits()
  private var codes = [UInt32](repeating: 0, count: blockRowCount)
  private var times = [Int64](repeating: 0, count: blockRowCount)
  private var lengths = [Int64](repeating: 0, count: blockRowCount)
  private var spans = [UInt64](repeating: 0, count: blockRowCount)
  private var parents = [UInt64](repeating: 0, count: blockRowCount)
  private var weights = [Int64](repeating: 1, count: blockRowCount)
  /// By row inside the block.
  private var flags = [UInt16](repeating: 0, count: blockRowCount)
  private var nodes = [UInt32](repeating: 0, count: blockRowCount)
  private var called = [UInt32](repeating: 0, count: blockRowCount)

  /// `rowCount` is about how many rows will come.
  init(_ source: GraphSource, rowCount: Int) {
    found = GraphRows(codeCount: source.traces.codeCount, rowCount: rowCount)
    linkedTraces = KeyReader(source.linkedTraces)
    services = GraphNamer(source.services)
    callees = GraphNamer(source.callees)
    traces = KeyReader(source.traces)
  }

  mutating func add(_ slice: Slice, _ source: GraphSource, _ watch: QueryWatch) throws(QueryError) {
    try watch.check()
    try readLinks(slice, source, watch)
    let filter = source.spans[slice.piece]
    guard filter.verdict(slice) != .none else { return }
    filter.evaluate(slice, &bits)
    selection.select(bits, slice.rows)
    traces.read(slice, selection, into: &codes)
    if let marks = source.marks {
      var any = false
      for position in 0..<selection.count {
        if marks[Int(codes[position])] == 1 { any = true } else { drop(selection.row(position)) }
      }
      guard any else { return }
      selection.select(bits, slice.rows)
      traces.read(slice, selection, into: &codes)
    }
    guard selection.count > 0 else { return }
    rowsMatched += selection.count
    readFlags(slice, source)
    try services.name(slice, bits, into: &nodes)
    for position in 0..<selection.count { called[selection.row(position)] = 0 }
    calls.formUnion(queuedEntries)
    calls.formIntersection(bits)
    try callees.name(slice, calls, into: &called)
    readNumbers(slice, source)
    append(source.time)
    try watch.hold(selection.count * MemoryLayout<GraphRow>.stride * 5 / 4)
  }

  /// The links of the slice's spans to spans of other traces, which are rows of their own.
  private mutating func readLinks(_ slice: Slice, _ source: GraphSource, _ watch: QueryWatch) throws(QueryError) {
    let filter = source.links[slice.piece]
    guard filter.verdict(slice) != .none else { return }
    filter.evaluate(slice, &bits)
    selection.select(bits, slice.rows)
    guard selection.count > 0 else { return }
    let piece = source.scan.pieces[slice.piece]
    traces.read(slice, selection, into: &codes)
    linkedTraces.read(slice, selection, into: &called)
    Self.readIDs(piece.columns[.parentID], slice.block, selection, into: &parents)
    Self.readIDs(piece.columns[ColumnKey(FieldName.linkSpanID, .spanID)], slice.block, selection, into: &spans)
    for position in 0..<selection.count where source.marks?[Int(codes[position])] != 0 {
      links.append(GraphLink(trace: codes[position], span: parents[position], linkedTrace: called[position], linkedSpan: spans[position]))
    }
    try watch.hold(selection.count * MemoryLayout<GraphLink>.stride * 4)
  }

  private mutating func drop(_ row: Int) { bits.words[row >> 6] &= ~(1 << UInt64(row & 63)) }

  private mutating func readFlags(_ slice: Slice, _ source: GraphSource) {
    for row in slice.rows { flags[row] = 0 }
    calls.set(0..<0)
    queuedEntries.set(0..<0)
    for (flag, filters) in source.flags {
      let filter = filters[slice.piece]
      if filter.verdict(slice) == .none {
        if flag == GraphRow.queued { queuedEntries.set(0..<0) }
        continue
      }
      filter.evaluate(slice, &scratch)
      for word in scratch.words.indices {
        var remaining = scratch.words[word] & bits.words[word]
        while remaining != 0 {
          flags[word &* 64 &+ remaining.trailingZeroBitCount] |= flag
          remaining &= remaining &- 1
        }
      }
      switch flag {
      case GraphRow.entry: queuedEntries = scratch
      case GraphRow.call: calls = scratch
      case GraphRow.queued: queuedEntries.formIntersection(scratch)
      default: break
      }
    }
  }

  private mutating func readNumbers(_ slice: Slice, _ source: GraphSource) {
    let piece = source.scan.pieces[slice.piece]
    if let column = piece.columns[.time] { column.readIntegers(column.blocks[slice.block], selection, into: &times) }
    Self.readIDs(piece.columns[.spanID], slice.block, selection, into: &spans)
    Self.readIDs(piece.columns[.parentID], slice.block, selection, into: &parents)
    let columns = piece.columns(named: FieldName.durationMilliseconds)
    if columns.count == 1, columns[0].isNanoseconds {
      let block = columns[0].blocks[slice.block]
      columns[0].readIntegers(block, selection, into: &lengths)
      if block.nullCount > 0 { markAbsent(columns[0], slice) }
    } else {
      let base = slice.block * blockRowCount
      for position in 0..<selection.count { lengths[position] = spanNanoseconds(columns, base + selection.row(position)) ?? -1 }
    }
    if let column = piece.columns[sampleRateKey] {
      _ = readSampleRates(column, column.blocks[slice.block], selection, into: &weights)
    } else {
      for position in 0..<selection.count { weights[position] = 1 }
    }
  }

  private mutating func markAbsent(_ column: ScanColumn, _ slice: Slice) {
    column.markPresent(column.blocks[slice.block], slice.rows, &scratch)
    for position in 0..<selection.count where !scratch.contains(selection.row(position)) { lengths[position] = -1 }
  }

  private static func readIDs(_ column: ScanColumn?, _ block: Int, _ selection: borrowing Selection, into ids: inout [UInt64]) {
    if let column {
      column.readPatterns(column.blocks[block], selection, into: &ids)
    } else {
      for position in 0..<selection.count { ids[position] = 0 }
    }
  }

  private mutating func append(_ time: TimeRange) {
    for position in 0..<selection.count {
      let row = selection.row(position)
      found.append(
        GraphRow(
          span: spans[position], parent: parents[position], start: times[position], nanoseconds: lengths[position], node: nodes[row],
          callee: called[row], weight: UInt32(clamping: weights[position]), trace: codes[position],
          flags: flags[row] | (time.contains(times[position]) ? GraphRow.counted : 0)))
    }
  }
}
