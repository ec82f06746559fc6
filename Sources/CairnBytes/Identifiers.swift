// SPDX-License-Identifier: Apache-2.0

/// A 128-bit trace id: W3C's 32 hex digits, X-Ray's `1-8hex-24hex` and a UUID's `8-4-4-4-12` are three spellings of it.
public struct TraceID: Sendable, Hashable, Comparable {
  /// The first and the last eight bytes, big-endian, so that order is the order of the hex text.
  public var high: UInt64
  public var low: UInt64

  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads 32 hex digits, 16 hex digits (a 64-bit id, zero-extended), X-Ray's form or a UUID's, in any case; nil for anything else.
  public init?(_ text: String) {
    var digits = Array(text.utf8)
    let dashes = [23, 18, 13, 8]
    if digits.count == 36, dashes.allSatisfy({ digits[$0] == 0x2d }) {
      for dash in dashes { digits.remove(at: dash) }
    }
    if digits.count == 35, digits.starts(with: [0x31, 0x2d]), digits[10] == 0x2d {
      digits.removeSubrange(10...10)
      digits.removeFirst(2)
    }
    guard digits.count == 32 || digits.count == 16, let low = parseHex(digits[(digits.count - 16)...]) else { return nil }
    guard let high = digits.count == 32 ? parseHex(digits[..<16]) : 0 else { return nil }
    self.init(high: high, low: low)
  }

  /// 32 lower-case hex digits.
  public var hex: String {
    unsafe String(unsafeUninitializedCapacity: 32) { digits in
      unsafe writeHex(high, digits, at: 0)
      unsafe writeHex(low, digits, at: 16)
      return 32
    }
  }

  /// X-Ray's spelling: `1-` and the first 8 digits, `-` and the other 24.
  public var xrayText: String {
    unsafe String(unsafeUninitializedCapacity: 35) { digits in
      // Each part is written over what the one before has too much of.
      unsafe writeHex(high, digits, at: 2)
      unsafe writeHex(high << 32, digits, at: 11)
      unsafe writeHex(low, digits, at: 19)
      (unsafe digits[0], unsafe digits[1], unsafe digits[10]) = (0x31, 0x2d, 0x2d)
      return 35
    }
  }

  /// True for the id that W3C calls invalid.
  @inlinable public var isZero: Bool { high == 0 && low == 0 }

  @inlinable public static func < (left: TraceID, right: TraceID) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }
}

/// 16 lower-case hex digits of a 64-bit id.
public func hexText(_ value: UInt64) -> String {
  unsafe String(unsafeUninitializedCapacity: 16) { digits in
    unsafe writeHex(value, digits, at: 0)
    return 16
  }
}

/// The 16 digits, from `start` on; the buffer must have room for them.
private func writeHex(_ value: UInt64, _ digits: UnsafeMutableBufferPointer<UInt8>, at start: Int) {
  precondition(start + 16 <= digits.count, "the digits fit into the text")
  guard let base = UnsafeMutableRawPointer(digits.baseAddress) else { return }
  unsafe base.storeBytes(of: hexDigits(UInt32(truncatingIfNeeded: value >> 32)), toByteOffset: start, as: UInt64.self)
  unsafe base.storeBytes(of: hexDigits(UInt32(truncatingIfNeeded: value)), toByteOffset: start + 8, as: UInt64.self)
}

/// Eight lower-case hex digits as the word that has them in memory in their order, made side by side.
@inlinable
public func hexDigits(_ value: UInt32) -> UInt64 {
  var nibbles = UInt64(value)
  nibbles = (nibbles | nibbles << 16) & 0x0000_ffff_0000_ffff
  nibbles = (nibbles | nibbles << 8) & 0x00ff_00ff_00ff_00ff
  nibbles = (nibbles | nibbles << 4) & 0x0f0f_0f0f_0f0f_0f0f
  // 1 in each byte whose digit is a letter; those come 39 places behind the figures.
  let letters = ((nibbles &+ 0x0606_0606_0606_0606) >> 4) & 0x0101_0101_0101_0101
  return (nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39).bigEndian
}

/// Two lower-case hex digits a byte.
public func hexText(_ bytes: some Sequence<UInt8>) -> String {
  var text: [UInt8] = []
  for byte in bytes {
    for nibble in [byte >> 4, byte & 15] { text.append(nibble < 10 ? 48 + nibble : 87 + nibble) }
  }
  return String(decoding: text, as: UTF8.self)
}

/// The value of up to 16 hex digits, in any case; nil if there is another character or none at all.
public func parseHex(_ digits: ArraySlice<UInt8>) -> UInt64? {
  guard !digits.isEmpty, digits.count <= 16 else { return nil }
  var value: UInt64 = 0
  for digit in digits {
    guard let nibble = hexNibble(digit) else { return nil }
    value = value << 4 | UInt64(nibble)
  }
  return value
}

/// The value of one hex digit, in any case.
@inlinable public func hexNibble(_ digit: UInt8) -> UInt8? {
  switch digit {
  case 48...57: digit &- 48
  case 97...102: digit &- 87
  case 65...70: digit &- 55
  default: nil
  }
}
