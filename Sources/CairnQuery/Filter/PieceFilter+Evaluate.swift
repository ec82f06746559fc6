// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// What is known of a part of a filter for a whole slice before a row is read.
enum SliceVerdict: Sendable {
  case none
  case some
  case all
}

extension PieceFilter {
  /// What blocks' bounds tell of a slice.
  func verdict(_ slice: Slice) -> SliceVerdict {
    switch self {
    case .everything: return .all
    case .nothing: return .none
    case .runs(let passes): return passes[slice.run] ? .all : .none
    case .not(let part):
      switch part.verdict(slice) {
      case .none: return .all
      case .some: return .some
      case .all: return .none
      }
    case .all(let parts):
      var isSure = true
      for part in parts {
        let verdict = part.verdict(slice)
        if verdict == .none { return .none }
        if verdict == .some { isSure = false }
      }
      return isSure ? .all : .some
    case .any(let parts):
      var isPossible = false
      for part in parts {
        let verdict = part.verdict(slice)
        if verdict == .all { return .all }
        if verdict == .some { isPossible = true }
      }
      return isPossible ? .some : .none
    case .column(let column, let test): return test.verdict(column.blocks[slice.block])
    }
  }

  /// Sets a bit for each row of the slice that passes, and no other.
  func evaluate(_ slice: Slice, _ bits: inout Bits) {
    switch verdict(slice) {
    case .none: return bits.set(0..<0)
    case .all: return bits.set(slice.rows)
    case .some: break
    }
    switch self {
    case .everything, .runs: bits.set(slice.rows)
    case .nothing: bits.set(0..<0)
    case .not(let part):
      part.evaluate(slice, &bits)
      bits.complement(within: slice.rows)
    case .all(let parts):
      bits.set(slice.rows)
      var scratch = Bits()
      for part in parts where part.verdict(slice) != .all {
        part.evaluate(slice, &scratch)
        bits.formIntersection(scratch)
        if bits.isEmpty { return }
      }
    case .any(let parts):
      bits.set(0..<0)
      var scratch = Bits()
      for part in parts where part.verdict(slice) != .none {
        part.evaluate(slice, &scratch)
        bits.formUnion(scratch)
      }
    case .column(let column, let test): test.evaluate(column, slice, &bits)
    }
  }
}

extension ColumnTest {
  /// What the bounds of a block tell of all its rows.
  func verdict(_ block: CodeBlock) -> SliceVerdict {
    if block.nullCount == block.rowCount { return .none }
    let isFull = block.nullCount == 0
    switch self {
    case .nothing: return .none
    case .present: return isFull ? .all : .some
    case .table(let table, let codes, let isSolid):
      if block.storedMaximum < UInt64(codes.lowerBound) || block.storedMinimum > UInt64(codes.upperBound) { return .none }
      if block.width == .constant { return table[Int(block.constant)] == 1 ? .all : .none }
      let isInside = block.storedMinimum >= UInt64(codes.lowerBound) && block.storedMaximum <= UInt64(codes.upperBound)
      return isFull && isSolid && isInside ? .all : .some
    case .codes(let codes):
      guard codes.contains(where: { UInt64($0) >= block.storedMinimum && UInt64($0) <= block.storedMaximum }) else { return .none }
      return block.width == .constant ? .all : .some
    case .integers(let ranges):
      guard block.width != .eight else { return .some }
      let low = block.base &+ Int64(bitPattern: block.storedMinimum &- 1)
      let high = block.base &+ Int64(bitPattern: block.storedMaximum &- 1)
      if isFull, ranges.contains(where: { $0.lowerBound <= low && $0.upperBound >= high }) { return .all }
      return ranges.contains { $0.upperBound >= low && $0.lowerBound <= high } ? .some : .none
    case .floats, .patterns, .values: return .some
    }
  }

  /// Sets a bit for each row of the slice that passes.
  func evaluate(_ column: ScanColumn, _ slice: Slice, _ bits: inout Bits) {
    let block = column.blocks[slice.block]
    switch self {
    case .nothing: bits.set(0..<0)
    case .present: column.markPresent(block, slice.rows, &bits)
    case .table(let table, let codes, let isSolid): markTable(column, block, slice.rows, table, codes, isSolid, &bits)
    case .codes(let codes):
      markRanges(column, block, slice.rows, codes.map { $0...$0 }, &bits)
    case .integers(let ranges):
      if block.width == .eight {
        markWide(column, block, slice.rows, &bits) { (value: Int64) in ranges.contains { $0.contains(value) } }
      } else {
        markNarrow(column, block, slice.rows, ranges, &bits)
      }
    case .floats(let ranges):
      markWide(column, block, slice.rows, &bits) { (value: Double) in ranges.contains { $0.contains(value) } }
    case .patterns(let patterns):
      if patterns.count == 1, let wanted = patterns.first {
        markWide(column, block, slice.rows, &bits) { (value: UInt64) in value == wanted }
      } else {
        markWide(column, block, slice.rows, &bits) { (value: UInt64) in patterns.contains(value) }
      }
    case .values(let test):
      let base = slice.block * blockRowCount
      bits.set(0..<0)
      for row in slice.rows {
        guard let value = column.value(at: base + row), test.passes(value) else { continue }
        bits.words[row >> 6] |= 1 << UInt64(row & 63)
      }
    }
  }

  private func markTable(
    _ column: ScanColumn, _ block: CodeBlock, _ rows: Range<Int>, _ table: [UInt8], _ codes: ClosedRange<UInt32>, _ isSolid: Bool,
    _ bits: inout Bits
  ) {
    if isSolid {
      column.markRange(block, rows, codes.lowerBound, codes.upperBound, &bits)
    } else {
      let table = table.span
      column.mark(block, rows, &bits) { table[Int($0)] }
    }
  }

  /// Ranges of numbers as ranges of stored values of a narrow block, one after another.
  private func markNarrow(
    _ column: ScanColumn, _ block: CodeBlock, _ rows: Range<Int>, _ ranges: [ClosedRange<Int64>], _ bits: inout Bits
  ) {
    let least = block.base &+ Int64(bitPattern: block.storedMinimum &- 1)
    let greatest = block.base &+ Int64(bitPattern: block.storedMaximum &- 1)
    let stored = ranges.filter { $0.upperBound >= least && $0.lowerBound <= greatest }.map { (range) in
      let low = UInt32(truncatingIfNeeded: max(range.lowerBound, least) &- block.base &+ 1)
      return low...UInt32(truncatingIfNeeded: min(range.upperBound, greatest) &- block.base &+ 1)
    }
    markRanges(column, block, rows, stored, &bits)
  }

  /// Ranges of stored values, one after another.
  private func markRanges(
    _ column: ScanColumn, _ block: CodeBlock, _ rows: Range<Int>, _ ranges: [ClosedRange<UInt32>], _ bits: inout Bits
  ) {
    guard let first = ranges.first else { return bits.set(0..<0) }
    column.markRange(block, rows, first.lowerBound, first.upperBound, &bits)
    var scratch = Bits()
    for range in ranges.dropFirst() {
      guard UInt64(range.upperBound) >= block.storedMinimum, UInt64(range.lowerBound) <= block.storedMaximum else { continue }
      column.markRange(block, rows, range.lowerBound, range.upperBound, &scratch)
      bits.formUnion(scratch)
    }
  }

  @inline(__always)
  private func markWide<Element: BitwiseCopyable>(
    _ column: ScanColumn, _ block: CodeBlock, _ rows: Range<Int>, _ bits: inout Bits, _ test: (Element) -> Bool
  ) {
    guard block.width == .eight else { return bits.set(0..<0) }
    column.storage.withElements(of: Element.self, byteOffset: block.byteOffset, count: block.rowCount) { (values) in
      markRows(values, rows, &bits.words) { test($0) ? 1 : 0 }
    }
    guard block.presenceOffset >= 0 else { return }
    let presence = column.presenceWords(block)
    for word in presence.indices { bits.words[word] &= presence[word] }
  }
}
