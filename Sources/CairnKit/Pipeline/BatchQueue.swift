// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// How a queue gathers: OpenTelemetry's `OTEL_BSP_…` and `OTEL_BLRP_…`.
struct BatchSettings: Sendable, Hashable {
  /// How long the first waits for others.
  var delay: Duration
  /// More than this is dropped.
  var queueLimit = 2_048
  var batchLimit = 512
  var exportTimeout: Duration = .seconds(30)

  static let spans = BatchSettings(delay: .milliseconds(5_000))
  static let logs = BatchSettings(delay: .milliseconds(1_000))
}

/// Gathers items for one exporter: bounded, without waiting for anybody, one batch under way at a time.
///
/// A batch goes out when `delay` has passed, when `batchLimit` items wait, or on `flush`. A full queue drops what comes, counts it and
/// says so once. `offer` may be called from any thread and costs a lock of a few nanoseconds.
final class BatchQueue<Item: Sendable>: Sendable {
  let settings: BatchSettings
  private let name: String
  private let warn: @Sendable (String) -> Void
  private let export: @Sendable ([Item]) async -> Void
  private let state = Mutex(State())
  private let signal = Signal()

  private struct State {
    var items: [Item] = []
    var droppedCount: UInt64 = 0
    var hasWarned = false
    var isClosed = false
    var isExporting = false
  }

  init(
    name: String, settings: BatchSettings, warn: @escaping @Sendable (String) -> Void, export: @escaping @Sendable ([Item]) async -> Void
  ) {
    self.name = name
    self.settings = settings
    self.warn = warn
    self.export = export
  }

  /// How many items were dropped so far because the queue was full.
  var droppedCount: UInt64 { state.withLock(\.droppedCount) }

  func offer(_ item: Item) {
    let (isFull, isFirstDrop) = state.withLock { state -> (Bool, Bool) in
      guard !state.isClosed else { return (false, false) }
      guard state.items.count < settings.queueLimit else {
        state.droppedCount += 1
        defer { state.hasWarned = true }
        return (true, !state.hasWarned)
      }
      state.items.append(item)
      return (state.items.count == settings.batchLimit, false)
    }
    if isFirstDrop { warn("\(name): the queue is full (\(settings.queueLimit)); what comes until there is room is dropped and counted") }
    if isFull { signal.raise() }
  }

  /// Sends what waits without waiting for it to be sent.
  func wake() { signal.raise() }

  /// Exports until the task is cancelled. Call once.
  func run(_ clock: any Clock<Duration>) async {
    while !Task.isCancelled {
      await signal.wait(atMost: settings.delay, clock)
      await drain()
    }
  }

  /// Exports all that waits, batch by batch; returns when the last answer came.
  func drain() async {
    while let batch = next() {
      await export(batch)
      state.withLock { $0.isExporting = false }
    }
  }

  /// Takes nothing more.
  func close() { state.withLock { $0.isClosed = true } }

  /// Nothing waits and nothing is under way.
  var isIdle: Bool { state.withLock { $0.items.isEmpty && !$0.isExporting } }

  private func next() -> [Item]? {
    state.withLock { state in
      guard !state.items.isEmpty else { return nil }
      state.isExporting = true
      guard state.items.count > settings.batchLimit else {
        var taken: [Item] = []
        taken.reserveCapacity(settings.batchLimit)
        swap(&taken, &state.items)
        return taken
      }
      let taken = Array(state.items.prefix(settings.batchLimit))
      state.items.removeFirst(settings.batchLimit)
      return taken
    }
  }
}

/// Something that happened, for one task that waits for it.
final class Signal: Sendable {
  private let state = Mutex(State())

  private struct State {
    var isRaised = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  func raise() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard let waiter = state.waiter else {
        state.isRaised = true
        return nil
      }
      state.waiter = nil
      return waiter
    }
    waiter?.resume()
  }

  /// Returns when it was raised, when the time has passed, or when the task is cancelled.
  func wait(atMost duration: Duration, _ clock: any Clock<Duration>) async {
    await withTaskGroup { group in
      group.addTask { try? await clock.sleep(for: duration) }
      group.addTask { await self.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  private func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isDone = state.withLock { state -> Bool in
          if state.isRaised || Task.isCancelled {
            state.isRaised = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if isDone { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
        defer { state.waiter = nil }
        return state.waiter
      }
      waiter?.resume()
    }
  }
}
