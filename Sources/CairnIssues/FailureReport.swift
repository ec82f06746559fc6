// SPDX-License-Identifier: Apache-2.0

/// One door's report of a failure, as far as it is needed to know another door's report of the same; or several alike in a row.
public struct FailureReport: Sendable, Hashable {
  public var door: ReportingDoor
  /// See `FailureKey`; 0 where there is none.
  public var failure: Int64
  public var place: Int64
  public var words: Int64
  /// The name of the program, where the report says it.
  public var service: String
  /// The times of the first and the last of them.
  public var firstUnixNanoseconds: Int64
  public var lastUnixNanoseconds: Int64
  public var count = 1

  public init(_ note: OccurrenceNote) {
    door = note.door
    failure = note.failure
    place = note.place
    words = note.words
    service = note.service
    firstUnixNanoseconds = note.unixNanoseconds
    lastUnixNanoseconds = note.unixNanoseconds
  }

  /// Of the time alone, for counting.
  public init(_ door: ReportingDoor, failure: Int64, unixNanoseconds: Int64, count: Int = 1) {
    self.door = door
    self.failure = failure
    place = 0
    words = 0
    service = ""
    firstUnixNanoseconds = unixNanoseconds
    lastUnixNanoseconds = unixNanoseconds
    self.count = count
  }

  /// Hours since 1970; a failure is one of an hour.
  public var hour: Int64 { firstUnixNanoseconds / 3_600_000_000_000 }

  /// Takes a later report in that differs in its time alone; false where it does not fit.
  mutating func absorb(_ later: FailureReport) -> Bool {
    guard later.failure == failure, later.place == place, later.door == door, later.hour == hour, later.words == words,
      later.service == service, later.firstUnixNanoseconds >= lastUnixNanoseconds,
      later.firstUnixNanoseconds - lastUnixNanoseconds <= failureGapNanoseconds
    else { return false }
    lastUnixNanoseconds = max(lastUnixNanoseconds, later.lastUnixNanoseconds)
    count += later.count
    return true
  }
}

/// Two doors' times of one failure are no further apart than this: notifiers cut theirs to seconds.
public let failureGapNanoseconds: Int64 = 2_000_000_000
