// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnColumns

struct RowSetTests {
  private static func rows(_ set: borrowing RowSet, below limit: Int = .max) -> [Int] {
    var found: [Int] = []
    set.forEach(in: 0..<limit) { (row, position) in
      #expect(position == found.count, "rows are numbered in order")
      found.append(row)
    }
    return found
  }

  /// Sparse, dense, and first the one and then the other.
  @Test(arguments: [1, 2, 30, 200, 5_000]) func holdsTheRowsThatWereAddedAndNotTakenBack(_ distance: Int) {
    var generator = SeededGenerator(seed: UInt64(distance))
    var set = RowSet()
    var expected: [Int] = []
    var next = 0
    for round in 0..<3_000 {
      next += round % 900 < 600 ? 1 + generator.below(distance) : 1
      let isNew = set.append(UInt32(next))
      #expect(isNew)
      expected.append(next)
      let isTwice = set.append(UInt32(next))
      #expect(!isTwice, "a row is there once")
      if generator.oneIn(50) {
        let from = next - generator.below(3 * distance)
        set.truncate(from: UInt32(max(0, from)))
        expected.removeAll { $0 >= from }
      } else if generator.oneIn(50) {
        set.removeLast()
        expected.removeLast()
      }
      #expect(set.count == expected.count && set.isLast(UInt32(next)) == (expected.last == next))
    }
    #expect(Self.rows(set) == expected)
    let limit = expected[expected.count / 2]
    #expect(Self.rows(set, below: limit) == expected.filter { $0 < limit })
    #expect(set.count(below: limit) == expected.count / 2 && set.count(below: .max) == expected.count)
    var behind: [Int] = []
    set.forEach(in: limit..<limit + 1_000) { (row, position) in
      #expect(expected[position] == row)
      behind.append(row)
    }
    #expect(behind == expected.filter { (limit..<limit + 1_000).contains($0) })
    var reversed: [Int] = []
    set.forEachReversed(from: limit) { (row, position) in
      #expect(expected[position] == row)
      reversed.append(row)
    }
    #expect(reversed == expected.filter { $0 >= limit }.reversed())
    set.truncate(from: 0)
    #expect(set.count == 0 && Self.rows(set).isEmpty)
  }
}
