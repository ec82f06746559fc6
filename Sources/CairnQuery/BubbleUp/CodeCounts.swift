// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// Unweighted counts by code of one column of one piece: all rows of a slice without a list of rows, or the rows of a bitmap.
///
/// Codes are stored values, or codes of the domain where the column holds integers.
struct CodeCounts: Sendable {
  /// Slot `code * 4 + row % 4`.
  private var all: [UInt32]
  private var marked: [UInt32]

  init(codeCount: Int) {
    all = [UInt32](repeating: 0, count: codeCount * 4)
    marked = [UInt32](repeating: 0, count: codeCount)
  }

  /// The rows added by `addAll` and by `addMarked`, by code.
  func all(_ code: Int) -> UInt32 { all[code * 4] &+ all[code * 4 + 1] &+ all[code * 4 + 2] &+ all[code * 4 + 3] }
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
