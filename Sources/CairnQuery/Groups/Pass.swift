// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// One reading of all slices of a question: what is grouped, what is accumulated, and for which groups.
struct Pass: Sendable {
  var scan: ScanSet
  var filters: [PieceFilter]
  var domains: [KeyDomain]
  var specs: Set<AggregateSpec>
  var sources: AggregateSources
  /// Cells are groups times buckets where this is set.
  var buckets: TimeBuckets?
  /// Only these groups, numbered in this order.
  var survivors: [[KeyPart]]?

  var bucketCount: Int { buckets?.count ?? 1 }

  /// Rows of groups that did not survive are counted in a group of their own.
  var hasSpareGroup: Bool { survivors != nil && specs == [.rows] }

  /// Reads everything and merges what the workers found.
  func run(_ watch: QueryWatch) async throws(QueryError) -> PassResult {
    let pass = self
    let isExact = specs.allSatisfy { (spec) in
      guard case .sum(let name) = spec else { return true }
      return sources.fields[name]?.isExact ?? true
    }
    let rowCount = scan.info.rowsScanned
    var workers = try await runUnits(
      scan.slices.count, taskCount: rowCount < 100_000 ? 1 : watch.budget.taskCountMax, order: isExact ? .free : .contiguous,
      start: { PassWorker(pass) },
      step: { (worker, unit) throws(QueryError) in try worker.add(pass.scan.slices[unit], pass, watch) },
      finish: { (worker) in worker.finish(pass) })
    var first = workers.removeFirst()
    for worker in workers { try first.absorb(worker, pass, watch) }
    return PassResult(
      mapper: first.mapper, aggregates: first.aggregates, rowsMatched: first.rowsMatched, weightMatched: first.weightMatched)
  }
}

/// What a pass found. Groups are numbered by `mapper`, or in the order of the pass's survivors.
struct PassResult: Sendable {
  var mapper: GroupMapper
  var aggregates: AggregateSet
  var rowsMatched: Int
  var weightMatched: Int64
}

/// One task's share of a pass.
struct PassWorker: Sendable {
  private(set) var mapper: GroupMapper
  private(set) var aggregates: AggregateSet
  private(set) var rowsMatched = 0
  private(set) var weightMatched: Int64 = 0
  /// Slot of a dense group among the survivors.
  private var slots: [UInt32] = []
  private var selection = Selection()
  private var bits = Bits()
  private var cells: [UInt32]
  private var codes: [UInt32] = []
  private var flags: [UInt8] = []
  private var weights: [Int64] = []
  private var isWeighted = false
  private var lanes = LaneReader()
  private var stretches: [(bucket: Int, end: Int)] = []
  private var heldByteCount = 0

  init(_ pass: Pass) {
    mapper = GroupMapper(pass.domains)
    cells = [UInt32](repeating: 0, count: blockRowCount)
    let groupCountMax = pass.survivors?.count ?? mapper.denseCount
    aggregates = AggregateSet(pass.specs, pass.sources, cellCountMax: groupCountMax.map { $0 * pass.bucketCount },
      rowCount: pass.scan.info.rowsScanned)
    guard let survivors = pass.survivors else { return }
    let missing = pass.hasSpareGroup ? UInt32(survivors.count) : CodeTable.missing
    if let denseCount = mapper.denseCount { slots = [UInt32](repeating: missing, count: denseCount) }
    for (slot, parts) in survivors.enumerated() {
      let group = mapper.group(parts)
      if mapper.isDense { slots[Int(group)] = UInt32(slot) }
    }
    if !mapper.isDense { mapper.freeze() }
    aggregates.grow(groupCount: survivors.count + (pass.hasSpareGroup ? 1 : 0), bucketCount: pass.bucketCount)
  }

  /// Reads one slice.
  mutating func add(_ slice: Slice, _ pass: Pass, _ watch: QueryWatch) throws(QueryError) {
    try watch.check()
    switch pass.filters[slice.piece].verdict(slice) {
    case .none: return
    case .all: selection.selectAll(slice.rows)
    case .some:
      pass.filters[slice.piece].evaluate(slice, &bits)
      selection.select(bits, slice.rows)
    }
    if selection.count == 0 { return }
    readWeights(slice, pass)
    rowsMatched += selection.count
    weightMatched += isWeighted ? weights[..<selection.count].reduce(0, &+) : Int64(selection.count)
    let constant = mapper.constant(slice)
    if let constant {
      guard let group = slot(constant, pass) else { return }
      try makeRoom(pass, watch)
      placeConstant(group, slice, pass)
    } else {
      mapper.read(slice, selection, into: &cells)
      if pass.survivors != nil, !keepSurvivors(slice, pass) { return }
      try makeRoom(pass, watch)
      placeGroups(slice, pass)
      aggregates.rows.add(cells, selection.count, weights: isWeighted ? weights : nil)
    }
    feed(slice, pass)
    try account(watch)
  }

  private func slot(_ group: UInt32, _ pass: Pass) -> UInt32? {
    guard pass.survivors != nil else { return group }
    let slot = mapper.isDense ? slots[Int(group)] : group
    return slot == CodeTable.missing ? nil : slot
  }

  private mutating func makeRoom(_ pass: Pass, _ watch: QueryWatch) throws(QueryError) {
    guard pass.survivors == nil else { return }
    if !mapper.isDense { try watch.allow(cells: mapper.groupCount * pass.bucketCount) }
    aggregates.grow(groupCount: mapper.groupCount, bucketCount: pass.bucketCount)
  }

  private mutating func account(_ watch: QueryWatch) throws(QueryError) {
    let byteCount = aggregates.byteCount + mapper.byteCount
    if byteCount > heldByteCount + 1 << 16 {
      try watch.hold(byteCount - heldByteCount)
      heldByteCount = byteCount
    }
  }

  private mutating func readWeights(_ slice: Slice, _ pass: Pass) {
    isWeighted = false
    guard let column = pass.scan.pieces[slice.piece].columns[sampleRateKey] else { return }
    let block = column.blocks[slice.block]
    guard block.nullCount < block.rowCount else { return }
    if weights.isEmpty { weights = [Int64](repeating: 1, count: blockRowCount) }
    isWeighted = readSampleRates(column, block, selection, into: &weights)
  }

  /// Drops the rows whose group did not survive, and turns groups into slots; false if none is left. Where rows are only counted, they
  /// go to one group more than there are survivors instead, which costs less than dropping them.
  private mutating func keepSurvivors(_ slice: Slice, _ pass: Pass) -> Bool {
    if mapper.isDense, pass.hasSpareGroup {
      mapCodes(&cells, through: slots, selection.count)
      return true
    }
    if flags.isEmpty { flags = [UInt8](repeating: 0, count: blockRowCount) }
    let count = selection.count
    var kept = 0
    for position in 0..<count {
      let slot = mapper.isDense ? slots[Int(cells[position])] : cells[position]
      cells[position] = slot
      flags[position] = slot == CodeTable.missing ? 0 : 1
      kept += Int(flags[position])
    }
    if kept == count { return true }
    _ = compact(&cells, flags, count)
    if isWeighted { _ = compact(&weights, flags, count) }
    selection.keep(flags)
    return kept > 0
  }

  /// All rows belong to one group: counting takes a subtraction a bucket.
  private mutating func placeConstant(_ group: UInt32, _ slice: Slice, _ pass: Pass) {
    var position = 0
    findStretches(slice, pass)
    let needsCells = pass.specs.count > 1
    for stretch in stretches {
      let end = selection.position(of: stretch.end)
      guard end > position else { continue }
      let cell = Int(group) * pass.bucketCount + stretch.bucket
      let weight = isWeighted ? weights[position..<end].reduce(0, &+) : Int64(end - position)
      aggregates.rows.add(weight, cell: cell)
      if needsCells { for index in position..<end { cells[index] = UInt32(cell) } }
      position = end
    }
  }

  private mutating func placeGroups(_ slice: Slice, _ pass: Pass) {
    guard pass.bucketCount > 1 else { return }
    findStretches(slice, pass)
    var position = 0
    for stretch in stretches {
      let end = selection.position(of: stretch.end)
      if end > position { placeInBucket(&cells, position..<end, factor: UInt32(pass.bucketCount), bucket: UInt32(stretch.bucket)) }
      position = end
    }
  }

  private mutating func findStretches(_ slice: Slice, _ pass: Pass) {
    guard let buckets = pass.buckets, let times = pass.scan.pieces[slice.piece].columns[.time] else {
      stretches = [(0, slice.rows.upperBound)]
      return
    }
    buckets.stretches(slice, times, into: &stretches)
  }

  /// Hands the slice's values to everything but the count of rows.
  private mutating func feed(_ slice: Slice, _ pass: Pass) {
    let weights = isWeighted ? weights : nil
    for (name, field) in pass.sources.fields { feed(name, field, slice, pass, weights) }
    for index in aggregates.present.values.indices { feedPresence(index, slice, pass, weights) }
    if !aggregates.distincts.isEmpty {
      if codes.isEmpty { codes = [UInt32](repeating: 0, count: blockRowCount) }
      for index in aggregates.distincts.values.indices {
        aggregates.distincts.values[index].add(slice, selection, cells: cells, codes: &codes)
      }
    }
    if aggregates.spans != nil { feedSpans(slice, pass) }
  }

  private mutating func feed(_ name: String, _ field: NumberField, _ slice: Slice, _ pass: Pass, _ weights: [Int64]?) {
    let sums = aggregates.sums.index(name)
    let extremes = aggregates.extremes.index(name)
    let quantiles = aggregates.quantiles.index(name)
    var bounds = aggregates.bounds.index(name)
    if let index = bounds, selection.isAll, let known = field.positiveBounds(slice, isEveryRowAsked: pass.filters[slice.piece].isEverything) {
      aggregates.bounds.values[index].add(known)
      bounds = nil
    }
    guard sums != nil || extremes != nil || quantiles != nil || bounds != nil else { return }
    if let quantiles, sums == nil, extremes == nil, bounds == nil, weights == nil, let column = field.exactColumn(slice.piece),
      aggregates.quantiles.values[quantiles].add(column, block: slice.block, divisor: field.divisor, selection, cells: cells)
    {
      return
    }
    lanes.read(field, slice, selection, cells: cells, weights: weights) { (reader, places) in
      if let sums { aggregates.sums.values[sums].add(reader.lane, places) }
      if let extremes { aggregates.extremes.values[extremes].add(reader.lane, places) }
      if let bounds { aggregates.bounds.values[bounds].add(reader.lane) }
      guard let quantiles else { return }
      reader.makeFloats()
      aggregates.quantiles.values[quantiles].add(reader.lane, places)
    }
  }

  private mutating func feedPresence(_ index: Int, _ slice: Slice, _ pass: Pass, _ weights: [Int64]?) {
    let name = aggregates.present.names[index]
    let filter = PieceFilter(.exists(column: name), pass.scan.pieces[slice.piece])
    let count = selection.count
    switch filter.verdict(slice) {
    case .none: return
    case .all: return aggregates.present.values[index].add(cells, count, weights: weights)
    case .some: break
    }
    if flags.isEmpty { flags = [UInt8](repeating: 0, count: blockRowCount) }
    if case .column(let column, .present) = filter {
      column.readPresence(column.blocks[slice.block], selection, into: &flags)
    } else {
      filter.evaluate(slice, &bits)
      for position in 0..<count { flags[position] = bits.contains(selection.row(position)) ? 1 : 0 }
    }
    aggregates.present.values[index].add(cells, flags: flags, count, weights: weights)
  }

  private mutating func feedSpans(_ slice: Slice, _ pass: Pass) {
    let piece = pass.scan.pieces[slice.piece]
    guard let times = piece.columns[.time] else { return }
    let columns = piece.columns(named: FieldName.durationMilliseconds)
    let base = slice.block * blockRowCount
    for position in 0..<selection.count {
      let row = base + selection.row(position)
      guard let start = times.integer(at: row), let length = spanNanoseconds(columns, row) else { continue }
      aggregates.spans?.add(Int(cells[position]) / pass.bucketCount, start: start, durationNanoseconds: length)
    }
  }

  /// Adds what another worker found, renumbering its groups where numbers are each worker's own.
  mutating func absorb(_ other: PassWorker, _ pass: Pass, _ watch: QueryWatch) throws(QueryError) {
    rowsMatched += other.rowsMatched
    weightMatched += other.weightMatched
    if pass.survivors != nil || mapper.isDense {
      aggregates.grow(groupCount: pass.survivors?.count ?? mapper.groupCount, bucketCount: pass.bucketCount)
      aggregates.absorb(other.aggregates, .same)
      return
    }
    var groups: [Int] = []
    for group in 0..<other.mapper.groupCount { groups.append(Int(mapper.group(other.mapper.parts(group)))) }
    try watch.allow(cells: mapper.groupCount * pass.bucketCount)
    aggregates.grow(groupCount: mapper.groupCount, bucketCount: pass.bucketCount)
    aggregates.absorb(other.aggregates, .renumbered(groups, bucketCount: pass.bucketCount))
  }

  /// All rows have been read: makes room for groups that no row had, so that every cell can be asked.
  mutating func finish(_ pass: Pass) {
    aggregates.finish()
    aggregates.grow(groupCount: pass.survivors?.count ?? mapper.groupCount, bucketCount: pass.bucketCount)
  }
}
