// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// What holds for the items of all three signals.

extension IntakeContext {
  /// Why an item of this time cannot be kept, or nil; 0 means that the item tells no time.
  @inline(__always)
  func refusal(unixNanoseconds time: UInt64) -> StaticText? {
    if time == 0 || (time <= UInt64(Int64.max) && Int64(time) >= earliestUnixNanoseconds && Int64(time) <= latestUnixNanoseconds) {
      return nil
    }
    if time > UInt64(Int64.max) { return "a time is beyond what can be stored" }
    return Int64(time) < earliestUnixNanoseconds ? "a time is older than the retention" : "a time is too far in the future"
  }
}

/// True for 16 bytes that are not all zero.
@inline(__always)
func isTraceID(_ bytes: RawSpan, _ range: Range<Int>) -> Bool {
  range.count == 16 && loadWord(bytes, range.lowerBound) | loadWord(bytes, range.lowerBound &+ 8) != 0
}
