// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// The date of RFC 9110, section 5.6.7, in its three forms; the last two are obsolete, but must be read:
///
///     Sun, 06 Nov 1994 08:49:37 GMT
///     Sunday, 06-Nov-94 08:49:37 GMT
///     Sun Nov  6 08:49:37 1994
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  private static let secondsOf50Years: Int64 = 50 * 365 * 86_400

  /// - Parameter now: By which a year of two digits is read: as one of this century, unless that is more than 50 years ahead.
  static func unixSeconds(_ text: String, nowUnixSeconds now: Int64) -> Int64? {
    let parts = text.split(separator: " ")
    switch parts.count {
    case 6 where parts[5] == "GMT": return unixSeconds(year: Int64(parts[3]), month: parts[2], day: parts[1], time: parts[4])
    case 5: return unixSeconds(year: Int64(parts[4]), month: parts[1], day: parts[2], time: parts[3])
    case 4 where parts[3] == "GMT":
      let date = parts[1].split(separator: "-", omittingEmptySubsequences: false)
      guard date.count == 3, date[2].utf8.count == 2, let year = Int64(date[2]) else { return nil }
      let late = unixSeconds(year: 2000 + year, month: date[1], day: date[0], time: parts[2])
      guard let late, late - now > secondsOf50Years else { return late }
      return unixSeconds(year: 1900 + year, month: date[1], day: date[0], time: parts[2])
    default: return nil
    }
  }

  private static func unixSeconds(year: Int64?, month: Substring, day: Substring, time: Substring) -> Int64? {
    guard let year, (1900...9999).contains(year), let month = months.firstIndex(of: String(month)) else { return nil }
    guard let day = Int64(day), (1...31).contains(day) else { return nil }
    let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { Int64($0) ?? -1 }
    guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
    return CivilDate.daysSince1970(year: year, month: Int64(month + 1), day: day) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
  }
}
