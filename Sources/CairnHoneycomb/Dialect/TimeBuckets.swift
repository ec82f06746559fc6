// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// The width of the buckets of a time series.
enum TimeBuckets {
  /// The most points of a chart whose query leaves the width open.
  static let countMax: Int64 = 120

  /// Widths that people read easily: no step is more than three times the one before it down to a second, so that a chart has
  /// 40 to 120 points, mostly more than 60.
  private static let secondSteps: [Int64] = [
    1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 7 * 86_400, 28 * 86_400, 91 * 86_400,
    364 * 86_400,
  ]
  /// Below a second, for the short ranges that a page zooms into.
  private static let millisecondSteps: [Int64] = [1, 2, 5, 10, 20, 50, 100, 200, 500]

  /// The smallest easy width with which a range of this length has at most 120 buckets.
  static func width(forDuration durationNanoseconds: Int64, _ seconds: HoneycombQuery.Rules.Seconds) -> Int64 {
    if seconds == .fractional {
      for step in millisecondSteps where durationNanoseconds / 1_000_000 <= step * countMax { return step * 1_000_000 }
    }
    for step in secondSteps where durationNanoseconds / HoneycombTime.nanosecondsPerSecond <= step * countMax {
      return step * HoneycombTime.nanosecondsPerSecond
    }
    return durationNanoseconds / countMax
  }

  /// Reads `granularity`; 0 means that it is left open.
  static func read(
    _ value: JSONValue?, duration durationNanoseconds: Int64, _ rules: HoneycombQuery.Rules, _ findings: inout Findings
  ) -> Int64? {
    guard let value = Findings.present(value), value.number != 0 else { return nil }
    let width = HoneycombTime.nanoseconds(value, "granularity", rules.seconds, &findings)
    guard let width else { return nil }
    switch rules.granularity {
    case .thousandthToTenth:
      let least = quotientRoundedUp(durationNanoseconds, 1000)
      guard width >= least, width <= durationNanoseconds / 10 else {
        let leastSeconds = max(1, quotientRoundedUp(least, HoneycombTime.nanosecondsPerSecond))
        let mostSeconds = durationNanoseconds / 10 / HoneycombTime.nanosecondsPerSecond
        findings.add("granularity", .invalid, "must be between \(leastSeconds) and \(mostSeconds) seconds for this time range")
        return nil
      }
    case .buckets(let countMax):
      guard width >= quotientRoundedUp(durationNanoseconds, countMax) else {
        findings.add("granularity", .invalid, "makes more than \(countMax) buckets of this time range")
        return nil
      }
    }
    return width
  }

  private static func quotientRoundedUp(_ dividend: Int64, _ divisor: Int64) -> Int64 {
    let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
    return remainder > 0 ? quotient + 1 : quotient
  }
}
