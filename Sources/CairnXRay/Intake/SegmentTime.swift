// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// A time as X-Ray writes it: seconds since 1970 as a JSON number with a fraction.
enum SegmentTime {
  /// Unix nanoseconds, exact where the number is plain digits (a double of seconds is off by a tenth of a microsecond); nil for what is
  /// no number, or outside 1970 to 2262.
  static func unixNanoseconds(_ bytes: RawSpan, _ range: Range<Int>) -> Int64? {
    var position = range.lowerBound
    while position < range.upperBound, loadByte(bytes, position) <= 0x20 { position += 1 }
    var end = range.upperBound
    if position < end, loadByte(bytes, position) == 0x22, loadByte(bytes, end - 1) == 0x22, end - position >= 2 {
      // Some writers put the number into quotes.
      position += 1
      end -= 1
    }
    let start = position
    var seconds: Int64 = 0
    while position < end, let digit = digit(bytes, position) {
      guard seconds < 9_223_372_036 else { return nil }
      seconds = seconds * 10 + digit
      position += 1
    }
    guard position > start, seconds < 9_223_372_036 else { return nil }
    var fraction: Int64 = 0
    if position < end, loadByte(bytes, position) == 0x2e {
      position += 1
      var unit: Int64 = 100_000_000
      while position < end, let digit = digit(bytes, position) {
        fraction += digit * unit
        unit /= 10
        position += 1
      }
    }
    if position == end { return seconds * 1_000_000_000 + fraction }
    return rounded(bytes, start..<end)
  }

  private static func digit(_ bytes: RawSpan, _ position: Int) -> Int64? {
    let digit = loadByte(bytes, position) &- 48
    return digit < 10 ? Int64(digit) : nil
  }

  /// For numbers with an exponent.
  private static func rounded(_ bytes: RawSpan, _ range: Range<Int>) -> Int64? {
    let text = unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    guard let seconds = Double(text), seconds >= 0, seconds < 9_223_372_036 else { return nil }
    return Int64((seconds * 1e9).rounded())
  }
}
