// SPDX-License-Identifier: Apache-2.0

/// What a shelf of results may keep: bytes as they lie in memory, a number, and an age.
struct ShelfBound: Sendable {
  var byteCountMax: Int
  var countMax: Int
  var age: Duration

  /// As long as Honeycomb's answers say that they may be kept.
  static let honeycomb = ShelfBound(byteCountMax: 24 << 20, countMax: 500, age: .seconds(86_400))
  /// As long as AWS keeps them.
  static let insights = ShelfBound(byteCountMax: 24 << 20, countMax: 1000, age: .seconds(7 * 86_400))
  static let rollbar = ShelfBound(byteCountMax: 24 << 20, countMax: 200, age: .seconds(86_400))

  /// True where the oldest has to go.
  func isPassed(byteCount: Int, count: Int, oldest: ContinuousClock.Instant, now: ContinuousClock.Instant) -> Bool {
    byteCount > byteCountMax || count > countMax || now - oldest > age
  }
}
