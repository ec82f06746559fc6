// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// What was counted of one column: the weights by value, or for measures by magnitude.
struct ColumnCounts: Sendable {
  var key: ColumnKey
  /// Ascending by value for measures, in no order otherwise; absence not among them.
  var points: [ContrastPoint] = []
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
  private(set) var results: [ColumnCounts] = []

  /// More distinct numbers than this make a measure.
  static let dimensionCountMax = 40

  mutating func count(_ key: ColumnKey, _ sets: ContrastSets, _ watch: QueryWatch) throws(QueryError) {
    try watch.check()
    var columns: [[ScanColumn]] = []
    var isReadable: [Bool] = []
    for open in sets.scan.pieces {
      do throws(PieceError) {
        columns.append(try open.piece.column(key).map { [$0] } ?? [])
        isReadable.append(true)
      } catch {
        columns.append([])
        isReadable.append(false)
      }
    }
    let slices = sets.slices.filter { (part) in
      isReadable[part.slice.piece] && !(columns[part.slice.piece].first?.blocks[part.slice.block].isDamaged ?? false)
    }
    let domain = KeyDomain(columns: columns)
    var counts = ColumnCounts(key: key)
    if domain.isOpen {
      try measure(NumberField(columns: columns), slices, sets, &counts, watch)
    } else {
      try dimension(domain, slices, sets, &counts, watch)
    }
    results.append(counts)
  }

  /// Counts by code.
  private mutating func dimension(
    _ domain: KeyDomain, _ slices: [ContrastSlice], _ sets: ContrastSets, _ counts: inout ColumnCounts, _ watch: QueryWatch
  ) throws(QueryError) {
    var reader = KeyReader(domain)
    var chosen = [Int64](repeating: 0, count: domain.codeCount)
    var others = [Int64](repeating: 0, count: domain.codeCount)
    for part in slices {
      try watch.check()
      let isWeighted = hasWeights(part, sets)
      if let code = reader.constant(part.slice), !isWeighted {
        chosen[Int(code)] &+= Int64(part.selectionCount)
        others[Int(code)] &+= Int64(part.baselineCount)
        continue
      }
      if part.selectionCount > 0 {
        add(part.selection, part, sets, &reader, isWeighted, into: &chosen)
        if part.isSplit {
          for position in 0..<selection.count { others[Int(codes[position])] &-= isWeighted ? weights[position] : 1 }
        }
      }
      if part.isSplit {
        selection.selectAll(part.slice.rows)
        add(part, sets, &reader, isWeighted, into: &others)
      } else if part.baselineCount > 0 {
        add(part.baseline, part, sets, &reader, isWeighted, into: &others)
      }
    }
    counts.selectionAbsent = Double(chosen[0])
    counts.baselineAbsent = Double(others[0])
    for code in 1..<max(domain.codeCount, 1) where chosen[code] != 0 || others[code] != 0 {
      counts.points.append(
        ContrastPoint(value: domain.value(.code(UInt32(code))), selection: Double(chosen[code]), baseline: Double(others[code])))
    }
    guard counts.points.count > Self.dimensionCountMax, counts.key.kind == .integer else { return }
    counts.isMeasure = true
    counts.points.sort { order($0.value, $1.value) < 0 }
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
    for part in slices {
      try watch.check()
      selection.selectAll(part.slice.rows)
      lanes.read(field, part.slice, selection, cells: codes, weights: nil) { bounds.add($0.lane) }
    }
    let firstKey = bounds.isEmpty ? 0 : QuantileSketch.key(bounds.least)
    let keyCount = bounds.isEmpty ? 1 : QuantileSketch.key(bounds.greatest) - firstKey + 1
    var chosen = [Int64](repeating: 0, count: keyCount)
    var others = [Int64](repeating: 0, count: keyCount)
    for part in slices {
      try watch.check()
      if part.selectionCount > 0 {
        counts.selectionAbsent += addKeys(part.selection, field, part, sets, firstKey, into: &chosen)
      }
      if part.baselineCount > 0 {
        counts.baselineAbsent += addKeys(part.baseline, field, part, sets, firstKey, into: &others)
      }
    }
    for index in 0..<keyCount where chosen[index] != 0 || others[index] != 0 {
      let value = QuantileSketch.middle(firstKey + index)
      counts.points.append(
        ContrastPoint(value: .float(value), selection: Double(chosen[index]), baseline: Double(others[index])))
    }
  }

  /// The weight of the rows without a number comes back.
  private mutating func addKeys(
    _ bits: Bits, _ field: NumberField, _ part: ContrastSlice, _ sets: ContrastSets, _ firstKey: Int, into counts: inout [Int64]
  ) -> Double {
    selection.select(bits, part.slice.rows)
    let isWeighted = hasWeights(part, sets)
    if isWeighted { readWeights(part, sets) }
    var absent = isWeighted ? weights[..<selection.count].reduce(0, &+) : Int64(selection.count)
    let limit = counts.count - 1
    lanes.read(field, part.slice, selection, cells: codes, weights: isWeighted ? weights : nil) { (reader) in
      reader.makeFloats()
      let count = reader.lane.count
      for position in 0..<count {
        let key = QuantileSketch.key(reader.lane.floats[position]) &- firstKey
        codes[position] = UInt32(truncatingIfNeeded: min(max(key, 0), limit))
      }
      absent -= isWeighted ? reader.lane.weights[..<count].reduce(0, &+) : Int64(count)
      countCells(codes, count, weights: reader.lane.weightsIfAny, into: &counts)
    }
    return Double(absent)
  }
}
