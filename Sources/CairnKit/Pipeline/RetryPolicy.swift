// SPDX-License-Identifier: Apache-2.0

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
    guard let date = HTTPDate.unixSeconds(text, nowUnixSeconds: nowUnixSeconds) else { return nil }
    return max(0, date - nowUnixSeconds)
  }
}
