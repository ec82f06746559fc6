// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// The values of a derived column, row by row, as columns of the types that occur.
struct FormulaValues {
  private let rowCount: Int
  private var truths: [UInt32] = []
  private var integers: (values: [Int64], present: [Bool]) = ([], [])
  private var floats: (values: [UInt64], present: [Bool]) = ([], [])
  private var texts: [UInt32] = []
  private var codes: [ExactText: UInt32] = [:]
  private var entries: (bytes: [UInt8], ends: [UInt32]) = ([], [])

  /// More bytes of text than this in one piece are left out: codes are 32 bits wide.
  private static let textBytesMax = 1 << 30

  init(rowCount: Int) { self.rowCount = rowCount }

  mutating func set(_ row: Int, _ value: FieldValue?) {
    switch value {
    case nil: return
    case .boolean(let truth):
      if truths.isEmpty { truths = [UInt32](repeating: 0, count: rowCount) }
      truths[row] = truth ? 2 : 1
    case .integer(let number):
      if integers.values.isEmpty { integers = ([Int64](repeating: 0, count: rowCount), [Bool](repeating: false, count: rowCount)) }
      integers.values[row] = number
      integers.present[row] = true
    case .float(let number):
      if floats.values.isEmpty { floats = ([UInt64](repeating: 0, count: rowCount), [Bool](repeating: false, count: rowCount)) }
      floats.values[row] = number.bitPattern
      floats.present[row] = true
    case .string(let text):
      if texts.isEmpty { texts = [UInt32](repeating: 0, count: rowCount) }
      if let code = codes[ExactText(text)] { return texts[row] = code }
      guard entries.bytes.count + text.utf8.count <= Self.textBytesMax else { return }
      entries.bytes.append(contentsOf: text.utf8)
      entries.ends.append(UInt32(entries.bytes.count))
      let code = UInt32(entries.ends.count)
      codes[ExactText(text)] = code
      texts[row] = code
    }
  }

  /// The columns; rows of damaged blocks, whose sources cannot be read, are unavailable here too.
  func columns(_ name: String, damagedBlocks: Set<Int>) -> [ColumnKey: ScanColumn] {
    let whole = columns(name)
    guard !damagedBlocks.isEmpty else { return whole }
    return whole.mapValues { (column) in
      var blocks = column.blocks
      for block in damagedBlocks { blocks[block].isDamaged = true }
      return ScanColumn(key: column.key, domain: column.domain, rowCount: column.rowCount, blocks: blocks, storage: column.storage)
    }
  }

  private func columns(_ name: String) -> [ColumnKey: ScanColumn] {
    var found: [ColumnKey: ScanColumn] = [:]
    if !truths.isEmpty {
      let key = ColumnKey(name, .boolean)
      found[key] = .coded(key, .booleans, stored: truths)
    }
    if !integers.values.isEmpty {
      let key = ColumnKey(name, .integer)
      found[key] = .numbers(key, .integers, values: integers.values, present: integers.present)
    }
    if !floats.values.isEmpty {
      let key = ColumnKey(name, .float)
      found[key] = .patterns(key, .floatBits, values: floats.values, present: floats.present)
    }
    if !texts.isEmpty {
      let key = ColumnKey(name, .string)
      found[key] = .coded(key, .dictionary(ValueDictionary(.text(bytes: entries.bytes, ends: entries.ends))), stored: texts)
    }
    return found
  }
}
