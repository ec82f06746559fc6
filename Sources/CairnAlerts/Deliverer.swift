// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// One try to deliver, or the decision not to.
public struct DeliveryEntry: Sendable, Hashable, Codable {
  public var unixSeconds: Int64
  public var ruleID: Int64
  /// What it tells of: `new_item #12`.
  public var subject: String
  /// From 1; 0 where nothing was sent.
  public var attempt: Int
  public var isDelivered: Bool
  /// What the other side said, or why nothing was sent.
  public var outcome: String

  public init(unixSeconds: Int64, ruleID: Int64, subject: String, attempt: Int, isDelivered: Bool, outcome: String) {
    self.unixSeconds = unixSeconds
    self.ruleID = ruleID
    self.subject = subject
    self.attempt = attempt
    self.isDelivered = isDelivered
    self.outcome = outcome
  }
}

/// Sends shipments and tries again those that fail: ten times, after 4, 16, 64 … seconds, at most an hour apart.
///
/// Bounded: `waitingCountMax` shipments wait or run at a time, further ones are refused and noted; the history keeps the newest
/// `historyCountMax` entries. In memory: a stop of the server drops what waits, which the history of the next run does not know.
public final class Deliverer: Sendable {
  public static let waitingCountMax = 1_000
  public static let historyCountMax = 500
  public static let attemptCountMax = 10
  private struct State {
    var history: [DeliveryEntry] = []
    var tasks: [Int: Task<Void, Never>] = [:]
    var nextTask = 0
  }
  private let state = Mutex(State())
  private let sender: Sender
  private let now: @Sendable () -> Int64
  private let pause: @Sendable (Int) async -> Void

  public init(
    sender: Sender, now: @escaping @Sendable () -> Int64,
    pause: @escaping @Sendable (Int) async -> Void = { try? await Task.sleep(for: .seconds($0)) }
  ) {
    self.sender = sender
    self.now = now
    self.pause = pause
  }

  /// Newest first.
  public var history: [DeliveryEntry] { state.withLock { $0.history.reversed() } }

  public func note(_ entry: DeliveryEntry) {
    state.withLock { (state) in
      state.history.append(entry)
      if state.history.count > Self.historyCountMax { state.history.removeFirst(state.history.count - Self.historyCountMax) }
    }
  }

  /// Sends in the background.
  public func submit(_ shipment: Shipment, ruleID: Int64, subject: String) {
    let isFull = state.withLock { (state) in
      guard state.tasks.count < Self.waitingCountMax else { return true }
      let number = state.nextTask
      state.nextTask += 1
      state.tasks[number] = Task {
        await deliver(shipment, ruleID: ruleID, subject: subject)
        forget(number)
      }
      return false
    }
    if isFull { note(entry(ruleID, subject, 0, false, "too many deliveries are waiting")) }
  }

  private func forget(_ number: Int) { state.withLock { _ = $0.tasks.removeValue(forKey: number) } }

  private func deliver(_ shipment: Shipment, ruleID: Int64, subject: String) async {
    for attempt in 1...Self.attemptCountMax {
      do {
        let outcome = try await sender.send(shipment)
        return note(entry(ruleID, subject, attempt, true, outcome))
      } catch {
        note(entry(ruleID, subject, attempt, false, error.reason))
        if error.isLasting || attempt == Self.attemptCountMax || Task.isCancelled { return }
      }
      var seconds = 4
      for _ in 1..<attempt { seconds = min(3_600, seconds * 4) }
      await pause(seconds)
      if Task.isCancelled { return }
    }
  }

  /// Sends once and says how it went: the test button.
  public func test(_ shipment: Shipment, ruleID: Int64) async -> DeliveryEntry {
    let result: DeliveryEntry
    do {
      result = entry(ruleID, "test", 1, true, try await sender.send(shipment))
    } catch {
      result = entry(ruleID, "test", 1, false, error.reason)
    }
    note(result)
    return result
  }

  private func entry(_ ruleID: Int64, _ subject: String, _ attempt: Int, _ isDelivered: Bool, _ outcome: String) -> DeliveryEntry {
    DeliveryEntry(unixSeconds: now(), ruleID: ruleID, subject: subject, attempt: attempt, isDelivered: isDelivered, outcome: outcome)
  }

  /// Drops what waits.
  public func stop() {
    for task in state.withLock({ Array($0.tasks.values) }) { task.cancel() }
  }
}
