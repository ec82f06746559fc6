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

/// What a queue gathers: an array, or something that keeps of each item only what is sent.
protocol BatchContent: Sendable {
  init()
  var count: Int { get }
  /// Forgets the items; may keep their memory.
  mutating func removeAll()
}

/// Items as they are.
struct ItemBatch<Item: Sendable>: BatchContent {
  private(set) var items: [Item] = []
  var count: Int { items.count }
  mutating func append(_ item: Item) { items.append(item) }
  mutating func removeAll() { items.removeAll(keepingCapacity: true) }
}

/// Gathers items for one exporter: bounded, without waiting for anybody, one batch under way at a time.
///
/// A batch goes out when it is full (`batchLimit`), and one that is not when `delay` has passed or on `drain`. Under load only full ones
/// do: whoever waits for nothing more to be there sends ever smaller ones. A full queue drops what comes, counts it and says so once.
/// `offer` may be called from any thread and costs a lock of a few nanoseconds beside what is done to add the items.
final class BatchQueue<Content: BatchContent>: Sendable {
  let settings: BatchSettings
  private let name: String
  private let warn: @Sendable (String) -> Void
  private let dropped: Loss
  private let export: @Sendable (Content) async -> Void
  private let keep: @Sendable (Content) -> Int
  private let gather: @Sendable () -> Void
  private let ready: @Sendable () async -> Void
  private let state = Mutex(State())
  private let signal = Signal()
  private let spareCountMax: Int

  private struct State {
    /// Batches that are complete, the oldest first.
    var full: [Content] = []
    var fullCount = 0
    var filling = Content()
    /// Empty ones that have memory already.
    var spares: [Content] = []
    var isClosed = false
    /// What is not full is wanted too.
    var isAsked = false
    /// A batch is under way; whoever wants the queue empty waits at this gate.
    var underWay: Gate?

    var count: Int { fullCount + filling.count }

    mutating func seal() {
      guard filling.count > 0 else { return }
      fullCount += filling.count
      full.append(filling)
      filling = spares.popLast() ?? Content()
    }
  }

  private enum Turn {
    case batch(Content, Gate)
    case wait(Gate)
    case empty
  }

  /// - Parameters:
  ///   - gather: Offers what is on its way to the queue; called before it is emptied.
  ///   - ready: Returns when a batch may be taken; until then it waits in the queue.
  ///   - keep: What becomes of a batch that nobody may send any more; how many of its items are lost.
  init(
    name: String, settings: BatchSettings, warn: @escaping @Sendable (String) -> Void, losses: LossCounter = LossCounter(),
    gather: @escaping @Sendable () -> Void = {}, ready: @escaping @Sendable () async -> Void = {},
    keep: @escaping @Sendable (Content) -> Int = { $0.count }, export: @escaping @Sendable (Content) async -> Void
  ) {
    self.name = name
    self.settings = settings
    self.warn = warn
    dropped = losses.loss(name)
    self.export = export
    self.gather = gather
    self.ready = ready
    self.keep = keep
    spareCountMax = min(max(1, settings.queueLimit / max(1, settings.batchLimit)), 4)
  }

  /// How many items were lost so far.
  var droppedCount: Int { dropped.count }

  /// Adds each item by the closure, which nobody else's code may be called from: the queue is locked meanwhile.
  @inline(__always)
  func offer<Item>(_ items: [Item], _ add: (Item, inout Content) -> Void) {
    let (isDue, droppedCount) = state.withLock { state -> (Bool, Int) in
      var isDue = false
      for index in items.indices {
        guard !state.isClosed, state.count < settings.queueLimit else { return (isDue, items.count - index) }
        add(items[index], &state.filling)
        guard state.filling.count >= settings.batchLimit else { continue }
        state.seal()
        isDue = true
      }
      return (isDue, 0)
    }
    if droppedCount > 0 { tellDrop(of: droppedCount) }
    if isDue { signal.raise() }
  }

  private func tellDrop(of count: Int) {
    guard dropped.add(count) == count, !state.withLock(\.isClosed) else { return }
    // A trouble of its own kind: it must not hide why nobody takes what waits.
    warn("\(name), queue: full (\(settings.queueLimit)); what comes until there is room is dropped and counted")
  }

  /// Sends what waits without waiting for it to be sent.
  func wake() {
    state.withLock { $0.isAsked = true }
    signal.raise()
  }

  /// Exports until it is closed and empty, or the task is cancelled. Call once.
  func run(_ clock: any Clock<Duration>) async {
    while !Task.isCancelled {
      let wasRaised = await signal.wait(atMost: settings.delay, clock)
      gather()
      state.withLock { state in
        if !wasRaised || state.isAsked || state.isClosed { state.seal() }
        state.isAsked = false
      }
      await sendFull()
      if isClosedAndEmpty { break }
    }
    gather()
    let left = state.withLock { state -> [Content] in
      state.seal()
      defer { (state.full, state.fullCount) = ([], 0) }
      return state.full
    }
    let lost = dropped.add(left.reduce(0) { $0 + keep($1) })
    if lost > 0 { warn("\(name), in all: \(lost) were lost") }
  }

  /// Exports all that waits, batch by batch; returns when the last answer came, whoever sent it.
  func drain() async {
    gather()
    state.withLock { $0.seal() }
    await sendFull()
  }

  private func sendFull() async {
    while !Task.isCancelled {
      if hasFull { await ready() }
      guard !Task.isCancelled else { return }
      switch next() {
      case .empty: return
      case .wait(let gate): await gate.wait()
      case .batch(let batch, let gate):
        await export(batch)
        finish(batch)
        gate.open()
      }
    }
  }

  /// Takes nothing more; what is there is still sent.
  func close() {
    gather()
    state.withLock { $0.isClosed = true }
    signal.raise()
  }

  func discard() {
    gather()
    state.withLock { state in
      state.seal()
      for batch in state.full { reuse(batch, &state) }
      state.full.removeAll(keepingCapacity: true)
      state.fullCount = 0
      if let spare = state.spares.popLast() { state.filling = spare }
    }
  }

  /// Nothing waits and nothing is under way.
  var isIdle: Bool { state.withLock { $0.count == 0 && $0.underWay == nil } }

  private var isClosedAndEmpty: Bool { state.withLock { $0.isClosed && $0.count == 0 } }

  private var hasFull: Bool { state.withLock { !$0.full.isEmpty } }

  private func next() -> Turn {
    state.withLock { state in
      if let gate = state.underWay { return .wait(gate) }
      guard !state.full.isEmpty else { return .empty }
      let gate = Gate()
      state.underWay = gate
      let batch = state.full.removeFirst()
      state.fullCount -= batch.count
      return .batch(batch, gate)
    }
  }

  private func finish(_ batch: Content) {
    state.withLock { state in
      state.underWay = nil
      reuse(batch, &state)
    }
  }

  /// Memory that was filled once is filled again.
  private func reuse(_ batch: Content, _ state: inout State) {
    guard state.spares.count < spareCountMax else { return }
    var emptied = batch
    emptied.removeAll()
    state.spares.append(emptied)
  }
}

extension BatchQueue {
  /// Adds one item as it is.
  func offer<Item>(_ item: Item) where Content == ItemBatch<Item> { offer([item]) { $1.append($0) } }
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

  /// Returns when it was raised (true), when the time has passed, or when the task is cancelled.
  func wait(atMost duration: Duration, _ clock: any Clock<Duration>) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        try? await clock.sleep(for: duration)
        return false
      }
      group.addTask {
        await self.wait()
        return true
      }
      let wasRaised = await group.next() ?? false
      group.cancelAll()
      return wasRaised
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
