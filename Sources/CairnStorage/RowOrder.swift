// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The order in which rows of a batch stand in a piece: by environment, dataset and time; rows of equal time keep their order of arrival.
struct RowOrder: Sendable {
  /// The rows of the batch.
  let rows: Range<Int>
  /// Place in the piece of each of the rows.
  var rank: [UInt32] = []
  var runs: [DatasetRun] = []
  /// Event times in the order of the piece.
  var times: [Int64] = []
  /// Group of each row in the order of arrival.
  var groups: [UInt32] = []

  /// Sorts these rows of the batch; O(rows), one radix pass for each byte in which the keys differ.
  init(_ batch: borrowing Batch, _ rows: Range<Int>) {
    self.rows = rows
    let rowCount = rows.count
    guard rowCount > 0 else { return }
    let first = rows.lowerBound
    let ranks = Self.datasetRanks(batch)
    var keys = [UInt64](repeating: 0, count: rowCount)
    var datasets = [UInt32](repeating: 0, count: rowCount)
    groups = [UInt32](repeating: 0, count: rowCount)
    var earliest = Int64.max
    for row in rows { earliest = min(earliest, batch.rowTimes[row]) }
    for row in 0..<rowCount {
      let group = batch.rowGroups[first + row]
      groups[row] = group
      datasets[row] = ranks.rankOfCode[Int(batch.groupDatasets[Int(group)])]
      keys[row] = UInt64(bitPattern: batch.rowTimes[first + row] &- earliest)
    }
    let order = Self.sorted(keys: keys, datasets: datasets)
    rank = [UInt32](repeating: 0, count: rowCount)
    times = [Int64](repeating: 0, count: rowCount)
    for (place, row) in order.enumerated() {
      rank[Int(row)] = UInt32(place)
      times[place] = batch.rowTimes[first + Int(row)]
    }
    runs = Self.runs(order: order, datasets: datasets, names: ranks.names, times: times)
  }

  /// The rank of each dataset code by name, and the names by rank.
  private static func datasetRanks(_ batch: borrowing Batch) -> (rankOfCode: [UInt32], names: [String]) {
    var names: [(name: String, code: Int)] = []
    for code in 0..<batch.datasets.count { names.append((batch.datasets.text(code), code)) }
    names.sort { $0.name < $1.name }
    var rankOfCode = [UInt32](repeating: 0, count: names.count)
    for (rank, entry) in names.enumerated() { rankOfCode[entry.code] = UInt32(rank) }
    return (rankOfCode, names.map(\.name))
  }

  /// Rows by (dataset, key): least significant byte first, bytes that are the same in all keys skipped.
  private static func sorted(keys: [UInt64], datasets: [UInt32]) -> [UInt32] {
    var order = (0..<UInt32(keys.count)).map { $0 }
    var spare = order
    var all: UInt64 = 0
    var same = UInt64.max
    for key in keys {
      all |= key
      same &= key
    }
    for shift in stride(from: UInt64(0), to: 64, by: 8) where (all ^ same) >> shift & 255 != 0 {
      pass(&order, &spare) { UInt8(truncatingIfNeeded: keys[Int($0)] &>> shift) }
    }
    pass(&order, &spare) { UInt8(truncatingIfNeeded: datasets[Int($0)]) }
    pass(&order, &spare) { UInt8(truncatingIfNeeded: datasets[Int($0)] &>> 8) }
    pass(&order, &spare) { UInt8(truncatingIfNeeded: datasets[Int($0)] &>> 16) }
    pass(&order, &spare) { UInt8(truncatingIfNeeded: datasets[Int($0)] &>> 24) }
    return order
  }

  @inline(__always)
  private static func pass(_ order: inout [UInt32], _ spare: inout [UInt32], digit: (UInt32) -> UInt8) {
    var starts = [Int](repeating: 0, count: 257)
    for row in order { starts[Int(digit(row)) &+ 1] &+= 1 }
    if starts.contains(order.count) { return }
    for index in 1..<257 { starts[index] &+= starts[index &- 1] }
    for row in order {
      let value = Int(digit(row))
      spare[starts[value]] = row
      starts[value] &+= 1
    }
    swap(&order, &spare)
  }

  private static func runs(order: [UInt32], datasets: [UInt32], names: [String], times: [Int64]) -> [DatasetRun] {
    var found: [DatasetRun] = []
    var start = 0
    while start < order.count {
      let rank = datasets[Int(order[start])]
      var end = start + 1
      while end < order.count, datasets[Int(order[end])] == rank { end += 1 }
      let parts = names[Int(rank)].split(separator: "\0", maxSplits: 1, omittingEmptySubsequences: false)
      found.append(
        DatasetRun(
          environment: String(parts[0]), dataset: parts.count > 1 ? String(parts[1]) : "", rows: start..<end,
          minimumUnixNanoseconds: times[start], maximumUnixNanoseconds: times[end - 1]))
      start = end
    }
    return found
  }
}
