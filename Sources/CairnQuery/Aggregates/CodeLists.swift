// SPDX-License-Identifier: Apache-2.0

/// The different codes of each cell, as lists. Rows of one cell tend to come one after another, so a list's end is at hand where a table
/// of all pairs would not be; repeats are taken out when a list has doubled (benchmark: `bench.py --only large`, Q8 with a series).
struct CodeLists: Sendable {
  private struct List {
    var codes: [UInt32] = []
    /// So many at the front are different from each other.
    var settledCount = 0
  }
  private var lists: [List] = []
  /// Codes held, repeats among them.
  private(set) var count = 0
  /// One bit a code, all clear between calls.
  private var seen: [UInt64] = []
  /// Shorter lists are left alone.
  private static let listCountMin = 1_024

  var byteCount: Int { count * 4 + lists.count * MemoryLayout<List>.stride + seen.count * 8 }

  var cellCount: Int { lists.count }

  mutating func grow(_ cellCount: Int) { CairnQuery.grow(&lists, to: cellCount, List()) }

  /// Adds the codes of rows, each with its cell; 0 is no value.
  mutating func add(_ codes: [UInt32], cells: [UInt32], _ rowCount: Int) {
    var position = 0
    while position < rowCount {
      let cell = cells[position]
      var end = position + 1
      while end < rowCount, cells[end] == cell { end += 1 }
      add(codes[position..<end], cell: Int(cell))
      position = end
    }
  }

  mutating func add(_ codes: ArraySlice<UInt32>, cell: Int) {
    if cell >= lists.count { grow(cell + 1) }
    lists[cell].codes.append(contentsOf: codes)
    added(codes.count, cell)
  }

  mutating func add(_ code: UInt32, cell: Int) {
    if cell >= lists.count { grow(cell + 1) }
    lists[cell].codes.append(code)
    added(1, cell)
  }

  private mutating func added(_ codeCount: Int, _ cell: Int) {
    count += codeCount
    if lists[cell].codes.count >= lists[cell].settledCount * 2 + Self.listCountMin { settle(cell) }
  }

  /// Takes repeats out of all lists.
  mutating func settle() {
    for cell in lists.indices where lists[cell].settledCount < lists[cell].codes.count { settle(cell) }
  }

  private mutating func settle(_ cell: Int) {
    var codes: [UInt32] = []
    swap(&codes, &lists[cell].codes)
    let greatest = codes.max() ?? 0
    if seen.count <= Int(greatest >> 6) { CairnQuery.grow(&seen, to: Int(greatest >> 6) + 1, 0) }
    let before = codes.count
    keepFirst(&codes)
    count -= before - codes.count
    lists[cell].settledCount = codes.count
    swap(&codes, &lists[cell].codes)
  }

  /// Keeps the first of equal codes, and none that is 0.
  private mutating func keepFirst(_ codes: inout [UInt32]) {
    var seen = seen.mutableSpan
    var kept = 0
    for position in codes.indices {
      let code = codes[position]
      let word = Int(code >> 6)
      let bit: UInt64 = 1 &<< UInt64(code & 63)
      codes[kept] = code
      kept &+= code != 0 && seen[word] & bit == 0 ? 1 : 0
      seen[word] |= bit
    }
    for code in codes { seen[Int(code >> 6)] = 0 }
    seen[0] = 0
    codes.removeLast(codes.count - kept)
  }

  /// The codes of a cell, some perhaps more than once.
  func codes(_ cell: Int) -> [UInt32] { cell < lists.count ? lists[cell].codes : [] }

  /// Takes the codes of a cell out.
  mutating func take(_ cell: Int) -> [UInt32] {
    guard cell < lists.count else { return [] }
    let codes = lists[cell].codes
    count -= codes.count
    lists[cell] = List()
    return codes
  }
}
