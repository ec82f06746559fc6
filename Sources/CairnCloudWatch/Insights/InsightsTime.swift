// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// Times as results show them, and periods as `bin`, `datefloor` and `diff` take them.
public enum InsightsTime {
  /// `2023-08-01 17:04:05.123`, in UTC.
  public static func text(_ unixMilliseconds: Int64) -> String {
    let bound = Int64.max / 1_000_000
    let bounded = min(max(unixMilliseconds, -bound), bound)
    let text = RFC3339.text(unixNanoseconds: bounded * 1_000_000)
    // 2023-08-01T17:04:05.123Z; the fraction is absent or shorter where it ends in zeros.
    let day = text.prefix(10)
    let clock = text.dropFirst(11).prefix(8)
    let milliseconds = ((bounded % 1000) + 1000) % 1000
    let padding = milliseconds < 10 ? "00" : milliseconds < 100 ? "0" : ""
    return "\(day) \(clock).\(padding)\(milliseconds)"
  }

  /// A period such as `5m`.
  public struct Period: Sendable, Hashable {
    /// The unit; months, quarters and years have no fixed length.
    public enum Unit: Sendable, Hashable {
      case milliseconds(Int64)
      case months(Int64)
    }
    public var count: Int64
    public var unit: Unit

    /// The period of that many units by their name, `ms`, `s`, `m`, `h`, `d`, `w`, `mo`, `q` or `y` and their long forms; nil for others
    /// and for counts below 1 or beyond reason.
    public init?(_ count: Int64, _ unit: String) {
      guard count > 0, count <= 1_000_000_000, let unit = Self.unit(unit) else { return nil }
      self.count = count
      self.unit = unit
    }

    private static func unit(_ name: String) -> Unit? {
      switch name.lowercased() {
      case "ms", "msec", "msecs", "millisecond", "milliseconds": .milliseconds(1)
      case "s", "sec", "secs", "second", "seconds": .milliseconds(1000)
      case "m", "min", "mins", "minute", "minutes": .milliseconds(60_000)
      case "h", "hr", "hrs", "hour", "hours": .milliseconds(3_600_000)
      case "d", "day", "days": .milliseconds(86_400_000)
      case "w", "week", "weeks": .milliseconds(604_800_000)
      case "mo", "mon", "month", "months": .months(1)
      case "q", "qtr", "qtrs", "quarter", "quarters": .months(3)
      case "y", "yr", "yrs", "year", "years": .months(12)
      default: nil
      }
    }

    /// The length in milliseconds where it is fixed.
    public var milliseconds: Int64? {
      guard case .milliseconds(let unit) = unit else { return nil }
      return count.multipliedReportingOverflow(by: unit).overflow ? nil : count * unit
    }

    /// The start of the period that holds the instant; fixed lengths count from 1970, months from January 1970.
    public func floor(_ time: Int64) -> Int64 {
      switch unit {
      case .milliseconds(let unit):
        let (length, overflow) = count.multipliedReportingOverflow(by: unit)
        guard !overflow, length > 0 else { return 0 }
        let rest = ((time % length) + length) % length
        let (start, below) = time.subtractingReportingOverflow(rest)
        return below ? .min : start
      case .months(let unit):
        let length = count * unit
        let month = InsightsTime.month(time)
        return InsightsTime.start(ofMonth: month - ((month % length) + length) % length)
      }
    }

    /// The start of the period that follows, or the instant itself where a period starts there.
    public func ceiling(_ time: Int64) -> Int64 {
      let start = floor(time)
      guard start != time else { return time }
      switch unit {
      case .milliseconds(let unit):
        let (end, overflow) = start.addingReportingOverflow(count * unit)
        return overflow ? .max : end
      case .months(let unit): return InsightsTime.start(ofMonth: InsightsTime.month(start) + count * unit)
      }
    }

    /// The instant `count` periods later.
    func adding(_ count: Int64, to time: Int64) -> Int64 {
      switch unit {
      case .milliseconds(let unit):
        let (length, far) = (self.count * unit).multipliedReportingOverflow(by: count)
        let (sum, overflow) = time.addingReportingOverflow(length)
        return far || overflow ? time : sum
      case .months(let unit):
        let inside = time - InsightsTime.start(ofMonth: InsightsTime.month(time))
        return InsightsTime.start(ofMonth: InsightsTime.month(time) + self.count * unit * min(max(count, -100_000), 100_000)) + inside
      }
    }
  }

  /// Months since January 1970.
  static func month(_ unixMilliseconds: Int64) -> Int64 {
    let text = InsightsTime.text(unixMilliseconds)
    let year = Int64(text.prefix(4)) ?? 1970
    let month = Int64(text.dropFirst(5).prefix(2)) ?? 1
    return (year - 1970) * 12 + month - 1
  }

  /// When a month starts.
  static func start(ofMonth months: Int64) -> Int64 {
    let months = min(max(months, -3400), 3400)
    let year = 1970 + (months >= 0 ? months / 12 : (months - 11) / 12)
    let month = months - (year - 1970) * 12 + 1
    return CivilDate.daysSince1970(year: year, month: month, day: 1) * 86_400_000
  }
}
