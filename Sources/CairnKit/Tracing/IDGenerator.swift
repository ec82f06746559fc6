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
enum IDs {
  /// Never 0, which is no id.
  static func spanID() -> UInt64 { nonzero(mixed(seed())) }

  /// From which the ids of one new trace and of its first span follow.
  static func seed() -> UInt64 { IDCounter.shared.value.wrappingAdd(step, ordering: .relaxed).newValue }

  /// X-Ray wants the first 32 bits to be the time in seconds, W3C does not care.
  static func traceID(_ seed: UInt64, unixSeconds: UInt32) -> TraceID {
    let low = nonzero(mixed(seed))
    return TraceID(high: UInt64(unixSeconds) << 32 | mixed(low ^ IDCounter.shared.secret) & 0xffff_ffff, low: low)
  }

  /// The first span of that trace.
  static func spanID(_ seed: UInt64) -> UInt64 { nonzero(mixed(seed ^ IDCounter.shared.secret)) }

  /// The context of a trace that nobody records.
  static func context(_ seed: UInt64, _ unixSeconds: UInt32) -> TraceContext {
    TraceContext(trace: traceID(seed, unixSeconds: unixSeconds), span: spanID(seed), isSampled: false)
  }

  private static func nonzero(_ id: UInt64) -> UInt64 { id == 0 ? 1 : id }

  /// Odd, so that the counter visits every number.
  private static let step: UInt64 = 0x9e37_79b9_7f4a_7c15

  /// The finisher of SplitMix64: one-to-one, every bit depends on every bit.
  private static func mixed(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// One for the process, so that the ids of several tracers differ too.
private final class IDCounter: Sendable {
  static let shared = IDCounter()
  let value: Atomic<UInt64>
  let secret: UInt64

  init() {
    var random = SystemRandomNumberGenerator()
    value = Atomic(random.next())
    secret = random.next()
  }
}

/// Nanoseconds that pass evenly, whatever happens to the time of day.
package enum SteadyClock {
  package static var nanoseconds: UInt64 {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// The time as of the last tick of the system: a few nanoseconds to ask, a few milliseconds late.
enum CoarseClock {
  static var unixSeconds: UInt32 {
    var time = timespec()
    #if canImport(Glibc)
      _ = unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
    #else
      _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    #endif
    return UInt32(clamping: time.tv_sec)
  }
}
