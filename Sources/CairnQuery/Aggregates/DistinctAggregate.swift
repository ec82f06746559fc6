// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// COUNT_DISTINCT: the number of different values, exact by value; a cell with more than `exactCountMax` of them may fall back to an
/// estimate (HyperLogLog, about 0.8 %) when memory asks for it.
struct DistinctAggregate: Aggregate {
  /// A cell with at most so many values is always exact.
  static let exactCountMax = 1 << 16
  /// Bits that may be spent on one bit a value and cell.
  static let bitCountMax = 1 << 27

  private(set) var reader: KeyReader
  private var wordsPerCell: Int
  private var words: [UInt64] = []
  /// Where values have no common bit: pairs of cell and code as `cell << 32 | code`.
  private var pairs = CodeTable()
  private var pairCountMax = 1 << 21
  private var estimates: [Int: HyperLogLog] = [:]

  /// `cellCountMax` is nil where the number of cells is not known beforehand.
  init(_ domain: KeyDomain, cellCountMax: Int?) {
    reader = KeyReader(domain)
    let words = (domain.codeCount + 63) / 64
    if let cellCountMax, !domain.isOpen, cellCountMax * words <= Self.bitCountMax / 64 { wordsPerCell = words } else { wordsPerCell = 0 }
  }

  var byteCount: Int { words.count * 8 + pairs.byteCount + reader.byteCount + estimates.count * HyperLogLog.registerCount }

  mutating func grow(_ cellCount: Int) {
    let wanted = cellCount * wordsPerCell
    if words.count < wanted { CairnQuery.grow(&words, to: wanted, 0) }
  }

  /// Reads the codes of the selected rows into `codes` and adds them.
  mutating func add(
    _ slice: Slice, _ selection: borrowing Selection, cells: [UInt32], codes: inout [UInt32]
  ) {
    reader.read(slice, selection, into: &codes)
    if wordsPerCell > 0 { addBits(cells, codes, selection.count) } else { addPairs(cells, codes, selection.count) }
  }

  private mutating func addBits(_ cells: [UInt32], _ codes: [UInt32], _ count: Int) {
    let stride = wordsPerCell
    let cells = cells.span
    let codes = codes.span
    var words = words.mutableSpan
    for position in 0..<count {
      let code = codes[position]
      words[Int(cells[position]) &* stride &+ Int(code >> 6)] |= 1 &<< UInt64(code & 63)
    }
  }

  private mutating func addPairs(_ cells: [UInt32], _ codes: [UInt32], _ count: Int) {
    for position in 0..<count where codes[position] != 0 { add(Int(cells[position]), codes[position]) }
    if pairs.count > pairCountMax { spill() }
  }

  private mutating func add(_ cell: Int, _ code: UInt32) {
    if !estimates.isEmpty, estimates[cell] != nil {
      estimates[cell]?.add(HyperLogLog.hash(reader.part(code)))
    } else {
      _ = pairs.code(UInt64(cell) << 32 | UInt64(code))
    }
  }

  /// Turns the cells with the most values into estimates.
  private mutating func spill() {
    var counts: [Int: Int] = [:]
    for key in pairs.keys { counts[Int(key >> 32), default: 0] += 1 }
    for (cell, count) in counts where count > Self.exactCountMax { estimates[cell] = HyperLogLog() }
    let keys = pairs.keys
    pairs = CodeTable()
    for key in keys { add(Int(key >> 32), UInt32(truncatingIfNeeded: key)) }
    pairCountMax = max(pairCountMax, pairs.count * 2)
  }

  mutating func absorb(_ other: DistinctAggregate, _ map: CellMap) {
    if wordsPerCell > 0, !other.estimates.isEmpty { leaveBits() }
    if other.wordsPerCell > 0 { absorbBits(other, map) } else { absorbPairs(other, map) }
    for (cell, estimate) in other.estimates where map(cell) >= 0 { absorb(estimate, map(cell)) }
    if pairs.count > pairCountMax { spill() }
  }

  /// Bits stand for codes of the domain, which both have.
  private mutating func absorbBits(_ other: DistinctAggregate, _ map: CellMap) {
    let stride = other.wordsPerCell
    if wordsPerCell == stride {
      let source = other.words.span
      for cell in 0..<other.words.count / stride where map(cell) >= 0 {
        CairnQuery.addBits(source.extracting(cell * stride..<(cell + 1) * stride), into: &words, at: map(cell) * stride)
      }
      return
    }
    for cell in 0..<other.words.count / stride {
      let target = map(cell)
      guard target >= 0 else { continue }
      for word in 0..<stride where other.words[cell * stride + word] != 0 {
        var bits = other.words[cell * stride + word]
        while bits != 0 {
          let code = UInt32(word * 64 + bits.trailingZeroBitCount)
          if code != 0 { add(target, code) }
          bits &= bits &- 1
        }
      }
    }
  }

  private mutating func absorbPairs(_ other: DistinctAggregate, _ map: CellMap) {
    var codes: [UInt32: UInt32] = [:]
    let isOpen = reader.domain.isOpen
    for key in other.pairs.keys {
      let target = map(Int(key >> 32))
      guard target >= 0 else { continue }
      var code = UInt32(truncatingIfNeeded: key)
      if isOpen {
        let own = codes[code] ?? reader.code(other.reader.part(code))
        codes[code] = own
        code = own
      }
      if wordsPerCell > 0 {
        words[target * wordsPerCell + Int(code >> 6)] |= 1 << UInt64(code & 63)
      } else {
        add(target, code)
      }
    }
  }

  /// Turns bits into pairs, which can stand beside estimates.
  private mutating func leaveBits() {
    let old = self
    wordsPerCell = 0
    words = []
    absorbBits(old, .same)
  }

  private mutating func absorb(_ estimate: HyperLogLog, _ cell: Int) {
    if estimates[cell] == nil {
      estimates[cell] = HyperLogLog()
      let keys = pairs.keys
      pairs = CodeTable()
      for key in keys { add(Int(key >> 32), UInt32(truncatingIfNeeded: key)) }
    }
    estimates[cell]?.merge(estimate)
  }

  /// The number of different values of each of the first `cellCount` cells.
  func counts(_ cellCount: Int) -> [Int64] {
    var counts = [Int64](repeating: 0, count: cellCount)
    if wordsPerCell > 0 {
      let words = words.span
      for cell in 0..<min(cellCount, words.count / wordsPerCell) {
        let first = cell * wordsPerCell
        counts[cell] = Int64(countBits(words.extracting(first..<first + wordsPerCell))) - Int64(words[first] & 1)
      }
      return counts
    }
    for key in pairs.keys { counts[Int(key >> 32)] += 1 }
    for (cell, estimate) in estimates { counts[cell] = estimate.count }
    return counts
  }
}
