// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
internal import Synchronization

/// A subscription to events as they are acknowledged: what the store accepts is put in, a reader takes it out.
///
/// Bounded: at most `rowCountMax` events wait; when more come, the oldest are dropped and counted. The events of one request lie in one
/// piece, so filters and orders are the engine's. Any thread may call.
public final class EventFeed: Sendable {
  /// The events that a slow reader may fall behind.
  public static let rowCountMax = 200_000

  private struct State {
    var pieces: [any Piece] = []
    var rowCount = 0
    var droppedCount = 0
    var isClosed = false
  }
  /// What the reader wants: scope, filter, columns and direction; the scope's time counts, the cursor does not.
  public let plan: EventsPlan
  private let state = Mutex(State())

  public init(_ plan: EventsPlan) { self.plan = plan }

  /// Puts the events of an acknowledged request in; false once the reader is gone.
  public func offer(_ piece: any Piece) -> Bool {
    state.withLock { (state) in
      if state.isClosed { return false }
      state.pieces.append(piece)
      state.rowCount += piece.rowCount
      while state.rowCount > Self.rowCountMax, state.pieces.count > 1 {
        let dropped = state.pieces.removeFirst().rowCount
        state.rowCount -= dropped
        state.droppedCount += dropped
      }
      return true
    }
  }

  /// True if events wait.
  public var hasEvents: Bool { state.withLock { !$0.pieces.isEmpty } }

  /// Takes everything out: the pieces, and how many events were dropped before they could be.
  public func take() -> (pieces: [any Piece], droppedCount: Int) {
    state.withLock { (state) in
      defer { (state.pieces, state.rowCount, state.droppedCount) = ([], 0, 0) }
      return (state.pieces, state.droppedCount)
    }
  }

  /// Ends the subscription.
  public func close() {
    state.withLock { (state) in
      state.isClosed = true
      state.pieces = []
    }
  }

  public var isClosed: Bool { state.withLock { $0.isClosed } }
}

/// What a reader of a feed gets: the events since the last time that match, at most as many as it asked for, and how many more there were.
public struct FeedAnswer: Sendable {
  public var events: EventsAnswer
  /// Events that matched and are not among `events`, dropped ones (whose match nobody knows) included.
  public var missedCount: Int

  public init(events: EventsAnswer = EventsAnswer(), missedCount: Int = 0) {
    self.events = events
    self.missedCount = missedCount
  }
}
