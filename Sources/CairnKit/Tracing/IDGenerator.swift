// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization
#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// Ids of traces and spans: a counter that starts at random and is mixed, so that an id costs a few nanoseconds and no call of the system.
///
/// Two programs share an id with the chance of two random numbers; an id is no secret.
final class IDGenerator: Sendable {
  private let counter: Atomic<UInt64>
  private let highSeed: UInt64

  init() {
    var random = SystemRandomNumberGenerator()
    counter = Atomic(random.next())
    highSeed = random.next()
  }

  /// Never 0, which is no id.
  func spanID() -> UInt64 {
    let value = mixed(counter.wrappingAdd(Self.step, ordering: .relaxed).newValue)
    return value == 0 ? 1 : value
  }

  /// X-Ray wants the first 32 bits to be the time in seconds, W3C does not care.
  func traceID(unixSeconds: UInt64) -> TraceID {
    let low = spanID()
    let middle = mixed(low ^ highSeed) & 0xffff_ffff
    return TraceID(high: unixSeconds << 32 | middle, low: low)
  }

  /// Odd, so that the counter visits every number.
  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The finisher of SplitMix64: one-to-one, every bit depends on every bit.
  private func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// The time as of the last tick of the system: a few nanoseconds to ask, a few milliseconds late.
enum CoarseClock {
  static var unixSeconds: UInt64 {
    var time = timespec()
    #if canImport(Glibc)
      _ = unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    #else
      _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    #endif
    return UInt64(max(0, time.tv_sec))
  }
}
