// SPDX-License-Identifier: Apache-2.0

/// COUNT: the weight of the events, or of those that have a column.
///
/// While rows are read, few cells have four counters each, taken in turn: neighbours of one cell need not wait for each other (Q1).
struct CountAggregate: Aggregate {
  /// Complete after `finish`.
  private(set) var counts: [Int64] = []
  private var interleaved: [UInt32] = []
  private var interleavedRowCount = 0

  /// Counters of more cells than this would leave the nearest caches.
  static let interleavedCellCountMax = 1 << 13

  var cellCount: Int { counts.count }
  var byteCount: Int { counts.count * 8 + interleaved.count * 4 }

  mutating func grow(_ cellCount: Int) {
    guard counts.count < cellCount else { return }
    if cellCount > Self.interleavedCellCountMax { finish() }
    CairnQuery.grow(&counts, to: cellCount, 0)
  }

  mutating func add(_ cells: [UInt32], _ count: Int, weights: [Int64]?) {
    guard weights == nil, counts.count <= Self.interleavedCellCountMax else {
      return countCells(cells, count, weights: weights, into: &counts)
    }
    if interleavedRowCount + count > Int(UInt32.max) { finish() }
    interleavedRowCount += count
    makeInterleaved()
    countCellsInterleaved(cells, count, into: &interleaved)
  }

  /// Adds each row's flag, 0 or 1, to its cell.
  mutating func add(_ cells: [UInt32], flags: [UInt8], _ count: Int, weights: [Int64]?) {
    countFlags(cells, flags, count, weights: weights, into: &counts)
  }

  /// Adds a whole stretch of rows of one cell.
  mutating func add(_ weight: Int64, cell: Int) { counts[cell] &+= weight }

  private mutating func makeInterleaved() {
    if interleaved.count < counts.count * 4 { CairnQuery.grow(&interleaved, to: counts.count * 4, 0) }
  }

  /// Adds up the counters of each cell; to be called when all rows have been read.
  mutating func finish() {
    for cell in 0..<interleaved.count / 4 {
      for lane in 0..<4 { counts[cell] &+= Int64(interleaved[cell * 4 + lane]) }
    }
    interleaved = []
    interleavedRowCount = 0
  }

  mutating func absorb(_ other: CountAggregate, _ map: CellMap) {
    switch map {
    case .same: return addCounts(other.counts, into: &counts)
    case .total:
      counts[0] &+= other.counts.reduce(0, &+)
      return
    case .group, .bucket, .renumbered: break
    }
    for cell in other.counts.indices where other.counts[cell] != 0 {
      let target = map(cell)
      if target >= 0 { counts[target] &+= other.counts[cell] }
    }
  }
}
