// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

/// A place in the order of a group's events, as the digits of `f/…`, `b/…` tokens and of event ids.
///
/// ```
/// 19 digits  time, Unix nanoseconds
/// 19 digits  meta.ingestion_time_ns; for an event of OpenTelemetry's, which has none, alikeCount << 5 | the hash's lower 5 bits
/// 18 digits  the upper 59 bits of the cursor's hash: tells apart events that are alike in time and number
/// ```
public struct LogPosition: Sendable, Hashable {
  public var timeUnixNanoseconds: Int64
  public var sequence: Int64
  public var hash: UInt64
  /// How many events that are alike in all of the above lie before this place, in the way that it was counted; 0: all of them.
  public var alikeCount: UInt32 = 0

  public init(timeUnixNanoseconds: Int64, sequence: Int64 = 0, hash: UInt64 = 0) {
    self.timeUnixNanoseconds = max(0, timeUnixNanoseconds)
    self.sequence = max(0, sequence)
    self.hash = hash
  }

  /// 56 digits.
  public var digits: String {
    var bytes = [UInt8](repeating: 0x30, count: 56)
    Self.write(UInt64(timeUnixNanoseconds), endingAt: 19, to: &bytes)
    Self.write(sequence == 0 ? UInt64(alikeCount) << 5 | hash & 31 : UInt64(sequence), endingAt: 38, to: &bytes)
    Self.write(hash >> 5, endingAt: 56, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The position that `digits` was made of; nil for anything else.
  public init?(digits: some StringProtocol) {
    let bytes = Array(digits.utf8)
    guard bytes.count == 56, bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    func number(_ range: Range<Int>) -> Int64? { Int64(String(decoding: bytes[range], as: UTF8.self)) }
    guard let time = number(0..<19), let sequence = number(19..<38), let hash = number(38..<56), hash < 1 << 59 else {
      return nil
    }
    self.init(timeUnixNanoseconds: time, sequence: sequence, hash: UInt64(hash) << 5)
    // An intake's number is a time of its own: none is that small.
    guard let count = UInt32(exactly: sequence >> 5) else { return }
    self.sequence = 0
    self.hash |= UInt64(sequence) & 31
    alikeCount = count
  }

  private static func write(_ value: UInt64, endingAt end: Int, to bytes: inout [UInt8]) {
    var (rest, place) = (value, end)
    while rest != 0 {
      place -= 1
      bytes[place] = 0x30 + UInt8(rest % 10)
      rest /= 10
    }
  }

  /// Counts this place among those that are alike, behind the one before it.
  public mutating func count(behind last: LogPosition?) {
    var alike = last
    alike?.alikeCount = alikeCount
    alikeCount = alike == self ? (last?.alikeCount ?? 0) &+ 1 : 1
  }

  /// The cursor just behind the events at this position, in a plan that goes this way.
  public func cursor(_ direction: EventsPlan.Direction) -> EventCursor {
    let own = sequence == 0 ? Int64.min : sequence
    if alikeCount > 0 {
      return EventCursor(timeUnixNanoseconds: timeUnixNanoseconds, sequence: own, hash: hash, alikeCount: alikeCount)
    }
    switch direction {
    case .oldestFirst:
      // Without a hash the position is behind all events of its time and number: numbers are given once.
      return EventCursor(
        timeUnixNanoseconds: timeUnixNanoseconds, sequence: own, hash: hash == 0 ? .max : hash | 31, alikeCount: .max)
    case .newestFirst:
      // The event's own hash may be one that the digits hold in full: it is behind the place, too.
      return EventCursor(timeUnixNanoseconds: timeUnixNanoseconds, sequence: own, hash: hash, alikeCount: .max)
    }
  }
}
