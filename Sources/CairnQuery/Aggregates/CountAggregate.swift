// SPDX-License-Identifier: Apache-2.0

/// COUNT: the weight of the events, or of those that have a column.
struct CountAggregate: Aggregate {
  private(set) var counts: [Int64] = []

  var byteCount: Int { counts.count * 8 }

  mutating func grow(_ cellCount: Int) {
    if counts.count < cellCount { counts += [Int64](repeating: 0, count: cellCount - counts.count) }
  }

  mutating func add(_ cells: [UInt32], _ count: Int, weights: [Int64]?) { countCells(cells, count, weights: weights, into: &counts) }

  /// Adds a whole stretch of rows of one cell.
  mutating func add(_ weight: Int64, cell: Int) { counts[cell] &+= weight }

  mutating func absorb(_ other: CountAggregate, _ map: (Int) -> Int) {
    for cell in other.counts.indices where other.counts[cell] != 0 {
      let target = map(cell)
      if target >= 0 { counts[target] &+= other.counts[cell] }
    }
  }
}
