// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// How all numbers of a column of exact numbers lie, by the sketch's keys; empty where it has none.
struct KeyHistogram: Sendable {
  /// The keys that have numbers, ascending.
  private(set) var entries: [(key: Int32, count: UInt32)] = []
  private(set) var absentCount = 0
  private(set) var bounds = 0.0...0.0

  init(_ column: ScanColumn) {
    let field = NumberField(columns: [[column]])
    var lanes = LaneReader()
    var selection = Selection()
    var bounds = BoundsAggregate()
    let cells = [UInt32](repeating: 0, count: blockRowCount)
    var slices: [Slice] = []
    for (index, block) in column.blocks.enumerated() {
      let slice = Slice(piece: 0, run: 0, block: index, rows: 0..<block.rowCount)
      slices.append(slice)
      selection.selectAll(slice.rows)
      lanes.read(field, slice, selection, cells: cells, weights: nil) { (reader, _) in bounds.add(reader.lane) }
    }
    guard !bounds.isEmpty else { return }
    let first = QuantileSketch.key(bounds.least)
    let keyCount = QuantileSketch.key(bounds.greatest) - first + 1
    self.bounds = bounds.least...bounds.greatest
    var totals = [Int64](repeating: 0, count: keyCount)
    var keys = [UInt32](repeating: 0, count: blockRowCount)
    var presentCount = 0
    for slice in slices {
      selection.selectAll(slice.rows)
      lanes.read(field, slice, selection, cells: cells, weights: nil) { (reader, _) in
        reader.makeFloats()
        placeByKey(reader.lane.floats, reader.lane.count, firstKey: first, limit: keyCount - 1, into: &keys)
        countCells(keys, reader.lane.count, weights: nil, into: &totals)
        presentCount += reader.lane.count
      }
    }
    for (index, total) in totals.enumerated() where total > 0 {
      entries.append((Int32(truncatingIfNeeded: first + index), UInt32(clamping: total)))
    }
    absentCount = column.rowCount - presentCount
  }
}
