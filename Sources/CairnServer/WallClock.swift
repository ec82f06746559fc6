// SPDX-License-Identifier: Apache-2.0
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The time of day, so that tests can bring their own.
public struct WallClock: Sendable {
  public var unixNanoseconds: @Sendable () -> Int64

  public init(unixNanoseconds: @escaping @Sendable () -> Int64) { self.unixNanoseconds = unixNanoseconds }

  /// The machine's clock.
  public static let system = WallClock {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
