// SPDX-License-Identifier: Apache-2.0

/// Times as RFC 3339 writes them, always in UTC: `2021-04-09T14:16:00Z`, with up to nine decimals where the second is not whole.
public enum RFC3339 {
  /// The text of an instant in Unix nanoseconds; trailing zeros of the fraction are left out. Years 1677 to 2262.
  public static func text(unixNanoseconds: Int64) -> String {
    var (seconds, nanoseconds) = unixNanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if nanoseconds < 0 {
      seconds -= 1
      nanoseconds += 1_000_000_000
    }
    var days = seconds / 86_400
    var inside = seconds % 86_400
    if inside < 0 {
      days -= 1
      inside += 86_400
    }
    let date = CivilDate.date(daysSince1970: days)
    var utf8: [UInt8] = []
    utf8.reserveCapacity(30)
    append(date.year, digitCount: 4, to: &utf8)
    utf8.append(0x2d)
    append(date.month, digitCount: 2, to: &utf8)
    utf8.append(0x2d)
    append(date.day, digitCount: 2, to: &utf8)
    utf8.append(0x54)
    append(inside / 3600, digitCount: 2, to: &utf8)
    utf8.append(0x3a)
    append(inside / 60 % 60, digitCount: 2, to: &utf8)
    utf8.append(0x3a)
    append(inside % 60, digitCount: 2, to: &utf8)
    if nanoseconds > 0 {
      utf8.append(0x2e)
      append(nanoseconds, digitCount: 9, to: &utf8)
      while utf8.last == 0x30 { utf8.removeLast() }
    }
    utf8.append(0x5a)
    return String(decoding: utf8, as: UTF8.self)
  }

  /// ISO 8601's basic form of a whole second, as AWS's signatures have it: `20150830T123600Z`. Years 0 to 9999.
  public static func basicText(unixSeconds: Int64) -> String {
    let days = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
    let inside = unixSeconds - days * 86_400
    let date = CivilDate.date(daysSince1970: days)
    var utf8: [UInt8] = []
    append(date.year, digitCount: 4, to: &utf8)
    append(date.month, digitCount: 2, to: &utf8)
    append(date.day, digitCount: 2, to: &utf8)
    utf8.append(0x54)
    append(inside / 3600, digitCount: 2, to: &utf8)
    append(inside / 60 % 60, digitCount: 2, to: &utf8)
    append(inside % 60, digitCount: 2, to: &utf8)
    utf8.append(0x5a)
    return String(decoding: utf8, as: UTF8.self)
  }

  private static func append(_ value: Int64, digitCount: Int, to utf8: inout [UInt8]) {
    var unit: Int64 = 1
    for _ in 1..<digitCount { unit *= 10 }
    var rest = value
    while unit > 0 {
      utf8.append(48 + UInt8(truncatingIfNeeded: rest / unit))
      rest %= unit
      unit /= 10
    }
  }
}
