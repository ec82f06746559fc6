// SPDX-License-Identifier: Apache-2.0
internal import NIOPosix
internal import Synchronization

/// The X-Ray daemon by its name, which is looked up when there is something for it: it may start later than the program, and elsewhere
/// the next time.
///
/// A name that is not known, or a daemon that does not take what it gets, is looked up again with a batch, at most once in
/// `lookInterval`. A look blocks a thread for as long as the system's resolver likes: it is one of NIO's, and no batch waits for it longer
/// than `patience`.
final class Daemon: Sendable {
  private static let lookInterval: Int64 = 30
  private static let patience = Duration.seconds(5)
  private let address: String
  private let lookUp: @Sendable (String) async -> DaemonSocket?
  /// Unix seconds of now.
  private let now: @Sendable () -> Int64
  private let state = Mutex(State())

  private struct State {
    var socket: DaemonSocket?
    /// What was sent last did not go out.
    var isDoubted = false
    var nextLookUnixSeconds = Int64.min
  }

  init(address: String, now: @escaping @Sendable () -> Int64, lookUp: @escaping @Sendable (String) async -> DaemonSocket? = Daemon.lookUp) {
    self.address = address
    self.now = now
    self.lookUp = lookUp
  }

  /// nil where nobody knows where it is.
  func socket() async -> DaemonSocket? {
    let now = self.now()
    let (known, isDue) = state.withLock { state -> (DaemonSocket?, Bool) in
      guard state.socket == nil || state.isDoubted, now >= state.nextLookUnixSeconds else { return (state.socket, false) }
      // One at a time.
      state.nextLookUnixSeconds = .max
      return (state.socket, true)
    }
    guard isDue else { return known }
    return await outcome(within: Self.patience, ContinuousClock(), else: known) {
      // Kept also where nobody waits for it any more.
      let found = await self.lookUp(self.address)
      return self.state.withLock { state in
        state.nextLookUnixSeconds = self.now() + Self.lookInterval
        guard let found else { return state.socket }
        (state.socket, state.isDoubted) = (found, false)
        return found
      }
    }
  }

  /// It did not take what it got.
  func doubt() { state.withLock { $0.isDoubted = true } }

  private static let lookUp: @Sendable (String) async -> DaemonSocket? = { address in
    (try? await NIOThreadPool.singleton.runIfActive { DaemonSocket(address: address) }) ?? nil
  }
}
