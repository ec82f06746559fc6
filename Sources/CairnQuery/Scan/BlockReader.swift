// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// Reading the selected rows of one block into flat arrays, whatever the width: kernels after this have one form of input.

extension ScanColumn {
  /// The stored values of the selected rows of a block of width `.constant` to `.four`: 0 for null.
  func readCodes(_ block: CodeBlock, _ selection: borrowing Selection, into target: inout [UInt32]) {
    switch block.width {
    case .constant:
      for position in 0..<selection.count { target[position] = UInt32(truncatingIfNeeded: block.constant) }
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &target) { UInt32($0) }
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &target) { UInt32($0) }
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &target) { $0 }
      }
    case .eight: preconditionFailure("a wide block has no codes")
    }
  }

  /// The signed numbers of the selected rows (domains `integers` and `scaled`); what nulls give is without meaning.
  func readIntegers(_ block: CodeBlock, _ selection: borrowing Selection, into target: inout [Int64]) {
    let base = block.base &- 1
    switch block.width {
    case .constant:
      let value = base &+ Int64(bitPattern: block.constant)
      for position in 0..<selection.count { target[position] = value }
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &target) { base &+ Int64($0) }
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &target) { base &+ Int64($0) }
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &target) { base &+ Int64($0) }
      }
    case .eight:
      storage.withElements(of: Int64.self, byteOffset: block.byteOffset, count: block.rowCount) { (values) in
        copySelected(values, selection, &target) { $0 }
      }
    }
  }

  /// The 64-bit patterns of the selected rows of a block of width `.eight` (or a wholly null one: zeros).
  func readPatterns(_ block: CodeBlock, _ selection: borrowing Selection, into target: inout [UInt64]) {
    guard block.width == .eight else {
      for position in 0..<selection.count { target[position] = 0 }
      return
    }
    storage.withElements(of: UInt64.self, byteOffset: block.byteOffset, count: block.rowCount) { (values) in
      copySelected(values, selection, &target) { $0 }
    }
  }

  /// 1 for each selected row that has a value, else 0. Blocks without nulls need not be asked.
  func readPresence(_ block: CodeBlock, _ selection: borrowing Selection, into flags: inout [UInt8]) {
    switch block.width {
    case .constant:
      for position in 0..<selection.count { flags[position] = block.constant == 0 ? 0 : 1 }
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &flags) { $0 == 0 ? 0 : 1 }
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &flags) { $0 == 0 ? 0 : 1 }
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        copySelected(codes, selection, &flags) { $0 == 0 ? 0 : 1 }
      }
    case .eight:
      let presence = presenceWords(block)
      for position in 0..<selection.count {
        let row = selection.row(position)
        flags[position] = UInt8(truncatingIfNeeded: presence[row >> 6] >> UInt64(row & 63) & 1)
      }
    }
  }

  /// One bit a row of a block of width `.eight`, set where a value is present.
  func presenceWords(_ block: CodeBlock) -> [UInt64] {
    let wordCount = (block.rowCount + 63) / 64
    guard block.presenceOffset >= 0 else { return [UInt64](repeating: .max, count: wordCount) }
    return storage.withElements(of: UInt64.self, byteOffset: block.presenceOffset, count: wordCount) { (words) in
      var copy: [UInt64] = []
      copy.reserveCapacity(wordCount)
      for index in words.indices { copy.append(words[index]) }
      return copy
    }
  }

  /// Sets a bit for each of `rows` that has a value.
  func markPresent(_ block: CodeBlock, _ rows: Range<Int>, _ bits: inout Bits) {
    if block.nullCount == 0 || block.nullCount == block.rowCount {
      bits.set(block.nullCount == 0 ? rows : 0..<0)
      return
    }
    markRange(block, rows, 1, .max, &bits)
  }

  /// Sets a bit for each of `rows` of a narrow block whose stored value lies in `low` ... `high`; of a wide one for those that have a value.
  func markRange(_ block: CodeBlock, _ rows: Range<Int>, _ low: UInt32, _ high: UInt32, _ bits: inout Bits) {
    if low > high || low > block.width.greatest { return bits.set(0..<0) }
    switch block.width {
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.markRange($0, rows, UInt8(low), UInt8(min(high, 255)), &bits.words)
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.markRange($0, rows, UInt16(low), UInt16(min(high, 65_535)), &bits.words)
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) {
        CairnQuery.markRange($0, rows, low, high, &bits.words)
      }
    case .constant, .eight: mark(block, rows, &bits) { $0 >= low && $0 <= high ? 1 : 0 }
    }
  }

  /// Sets a bit for each of `rows` whose stored value passes; for wide blocks `test` sees 1 where a value is present, else 0.
  @inline(__always)
  func mark(_ block: CodeBlock, _ rows: Range<Int>, _ bits: inout Bits, _ test: (UInt32) -> UInt8) {
    switch block.width {
    case .constant: bits.set(test(UInt32(truncatingIfNeeded: block.constant)) == 1 ? rows : 0..<0)
    case .one:
      storage.withElements(of: UInt8.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        markRows(codes, rows, &bits.words) { test(UInt32($0)) }
      }
    case .two:
      storage.withElements(of: UInt16.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        markRows(codes, rows, &bits.words) { test(UInt32($0)) }
      }
    case .four:
      storage.withElements(of: UInt32.self, byteOffset: block.byteOffset, count: block.rowCount) { (codes) in
        markRows(codes, rows, &bits.words) { test($0) }
      }
    case .eight:
      let isPresentWanted = test(1) == 1
      let isAbsentWanted = test(0) == 1
      let presence = presenceWords(block)
      for word in bits.words.indices {
        let present = word < presence.count ? presence[word] : 0
        bits.words[word] = ((isPresentWanted ? present : 0) | (isAbsentWanted ? ~present : 0)) & Bits.mask(rows, word)
      }
    }
  }
}

extension CodeWidth {
  /// The greatest stored value of a narrow block.
  fileprivate var greatest: UInt32 {
    switch self {
    case .one: 255
    case .two: 65_535
    case .constant, .four, .eight: .max
    }
  }
}
