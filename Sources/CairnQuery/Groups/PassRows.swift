// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Selected rows of one slice, with the cell and the weight of each.
struct PassRows: Sendable {
  var selection = Selection()
  var cells = [UInt32](repeating: 0, count: blockRowCount)
  private(set) var weights: [Int64] = []
  private(set) var isWeighted = false
  /// Room for what decides which rows stay.
  private var flags: [UInt8] = []

  var count: Int { selection.count }
  /// The weights of the rows, where not all weigh 1.
  var knownWeights: [Int64]? { isWeighted ? weights : nil }
  /// All weights together.
  var weight: Int64 { weight(of: 0..<count) }

  /// The weights of some rows together, by their positions.
  func weight(of positions: Range<Int>) -> Int64 { isWeighted ? weights[positions].reduce(0, &+) : Int64(positions.count) }

  /// Reads the weights of the selected rows.
  mutating func readWeights(_ slice: Slice, _ piece: OpenPiece, _ weighting: Plan.Weighting) {
    isWeighted = false
    guard weighting == .bySampleRate, let column = piece.columns[sampleRateKey] else { return }
    let block = column.blocks[slice.block]
    guard block.nullCount < block.rowCount else { return }
    if weights.isEmpty { weights = [Int64](repeating: 1, count: blockRowCount) }
    isWeighted = readSampleRates(column, block, selection, into: &weights)
  }

  /// Keeps the rows at the positions whose flag is 1.
  mutating func keep(_ flags: [UInt8]) {
    let count = self.count
    _ = compact(&cells, flags, count)
    if isWeighted { _ = compact(&weights, flags, count) }
    selection.keep(flags)
  }

  /// Becomes those of other rows whose bit is set.
  mutating func take(_ rows: borrowing PassRows, _ bits: Bits) {
    let count = rows.count
    if flags.isEmpty { flags = [UInt8](repeating: 0, count: blockRowCount) }
    for position in 0..<count { flags[position] = bits.contains(rows.selection.row(position)) ? 1 : 0 }
    selection.take(rows.selection, flags)
    compact(rows.cells, flags, count, into: &cells)
    isWeighted = rows.isWeighted
    guard isWeighted else { return }
    if weights.isEmpty { weights = [Int64](repeating: 1, count: blockRowCount) }
    compact(rows.weights, flags, count, into: &weights)
  }
}
