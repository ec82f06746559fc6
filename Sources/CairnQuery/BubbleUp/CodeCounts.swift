// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// Unweighted counts by code of one column of one piece: all rows of a slice without a list of rows, or the rows of a bitmap.
///
/// Codes are stored values, or codes of the domain where the column holds integers.
struct CodeCounts: Sendable {
  /// Slot `code * 4 + row % 4`; empty where the counts of all rows are known.
  private var all: [UInt32] = []
  private let known: [UInt32]
  private var marked: [UInt32]

  init(codeCount: Int, all known: [UInt32] = []) {
    self.known = known
    if known.isEmpty { all = [UInt32](repeating: 0, count: codeCount * 4) }
    marked = [UInt32](repeating: 0, count: codeCount)
  }

  /// The counts by stored value of a whole column without damage, from the column itself where it has been counted before.
  static func whole(_ column: ScanColumn, codeCount: Int) -> [UInt32] {
    column.summary { (column) in
      var counts = CodeCounts(codeCount: codeCount)
      for block in column.blocks { counts.addAll(column, block, 0..<block.rowCount, shift: 0) }
      return (0..<codeCount).map { counts.all($0) }
    }
  }

  /// The rows added by `addAll`, or all that are known, and those added by `addMarked`, by code.
  func all(_ code: Int) -> UInt32 {
    known.isEmpty ? all[code * 4] &+ all[code * 4 + 1] &+ all[code * 4 + 2] &+ all[code * 4 + 3] : known[code]
  }
  func marked(_ code: Int) -> UInt32 { marked[code] }

  /// Adds every row of `rows`; `shift` is added to all codes but 0.
  mutating func addAll(_ column: ScanColumn, _ block: CodeBlock, _ rows: Range<Int>, shift: Int) {
    let storage = column.storage
    switch block.width {
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countInterleaved($0, rows, shift: shift, into: &all)
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countInterleaved($0, rows, shift: shift, into: &all)
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countInterleaved($0, rows, shift: shift, into: &all)
      }
    case .constant:
      all[(Int(block.constant) + (block.constant == 0 ? 0 : shift)) * 4] &+= UInt32(rows.count)
      return
    case .eight: preconditionFailure("a wide block has no codes")
    }
    guard shift != 0, block.nullCount > 0 else { return }
    // Nulls were counted at `shift`: they go back to 0.
    var bits = Bits()
    column.markPresent(block, rows, &bits)
    let nulls = UInt32(rows.count - bits.count)
    all[shift * 4] &-= nulls
    all[0] &+= nulls
  }

  /// Adds the rows whose bit is set.
  mutating func addMarked(_ column: ScanColumn, _ block: CodeBlock, _ bits: Bits, _ count: Int, shift: Int) {
    let storage = column.storage
    switch block.width {
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countMarked($0, bits.words, shift: shift, into: &marked)
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countMarked($0, bits.words, shift: shift, into: &marked)
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) {
        countMarked($0, bits.words, shift: shift, into: &marked)
      }
    case .constant: marked[Int(block.constant) + (block.constant == 0 ? 0 : shift)] &+= UInt32(count)
    case .eight: preconditionFailure("a wide block has no codes")
    }
  }
}
