// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// The length of the UTF-8 sequence at `position`, whose first byte is not ASCII; 0 if it is not valid or ends behind `end`.
///
/// Source: the table of well-formed byte sequences of the Unicode Standard (3-7): no overlong forms, no surrogates, nothing above
/// U+10FFFF.
func utf8SequenceLength(_ bytes: RawSpan, _ position: Int, _ end: Int) -> Int {
  let first = loadByte(bytes, position)
  let room = end &- position
  switch first {
  case 0xc2...0xdf:
    return room >= 2 && isContinuation(loadByte(bytes, position &+ 1)) ? 2 : 0
  case 0xe0...0xef:
    guard room >= 3 else { return 0 }
    let second = loadByte(bytes, position &+ 1)
    let lowest: UInt8 = first == 0xe0 ? 0xa0 : 0x80
    let highest: UInt8 = first == 0xed ? 0x9f : 0xbf
    return second >= lowest && second <= highest && isContinuation(loadByte(bytes, position &+ 2)) ? 3 : 0
  case 0xf0...0xf4:
    guard room >= 4 else { return 0 }
    let second = loadByte(bytes, position &+ 1)
    let lowest: UInt8 = first == 0xf0 ? 0x90 : 0x80
    let highest: UInt8 = first == 0xf4 ? 0x8f : 0xbf
    let isTail = isContinuation(loadByte(bytes, position &+ 2)) && isContinuation(loadByte(bytes, position &+ 3))
    return second >= lowest && second <= highest && isTail ? 4 : 0
  default: return 0
  }
}

@inline(__always) private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xc0 == 0x80 }

/// True if the bytes are valid UTF-8; ASCII goes by eight bytes at a time.
public func isValidUTF8(_ bytes: RawSpan) -> Bool {
  let end = bytes.byteCount
  var position = 0
  while position < end {
    while position &+ 8 <= end, loadWord(bytes, position) & highBits == 0 { position &+= 8 }
    guard position < end else { return true }
    if loadByte(bytes, position) < 0x80 {
      position &+= 1
      continue
    }
    let length = utf8SequenceLength(bytes, position, end)
    guard length > 0 else { return false }
    position &+= length
  }
  return true
}

/// The high bit of each of eight bytes.
let highBits: UInt64 = 0x8080_8080_8080_8080
/// The low bit of each of eight bytes.
let lowBits: UInt64 = 0x0101_0101_0101_0101

/// The high bit of each byte of `word` that equals `byte`; bits above the lowest one set may be wrong.
@inline(__always) func bytesEqual(_ word: UInt64, _ byte: UInt8) -> UInt64 {
  let difference = word ^ (lowBits &* UInt64(byte))
  return (difference &- lowBits) & ~difference & highBits
}

/// The high bit of each byte of `word` below `bound` (at most 128); bits above the lowest one set may be wrong.
@inline(__always) func bytesBelow(_ word: UInt64, _ bound: UInt8) -> UInt64 {
  (word &- lowBits &* UInt64(bound)) & ~word & highBits
}
