// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// When to try again, and when to give up: OTLP's rules (429, 502, 503, 504 and connections that failed), exponential waits with full
/// jitter, and the server's `Retry-After` where it names one.
struct RetryPolicy: Sendable {
  var firstWait: Duration = .milliseconds(500)
  var longestWait: Duration = .seconds(30)
  /// All tries and waits together take no longer.
  var timeout: Duration = .seconds(10)

  static let retryableStatuses: Set<Int> = [429, 502, 503, 504]

  /// The wait before try `attempt` (from 1): anything up to first * 2^(attempt - 1).
  func wait(beforeAttempt attempt: Int, jitter: Double) -> Duration {
    let doublings = min(max(attempt - 1, 0), 16)
    return min(longestWait, firstWait * (1 << doublings)) * jitter
  }

  /// Seconds of a `Retry-After` header: a whole number, or an HTTP date. nil for what is neither; never negative.
  static func retryAfterSeconds(_ text: String, nowUnixSeconds: Int64) -> Int64? {
    if let seconds = Int64(text) { return seconds >= 0 ? seconds : nil }
    guard let date = HTTPDate.unixSeconds(text) else { return nil }
    return max(0, date - nowUnixSeconds)
  }
}

/// The date of RFC 9110, section 5.6.7, in its preferred form: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  static func unixSeconds(_ text: String) -> Int64? {
    let parts = text.split(separator: " ")
    guard parts.count == 6, parts[5] == "GMT", let day = Int64(parts[1]), let year = Int64(parts[3]) else { return nil }
    guard let month = months.firstIndex(of: String(parts[2])), (1...31).contains(day), (1970...9999).contains(year) else { return nil }
    let clock = parts[4].split(separator: ":").compactMap { Int64($0) }
    guard clock.count == 3, (0...23).contains(clock[0]), (0...59).contains(clock[1]), (0...60).contains(clock[2]) else { return nil }
    return CivilDate.daysSince1970(year: year, month: Int64(month + 1), day: day) * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
  }
}
