// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// One reading of all slices of a question: what is grouped, what is accumulated, and for which groups.
struct Pass: Sendable {
  var scan: ScanSet
  var filters: [PieceFilter]
  var domains: [KeyDomain]
  var needs: CalculationNeeds
  var sources: AggregateSources
  /// Cells are groups times buckets where this is set.
  var buckets: TimeBuckets?
  /// Only these groups, numbered in this order.
  var survivors: [[KeyPart]]?
  var weighting: Plan.Weighting

  var bucketCount: Int { buckets?.count ?? 1 }
  /// Each cell is there once for all rows and once for each filter of calculations' own.
  var cellsPerGroup: Int { bucketCount * (1 + needs.filtered.count) }

  /// Rows of groups that did not survive are counted in a group of their own.
  var hasSpareGroup: Bool { survivors != nil && needs.specs == [.rows] && needs.filtered.isEmpty }

  /// Reads everything and merges what the workers found.
  func run(_ watch: QueryWatch) async throws(QueryError) -> PassResult {
    let pass = self
    let isExact = needs.allSpecs.allSatisfy { (spec) in
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
  private var rows = PassRows()
  /// Those of them that pass a filter of calculations' own.
  private var kept = PassRows()
  private var feeder = AggregateFeeder()
  private var bits = Bits()
  private var flags: [UInt8] = []
  private var stretches: [(bucket: Int, end: Int)] = []
  private var heldByteCount = 0

  init(_ pass: Pass) {
    mapper = GroupMapper(pass.domains)
    let groupCountMax = pass.survivors?.count ?? mapper.denseCount
    aggregates = AggregateSet(pass.needs, pass.sources, cellCountMax: groupCountMax.map { $0 * pass.bucketCount },
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
    case .all: rows.selection.selectAll(slice.rows)
    case .some:
      pass.filters[slice.piece].evaluate(slice, &bits)
      rows.selection.select(bits, slice.rows)
    }
    if rows.count == 0 { return }
    rows.readWeights(slice, pass.scan.pieces[slice.piece], pass.weighting)
    rowsMatched += rows.count
    weightMatched += rows.weight
    if let constant = mapper.constant(slice) {
      guard let group = slot(constant, pass) else { return }
      try makeRoom(pass, watch)
      placeConstant(group, slice, pass)
    } else {
      mapper.read(slice, rows.selection, into: &rows.cells)
      if pass.survivors != nil, !keepSurvivors(pass) { return }
      try makeRoom(pass, watch)
      placeGroups(slice, pass)
      aggregates.rows.add(rows.cells, rows.count, weights: rows.knownWeights)
    }
    feeder.feed(&aggregates, rows, slice, pass, isEveryRowAsked: pass.filters[slice.piece].isEverything)
    if !pass.needs.filtered.isEmpty { feedFiltered(slice, pass) }
    try account(watch)
  }

  /// Hands the slice's rows to what only some of them count for.
  private mutating func feedFiltered(_ slice: Slice, _ pass: Pass) {
    for (index, part) in pass.needs.filtered.enumerated() {
      let filter = part.pieces[slice.piece]
      switch filter.verdict(slice) {
      case .none: continue
      case .all:
        aggregates.filtered[index].rows.add(rows.cells, rows.count, weights: rows.knownWeights)
        feeder.feed(&aggregates.filtered[index], rows, slice, pass)
      case .some:
        filter.evaluate(slice, &bits)
        kept.take(rows, bits)
        if kept.count == 0 { continue }
        aggregates.filtered[index].rows.add(kept.cells, kept.count, weights: kept.knownWeights)
        feeder.feed(&aggregates.filtered[index], kept, slice, pass)
      }
    }
  }

  private func slot(_ group: UInt32, _ pass: Pass) -> UInt32? {
    guard pass.survivors != nil else { return group }
    let slot = mapper.isDense ? slots[Int(group)] : group
    return slot == CodeTable.missing ? nil : slot
  }

  private mutating func makeRoom(_ pass: Pass, _ watch: QueryWatch) throws(QueryError) {
    guard pass.survivors == nil else { return }
    if !mapper.isDense { try watch.allow(cells: mapper.groupCount * pass.cellsPerGroup) }
    aggregates.grow(groupCount: mapper.groupCount, bucketCount: pass.bucketCount)
  }

  private mutating func account(_ watch: QueryWatch) throws(QueryError) {
    let byteCount = aggregates.byteCount + mapper.byteCount
    if byteCount > heldByteCount + 1 << 16 {
      try watch.hold(byteCount - heldByteCount)
      heldByteCount = byteCount
    }
  }

  /// Drops the rows whose group did not survive, and turns groups into slots; false if none is left. Where rows are only counted, they
  /// go to one group more than there are survivors instead, which costs less than dropping them.
  private mutating func keepSurvivors(_ pass: Pass) -> Bool {
    if mapper.isDense, pass.hasSpareGroup {
      mapCodes(&rows.cells, through: slots, rows.count)
      return true
    }
    if flags.isEmpty { flags = [UInt8](repeating: 0, count: blockRowCount) }
    let count = rows.count
    var kept = 0
    for position in 0..<count {
      let slot = mapper.isDense ? slots[Int(rows.cells[position])] : rows.cells[position]
      rows.cells[position] = slot
      flags[position] = slot == CodeTable.missing ? 0 : 1
      kept += Int(flags[position])
    }
    if kept < count { rows.keep(flags) }
    return kept > 0
  }

  /// All rows belong to one group: counting takes a subtraction a bucket.
  private mutating func placeConstant(_ group: UInt32, _ slice: Slice, _ pass: Pass) {
    var position = 0
    findStretches(slice, pass)
    let needsCells = pass.needs.specs.count > 1 || !pass.needs.filtered.isEmpty
    for stretch in stretches {
      let end = rows.selection.position(of: stretch.end)
      guard end > position else { continue }
      let cell = Int(group) * pass.bucketCount + stretch.bucket
      aggregates.rows.add(rows.weight(of: position..<end), cell: cell)
      if needsCells { for index in position..<end { rows.cells[index] = UInt32(cell) } }
      position = end
    }
  }

  private mutating func placeGroups(_ slice: Slice, _ pass: Pass) {
    guard pass.bucketCount > 1 else { return }
    findStretches(slice, pass)
    var position = 0
    for stretch in stretches {
      let end = rows.selection.position(of: stretch.end)
      if end > position { placeInBucket(&rows.cells, position..<end, factor: UInt32(pass.bucketCount), bucket: UInt32(stretch.bucket)) }
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
    try watch.allow(cells: mapper.groupCount * pass.cellsPerGroup)
    aggregates.grow(groupCount: mapper.groupCount, bucketCount: pass.bucketCount)
    aggregates.absorb(other.aggregates, .renumbered(groups, bucketCount: pass.bucketCount))
  }

  /// All rows have been read: makes room for groups that no row had, so that every cell can be asked.
  mutating func finish(_ pass: Pass) {
    aggregates.finish()
    aggregates.grow(groupCount: pass.survivors?.count ?? mapper.groupCount, bucketCount: pass.bucketCount)
  }
}
