// SPDX-License-Identifier: Apache-2.0

/// SUM and AVG: whole numbers are added exactly in 128 bits, so that their sum does not depend on order; floats in doubles.
struct SumAggregate: Aggregate {
  struct Cell: Sendable {
    var exact: Int128 = 0
    var float = 0.0
    var weight: Int64 = 0

    /// `exact` as a double, the nearest. The standard library converts 128 bits word by word, which takes forty times as long as what nearly
    /// every sum needs (`Benchmarks/groups.py`, the greatest SUM).
    var number: Double {
      let narrow = Int64(truncatingIfNeeded: exact)
      return Int128(narrow) == exact ? Double(narrow) : Double(exact)
    }
  }
  private(set) var cells: [Cell] = []
  /// What exact sums are divided by.
  let divisor: Double

  init(divisor: Double) { self.divisor = divisor }

  var byteCount: Int { cells.count * MemoryLayout<Cell>.stride }

  mutating func grow(_ cellCount: Int) {
    if cells.count < cellCount { CairnQuery.grow(&cells, to: cellCount, Cell()) }
  }

  mutating func add(_ lane: borrowing Lane, _ places: LaneCells) {
    if lane.isExact {
      foldCells(places.cells, lane.integers, weights: places.weights, lane.count, into: &cells) { (cell, value, weight) in
        cell.exact &+= Int128(value) &* Int128(weight)
        cell.weight &+= weight
      }
    } else {
      foldCells(places.cells, lane.floats, weights: places.weights, lane.count, into: &cells) { (cell, value, weight) in
        cell.float += value * Double(weight)
        cell.weight &+= weight
      }
    }
  }

  mutating func absorb(_ other: SumAggregate, _ map: CellMap) {
    for index in other.cells.indices where other.cells[index].weight != 0 {
      let target = map(index)
      guard target >= 0 else { continue }
      cells[target].exact &+= other.cells[index].exact
      cells[target].float += other.cells[index].float
      cells[target].weight &+= other.cells[index].weight
    }
  }

  /// The sum, or nil where no event of the cell has a number.
  func sum(_ cell: Int) -> Double? {
    let cell = cells[cell]
    return cell.weight == 0 ? nil : cell.number / divisor + cell.float
  }

  func average(_ cell: Int) -> Double? { sum(cell).map { $0 / Double(cells[cell].weight) } }
}
