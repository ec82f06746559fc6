// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Sends deliveries and tries again those that fail: ten times, after 1, 4, 16, 64 … seconds, at most an hour apart.
///
/// The one way out for all that Cairn tells: rules of items, subscriptions of log groups, alarms. Bounded: `waitingCountMax` deliveries of
/// `waitingByteCountMax` together, `runningCountMax` under way, of them `runningPerDestinationMax` to one destination, so that a slow one does
/// not hold up the others. What waits for longer than a quarter of a second is on the shelf: it is sent by the next process. A delivery whose
/// answer was not heard is sent again, so a receiver may see one twice.
public final class Deliverer: Sendable {
  public static let waitingCountMax = 1_000
  public static let waitingByteCountMax = 64 << 20
  public static let attemptCountMax = 10
  public static let runningCountMax = 32
  public static let runningPerDestinationMax = 4
  public static let destinationCountMax = 500
  private let state = Mutex(DeliveryQueue())
  private let sender: Sender
  private let shelf: (any DeliveryShelf)?
  private let now: @Sendable () -> Int64

  /// `now` in Unix milliseconds.
  public init(sender: Sender, shelf: (any DeliveryShelf)? = nil, now: @escaping @Sendable () -> Int64) {
    self.sender = sender
    self.shelf = shelf
    self.now = now
    if let kept = shelf?.load() { state.withLock { $0.restore(kept.waiting, kept.histories) } }
  }

  /// Sends in the background; returns at once.
  public func submit(_ delivery: Delivery) {
    let time = now()
    state.withLock { $0.add(delivery, at: time) }
    pump()
  }

  /// Notes a decision not to send.
  public func note(_ entry: DeliveryEntry) { state.withLock { $0.note(entry) } }

  /// Sends once, at once, and says how it went: the test button.
  public func test(_ delivery: Delivery) async -> DeliveryEntry {
    let entry = await attempt(delivery, number: 1, isLast: true).entry
    note(entry)
    return entry
  }

  /// Sends what is due and keeps what waits, four times a second until the task is cancelled; then lets what is under way end, for a
  /// second, and keeps the rest.
  public func run() async {
    while !Task.isCancelled {
      pump()
      keep()
      try? await Task.sleep(for: .milliseconds(250))
    }
    state.withLock { $0.isStopping = true }
    for _ in 0..<50 where state.withLock({ $0.runningCount > 0 }) {
      // A cancelled task does not sleep, so a task of its own does.
      await Task.detached { try? await Task.sleep(for: .milliseconds(20)) }.value
    }
    keep()
  }

  // MARK: What there is

  /// Deliveries that wait or are under way, oldest first.
  public func waiting(tenant: String) -> [Delivery] {
    state.withLock { $0.waiting.values.map(\.delivery) }.filter { $0.origin.tenant == tenant }.sorted { $0.id < $1.id }
  }

  /// By destination; the one that was told last is first.
  public func histories(tenant: String) -> [DestinationHistory] {
    state.withLock { Array($0.histories.values) }.filter { $0.tenant == tenant }
      .sorted { ($0.entries.last?.unixMilliseconds ?? 0, $0.id) > ($1.entries.last?.unixMilliseconds ?? 0, $1.id) }
  }

  /// The tries of one rule, subscription or alarm, newest first.
  public func history(of origin: DeliveryOrigin) -> [DeliveryEntry] {
    histories(tenant: origin.tenant).flatMap(\.entries).filter { $0.origin == origin }
      .sorted { ($0.unixMilliseconds, $0.attempt) > ($1.unixMilliseconds, $1.attempt) }
  }

  /// Tries a delivery that waits at once; false where there is none.
  public func retry(id: Int64, tenant: String) -> Bool {
    let time = now()
    let isFound = state.withLock { (state) in
      guard state.waiting[id]?.delivery.origin.tenant == tenant else { return false }
      state.waiting[id]?.delivery.nextUnixMilliseconds = time
      return true
    }
    if isFound { pump() }
    return isFound
  }

  /// Gives a delivery up; false where there is none.
  public func cancel(id: Int64, tenant: String) -> Bool {
    let time = now()
    return state.withLock { (state) in
      guard let entry = state.waiting[id], entry.delivery.origin.tenant == tenant else { return false }
      let delivery = entry.delivery
      state.note(DeliveryEntry(delivery, at: time, attempt: delivery.attemptCount, isDelivered: false, isFinal: true, "given up by hand"))
      state.remove(id)
      return true
    }
  }

  /// Forgets everything: for conformance suites.
  public func reset() { state.withLock { $0 = DeliveryQueue() } }

  // MARK: Work

  private func pump() {
    let time = now()
    for delivery in state.withLock({ $0.takeDue(at: time) }) {
      Task { await work(delivery) }
    }
  }

  private func work(_ delivery: Delivery) async {
    let number = delivery.attemptCount + 1
    let (entry, isLasting) = await attempt(delivery, number: number, isLast: number >= Self.attemptCountMax)
    let time = now()
    state.withLock { (state) in
      state.ended(delivery)
      // It may have been cancelled or reset meanwhile.
      guard state.waiting[delivery.id] != nil else { return }
      state.note(entry)
      if entry.isDelivered || isLasting || entry.isFinal { return state.remove(delivery.id) }
      state.postpone(delivery.id, attemptCount: number, until: time + Self.pauseMilliseconds(after: number))
    }
    pump()
  }

  /// How long after the attempt of this number the next one comes.
  static func pauseMilliseconds(after attempt: Int) -> Int64 {
    var seconds: Int64 = 1
    for _ in 1..<max(1, min(attempt, 10)) { seconds = min(3_600, seconds * 4) }
    return seconds * 1_000
  }

  private func attempt(_ delivery: Delivery, number: Int, isLast: Bool) async -> (entry: DeliveryEntry, isLasting: Bool) {
    let begin = ContinuousClock.now
    var (outcome, isDelivered, isLasting) = ("", false, false)
    do {
      outcome = try await sender.send(delivery.shipment, createdUnixMilliseconds: delivery.createdUnixMilliseconds)
      isDelivered = true
    } catch {
      (outcome, isLasting) = (error.reason, error.isLasting)
    }
    var entry = DeliveryEntry(
      delivery, at: now(), attempt: number, isDelivered: isDelivered, isFinal: isDelivered || isLasting || isLast, outcome)
    entry.durationMilliseconds = Int((ContinuousClock.now - begin) / .milliseconds(1))
    return (entry, isLasting)
  }

  private func keep() {
    guard let shelf else { return }
    let changes = state.withLock { $0.takeChanges() }
    guard let changes else { return }
    if !shelf.keep(changes.waiting, removing: changes.removed, changes.histories, removingHistories: changes.removedHistories) {
      state.withLock { $0.giveBack(changes) }
    }
  }
}
