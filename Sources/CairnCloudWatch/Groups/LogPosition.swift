// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

/// A place in the order of a group's events, as the digits of `f/…`, `b/…` tokens and of event ids.
///
/// ```
/// 19 digits  time, Unix nanoseconds
/// 19 digits  meta.ingestion_time_ns, or zeros where the event has none
/// 18 digits  the upper 59 bits of the cursor's hash: tells apart events of OpenTelemetry's that are alike in both
/// ```
public struct LogPosition: Sendable, Hashable {
  public var timeUnixNanoseconds: Int64
  public var sequence: Int64
  public var hash: UInt64

  public init(timeUnixNanoseconds: Int64, sequence: Int64 = 0, hash: UInt64 = 0) {
    self.timeUnixNanoseconds = max(0, timeUnixNanoseconds)
    self.sequence = max(0, sequence)
    self.hash = hash
  }

  /// 56 digits.
  public var digits: String { padded(timeUnixNanoseconds, 19) + padded(sequence, 19) + padded(Int64(hash >> 5), 18) }

  /// The position that `digits` was made of; nil for anything else.
  public init?(digits: some StringProtocol) {
    let bytes = Array(digits.utf8)
    guard bytes.count == 56, bytes.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
    func number(_ range: Range<Int>) -> Int64? { Int64(String(decoding: bytes[range], as: UTF8.self)) }
    guard let time = number(0..<19), let sequence = number(19..<38), let hash = number(38..<56), hash < 1 << 59 else {
      return nil
    }
    self.init(timeUnixNanoseconds: time, sequence: sequence, hash: UInt64(hash) << 5)
  }

  private func padded(_ value: Int64, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  /// The cursor just behind the events at this position, in a plan that goes this way.
  public func cursor(_ direction: EventsPlan.Direction) -> EventCursor {
    let own = sequence == 0 ? Int64.min : sequence
    switch direction {
    case .oldestFirst:
      // Without a hash the position is behind all events of its time and number: numbers are given once.
      return EventCursor(
        timeUnixNanoseconds: timeUnixNanoseconds, sequence: own, hash: hash == 0 ? .max : hash | 31, alikeCount: .max)
    case .newestFirst:
      return EventCursor(timeUnixNanoseconds: timeUnixNanoseconds, sequence: own, hash: hash, alikeCount: 0)
    }
  }
}
