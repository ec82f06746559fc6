// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization

/// The open connections of all listeners, at most so many.
///
/// A connection is *idle* while no request of it is on its way. Where there is no room for a new one, those idle longest give way, so that
/// clients who hold connections and say nothing never keep others out; only when all are busy is the new one closed. Any thread may call.
final class Connections: Sendable {
  struct Figures: Sendable {
    var openCount = 0
    var acceptedCount = 0
    /// Idle ones that were closed to make room.
    var displacedCount = 0
    /// New ones that were closed at once, because all others were busy.
    var refusedCount = 0
  }
  private struct Entry {
    var channel: any Channel
    /// Requests on their way: at most 1 on HTTP/1.1, the streams on HTTP/2.
    var exchangeCount = 0
    var idleSince = NIODeadline.now()
  }
  private struct State {
    var open: [ObjectIdentifier: Entry] = [:]
    var figures = Figures()
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  let limit: Int
  /// So many give way at once, so that the search for the longest idle is paid once for all of them.
  private static let displacedAtOnceMax = 64

  init(limit: Int) { self.limit = limit }

  var figures: Figures {
    state.withLock { state in
      var figures = state.figures
      figures.openCount = state.open.count
      return figures
    }
  }

  /// Takes the connection in until it closes, or answers false where there are too many that are busy.
  func add(_ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel)
    var displaced: [any Channel] = []
    let isAdded = state.withLock { state in
      if state.open.count >= limit { displaced = takeIdle(&state) }
      guard state.open.count < limit else {
        state.figures.refusedCount += 1
        return false
      }
      state.open[key] = Entry(channel: channel)
      state.figures.acceptedCount += 1
      return true
    }
    for channel in displaced { channel.close(promise: nil) }
    if isAdded { channel.closeFuture.whenComplete { [self] _ in remove(key) } }
    return isAdded
  }

  private func takeIdle(_ state: inout State) -> [any Channel] {
    let idle = state.open.filter { $0.value.exchangeCount == 0 }.sorted { $0.value.idleSince < $1.value.idleSince }
    let chosen = idle.prefix(max(1, min(Self.displacedAtOnceMax, limit / 16)))
    for entry in chosen { state.open[entry.key] = nil }
    state.figures.displacedCount += chosen.count
    return chosen.map(\.value.channel)
  }

  /// A request begins on the connection.
  func enter(_ channel: any Channel) {
    state.withLock { $0.open[ObjectIdentifier(channel)]?.exchangeCount += 1 }
  }

  /// A request is over, answered or not.
  func leave(_ channel: any Channel) {
    state.withLock { state in
      let key = ObjectIdentifier(channel)
      state.open[key]?.exchangeCount -= 1
      state.open[key]?.idleSince = .now()
    }
  }

  private func remove(_ key: ObjectIdentifier) {
    let waiters = state.withLock { state in
      state.open[key] = nil
      guard state.open.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Asks all to finish what they do and close.
  func quiesce() {
    for entry in state.withLock({ Array($0.open.values) }) {
      entry.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
  }

  /// Cuts all.
  func closeAll() {
    for entry in state.withLock({ Array($0.open.values) }) { entry.channel.close(promise: nil) }
  }

  /// Returns when none is left.
  func waitUntilIdle() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.open.isEmpty { return true }
        state.waiters.append(continuation)
        return false
      }
      if isIdle { continuation.resume() }
    }
  }
}
