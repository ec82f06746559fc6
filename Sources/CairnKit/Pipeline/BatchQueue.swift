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
/// A batch goes out when `delay` has passed, when `batchLimit` items wait, or on `drain`. A full queue drops what comes, counts it and
/// says so once. `offer` may be called from any thread and costs a lock of a few nanoseconds.
final class BatchQueue<Item: Sendable>: Sendable {
  let settings: BatchSettings
  private let name: String
  private let warn: @Sendable (String) -> Void
  private let dropped: Loss
  private let export: @Sendable ([Item]) async -> Void
  private let state: Mutex<State>
  private let signal = Signal()
  /// The most items for which memory is kept at rest.
  private static var reservedCountMax: Int { 4_096 }

  private struct State {
    var items: [Item] = []
    var isClosed = false
    /// A batch is under way; whoever wants the queue empty waits at this gate.
    var underWay: Gate?
  }

  private enum Turn {
    case batch([Item], Gate)
    case wait(Gate)
    case empty
  }

  init(
    name: String, settings: BatchSettings, warn: @escaping @Sendable (String) -> Void, losses: LossCounter = LossCounter(),
    export: @escaping @Sendable ([Item]) async -> Void
  ) {
    self.name = name
    self.settings = settings
    self.warn = warn
    dropped = losses.loss(name)
    self.export = export
    var state = State()
    state.items.reserveCapacity(min(settings.queueLimit, Self.reservedCountMax))
    self.state = Mutex(state)
  }

  /// How many items were lost so far.
  var droppedCount: Int { dropped.count }

  func offer(_ item: consuming Item) {
    // Taken out of the closure's way so that the item is moved, not copied.
    var offered: Item? = consume item
    let (isDue, isDropped) = state.withLock { state -> (Bool, Bool) in
      guard !state.isClosed, state.items.count < settings.queueLimit else { return (false, true) }
      if let taken = offered.take() { state.items.append(taken) }
      return (state.items.count == settings.batchLimit, false)
    }
    if isDropped { tellDrop() }
    if isDue { signal.raise() }
  }

  private func tellDrop() {
    guard dropped.add(1) == 1, !state.withLock(\.isClosed) else { return }
    warn("\(name): the queue is full (\(settings.queueLimit)); what comes until there is room is dropped and counted")
  }

  /// Sends what waits without waiting for it to be sent.
  func wake() { signal.raise() }

  /// Exports until it is closed and empty, or the task is cancelled. Call once.
  func run(_ clock: any Clock<Duration>) async {
    while !Task.isCancelled {
      await signal.wait(atMost: settings.delay, clock)
      await drain()
      if isClosedAndEmpty { break }
    }
    let left = state.withLock(\.items.count)
    let lost = dropped.add(left)
    if lost > 0 { warn("\(name), in all: \(lost) were lost") }
  }

  /// Exports all that waits, batch by batch; returns when the last answer came, whoever sent it.
  func drain() async {
    while !Task.isCancelled {
      switch next() {
      case .empty: return
      case .wait(let gate): await gate.wait()
      case .batch(let batch, let gate):
        await export(batch)
        state.withLock { $0.underWay = nil }
        gate.open()
      }
    }
  }

  /// Takes nothing more; what is there is still sent.
  func close() {
    state.withLock { $0.isClosed = true }
    signal.raise()
  }

  func discard() { state.withLock { $0.items.removeAll(keepingCapacity: true) } }

  /// Nothing waits and nothing is under way.
  var isIdle: Bool { state.withLock { $0.items.isEmpty && $0.underWay == nil } }

  private var isClosedAndEmpty: Bool { state.withLock { $0.isClosed && $0.items.isEmpty } }

  private func next() -> Turn {
    state.withLock { state in
      if let gate = state.underWay { return .wait(gate) }
      guard !state.items.isEmpty else { return .empty }
      let gate = Gate()
      state.underWay = gate
      let count = min(state.items.count, settings.batchLimit)
      let taken = Array(state.items[..<count])
      // The array keeps its memory, so that filling it again allocates nothing.
      state.items.removeSubrange(..<count)
      return .batch(taken, gate)
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
