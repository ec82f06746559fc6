// SPDX-License-Identifier: Apache-2.0

extension ByteInterner {
  /// For each entry the first entry with the same bytes: itself unless the interner stopped looking values up. O(entries).
  public func firstEqualEntries() -> [UInt32] {
    var tableCount = 16
    while tableCount < count * 2 { tableCount *= 2 }
    var table = [UInt32](repeating: 0, count: tableCount)
    var first = [UInt32](repeating: 0, count: count)
    withArena { (arena) in
      for code in 0..<count {
        let range = bounds(code)
        let hash = hashBytes(arena, range.lowerBound, range.count, seed: seed)
        var index = Int(truncatingIfNeeded: hash) & (tableCount - 1)
        while table[index] != 0, !matches(Int(table[index]) - 1, arena, range.lowerBound, range.count) {
          index = (index + 1) & (tableCount - 1)
        }
        if table[index] == 0 { table[index] = UInt32(code + 1) }
        first[code] = table[index] - 1
      }
    }
    return first
  }
}
