// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// The loops over rows. All unchecked accesses of the engine are in the files `Kernels*.swift`; each function states its bounds before its
// loop.

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
