// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// The column that says how many events a kept one stands for.
let sampleRateKey = ColumnKey(FieldName.sampleRate, .integer)

/// Writes the weight of each selected row: its sample rate, 1 where it has none or a rate below 1. False if all are 1.
func readSampleRates(_ column: ScanColumn, _ block: CodeBlock, _ selection: borrowing Selection, into weights: inout [Int64]) -> Bool {
  var flags: [UInt8] = []
  guard case .dictionary(let dictionary) = column.domain else {
    column.readIntegers(block, selection, into: &weights)
    if block.nullCount > 0 {
      flags = [UInt8](repeating: 0, count: selection.count)
      column.readPresence(block, selection, into: &flags)
      for position in 0..<selection.count where flags[position] == 0 { weights[position] = 1 }
    }
    return clampWeights(&weights, selection.count)
  }
  var codes = [UInt32](repeating: 0, count: max(selection.count, 1))
  column.readCodes(block, selection, into: &codes)
  guard case .integers(let values) = dictionary.entries else { return false }
  for position in 0..<selection.count { weights[position] = codes[position] == 0 ? 1 : values[Int(codes[position]) - 1] }
  return clampWeights(&weights, selection.count)
}

private func clampWeights(_ weights: inout [Int64], _ count: Int) -> Bool {
  var most: Int64 = 1
  for position in 0..<count {
    weights[position] = min(max(weights[position], 1), 1 << 32)
    most = max(most, weights[position])
  }
  return most > 1
}

/// The length of a span in nanoseconds from its duration in milliseconds, of whatever kind the column is; nil where it has none.
func spanNanoseconds(_ columns: [ScanColumn], _ row: Int) -> Int64? {
  for column in columns {
    if column.isNanoseconds {
      if let nanoseconds = column.integer(at: row) { return nanoseconds }
    } else if let milliseconds = column.value(at: row)?.number, milliseconds.isFinite {
      return Int64(min(max(milliseconds * 1e6, 0), 9e18))
    }
  }
  return nil
}

extension ScanColumn {
  /// The column holds whole nanoseconds and shows milliseconds.
  var isNanoseconds: Bool {
    if case .scaled(1e6) = domain { true } else { false }
  }
}
