// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// A few items that wait to be written down together.
///
/// In between all else that a program does, nothing of the code that writes is in the processor's caches: one span then costs as much as
/// several that are written one behind the other. Exporters that send what was written have it so; whoever wants items at once, such as
/// a console, is not behind a gathering.
final class Gathering<Item: Sendable>: Sendable {
  /// Few enough that who brings the last of them does not wait long, and that they are all still in the cache.
  private static var usualCount: Int { 16 }
  private let countMax: Int
  private let state = Mutex(State())

  private struct State {
    var items: [Item] = []
    var writers: [@Sendable ([Item]) -> Void] = []
    var wakers: [@Sendable () -> Void] = []
    var isClosed = false
  }

  /// No more than `batchLimit` wait, so that a batch that is full goes out at once.
  init(batchLimit: Int) { countMax = max(1, min(Self.usualCount, batchLimit)) }

  /// From now on items are written by this too, all that wait at a time; `wake` has its exporter send them.
  func add(_ writer: @escaping @Sendable ([Item]) -> Void, wake: @escaping @Sendable () -> Void = {}) {
    state.withLock { state in
      state.writers.append(writer)
      state.wakers.append(wake)
    }
  }

  /// Nobody writes items down.
  var isEmpty: Bool { state.withLock { $0.writers.isEmpty } }

  func accept(_ item: Item) {
    let isFull = state.withLock { state in
      if state.items.isEmpty { state.items.reserveCapacity(countMax) }
      state.items.append(item)
      return state.isClosed || state.items.count >= countMax
    }
    if isFull { write() }
  }

  /// Writes down what waits.
  func write() {
    let (items, writers) = state.withLock { state in
      defer { state.items = [] }
      return (state.items, state.writers)
    }
    for writer in writers { writer(items) }
  }

  /// From now on nothing waits: nobody may come to write it down.
  func close() {
    state.withLock { $0.isClosed = true }
    write()
  }

  /// Has the exporters send what there is, without waiting for it; their queues have written what waits before.
  func wake() { for wake in state.withLock(\.wakers) { wake() } }
}

extension Gathering: SpanSink where Item == EndedSpan {}
extension Gathering: LogSink where Item == LogRecord {}
