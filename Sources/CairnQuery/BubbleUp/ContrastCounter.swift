// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// What was counted of one column: the weights by value, or for measures by magnitude.
struct ColumnCounts: Sendable {
  var key: ColumnKey
  /// Ascending by value for measures, in no order otherwise; absence not among them.
  var points: [ContrastPoint] = []
  /// What the codes of a dimension stand for.
  var domain: KeyDomain?
  var isMeasure = false
  var selectionAbsent = 0.0
  var baselineAbsent = 0.0
}

/// Counts the values of whole columns on the two sides, one column after another.
struct ContrastCounter: Sendable {
  private var selection = Selection()
  private var codes = [UInt32](repeating: 0, count: blockRowCount)
  private var weights = [Int64](repeating: 1, count: blockRowCount)
  private var lanes = LaneReader()
  /// With the number of distinct values.
  private(set) var results: [(contrast: ColumnContrast, valueCount: Int)] = []

  /// More distinct numbers than this make a measure.
  static let dimensionCountMax = 40

  /// Counts one column and scores it.
  mutating func count(
    _ key: ColumnKey, _ sets: ContrastSets, _ scorer: ContrastScore, valueLimit: Int, _ watch: QueryWatch
  ) throws(QueryError) {
    try watch.check()
    var columns: [[ScanColumn]] = []
    var isReadable: [Bool] = []
    for (index, open) in sets.scan.pieces.enumerated() {
      do throws(PieceError) {
        let column = sets.pieces.contains(index) ? try open.piece.column(key) : nil
        columns.append(column.map { [$0] } ?? [])
        isReadable.append(true)
      } catch {
        columns.append([])
        isReadable.append(false)
      }
    }
    let slices = sets.slices.filter { (part) in
      isReadable[part.slice.piece] && !(columns[part.slice.piece].first?.blocks[part.slice.block].isDamaged ?? false)
    }
    let domain = KeyDomain(columns: columns, isSealed: sets.scan.pieces.map(\.piece.isSealed), watch.dictionaries)
    var counts = ColumnCounts(key: key)
    if domain.isOpen {
      try measure(NumberField(columns: columns), slices, sets, &counts, watch)
    } else {
      try dimension(domain, slices, sets, &counts, watch)
    }
    guard let contrast = scorer.contrast(counts, valueLimit: valueLimit) else { return }
    results.append((contrast, counts.points.count))
  }

  /// Counts by code.
  private mutating func dimension(
    _ domain: KeyDomain, _ slices: [ContrastSlice], _ sets: ContrastSets, _ counts: inout ColumnCounts, _ watch: QueryWatch
  ) throws(QueryError) {
    var reader = KeyReader(domain)
    var chosen = [Int64](repeating: 0, count: domain.codeCount)
    var others = [Int64](repeating: 0, count: domain.codeCount)
    var start = 0
    while start < slices.count {
      let piece = slices[start].slice.piece
      let end = slices[start...].firstIndex { $0.slice.piece != piece } ?? slices.count
      try watch.check()
      let own = slices[start..<end]
      if case .columns(let columns) = domain.sources[piece], columns.count == 1,
        !own.contains(where: { !$0.isSplit || hasWeights($0, sets) })
      {
        countSplit(columns[0], domain, own, &chosen, &others)
      } else {
        for part in own { add(part, sets, &reader, &chosen, &others) }
      }
      start = end
    }
    counts.selectionAbsent = Double(chosen[0])
    counts.baselineAbsent = Double(others[0])
    for code in 1..<max(domain.codeCount, 1) where chosen[code] != 0 || others[code] != 0 {
      counts.points.append(
        ContrastPoint(code: UInt32(code), selection: Double(chosen[code]), baseline: Double(others[code])))
    }
    counts.domain = domain
    guard counts.points.count > Self.dimensionCountMax, counts.key.kind == .integer else { return }
    // All values are integers, whose codes ascend with them.
    counts.isMeasure = true
    for index in counts.points.indices {
      counts.points[index].number = domain.value(.code(counts.points[index].code))?.number ?? 0
    }
  }

  /// Adds the slices of one piece, none weighted, where the baseline is all that is not selected.
  private func countSplit(
    _ source: KeyDomain.Column, _ domain: KeyDomain, _ slices: ArraySlice<ContrastSlice>, _ chosen: inout [Int64],
    _ others: inout [Int64]
  ) {
    var map: [UInt32]?
    if case .mapped(let codes) = source.form { map = codes }
    let known = wholeCounts(source, codeCount: map?.count ?? domain.codeCount, slices)
    var counts = CodeCounts(codeCount: map?.count ?? domain.codeCount, all: known)
    for part in slices {
      let block = source.column.blocks[part.slice.block]
      var shift = 0
      if case .integers = source.form { shift = Int(domain.firstInteger) - 1 + Int(block.base &- domain.integerLeast) }
      if block.nullCount == block.rowCount { shift = 0 }
      if known.isEmpty { counts.addAll(source.column, block, part.slice.rows, shift: shift) }
      if part.selectionCount > 0 { counts.addMarked(source.column, block, part.selection, part.selectionCount, shift: shift) }
    }
    for code in 0..<(map?.count ?? domain.codeCount) {
      let all = counts.all(code)
      guard all > 0 else { continue }
      let target = map.map { Int($0[code]) } ?? code
      chosen[target] &+= Int64(counts.marked(code))
      others[target] &+= Int64(all) - Int64(counts.marked(code))
    }
  }

  /// The counts of all rows of a dictionary column that the slices hold in full; empty where they must be counted.
  private func wholeCounts(
    _ source: KeyDomain.Column, codeCount: Int, _ slices: ArraySlice<ContrastSlice>
  ) -> [UInt32] {
    guard case .dictionary(let dictionary) = source.column.domain, codeCount == dictionary.count + 1,
      slices.reduce(0, { $0 + $1.slice.rows.count }) == source.column.rowCount
    else { return [] }
    return CodeCounts.whole(source.column, codeCount: codeCount)
  }

  /// Adds one slice of any kind.
  private mutating func add(
    _ part: ContrastSlice, _ sets: ContrastSets, _ reader: inout KeyReader, _ chosen: inout [Int64], _ others: inout [Int64]
  ) {
    let isWeighted = hasWeights(part, sets)
    if let code = reader.constant(part.slice), !isWeighted {
      chosen[Int(code)] &+= Int64(part.selectionCount)
      others[Int(code)] &+= Int64(part.baselineCount)
      return
    }
    if part.selectionCount > 0 { add(part.selection, part, sets, &reader, isWeighted, into: &chosen) }
    if part.baselineCount > 0 { add(part.baseline, part, sets, &reader, isWeighted, into: &others) }
  }

  private mutating func add(
    _ bits: Bits, _ part: ContrastSlice, _ sets: ContrastSets, _ reader: inout KeyReader, _ isWeighted: Bool,
    into counts: inout [Int64]
  ) {
    selection.select(bits, part.slice.rows)
    add(part, sets, &reader, isWeighted, into: &counts)
  }

  private mutating func add(
    _ part: ContrastSlice, _ sets: ContrastSets, _ reader: inout KeyReader, _ isWeighted: Bool, into counts: inout [Int64]
  ) {
    reader.read(part.slice, selection, into: &codes)
    if isWeighted { readWeights(part, sets) }
    countCells(codes, selection.count, weights: isWeighted ? weights : nil, into: &counts)
  }

  private func hasWeights(_ part: ContrastSlice, _ sets: ContrastSets) -> Bool {
    guard let column = sets.scan.pieces[part.slice.piece].columns[sampleRateKey] else { return false }
    let block = column.blocks[part.slice.block]
    return block.nullCount < block.rowCount
  }

  private mutating func readWeights(_ part: ContrastSlice, _ sets: ContrastSets) {
    guard let column = sets.scan.pieces[part.slice.piece].columns[sampleRateKey] else { return }
    _ = readSampleRates(column, column.blocks[part.slice.block], selection, into: &weights)
  }

  /// Counts by the sketch's keys between the column's bounds.
  private mutating func measure(
    _ field: NumberField, _ slices: [ContrastSlice], _ sets: ContrastSets, _ counts: inout ColumnCounts, _ watch: QueryWatch
  ) throws(QueryError) {
    counts.isMeasure = true
    var bounds = BoundsAggregate()
    let whole = wholeHistograms(field, slices, sets)
    for histogram in whole.values { bounds.add(histogram.bounds) }
    for part in slices where whole[part.slice.piece] == nil {
      try watch.check()
      if let whole = field.positiveBounds(part.slice) {
        bounds.add(whole)
        continue
      }
      selection.selectAll(part.slice.rows)
      lanes.read(field, part.slice, selection, cells: codes, weights: nil) { (reader, _) in bounds.add(reader.lane) }
    }
    let firstKey = bounds.isEmpty ? 0 : QuantileSketch.key(bounds.least)
    let keyCount = bounds.isEmpty ? 1 : QuantileSketch.key(bounds.greatest) - firstKey + 1
    var chosen = [Int64](repeating: 0, count: keyCount)
    var others = [Int64](repeating: 0, count: keyCount)
    // Selected rows that are among those counted as the baseline first, and taken from it at the end.
    var shared = [Int64](repeating: 0, count: keyCount)
    for histogram in whole.values {
      counts.baselineAbsent += Double(histogram.absentCount)
      for entry in histogram.entries { others[Int(entry.key) - firstKey] += Int64(entry.count) }
    }
    for part in slices {
      try watch.check()
      var absent = 0.0
      if part.selectionCount > 0 {
        selection.select(part.selection, part.slice.rows)
        let found =
          part.isSplit ? addKeys(field, part, sets, firstKey, into: &shared) : addKeys(field, part, sets, firstKey, into: &chosen)
        counts.selectionAbsent += found
        if part.isSplit { absent = found }
      }
      if whole[part.slice.piece] != nil {
        counts.baselineAbsent -= absent
      } else if part.isSplit {
        selection.selectAll(part.slice.rows)
        counts.baselineAbsent += addKeys(field, part, sets, firstKey, into: &others) - absent
      } else if part.baselineCount > 0 {
        selection.select(part.baseline, part.slice.rows)
        counts.baselineAbsent += addKeys(field, part, sets, firstKey, into: &others)
      }
    }
    for index in 0..<keyCount {
      chosen[index] += shared[index]
      others[index] -= shared[index]
    }
    for index in 0..<keyCount where chosen[index] != 0 || others[index] != 0 {
      let value = QuantileSketch.middle(firstKey + index)
      counts.points.append(
        ContrastPoint(number: value, selection: Double(chosen[index]), baseline: Double(others[index])))
    }
  }

  /// By piece, how all numbers of a field lie, where the slices hold all rows of its one column and none is weighted.
  private func wholeHistograms(_ field: NumberField, _ slices: [ContrastSlice], _ sets: ContrastSets) -> [Int: KeyHistogram] {
    var rowCounts: [Int: Int] = [:]
    var ragged: Set<Int> = []
    for part in slices {
      if !part.isSplit || hasWeights(part, sets) { ragged.insert(part.slice.piece) }
      rowCounts[part.slice.piece, default: 0] += part.slice.rows.count
    }
    var found: [Int: KeyHistogram] = [:]
    for (piece, rowCount) in rowCounts where !ragged.contains(piece) {
      guard let column = field.exactColumn(piece), rowCount == column.rowCount else { continue }
      let histogram = column.summary { KeyHistogram($0) }
      if !histogram.entries.isEmpty { found[piece] = histogram }
    }
    return found
  }

  /// Adds the selected rows; the weight of those without a number comes back.
  private mutating func addKeys(
    _ field: NumberField, _ part: ContrastSlice, _ sets: ContrastSets, _ firstKey: Int, into counts: inout [Int64]
  ) -> Double {
    let isWeighted = hasWeights(part, sets)
    if isWeighted { readWeights(part, sets) }
    var absent = isWeighted ? weights[..<selection.count].reduce(0, &+) : Int64(selection.count)
    let limit = counts.count - 1
    lanes.read(field, part.slice, selection, cells: codes, weights: isWeighted ? weights : nil) { (reader, places) in
      reader.makeFloats()
      let count = reader.lane.count
      placeByKey(reader.lane.floats, count, firstKey: firstKey, limit: limit, into: &codes)
      absent -= places.weights?[..<count].reduce(0, &+) ?? Int64(count)
      countCells(codes, count, weights: places.weights, into: &counts)
    }
    return Double(absent)
  }
}
