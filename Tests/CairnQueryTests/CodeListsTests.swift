// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@testable import CairnQuery

struct CodeListsTests {
  /// Cells in runs, as rows in order of time have them, and scattered; few codes and many.
  @Test(arguments: [1, 50, 5_000], [3, 200, 70_000]) func keepsEachCodeOfACellOnce(_ runLength: Int, _ codeCount: Int) {
    var generator = SeededGenerator(seed: UInt64(runLength * 100_000 + codeCount))
    var lists = CodeLists()
    var expected: [Int: Set<UInt32>] = [:]
    for _ in 0..<12 {
      var cells: [UInt32] = []
      while cells.count < 4_000 {
        cells += [UInt32](repeating: UInt32(generator.below(9)), count: 1 + generator.below(runLength))
      }
      let codes = cells.map { _ in UInt32(generator.below(codeCount)) }
      for (cell, code) in zip(cells, codes) where code != 0 { expected[Int(cell), default: []].insert(code) }
      lists.add(codes, cells: cells, cells.count)
    }
    lists.add(7, cell: 12)
    expected[12] = [7]
    lists.settle()
    for cell in 0..<lists.cellCount {
      #expect(lists.codes(cell).count == expected[cell]?.count ?? 0 && Set(lists.codes(cell)) == expected[cell] ?? [])
    }
    #expect(lists.count == expected.values.reduce(0) { $0 + $1.count })
    let taken = lists.take(12)
    #expect(taken == [7] && lists.codes(12).isEmpty && lists.count == expected.values.reduce(-1) { $0 + $1.count })
  }
}
