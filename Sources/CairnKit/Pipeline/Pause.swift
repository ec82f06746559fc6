// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How long a server wants to be left alone, as it said last; shared by all that is sent there.
final class Pause: Sendable {
  private static let secondsMax: Int64 = 3_600
  /// On the steady clock; 0 for now.
  private let end = Mutex<UInt64>(0)

  /// What the server said, within an hour.
  static func duration(seconds: Int64) -> Duration { .seconds(min(max(seconds, 0), secondsMax)) }

  /// From now on; a longer one that was said before holds.
  func begin(_ duration: Duration) {
    let until = SteadyClock.nanoseconds &+ UInt64(max(0, duration.nanoseconds))
    end.withLock { $0 = max($0, until) }
  }

  /// Returns when it is over, when the gate opens, or when the task is cancelled.
  func wait(_ closing: Gate, _ clock: any Clock<Duration>) async {
    let until = end.withLock { $0 }, now = SteadyClock.nanoseconds
    guard until > now else { return }
    await closing.sleep(for: .nanoseconds(until - now), clock)
    guard !Task.isCancelled else { return }
    end.withLock { if $0 == until { $0 = 0 } }
  }
}
