// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// The rows in which an open column has a value, ascending: a list while they are few, one bit a row once they are not.
///
/// A number of four bytes for each value would be a third of a head's memory (benchmark: `bench.py raw:4`, peak RSS). One owner.
@safe
public struct RowSet: ~Copyable {
  @usableFromInline var list = GrowableBuffer<UInt32>(capacity: 4)
  @usableFromInline var bits = GrowableBuffer<UInt64>(capacity: 1)
  @usableFromInline var isDense = false
  /// The number of rows.
  public private(set) var count = 0

  init() {}

  /// The bytes of memory held.
  public var byteCount: Int { list.byteCount + bits.byteCount }

  /// Adds a row that is not before any other; false if it is the last one already.
  @inlinable @inline(__always)
  mutating func append(_ row: UInt32) -> Bool {
    guard isDense else { return appendListed(row) }
    let index = Int(truncatingIfNeeded: row &>> 6)
    if index >= bits.count { bits.append(repeating: 0, until: index &+ 1) }
    let word = bits[index]
    let bit: UInt64 = 1 &<< UInt64(row & 63)
    if word & bit != 0 { return false }
    bits[index] = word | bit
    countOne()
    return true
  }

  @usableFromInline @inline(__always) mutating func countOne() { count &+= 1 }

  @usableFromInline @inline(never)
  mutating func appendListed(_ row: UInt32) -> Bool {
    if list.count > 0, list[list.count - 1] == row { return false }
    list.append(row)
    count &+= 1
    // From here on the bits take less than the list.
    if list.count & 15 == 0, list.count * 32 > Int(row) { makeDense() }
    return true
  }

  private mutating func makeDense() {
    for position in 0..<list.count {
      let row = list[position]
      bits.append(repeating: 0, until: Int(row >> 6) + 1)
      bits[Int(row >> 6)] |= 1 << UInt64(row & 63)
    }
    list = GrowableBuffer(capacity: 1)
    isDense = true
  }

  /// True if the row is the last one.
  @inlinable
  func isLast(_ row: UInt32) -> Bool {
    guard isDense else { return list.count > 0 && list[list.count &- 1] == row }
    let index = Int(truncatingIfNeeded: row &>> 6)
    return index < bits.count && bits[index] &>> UInt64(row & 63) & 1 == 1
  }

  /// Drops the last row.
  mutating func removeLast() {
    guard isDense else {
      list.truncate(to: list.count - 1)
      count -= 1
      return
    }
    var index = bits.count - 1
    while bits[index] == 0 { index -= 1 }
    bits[index] &= ~(1 << UInt64(63 - bits[index].leadingZeroBitCount))
    count -= 1
  }

  /// Drops the rows from `row` on.
  mutating func truncate(from row: UInt32) {
    while !isDense, list.count > 0, list[list.count - 1] >= row {
      list.truncate(to: list.count - 1)
      count -= 1
    }
    let first = Int(row >> 6)
    guard isDense, bits.count > first else { return }
    for index in first..<bits.count {
      let kept: UInt64 = index == first ? (1 << UInt64(row & 63)) - 1 : 0
      count -= (bits[index] & ~kept).nonzeroBitCount
      bits[index] &= kept
    }
    bits.truncate(to: first + 1)
  }

  /// The number of rows before `limit`; O(rows / 64), or O(log rows) while they are a list.
  public func count(below limit: Int) -> Int {
    guard isDense else { return firstListed(from: limit) }
    var total = 0
    for index in 0..<min(bits.count, limit >> 6 + 1) {
      let rest = limit - index * 64
      let kept: UInt64 = rest >= 64 ? .max : (1 << UInt64(rest)) - 1
      total += (bits[index] & kept).nonzeroBitCount
    }
    return total
  }

  /// The place in the list of the first row that is not before `row`.
  @usableFromInline func firstListed(from row: Int) -> Int {
    var low = 0
    var high = list.count
    while low < high {
      let middle = (low + high) / 2
      if Int(list[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Calls `body(row, how many are before it)` for each of these rows, in order.
  @inlinable @inline(__always)
  public func forEach(in rows: Range<Int>, _ body: (Int, Int) -> Void) {
    var position = count(below: rows.lowerBound)
    guard isDense else {
      while position < list.count, Int(list[position]) < rows.upperBound {
        body(Int(list[position]), position)
        position &+= 1
      }
      return
    }
    for index in rows.lowerBound >> 6..<max(rows.lowerBound >> 6, bits.count) {
      var word = bits[index]
      if index == rows.lowerBound >> 6 { word &= .max &<< UInt64(rows.lowerBound & 63) }
      while word != 0 {
        let row = index &* 64 &+ word.trailingZeroBitCount
        guard row < rows.upperBound else { return }
        body(row, position)
        position &+= 1
        word &= word &- 1
      }
    }
  }

  /// The same for each row from `first` on, the last one first.
  func forEachReversed(from first: Int, _ body: (Int, Int) -> Void) {
    var position = count - 1
    guard isDense else {
      while position >= 0, Int(list[position]) >= first {
        body(Int(list[position]), position)
        position -= 1
      }
      return
    }
    var index = bits.count - 1
    while index >= 0, index * 64 + 63 >= first {
      var word = bits[index]
      while word != 0 {
        let bit = 63 - word.leadingZeroBitCount
        guard index * 64 + bit >= first else { return }
        body(index * 64 + bit, position)
        position -= 1
        word &= ~(1 << UInt64(bit))
      }
      index -= 1
    }
  }
}
