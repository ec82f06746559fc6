// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Testing

@testable import CairnCloudWatch

/// A minute is 60,000 milliseconds; lines come at its times unless a test says otherwise.
@Suite struct QuietMinutesTests {
  private let filter: MetricFilter
  private var quiet = QuietMinutes()

  init() throws {
    let transformation = try JSONValue(parsing: #"{"metricName":"errors","metricNamespace":"shop","metricValue":"1","defaultValue":0}"#)
    filter = try MetricFilter(name: "errors", pattern: FilterPattern("ERROR"), transformation: transformation)
  }

  private mutating func note(_ minutes: [Int64: Bool], at now: Int64) {
    quiet.note(minutes, of: filter, group: "g", environment: "e", at: now)
  }

  private mutating func told(by now: Int64) -> [Int64] { (quiet.settled(by: now)["e"] ?? []).map(\.timeUnixMilliseconds).sorted() }

  @Test mutating func tellsAQuietMinuteOnceWhenItIsOver() {
    note([0: false], at: 5_000)
    note([0: false], at: 55_000)
    let (early, settled, later) = (told(by: 74_999), told(by: 75_000), told(by: 90_000))
    #expect(early == [] && settled == [0] && later == [])
  }

  @Test mutating func aMatchBeforeOrAfterSpeaksForTheWholeMinute() {
    note([0: true, 60_000: false], at: 1000)
    note([0: false, 60_000: true], at: 61_000)
    let told = told(by: 600_000)
    #expect(told == [])
  }

  @Test mutating func lateLinesAreWaitedForAsLong() {
    note([0: false], at: 600_000)
    let (early, settled) = (told(by: 614_999), told(by: 615_000))
    note([0: false], at: 616_000)
    let again = told(by: 700_000)
    #expect(early == [] && settled == [0] && again == [])
  }

  @Test mutating func aMinuteAheadIsNotWaitedForLonger() {
    note([7_200_000: false], at: 0)
    let (early, settled) = (told(by: 74_000), told(by: 75_000))
    #expect(early == [] && settled == [7_200_000])
  }

  @Test mutating func remembersABoundedNumber() {
    note(Dictionary(uniqueKeysWithValues: (0..<Int64(QuietMinutes.entryCountMax + 5)).map { ($0 * 60_000, false) }), at: 0)
    let told = told(by: .max / 2)
    #expect(told.count == QuietMinutes.entryCountMax)
    note([-60_000: false], at: 10)
    let fresh = self.told(by: .max / 2)
    #expect(fresh == [-60_000])
  }
}
