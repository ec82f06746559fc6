// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// Counting rows into cells.

/// Adds 1, or the weight, to the counter of each cell; cells are less than `counts.count` or the process stops.
func countCells(_ cells: [UInt32], _ count: Int, weights: [Int64]?, into counts: inout [Int64]) {
  precondition(count <= cells.count, "cells of a slice")
  let cells = cells.span
  var counts = counts.mutableSpan
  guard let weights else {
    for position in 0..<count { counts[Int(unsafe cells[unchecked: position])] &+= 1 }
    return
  }
  precondition(count <= weights.count, "weights of a slice")
  let source = weights.span
  for position in 0..<count { unsafe counts[Int(cells[unchecked: position])] &+= source[unchecked: position] }
}

/// The same without weights into four interleaved counters a cell (`cell * 4 + position % 4`).
func countCellsInterleaved(_ cells: [UInt32], _ count: Int, into counts: inout [UInt32]) {
  precondition(count <= cells.count, "cells of a slice")
  let cells = cells.span
  var counts = counts.mutableSpan
  for position in 0..<count { counts[Int(unsafe cells[unchecked: position]) &* 4 &+ (position & 3)] &+= 1 }
}

/// Adds the counters of another list to the first of this one.
func addCounts(_ others: [Int64], into counts: inout [Int64]) {
  precondition(others.count <= counts.count, "a counter for each cell")
  let others = others.span
  var counts = counts.mutableSpan
  for cell in others.indices { unsafe counts[unchecked: cell] &+= others[unchecked: cell] }
}

/// Adds the set bits of `others` to the words from `start`.
func addBits(_ others: Span<UInt64>, into words: inout [UInt64], at start: Int) {
  precondition(start >= 0 && start + others.count <= words.count, "a word for each word")
  var words = words.mutableSpan
  for word in others.indices { unsafe words[unchecked: start &+ word] |= others[unchecked: word] }
}

/// The number of set bits, by adding up neighbours: no instruction for it is at hand everywhere.
func countBits(_ words: Span<UInt64>) -> Int {
  var total: UInt64 = 0
  for word in words.indices {
    var bits = unsafe words[unchecked: word]
    bits = bits &- (bits &>> 1 & 0x5555_5555_5555_5555)
    bits = (bits & 0x3333_3333_3333_3333) &+ (bits &>> 2 & 0x3333_3333_3333_3333)
    bits = (bits &+ bits &>> 4) & 0x0f0f_0f0f_0f0f_0f0f
    total &+= (bits &* 0x0101_0101_0101_0101) &>> 56
  }
  return Int(total)
}

/// Adds each row's flag, 0 or 1, times its weight to the counter of its cell.
func countFlags(_ cells: [UInt32], _ flags: [UInt8], _ count: Int, weights: [Int64]?, into counts: inout [Int64]) {
  precondition(count <= cells.count && count <= flags.count, "cells of a slice")
  let cells = cells.span
  let flags = flags.span
  var counts = counts.mutableSpan
  guard let weights else {
    for position in 0..<count { unsafe counts[Int(cells[unchecked: position])] &+= Int64(flags[unchecked: position]) }
    return
  }
  precondition(count <= weights.count, "weights of a slice")
  let source = weights.span
  for position in 0..<count {
    unsafe counts[Int(cells[unchecked: position])] &+= Int64(flags[unchecked: position]) &* source[unchecked: position]
  }
}

/// `cell = cell * factor + bucket` for the positions of a stretch.
func placeInBucket(_ cells: inout [UInt32], _ positions: Range<Int>, factor: UInt32, bucket: UInt32) {
  precondition(positions.lowerBound >= 0 && positions.upperBound <= cells.count, "cells of a slice")
  var cells = cells.mutableSpan
  for position in positions { unsafe cells[unchecked: position] = cells[unchecked: position] &* factor &+ bucket }
}

/// Counts the codes of `rows` into four interleaved tables (slot `code * 4 + row % 4`), so that equal neighbours do not wait for each
/// other. `shift` is added to each code; a code beyond the tables stops the process.
@inline(__always)
func countInterleaved<Code: FixedWidthInteger & BitwiseCopyable>(
  _ codes: Span<Code>, _ rows: Range<Int>, shift: Int, into counts: inout [UInt32]
) {
  precondition(rows.lowerBound >= 0 && rows.upperBound <= codes.count, "rows of a block")
  var counts = counts.mutableSpan
  for row in rows {
    counts[(Int(truncatingIfNeeded: unsafe codes[unchecked: row]) &+ shift) &* 4 &+ (row & 3)] &+= 1
  }
}

/// Counts the codes of the rows whose bit is set; `shift` is added to all codes but 0.
@inline(__always)
func countMarked<Code: FixedWidthInteger & BitwiseCopyable>(
  _ codes: Span<Code>, _ bits: [UInt64], shift: Int, into counts: inout [UInt32]
) {
  var counts = counts.mutableSpan
  let words = bits.span
  for word in words.indices {
    var rest = words[word]
    while rest != 0 {
      let code = Int(truncatingIfNeeded: codes[word &* 64 &+ rest.trailingZeroBitCount])
      counts[code == 0 ? 0 : code &+ shift] &+= 1
      rest &= rest &- 1
    }
  }
}

/// Counts the stored values of `rows` of one bucket into four interleaved counters of `offset + cell`, zeros into those of the last cell.
/// `first` is the number that stored value 0 would be.
@inline(__always)
func countInCells<Code: FixedWidthInteger & BitwiseCopyable>(
  _ codes: Span<Code>, _ rows: Range<Int>, first: Int64, _ scale: ExactScale, offset: Int, into counts: inout [UInt32]
) {
  precondition(rows.lowerBound >= 0 && rows.upperBound <= codes.count, "rows of a block")
  let firstKey = scale.firstKey
  let lastIndex = scale.table.count - 1
  let table = scale.table.span
  let edges = scale.edges.span
  let nowhere = counts.count / 4 - 1
  var counts = counts.mutableSpan
  for row in rows {
    let code = unsafe codes[unchecked: row]
    let value = first &+ Int64(truncatingIfNeeded: code)
    let key = QuantileSketch.key(Double(value)) &- firstKey
    let low = Int(table[min(max(key, 0), lastIndex)])
    let cell = low &+ (value >= edges[low] ? 1 : 0)
    counts[(code == 0 ? nowhere : offset &+ cell) &* 4 &+ (row & 3)] &+= 1
  }
}

/// The same for a wide block, whose nulls `presence` tells.
func countWideInCells(
  _ values: Span<Int64>, _ rows: Range<Int>, presence: [UInt64], _ scale: ExactScale, offset: Int, into counts: inout [UInt32]
) {
  precondition(rows.lowerBound >= 0 && rows.upperBound <= values.count, "rows of a block")
  let firstKey = scale.firstKey
  let lastIndex = scale.table.count - 1
  let table = scale.table.span
  let edges = scale.edges.span
  let presence = presence.span
  var counts = counts.mutableSpan
  for row in rows where presence[row >> 6] &>> UInt64(row & 63) & 1 == 1 {
    let value = unsafe values[unchecked: row]
    let low = Int(table[min(max(QuantileSketch.key(Double(value)) &- firstKey, 0), lastIndex)])
    counts[(offset &+ low &+ (value >= edges[low] ? 1 : 0)) &* 4 &+ (row & 3)] &+= 1
  }
}

/// How the stored values of a block become numbers: `(first + stored) / divisor`.
struct ExactNumbers {
  let first: Int64
  let divisor: Double
}

/// Counts the sketch's key of each selected number into slot `cell * window.count + key`, nulls left out; positions whose key is outside
/// the window are listed.
@inline(__always)
func countStoredKeys<Code: FixedWidthInteger & BitwiseCopyable>(
  _ codes: Span<Code>, _ selection: borrowing Selection, _ cells: [UInt32], _ numbers: ExactNumbers, _ window: QuantileAggregate.Window,
  into table: inout [Int64], outside: inout [Int]
) {
  precondition(selection.range.upperBound <= codes.count && selection.count <= cells.count, "rows of a block")
  precondition(selection.count == 0 || selection.row(selection.count - 1) < codes.count, "rows of a block")
  let cells = cells.span
  let rows = selection.rows.span
  let start = selection.range.lowerBound
  let isAll = selection.isAll
  var table = table.mutableSpan
  for position in 0..<selection.count {
    let code = unsafe codes[unchecked: isAll ? start &+ position : Int(rows[unchecked: position])]
    if code == 0 { continue }
    let value = Double(numbers.first &+ Int64(truncatingIfNeeded: code)) / numbers.divisor
    let key = QuantileSketch.key(value) &- window.firstKey
    if UInt(bitPattern: key) < UInt(bitPattern: window.count) {
      table[Int(unsafe cells[unchecked: position]) &* window.count &+ key] &+= 1
    } else {
      outside.append(position)
    }
  }
}

/// `target = bucket * cellCount + cell` for each value of a heatmap.
func placeInCells(_ values: [Double], _ buckets: [UInt32], _ count: Int, _ scale: HeatmapScale, into target: inout [UInt32]) {
  precondition(count <= values.count && count <= buckets.count && count <= target.count, "values of a slice")
  let lastCell = scale.count - 1
  let cellCount = UInt32(scale.count)
  let firstKey = scale.firstKey
  let lastIndex = scale.table.count - 1
  let table = scale.table.span
  let edges = scale.edges.span
  let values = values.span
  let buckets = buckets.span
  var target = target.mutableSpan
  for position in 0..<count {
    let value = unsafe values[unchecked: position]
    var cell = Int(table[min(max(QuantileSketch.key(value) &- firstKey, 0), lastIndex)])
    while cell < lastCell, value >= edges[cell &+ 1] { cell &+= 1 }
    unsafe target[unchecked: position] = buckets[unchecked: position] &* cellCount &+ UInt32(truncatingIfNeeded: cell)
  }
}

/// The sketch's key of each value, less `firstKey`, held within 0 ... `limit`.
func placeByKey(_ values: [Double], _ count: Int, firstKey: Int, limit: Int, into target: inout [UInt32]) {
  precondition(count <= values.count && count <= target.count, "values of a slice")
  let values = values.span
  var target = target.mutableSpan
  for position in 0..<count {
    let key = QuantileSketch.key(unsafe values[unchecked: position]) &- firstKey
    unsafe target[unchecked: position] = UInt32(truncatingIfNeeded: min(max(key, 0), limit))
  }
}

/// Adds each value's weight to slot `cell * window.count + key` of the table; positions whose key is outside the window are listed.
func countKeys(
  _ values: [Double], _ places: LaneCells, _ count: Int, _ window: QuantileAggregate.Window, into table: inout [Int64],
  outside: inout [Int]
) {
  precondition(count <= values.count && count <= places.cells.count, "values of a slice")
  let values = values.span
  let cells = places.cells.span
  let firstKey = window.firstKey
  let width = window.count
  var table = table.mutableSpan
  guard let weights = places.weights else {
    for position in 0..<count {
      let key = QuantileSketch.key(unsafe values[unchecked: position]) &- firstKey
      if UInt(bitPattern: key) < UInt(bitPattern: width) {
        table[Int(unsafe cells[unchecked: position]) &* width &+ key] &+= 1
      } else {
        outside.append(position)
      }
    }
    return
  }
  precondition(count <= weights.count, "weights of a slice")
  for position in 0..<count {
    let key = QuantileSketch.key(unsafe values[unchecked: position]) &- firstKey
    if UInt(bitPattern: key) < UInt(bitPattern: width) {
      table[Int(unsafe cells[unchecked: position]) &* width &+ key] &+= weights[position]
    } else {
      outside.append(position)
    }
  }
}
