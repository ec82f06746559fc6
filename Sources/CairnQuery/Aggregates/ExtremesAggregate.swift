// SPDX-License-Identifier: Apache-2.0

/// MIN and MAX; not weighted, as a sample's extremes are all that is known.
struct ExtremesAggregate: Aggregate {
  struct Cell: Sendable {
    var least = Int64.max
    var greatest = Int64.min
    var leastFloat = Double.infinity
    var greatestFloat = -Double.infinity
    var hasFloat = false
    var hasExact = false
  }
  private(set) var cells: [Cell] = []
  let divisor: Double

  init(divisor: Double) { self.divisor = divisor }

  var byteCount: Int { cells.count * MemoryLayout<Cell>.stride }

  mutating func grow(_ cellCount: Int) {
    if cells.count < cellCount { CairnQuery.grow(&cells, to: cellCount, Cell()) }
  }

  mutating func add(_ lane: borrowing Lane, _ places: LaneCells) {
    if lane.isExact {
      foldCells(places.cells, lane.integers, weights: nil, lane.count, into: &cells) { (cell, value, _) in
        cell.least = min(cell.least, value)
        cell.greatest = max(cell.greatest, value)
        cell.hasExact = true
      }
    } else {
      foldCells(places.cells, lane.floats, weights: nil, lane.count, into: &cells) { (cell, value, _) in
        cell.leastFloat = min(cell.leastFloat, value)
        cell.greatestFloat = max(cell.greatestFloat, value)
        cell.hasFloat = true
      }
    }
  }

  mutating func absorb(_ other: ExtremesAggregate, _ map: CellMap) {
    for index in other.cells.indices {
      let source = other.cells[index]
      guard source.hasExact || source.hasFloat else { continue }
      let target = map(index)
      guard target >= 0 else { continue }
      cells[target].least = min(cells[target].least, source.least)
      cells[target].greatest = max(cells[target].greatest, source.greatest)
      cells[target].leastFloat = min(cells[target].leastFloat, source.leastFloat)
      cells[target].greatestFloat = max(cells[target].greatestFloat, source.greatestFloat)
      cells[target].hasExact = cells[target].hasExact || source.hasExact
      cells[target].hasFloat = cells[target].hasFloat || source.hasFloat
    }
  }

  func minimum(_ cell: Int) -> Double? {
    let cell = cells[cell]
    if !cell.hasExact { return cell.hasFloat ? cell.leastFloat : nil }
    return min(Double(cell.least) / divisor, cell.leastFloat)
  }

  func maximum(_ cell: Int) -> Double? {
    let cell = cells[cell]
    if !cell.hasExact { return cell.hasFloat ? cell.greatestFloat : nil }
    return max(Double(cell.greatest) / divisor, cell.greatestFloat)
  }
}

/// The bounds of a column over all selected rows: what a heatmap's edges are made from.
struct BoundsAggregate: Aggregate {
  private(set) var least = Double.infinity
  private(set) var greatest = -Double.infinity
  /// The least value above zero.
  private(set) var leastPositive = Double.infinity

  var byteCount: Int { 24 }
  var isEmpty: Bool { least > greatest }

  mutating func grow(_ cellCount: Int) {}

  mutating func add(_ lane: borrowing Lane) {
    guard lane.count > 0 else { return }
    if lane.isExact { addExact(lane) } else { addFloats(lane) }
  }

  /// Adds the bounds of values above zero.
  mutating func add(_ bounds: ClosedRange<Double>) {
    least = min(least, bounds.lowerBound)
    greatest = max(greatest, bounds.upperBound)
    leastPositive = min(leastPositive, bounds.lowerBound)
  }

  private mutating func addExact(_ lane: borrowing Lane) {
    let source = lane.integers.span
    var low = Int64.max
    var high = Int64.min
    var positive = UInt64.max
    for position in 0..<lane.count {
      let value = source[position]
      low = min(low, value)
      high = max(high, value)
      // Zero and below become large numbers: the least of what is left is the least above zero.
      positive = min(positive, UInt64(bitPattern: value &- 1))
    }
    least = min(least, Double(low) / lane.divisor)
    greatest = max(greatest, Double(high) / lane.divisor)
    if positive < UInt64(Int64.max) { leastPositive = min(leastPositive, Double(positive + 1) / lane.divisor) }
  }

  private mutating func addFloats(_ lane: borrowing Lane) {
    let source = lane.floats.span
    for position in 0..<lane.count where source[position].isFinite {
      let value = source[position]
      least = min(least, value)
      greatest = max(greatest, value)
      if value > 0 { leastPositive = min(leastPositive, value) }
    }
  }

  mutating func absorb(_ other: BoundsAggregate, _ map: CellMap) {
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
    leastPositive = min(leastPositive, other.leastPositive)
  }
}
