// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

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
  /// Nil once all rows have been read: the table has gone into the cells.
  private var window: Window?
  private var dense: [Int64] = []
  private var outside: [Int] = []
  /// Unweighted values with their cells, not yet sorted into them.
  private var pendingCells: [UInt32] = []
  private var pendingValues: [Double] = []

  /// So many are sorted into their cells at once.
  private static let pendingCountMax = 1 << 20

  init(_ window: Window?) { self.window = window }

  var byteCount: Int {
    cells.reduce(cells.count * MemoryLayout<QuantileSketch>.stride + dense.count * 8 + pendingValues.count * 24) { $0 + $1.byteCount }
  }

  mutating func grow(_ cellCount: Int) {
    guard cells.count < cellCount else { return }
    CairnQuery.grow(&cells, to: cellCount, QuantileSketch())
    if let window { CairnQuery.grow(&dense, to: cellCount * window.count, 0) }
  }

  /// Adds the exact numbers of a block's selected rows from their stored values; false where that is not the way they are counted.
  mutating func add(
    _ column: ScanColumn, block index: Int, divisor: Double, _ selection: borrowing Selection, cells placed: [UInt32]
  ) -> Bool {
    let block = column.blocks[index]
    guard let window, block.width != .eight, block.width != .constant else { return false }
    let numbers = ExactNumbers(first: block.base &- 1, divisor: divisor)
    switch block.width {
    case .one:
      column.storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countStoredKeys($0, selection, placed, numbers, window, into: &dense, outside: &outside)
      }
    case .two:
      column.storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countStoredKeys($0, selection, placed, numbers, window, into: &dense, outside: &outside)
      }
    case .four:
      column.storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countStoredKeys($0, selection, placed, numbers, window, into: &dense, outside: &outside)
      }
    case .constant, .eight: return false
    }
    for position in outside {
      if let value = column.integer(at: index * blockRowCount + selection.row(position)) {
        cells[Int(placed[position])].add(Double(value) / divisor, 1)
      }
    }
    outside.removeAll(keepingCapacity: true)
    return true
  }

  /// Floats only.
  mutating func add(_ lane: borrowing Lane, _ places: LaneCells) {
    guard let window else {
      if places.weights == nil {
        pendingCells.append(contentsOf: places.cells[..<lane.count])
        pendingValues.append(contentsOf: lane.floats[..<lane.count])
        if pendingValues.count >= Self.pendingCountMax { sortPending() }
        return
      }
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

  /// Brings the values of each cell together, by counting, and adds them.
  private mutating func sortPending() {
    var starts = [Int](repeating: 0, count: cells.count + 1)
    for cell in pendingCells { starts[Int(cell) + 1] += 1 }
    for cell in cells.indices { starts[cell + 1] += starts[cell] }
    var next = starts
    var sorted = [Double](repeating: 0, count: pendingValues.count)
    for (index, cell) in pendingCells.enumerated() {
      sorted[next[Int(cell)]] = pendingValues[index]
      next[Int(cell)] += 1
    }
    for cell in cells.indices where starts[cell + 1] > starts[cell] { cells[cell].add(sorted[starts[cell]..<starts[cell + 1]]) }
    pendingCells.removeAll()
    pendingValues.removeAll()
  }

  /// Turns the table and what is pending into sketches.
  mutating func finish() {
    if !pendingValues.isEmpty { sortPending() }
    guard let window else { return }
    for cell in cells.indices {
      let row = dense[(cell * window.count)..<((cell + 1) * window.count)]
      guard let first = row.firstIndex(where: { $0 != 0 }), let last = row.lastIndex(where: { $0 != 0 }) else { continue }
      cells[cell].add(row[first...last], firstKey: window.firstKey + first - row.startIndex)
    }
    dense = []
    self.window = nil
  }

  mutating func absorb(_ other: QuantileAggregate, _ map: CellMap) {
    for index in other.cells.indices where !other.cells[index].isEmpty {
      let target = map(index)
      if target >= 0 { cells[target].merge(other.cells[index]) }
    }
  }
}
