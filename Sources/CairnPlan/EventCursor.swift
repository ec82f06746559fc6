// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// A place in the order of events (see `EventsPlan`): just after one event. Opaque to whoever pages; `text` is its form on a wire.
public struct EventCursor: Sendable, Hashable {
  public var timeUnixNanoseconds: Int64
  public var sequence: Int64
  public var hash: UInt64
  /// How many events that are alike in all of the above lie before this place.
  public var alikeCount: UInt32

  public init(timeUnixNanoseconds: Int64, sequence: Int64, hash: UInt64, alikeCount: UInt32) {
    self.timeUnixNanoseconds = timeUnixNanoseconds
    self.sequence = sequence
    self.hash = hash
    self.alikeCount = alikeCount
  }

  /// 64 hex digits.
  public var text: String {
    hexText(UInt64(bitPattern: timeUnixNanoseconds)) + hexText(UInt64(bitPattern: sequence)) + hexText(hash)
      + hexText(UInt64(alikeCount))
  }

  /// The cursor that `text` was made of; nil for anything else.
  public init?(_ text: String) {
    let digits = Array(text.utf8)
    guard digits.count == 64, let time = parseHex(digits[0..<16]), let sequence = parseHex(digits[16..<32]),
      let hash = parseHex(digits[32..<48]), let alikeCount = parseHex(digits[48..<64]).flatMap({ UInt32(exactly: $0) })
    else { return nil }
    self.init(
      timeUnixNanoseconds: Int64(bitPattern: time), sequence: Int64(bitPattern: sequence), hash: hash, alikeCount: alikeCount)
  }
}
