// SPDX-License-Identifier: Apache-2.0

/// The percentiles of a column: one sketch a cell serves all of them.
///
/// Where many rows meet few cells, buckets of all cells lie in one table (`dense`) while rows are read, and become sketches at the end;
/// values outside its window go to the cells' own sketches at once.
struct QuantileAggregate: Aggregate {
  /// The keys of the table: from `firstKey` on, `count` of them.
  struct Window: Sendable {
    var firstKey: Int
    var count: Int
  }
  /// Slots that the table may have.
  static let denseCountMax = 1 << 20
  /// Fewer rows than this are kept as they are.
  static let denseRowCountMin = 1 << 16

  private(set) var cells: [QuantileSketch] = []
  private let window: Window?
  private var dense: [Int64] = []
  private var outside: [Int] = []

  init(_ window: Window?) { self.window = window }

  var byteCount: Int {
    cells.reduce(cells.count * MemoryLayout<QuantileSketch>.stride + dense.count * 8) { $0 + $1.byteCount }
  }

  mutating func grow(_ cellCount: Int) {
    guard cells.count < cellCount else { return }
    cells += [QuantileSketch](repeating: QuantileSketch(), count: cellCount - cells.count)
    if let window { dense += [Int64](repeating: 0, count: cellCount * window.count - dense.count) }
  }

  /// Floats only.
  mutating func add(_ lane: borrowing Lane, _ places: LaneCells) {
    guard let window else {
      foldCells(places.cells, lane.floats, weights: places.weights, lane.count, into: &cells) { (cell, value, weight) in
        cell.add(value, weight)
      }
      return
    }
    addDense(lane, places, window)
  }

  private mutating func addDense(_ lane: borrowing Lane, _ places: LaneCells, _ window: Window) {
    countKeys(lane.floats, places, lane.count, window, into: &dense, outside: &outside)
    for position in outside {
      cells[Int(places.cells[position])].add(lane.floats[position], places.weights?[position] ?? 1)
    }
    outside.removeAll(keepingCapacity: true)
  }

  /// Turns the table into sketches.
  mutating func finish() {
    guard let window else { return }
    for slot in dense.indices where dense[slot] != 0 {
      cells[slot / window.count].add(key: window.firstKey + slot % window.count, dense[slot])
      dense[slot] = 0
    }
  }

  mutating func absorb(_ other: QuantileAggregate, _ map: (Int) -> Int) {
    for index in other.cells.indices where !other.cells[index].isEmpty {
      let target = map(index)
      if target >= 0 { cells[target].merge(other.cells[index]) }
    }
  }
}
