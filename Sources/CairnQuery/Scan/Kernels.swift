// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// The loops over rows. All unchecked accesses of the engine are in this file; each function states its bounds before its loop.

/// Writes one bit for each of `rows`, set where `test` gives 1 and not 0; the bits of all other rows are cleared.
/// `words` has `Bits.wordCount` words, `codes` reaches to the end of `rows` at least.
@inline(__always)
func markRows<Code: BitwiseCopyable>(
  _ codes: Span<Code>, _ rows: Range<Int>, _ words: inout [UInt64], _ test: (Code) -> UInt8
) {
  precondition(rows.lowerBound >= 0 && rows.upperBound <= codes.count && rows.upperBound <= words.count * 64, "rows of a block")
  var target = words.mutableSpan
  for word in target.indices where word < rows.lowerBound >> 6 || word << 6 >= rows.upperBound { target[word] = 0 }
  guard !rows.isEmpty else { return }
  for word in rows.lowerBound >> 6...(rows.upperBound - 1) >> 6 {
    let start = word &* 64
    var bits: UInt64 = 0
    if start &+ 64 <= codes.count {
      bits = markWord(codes, start, test)
    } else {
      for bit in 0..<codes.count &- start {
        bits |= UInt64(test(unsafe codes[unchecked: start &+ bit])) &<< UInt64(truncatingIfNeeded: bit)
      }
    }
    unsafe target[unchecked: word] = bits & Bits.mask(rows, word)
  }
}

/// The bits of 64 rows from `start`, all of which exist: flags as bytes first, which vectorises, then 8 bytes to 8 bits by a product.
@inline(__always)
private func markWord<Code: BitwiseCopyable>(_ codes: Span<Code>, _ start: Int, _ test: (Code) -> UInt8) -> UInt64 {
  var flags = InlineArray<64, UInt8>(repeating: 0)
  for bit in 0..<64 { unsafe flags[unchecked: bit] = test(codes[unchecked: start &+ bit]) }
  let bytes = unsafe flags.span.bytes
  var bits: UInt64 = 0
  for part in 0..<8 {
    let eight = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: part &* 8, as: UInt64.self)
    bits |= ((eight &* 0x0102_0408_1020_4080) &>> 56) &<< UInt64(truncatingIfNeeded: part &* 8)
  }
  return bits
}

/// Lists the set bits in ascending order; `rows` has room for every bit. The count comes back.
func listRows(_ words: [UInt64], _ rows: inout [UInt16]) -> Int {
  precondition(rows.count >= words.count * 64, "room for every row")
  let source = words.span
  var target = rows.mutableSpan
  var count = 0
  for word in 0..<source.count {
    var bits = source[word]
    let base = word &* 64
    while bits != 0 {
      unsafe target[unchecked: count] = UInt16(truncatingIfNeeded: base &+ bits.trailingZeroBitCount)
      count &+= 1
      bits &= bits &- 1
    }
  }
  return count
}

/// Copies the elements of the selected rows, converted, to the front of `target`.
@inline(__always)
func copySelected<Code: BitwiseCopyable, Target>(
  _ codes: Span<Code>, _ selection: borrowing Selection, _ target: inout [Target], _ convert: (Code) -> Target
) {
  precondition(selection.range.upperBound <= codes.count && selection.count <= target.count, "rows of a block")
  var target = target.mutableSpan
  if selection.isAll {
    let start = selection.range.lowerBound
    for position in 0..<selection.count {
      unsafe target[unchecked: position] = convert(codes[unchecked: start &+ position])
    }
    return
  }
  precondition(selection.count == 0 || Int(selection.rows[selection.count - 1]) < codes.count, "rows of a block")
  let rows = selection.rows.span
  for position in 0..<selection.count {
    unsafe target[unchecked: position] = convert(codes[unchecked: Int(rows[unchecked: position])])
  }
}

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

/// Folds values into cells: `body` gets the state of the value's cell, the value and its weight.
@inline(__always)
func foldCells<State, Value>(
  _ cells: [UInt32], _ values: [Value], weights: [Int64]?, _ count: Int, into states: inout [State],
  _ body: (inout State, Value, Int64) -> Void
) {
  precondition(count <= cells.count && count <= values.count, "cells of a slice")
  let cells = cells.span
  let values = values.span
  var states = states.mutableSpan
  guard let weights else {
    for position in 0..<count { unsafe body(&states[Int(cells[unchecked: position])], values[unchecked: position], 1) }
    return
  }
  precondition(count <= weights.count, "weights of a slice")
  let source = weights.span
  for position in 0..<count {
    unsafe body(&states[Int(cells[unchecked: position])], values[unchecked: position], source[unchecked: position])
  }
}

/// `cell = cell * factor + code` for each position.
func combineCells(_ cells: inout [UInt32], _ codes: [UInt32], factor: UInt32, _ count: Int) {
  precondition(count <= cells.count && count <= codes.count, "cells of a slice")
  let codes = codes.span
  var cells = cells.mutableSpan
  for position in 0..<count {
    unsafe cells[unchecked: position] = cells[unchecked: position] &* factor &+ codes[unchecked: position]
  }
}

/// `code = table[code]` for each position; codes are less than `table.count` or the process stops.
func mapCodes(_ codes: inout [UInt32], through table: [UInt32], _ count: Int) {
  precondition(count <= codes.count, "codes of a slice")
  let table = table.span
  var codes = codes.mutableSpan
  for position in 0..<count { unsafe codes[unchecked: position] = table[Int(codes[unchecked: position])] }
}

/// Moves the elements whose flag is not 0 to the front, in order; the new count comes back.
func compact<Element: BitwiseCopyable>(_ elements: inout [Element], _ flags: [UInt8], _ count: Int) -> Int {
  precondition(count <= elements.count && count <= flags.count, "elements of a slice")
  let flags = flags.span
  var elements = elements.mutableSpan
  var kept = 0
  for position in 0..<count {
    unsafe elements[unchecked: kept] = elements[unchecked: position]
    unsafe kept &+= Int(flags[unchecked: position] & 1)
  }
  return kept
}

/// The same into another array.
func compact<Element: BitwiseCopyable>(
  _ elements: [Element], _ flags: [UInt8], _ count: Int, into target: inout [Element]
) {
  precondition(count <= elements.count && count <= flags.count && count <= target.count, "elements of a slice")
  let flags = flags.span
  let elements = elements.span
  var target = target.mutableSpan
  var kept = 0
  for position in 0..<count {
    unsafe target[unchecked: kept] = elements[unchecked: position]
    unsafe kept &+= Int(flags[unchecked: position] & 1)
  }
}

/// The first place at or after `start` where `wanted`, which is not empty, begins.
///
/// Looks at 16 places at once for the first and the last byte of `wanted`; only where both agree are the bytes between compared.
func findBytes(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
  precondition(!wanted.isEmpty && start >= 0, "something to look for")
  let wanted = wanted.span
  let source = bytes.span
  let lastStart = source.count &- wanted.count
  let raw = unsafe source.bytes
  let first = SIMD16<UInt8>(repeating: wanted[0])
  let last = SIMD16<UInt8>(repeating: wanted[wanted.count - 1])
  var position = start
  while position &+ 16 <= lastStart &+ 1 {
    // In bounds: position + 15 <= lastStart, and lastStart + wanted.count is the end of the bytes.
    let heads = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: SIMD16<UInt8>.self)
    let tails = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: position &+ wanted.count &- 1, as: SIMD16<UInt8>.self)
    let hits = (heads .== first) .& (tails .== last)
    let pair = unsafe unsafeBitCast(hits, to: SIMD2<UInt64>.self)
    if pair[0] | pair[1] != 0 {
      for lane in 0..<16 where hits[lane] && isMatch(wanted, source, position &+ lane) { return position &+ lane }
    }
    position &+= 16
  }
  while position <= lastStart {
    if isMatch(wanted, source, position) { return position }
    position &+= 1
  }
  return nil
}

private func isMatch(_ wanted: Span<UInt8>, _ source: Span<UInt8>, _ position: Int) -> Bool {
  for index in wanted.indices where source[position &+ index] != wanted[index] { return false }
  return true
}

/// Integers as doubles over a divisor.
func divide(_ numbers: [Int64], by divisor: Double, _ count: Int, into quotients: inout [Double]) {
  precondition(count <= numbers.count && count <= quotients.count, "numbers of a slice")
  let source = numbers.span
  var target = quotients.mutableSpan
  if divisor == 1 {
    for position in 0..<count { unsafe target[unchecked: position] = Double(source[unchecked: position]) }
  } else {
    for position in 0..<count { unsafe target[unchecked: position] = Double(source[unchecked: position]) / divisor }
  }
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
