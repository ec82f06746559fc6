// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan
internal import Glibc

/// The cells of a heatmap's value axis, shared by all its time buckets.
///
/// Logarithmic where all values are 0 or more and the positive ones span over two decades (durations, sizes), else linear. A value's
/// cell comes from a table over the sketch's keys, then from comparing with the edges, so that no logarithm or division is taken a row
/// and the edges hold exactly.
struct HeatmapScale: Sendable {
  static let cellCount = 50
  let scale: AnswerHeatmap.Scale
  let edges: [Double]
  let firstKey: Int
  /// By key from `firstKey` on: the cell in which the least value of that key lies.
  let table: [UInt8]

  init(_ bounds: BoundsAggregate) {
    let low = bounds.isEmpty ? 0 : bounds.least
    let high = bounds.isEmpty ? 1 : bounds.greatest
    let isLogarithmic = low >= 0 && bounds.leastPositive.isFinite && high / bounds.leastPositive > 100
    scale = isLogarithmic ? .logarithmic : .linear
    if low == high {
      let end = low + max(abs(low) * 0.1, 1e-9)
      edges = end.isFinite && end > low ? [low, end] : [low.nextDown, low]
    } else {
      edges = Self.edges(low, high, leastPositive: isLogarithmic ? bounds.leastPositive : nil)
    }
    firstKey = QuantileSketch.key(edges[0])
    table = Self.table(edges, firstKey)
  }

  var count: Int { edges.count - 1 }

  /// Finite edges from `low` to `high`, each above the one before: fewer where so many numbers do not lie between the two.
  private static func edges(_ low: Double, _ high: Double, leastPositive: Double?) -> [Double] {
    // By sums of logarithms and of shares: the quotient and the difference of two doubles can be beyond what a double is.
    let (first, last) = leastPositive.map { (log($0), log(high)) } ?? (low, high)
    var edges = [low]
    for index in 1..<cellCount {
      let share = Double(index) / Double(cellCount)
      let place = first * (1 - share) + last * share
      let edge = leastPositive == nil ? place : exp(place)
      if edge > edges[edges.count - 1], edge < high { edges.append(edge) }
    }
    return edges + [high]
  }

  /// By key: the cell in which the least value of that key lies.
  private static func table(_ edges: [Double], _ firstKey: Int) -> [UInt8] {
    let lastKey = QuantileSketch.key(edges[edges.count - 1])
    var table: [UInt8] = []
    var cell = 0
    for key in firstKey...lastKey {
      let magnitude = key < 0 ? abs(key) + 1 : key
      let least = Double(bitPattern: UInt64(magnitude) << 46)
      let start = key < 0 ? -least : least
      while cell < edges.count - 2, start >= edges[cell + 1] { cell += 1 }
      table.append(UInt8(cell))
    }
    return table
  }

  /// Adds the weight of each value to its cell; `places` gives time buckets, `scratch` has room for a block.
  func add(_ lane: borrowing Lane, _ places: LaneCells, _ scratch: inout [UInt32], into counts: inout [Int64]) {
    placeInCells(lane.floats, places.cells, lane.count, self, into: &scratch)
    countCells(scratch, lane.count, weights: places.weights, into: &counts)
  }
}

/// The same cells for the numerators of exact numbers, so that a row costs neither a division nor a branch.
struct ExactScale: Sendable {
  let firstKey: Int
  /// By key of the numerator, from `firstKey` on: the cell in which the least number of that key lies.
  let table: [UInt8]
  /// By cell: the least numerator of the next cell; no cell follows the last.
  let edges: [Int64]

  /// nil where a number may be negative, or where one key holds two edges.
  init?(_ scale: HeatmapScale, divisor: Double) {
    guard let first = scale.edges.first, let last = scale.edges.last, first >= 0, last * divisor < 0x1p53 else { return nil }
    edges = scale.edges[1..<scale.count].map { Self.numerator($0, divisor) } + [.max]
    firstKey = QuantileSketch.key(first * divisor)
    var table: [UInt8] = []
    var cell = 0
    for key in firstKey...QuantileSketch.key(last * divisor) + 1 {
      let least = Double(bitPattern: UInt64(key) << 46)
      let next = Double(bitPattern: UInt64(key + 1) << 46)
      while Double(edges[cell]) <= least { cell += 1 }
      if cell + 1 < edges.count, Double(edges[cell + 1]) < next { return nil }
      table.append(UInt8(cell))
    }
    self.table = table
  }

  /// The least whole number whose quotient is not below `edge`.
  private static func numerator(_ edge: Double, _ divisor: Double) -> Int64 {
    var number = Int64((edge * divisor).rounded(.down)) - 2
    while Double(number) / divisor < edge { number += 1 }
    return number
  }
}

/// One task's share of the heatmaps of a question.
struct HeatmapWorker: Sendable {
  private(set) var counts: [[Int64]]
  /// The same from whole stretches of exact numbers, four counters a cell, and one cell more for nulls.
  private var exactCounts: [[UInt32]]
  private var selection = Selection()
  private var bits = Bits()
  private var cells = [UInt32](repeating: 0, count: blockRowCount)
  private var weights = [Int64](repeating: 1, count: blockRowCount)
  private var lanes = LaneReader()
  private var scratch = [UInt32](repeating: 0, count: blockRowCount)
  private var stretches: [(bucket: Int, end: Int)] = []

  init(_ pass: HeatmapPass) {
    counts = pass.scales.map { [Int64](repeating: 0, count: $0.count * pass.buckets.count) }
    exactCounts = pass.scales.map { [UInt32](repeating: 0, count: ($0.count * pass.buckets.count + 1) * 4) }
  }

  /// Reads one slice.
  mutating func add(_ slice: Slice, _ pass: HeatmapPass, _ watch: QueryWatch) throws(QueryError) {
    try watch.check()
    let piece = pass.scan.pieces[slice.piece]
    switch pass.filters[slice.piece].verdict(slice) {
    case .none: return
    case .all: selection.selectAll(slice.rows)
    case .some:
      pass.filters[slice.piece].evaluate(slice, &bits)
      selection.select(bits, slice.rows)
    }
    guard selection.count > 0, let times = piece.columns[.time] else { return }
    pass.buckets.stretches(slice, times, into: &stretches)
    var isWeighted = false
    if pass.weighting == .bySampleRate, let column = piece.columns[sampleRateKey] {
      isWeighted = readSampleRates(column, column.blocks[slice.block], selection, into: &weights)
    }
    var isPlaced = false
    for (index, field) in pass.fields.enumerated() {
      if selection.isAll, !isWeighted, addExact(index, field, slice, pass) { continue }
      if !isPlaced { placeBuckets() }
      isPlaced = true
      lanes.read(field, slice, selection, cells: cells, weights: isWeighted ? weights : nil) { (reader, places) in
        reader.makeFloats()
        pass.scales[index].add(reader.lane, places, &scratch, into: &counts[index])
      }
    }
  }

  /// Writes the bucket of each selected row to `cells`.
  private mutating func placeBuckets() {
    var position = 0
    for stretch in stretches {
      let end = selection.position(of: stretch.end)
      while position < end {
        cells[position] = UInt32(stretch.bucket)
        position += 1
      }
    }
  }

  /// Counts all rows of the slice from their stored values; false where they are not numbers over the field's divisor in a narrow block.
  private mutating func addExact(_ index: Int, _ field: NumberField, _ slice: Slice, _ pass: HeatmapPass) -> Bool {
    guard let scale = pass.exactScales[index], let column = field.exactColumn(slice.piece) else { return false }
    let block = column.blocks[slice.block]
    let cellCount = pass.scales[index].count
    let presence = block.width == .eight ? column.presenceWords(block) : []
    var row = slice.rows.lowerBound
    for stretch in stretches {
      let rows = row..<stretch.end
      let offset = stretch.bucket * cellCount
      row = stretch.end
      switch block.width {
      case .constant: return false
      case .eight:
        column.storage.withElements(of: Int64.self, byteOffset: block.byteOffset, count: block.rowCount) {
          countWideInCells($0, rows, presence: presence, scale, offset: offset, into: &exactCounts[index])
        }
      case .one:
        column.storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) {
          countInCells($0, rows, first: block.base &- 1, scale, offset: offset, into: &exactCounts[index])
        }
      case .two:
        column.storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) {
          countInCells($0, rows, first: block.base &- 1, scale, offset: offset, into: &exactCounts[index])
        }
      case .four:
        column.storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) {
          countInCells($0, rows, first: block.base &- 1, scale, offset: offset, into: &exactCounts[index])
        }
      }
    }
    return true
  }

  mutating func absorb(_ other: HeatmapWorker) {
    for map in counts.indices { for index in counts[map].indices { counts[map][index] &+= other.counts[map][index] } }
  }

  /// To be called when all rows have been read.
  mutating func finish() {
    for map in counts.indices {
      for index in counts[map].indices { 
        for lane in 0..<4 { counts[map][index] &+= Int64(exactCounts[map][index * 4 + lane]) }
      }
      exactCounts[map] = []
    }
  }
}

/// The reading that fills the heatmaps of a question, once their edges are known.
struct HeatmapPass: Sendable {
  var scan: ScanSet
  var filters: [PieceFilter]
  var buckets: TimeBuckets
  var names: [String]
  var fields: [NumberField]
  var scales: [HeatmapScale]
  var weighting: Plan.Weighting
  let exactScales: [ExactScale?]

  init(
    scan: ScanSet, filters: [PieceFilter], buckets: TimeBuckets, names: [String], fields: [NumberField], scales: [HeatmapScale],
    weighting: Plan.Weighting
  ) {
    self.scan = scan
    self.filters = filters
    self.buckets = buckets
    self.names = names
    self.fields = fields
    self.scales = scales
    self.weighting = weighting
    exactScales = zip(scales, fields).map { ExactScale($0, divisor: $1.divisor) }
  }

  func run(_ watch: QueryWatch) async throws(QueryError) -> [AnswerHeatmap] {
    let pass = self
    for scale in scales { try watch.allow(cells: scale.count * buckets.count) }
    var workers = try await runUnits(
      scan.slices.count, taskCount: scan.info.rowsScanned < 100_000 ? 1 : watch.budget.taskCountMax, start: { HeatmapWorker(pass) },
      step: { (worker, unit) throws(QueryError) in try worker.add(pass.scan.slices[unit], pass, watch) })
    for index in workers.indices { workers[index].finish() }
    var first = workers.removeFirst()
    for worker in workers { first.absorb(worker) }
    return names.indices.map { (index) in
      let cellCount = scales[index].count
      let counts = (0..<buckets.count).map { (bucket) in
        (0..<cellCount).map { Double(first.counts[index][bucket * cellCount + $0]) }
      }
      return AnswerHeatmap(
        column: names[index], startUnixNanoseconds: buckets.startUnixNanoseconds, stepNanoseconds: buckets.stepNanoseconds,
        scale: scales[index].scale, edges: scales[index].edges, counts: counts)
    }
  }
}
