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
    let date = civilDate(daysSince1970: days)
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

  /// Year, month (1 to 12) and day (1 to 31) of the Gregorian calendar.
  ///
  /// Counts in eras of 400 years from 1 March of year 0, so that a leap day is the last of its year.
  static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = daysSince1970 + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
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
