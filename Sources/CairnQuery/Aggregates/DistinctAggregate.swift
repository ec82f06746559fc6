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
  /// Where values have no common bit.
  private var lists = CodeLists()
  private var listedCountMax = 1 << 21
  private var estimates: [Int: HyperLogLog] = [:]

  /// `cellCountMax` is nil where the number of cells is not known beforehand.
  init(_ domain: KeyDomain, cellCountMax: Int?) {
    reader = KeyReader(domain)
    let words = (domain.codeCount + 63) / 64
    if let cellCountMax, !domain.isOpen, cellCountMax * words <= Self.bitCountMax / 64 { wordsPerCell = words } else { wordsPerCell = 0 }
  }

  var byteCount: Int { words.count * 8 + lists.byteCount + reader.byteCount + estimates.count * HyperLogLog.registerCount }

  mutating func grow(_ cellCount: Int) {
    let wanted = cellCount * wordsPerCell
    if words.count < wanted { CairnQuery.grow(&words, to: wanted, 0) }
    if wordsPerCell == 0 { lists.grow(cellCount) }
  }

  /// Reads the codes of the selected rows into `codes` and adds them.
  mutating func add(
    _ slice: Slice, _ selection: borrowing Selection, cells: [UInt32], codes: inout [UInt32]
  ) {
    reader.read(slice, selection, into: &codes)
    if wordsPerCell > 0 { addBits(cells, codes, selection.count) } else { addListed(cells, codes, selection.count) }
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

  private mutating func addListed(_ cells: [UInt32], _ codes: [UInt32], _ count: Int) {
    if estimates.isEmpty {
      lists.add(codes, cells: cells, count)
    } else {
      for position in 0..<count where codes[position] != 0 { add(Int(cells[position]), codes[position]) }
    }
    if lists.count > listedCountMax { spill() }
  }

  private mutating func add(_ cell: Int, _ code: UInt32) {
    if !estimates.isEmpty, estimates[cell] != nil {
      estimates[cell]?.add(HyperLogLog.hash(reader.part(code)))
    } else {
      lists.add(code, cell: cell)
    }
  }

  /// Turns the cells with the most values into estimates.
  private mutating func spill() {
    lists.settle()
    guard lists.count > listedCountMax else { return }
    for cell in 0..<lists.cellCount where lists.codes(cell).count > Self.exactCountMax { estimate(cell) }
    listedCountMax = max(listedCountMax, lists.count * 2)
  }

  /// From now on the cell's values are estimated.
  private mutating func estimate(_ cell: Int) {
    var estimate = HyperLogLog()
    for code in lists.take(cell) where code != 0 { estimate.add(HyperLogLog.hash(reader.part(code))) }
    estimates[cell] = estimate
  }

  /// All rows have been read.
  mutating func finish() { lists.settle() }

  mutating func absorb(_ other: DistinctAggregate, _ map: CellMap) {
    if wordsPerCell > 0, !other.estimates.isEmpty { leaveBits() }
    if other.wordsPerCell > 0 { absorbBits(other, map) } else { absorbLists(other, map) }
    for (cell, estimate) in other.estimates where map(cell) >= 0 { absorb(estimate, map(cell)) }
    if lists.count > listedCountMax { spill() }
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

  private mutating func absorbLists(_ other: DistinctAggregate, _ map: CellMap) {
    var ownCodes: [UInt32: UInt32] = [:]
    for cell in 0..<other.lists.cellCount {
      let target = map(cell)
      var codes = other.lists.codes(cell)
      guard target >= 0, !codes.isEmpty else { continue }
      if reader.domain.isOpen {
        codes = codes.filter { $0 != 0 }.map { (code) in
          let own = ownCodes[code] ?? reader.code(other.reader.part(code))
          ownCodes[code] = own
          return own
        }
      }
      if wordsPerCell > 0 {
        for code in codes { words[target * wordsPerCell + Int(code >> 6)] |= 1 << UInt64(code & 63) }
      } else if estimates[target] == nil {
        lists.add(codes[...], cell: target)
      } else {
        for code in codes where code != 0 { add(target, code) }
      }
    }
  }

  /// Turns bits into lists, which can stand beside estimates.
  private mutating func leaveBits() {
    let old = self
    wordsPerCell = 0
    words = []
    absorbBits(old, .same)
  }

  private mutating func absorb(_ other: HyperLogLog, _ cell: Int) {
    if estimates[cell] == nil { estimate(cell) }
    estimates[cell]?.merge(other)
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
    var settled = lists
    settled.settle()
    for cell in 0..<min(cellCount, settled.cellCount) { counts[cell] = Int64(settled.codes(cell).count) }
    for (cell, estimate) in estimates { counts[cell] = estimate.count }
    return counts
  }
}
