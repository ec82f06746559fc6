// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// Tests of all rows of a block into bitmaps.

/// Writes one bit for each of `rows`, set where `test` gives 1 and not 0; the bits of all other rows are cleared.
/// `words` has `Bits.wordCount` words, `codes` reaches to the end of `rows` at least.
@inline(__always)
func markRows<Code: BitwiseCopyable>(
  _ codes: Span<Code>, _ rows: Range<Int>, _ words: inout [UInt64], _ test: (Code) -> UInt8
) {
  markWords(codes, rows, &words, tail: { UInt64(test($0)) }) { (start) in markWord(codes, start, test) }
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

/// Sets a bit for each of `rows` whose code lies in `low` ... `high`, sixteen codes at a time; the bits of all other rows are cleared.
func markRange(_ codes: Span<UInt8>, _ rows: Range<Int>, _ low: UInt8, _ high: UInt8, _ words: inout [UInt64]) {
  let lows = SIMD16<UInt8>(repeating: low)
  let extents = SIMD16<UInt8>(repeating: high &- low)
  let raw = unsafe codes.bytes
  markWords(codes, rows, &words, tail: { $0 &- low <= high &- low ? 1 : 0 }) { (start) in
    var bits: UInt64 = 0
    for part in 0..<4 {
      let found = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: start &+ part &* 16, as: SIMD16<UInt8>.self)
      let pair = unsafe unsafeBitCast((found &- lows) .<= extents, to: SIMD2<UInt64>.self) & SIMD2(repeating: 0x0101_0101_0101_0101)
      let low = (pair[0] &* 0x0102_0408_1020_4080) &>> 56
      let high = ((pair[1] &* 0x0102_0408_1020_4080) &>> 48) & 0xff00
      bits |= (low | high) &<< UInt64(truncatingIfNeeded: part &* 16)
    }
    return bits
  }
}

/// The same for wider codes, eight at a time: the lanes of both words become the bytes of one, and a product puts their bits in order.
func markRange(_ codes: Span<UInt16>, _ rows: Range<Int>, _ low: UInt16, _ high: UInt16, _ words: inout [UInt64]) {
  let lows = SIMD8<UInt16>(repeating: low)
  let extents = SIMD8<UInt16>(repeating: high &- low)
  let raw = unsafe codes.bytes
  markWords(codes, rows, &words, tail: { $0 &- low <= high &- low ? 1 : 0 }) { (start) in
    var bits: UInt64 = 0
    for part in 0..<8 {
      let found = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: (start &+ part &* 8) &* 2, as: SIMD8<UInt16>.self)
      let pair = unsafe unsafeBitCast((found &- lows) .<= extents, to: SIMD2<UInt64>.self) & SIMD2(repeating: 0x0001_0001_0001_0001)
      let bytes = pair[0] | pair[1] &<< 8
      bits |= ((bytes &* 0x0110_0220_0440_0880) &>> 56) &<< UInt64(truncatingIfNeeded: part &* 8)
    }
    return bits
  }
}

/// The same for the widest codes.
func markRange(_ codes: Span<UInt32>, _ rows: Range<Int>, _ low: UInt32, _ high: UInt32, _ words: inout [UInt64]) {
  let lows = SIMD4<UInt32>(repeating: low)
  let extents = SIMD4<UInt32>(repeating: high &- low)
  let raw = unsafe codes.bytes
  markWords(codes, rows, &words, tail: { $0 &- low <= high &- low ? 1 : 0 }) { (start) in
    var bits: UInt64 = 0
    for part in 0..<8 {
      let offset = (start &+ part &* 8) &* 4
      let first = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: SIMD4<UInt32>.self)
      let second = unsafe raw.unsafeLoadUnaligned(fromUncheckedByteOffset: offset &+ 16, as: SIMD4<UInt32>.self)
      let one = unsafe unsafeBitCast((first &- lows) .<= extents, to: SIMD2<UInt64>.self) & SIMD2(repeating: 0x0000_0001_0000_0001)
      let two = unsafe unsafeBitCast((second &- lows) .<= extents, to: SIMD2<UInt64>.self) & SIMD2(repeating: 0x0000_0001_0000_0001)
      let bytes = one[0] | one[1] &<< 8 | two[0] &<< 16 | two[1] &<< 24
      bits |= ((bytes &* 0x0104_1040_0208_2080) &>> 56) &<< UInt64(truncatingIfNeeded: part &* 8)
    }
    return bits
  }
}

/// Fills words from `full`, which is given the first of 64 rows that all exist, and from `tail` code by code where the block ends.
@inline(__always)
private func markWords<Code: BitwiseCopyable>(
  _ codes: Span<Code>, _ rows: Range<Int>, _ words: inout [UInt64], tail: (Code) -> UInt64, full: (Int) -> UInt64
) {
  precondition(rows.lowerBound >= 0 && rows.upperBound <= codes.count && rows.upperBound <= words.count * 64, "rows of a block")
  var target = words.mutableSpan
  for word in target.indices where rows.isEmpty || word < rows.lowerBound >> 6 || word << 6 >= rows.upperBound { target[word] = 0 }
  guard !rows.isEmpty else { return }
  for word in rows.lowerBound >> 6...(rows.upperBound - 1) >> 6 {
    let start = word &* 64
    var bits: UInt64 = 0
    if start &+ 64 <= codes.count {
      bits = full(start)
    } else {
      for bit in 0..<codes.count &- start {
        bits |= unsafe tail(codes[unchecked: start &+ bit]) &<< UInt64(truncatingIfNeeded: bit)
      }
    }
    unsafe target[unchecked: word] = bits & Bits.mask(rows, word)
  }
}
