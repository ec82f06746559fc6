// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// One bit for each row of a block: the form in which filters hand over what they keep.
struct Bits: Sendable {
  static let wordCount = blockRowCount / 64
  var words = [UInt64](repeating: 0, count: Bits.wordCount)

  /// Sets the bits of `rows` and clears all others.
  mutating func set(_ rows: Range<Int>) {
    for word in words.indices { words[word] = Self.mask(rows, word) }
  }

  /// The bits of word `word` that belong to `rows`.
  @inline(__always) static func mask(_ rows: Range<Int>, _ word: Int) -> UInt64 {
    let start = max(rows.lowerBound - word * 64, 0)
    let end = min(rows.upperBound - word * 64, 64)
    if start >= end { return 0 }
    return (end == 64 ? .max : 1 << UInt64(end) - 1) & (.max << UInt64(start))
  }

  /// Keeps what both have.
  mutating func formIntersection(_ other: Bits) { for word in words.indices { words[word] &= other.words[word] } }
  /// Adds what the other has.
  mutating func formUnion(_ other: Bits) { for word in words.indices { words[word] |= other.words[word] } }
  /// Drops what the other has.
  mutating func subtract(_ other: Bits) { for word in words.indices { words[word] &= ~other.words[word] } }

  /// Turns the bits of `rows` over and clears all others.
  mutating func complement(within rows: Range<Int>) {
    for word in words.indices { words[word] = ~words[word] & Self.mask(rows, word) }
  }

  var isEmpty: Bool { words.allSatisfy { $0 == 0 } }
  var count: Int { words.reduce(0) { $0 &+ $1.nonzeroBitCount } }

  func contains(_ row: Int) -> Bool { words[row >> 6] >> UInt64(row & 63) & 1 == 1 }
}

/// The rows of a slice that passed the filter.
struct Selection: Sendable {
  /// All rows of `range`; `rows` is not filled then.
  private(set) var isAll = true
  private(set) var range = 0..<0
  /// Row numbers inside the block, ascending; the first `count` are valid.
  private(set) var rows = [UInt16](repeating: 0, count: blockRowCount)
  private(set) var count = 0

  mutating func selectAll(_ range: Range<Int>) {
    isAll = true
    self.range = range
    count = range.count
  }

  /// The set bits, all of which lie inside `range`.
  mutating func select(_ bits: Bits, _ range: Range<Int>) {
    self.range = range
    count = listRows(bits.words, &rows)
    isAll = count == range.count
  }

  /// Keeps the positions whose flag is 1.
  mutating func keep(_ flags: [UInt8]) {
    if isAll {
      for position in 0..<count { rows[position] = UInt16(range.lowerBound + position) }
      isAll = false
    }
    count = compact(&rows, flags, count)
  }

  /// Becomes the positions of another selection whose flag is 1.
  mutating func take(_ other: borrowing Selection, _ flags: [UInt8]) {
    range = other.range
    isAll = false
    count = 0
    for position in 0..<other.count {
      rows[count] = UInt16(truncatingIfNeeded: other.row(position))
      count += Int(flags[position])
    }
  }

  /// The row inside the block of a position in the selection.
  func row(_ position: Int) -> Int { isAll ? range.lowerBound + position : Int(rows[position]) }

  /// How many selected rows lie before `row`.
  func position(of row: Int) -> Int {
    if isAll { return min(max(row - range.lowerBound, 0), count) }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if Int(rows[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
