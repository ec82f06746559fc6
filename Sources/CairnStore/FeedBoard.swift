// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan
internal import Synchronization

/// The feeds that are open, and the events of requests that are accepted but not yet on disk: a feed sees them when they are.
final class FeedBoard: Sendable {
  private struct State {
    var feeds: [EventFeed] = []
    /// By journal position.
    var waiting: [UInt64: any Piece] = [:]
  }
  private let state = Mutex(State())
  private let count = Atomic<Int>(0)
  /// Requests beyond are not shown: more never wait for one sync.
  private static let waitingCountMax = 4096

  /// Whether anybody follows: one load where nobody does.
  var isWatched: Bool { count.load(ordering: .relaxed) > 0 }

  func add(_ feed: EventFeed) {
    state.withLock { (state) in
      state.feeds.removeAll { $0.isClosed }
      state.feeds.append(feed)
      count.store(state.feeds.count, ordering: .relaxed)
    }
  }

  /// Keeps a request's events until it is acknowledged.
  func hold(_ piece: any Piece, _ position: UInt64) {
    state.withLock { (state) in if state.waiting.count < Self.waitingCountMax { state.waiting[position] = piece } }
  }

  /// Hands a request's events on, or drops them where it was not acknowledged.
  func release(_ position: UInt64, isAcknowledged: Bool) {
    state.withLock { (state) in
      guard let piece = state.waiting.removeValue(forKey: position), isAcknowledged else { return }
      state.feeds.removeAll { !$0.offer(piece) }
      count.store(state.feeds.count, ordering: .relaxed)
    }
  }
}
