// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
public import CairnPlan

/// The time that a query is about, as it was asked for: seconds on the wire, nanoseconds here.
public struct HoneycombTime: Sendable, Hashable {
  /// nil where the query gives no length, which is 7200 s unless both ends are given.
  public internal(set) var rangeNanoseconds: Int64?
  public internal(set) var startUnixNanoseconds: Int64?
  public internal(set) var endUnixNanoseconds: Int64?

  /// The length where a query names none.
  public static let rangeNanosecondsDefault: Int64 = 7200 * nanosecondsPerSecond
  static let nanosecondsPerSecond: Int64 = 1_000_000_000
  /// The last second that nanoseconds in 64 bits can tell, in the year 2262.
  static let secondsMax: Int64 = 9_223_372_036

  /// The last two hours.
  public init() {}

  /// Reads the three members; what is wrong goes to `findings`.
  init(_ json: JSONValue, _ rules: HoneycombQuery.Rules, _ findings: inout Findings) {
    rangeNanoseconds = Self.nanoseconds(json["time_range"], "time_range", rules.seconds, &findings)
    startUnixNanoseconds = Self.nanoseconds(json["start_time"], "start_time", rules.seconds, &findings)
    endUnixNanoseconds = Self.nanoseconds(json["end_time"], "end_time", rules.seconds, &findings)
    guard let startUnixNanoseconds, let endUnixNanoseconds else { return }
    if rangeNanoseconds != nil {
      findings.add("time_range", .invalid, "cannot be combined with both start_time and end_time")
    }
    if startUnixNanoseconds > endUnixNanoseconds {
      findings.add("start_time", .invalid, "must not be after end_time")
    }
  }

  /// The range as it is when now is `nowUnixNanoseconds`.
  public func range(nowUnixNanoseconds: Int64) -> TimeRange {
    let length = rangeNanoseconds ?? Self.rangeNanosecondsDefault
    if let start = startUnixNanoseconds {
      let end = endUnixNanoseconds ?? Self.sum(start, length)
      return TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end)
    }
    let end = endUnixNanoseconds ?? nowUnixNanoseconds
    return TimeRange(startUnixNanoseconds: Self.sum(end, -length), endUnixNanoseconds: end)
  }

  /// The length of the range, which does not depend on when now is.
  public var durationNanoseconds: Int64 { range(nowUnixNanoseconds: 0).durationNanoseconds }

  /// A positive number of seconds as nanoseconds.
  static func nanoseconds(
    _ value: JSONValue?, _ field: String, _ seconds: HoneycombQuery.Rules.Seconds, _ findings: inout Findings
  ) -> Int64? {
    guard let value = Findings.present(value) else { return nil }
    if let whole = value.integer {
      guard whole >= 1, whole <= secondsMax else {
        findings.add(field, .invalid, "must be between 1 and \(secondsMax) seconds")
        return nil
      }
      return whole * nanosecondsPerSecond
    }
    guard let number = value.number, seconds == .fractional else {
      findings.add(field, .incorrectType, seconds == .whole ? "must be an integer" : "must be a number")
      return nil
    }
    guard number > 0, number < Double(secondsMax) else {
      findings.add(field, .invalid, "must be more than 0 and at most \(secondsMax) seconds")
      return nil
    }
    // In two parts, so that the fraction keeps what precision the number has.
    let whole = number.rounded(.down)
    let fraction = ((number - whole) * 1e9).rounded()
    return max(1, Int64(whole) * nanosecondsPerSecond + Int64(fraction))
  }

  private static func sum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right > 0 ? .max : .min) : sum
  }
}
