// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import CairnAlerts

@Suite struct DelivererTests {
  private static func delivery(_ subject: String, _ url: String = "http://x.example/", bytes: Int = 1) -> Delivery {
    Delivery(
      origin: DeliveryOrigin(tenant: "t", kind: .rule, name: "7"), subject: subject, shipment: .webhook(url: url, body: Array(repeating: 0, count: bytes)),
      createdUnixMilliseconds: 0)
  }

  @Test func onlySomeAreUnderWayAndFewToOneDestination() {
    var queue = DeliveryQueue()
    for number in 0..<20 { queue.add(Self.delivery("a\(number)"), at: 0) }
    for number in 0..<40 { queue.add(Self.delivery("b\(number)", "http://y\(number).example/"), at: 0) }
    let due = queue.takeDue(at: 0)
    #expect(due.count == Deliverer.runningCountMax)
    #expect(due.prefix(4).map(\.subject) == ["a0", "a1", "a2", "a3"] && due[4].subject == "b0")
    #expect(queue.takeDue(at: 0).isEmpty)
    queue.ended(due[0])
    queue.remove(due[0].id)
    #expect(queue.takeDue(at: 0).map(\.subject) == ["a4"])
  }

  @Test func aQueueThatIsFullSaysSo() {
    var queue = DeliveryQueue()
    for number in 0...Deliverer.waitingCountMax { queue.add(Self.delivery("\(number)"), at: 0) }
    #expect(queue.waiting.count == Deliverer.waitingCountMax)
    #expect(queue.histories.values.first?.entries.map(\.outcome) == ["too many deliveries are waiting"])
    queue = DeliveryQueue()
    queue.add(Self.delivery("large", bytes: Deliverer.waitingByteCountMax), at: 0)
    queue.add(Self.delivery("small"), at: 0)
    #expect(queue.waiting.count == 1)
  }

  @Test func theShelfHasWhatWaitsAndNothingElse() throws {
    var queue = DeliveryQueue()
    queue.add(Self.delivery("a"), at: 0)
    queue.add(Self.delivery("b"), at: 0)
    #expect(queue.takeChanges()?.waiting.map(\.subject).sorted() == ["a", "b"])
    #expect(queue.takeChanges() == nil)
    let due = queue.takeDue(at: 0)
    queue.ended(due[0])
    queue.postpone(due[0].id, attemptCount: 1, until: 1_000)
    queue.ended(due[1])
    queue.remove(due[1].id)
    let taken = queue.takeChanges()
    let changes = try #require(taken)
    #expect(changes.waiting.map(\.attemptCount) == [1] && changes.removed == [due[1].id])
    queue.giveBack(changes)
    #expect(queue.takeChanges()?.removed == [due[1].id])
    #expect(queue.takeDue(at: 999).isEmpty && queue.takeDue(at: 1_000).count == 1)
  }

  @Test func destinationsThatWereToldLongAgoAreForgotten() {
    var queue = DeliveryQueue()
    for number in 0...Deliverer.destinationCountMax {
      queue.note(
        DeliveryEntry(
          unixMilliseconds: Int64(number), origin: DeliveryOrigin(tenant: "t", kind: .alarm, name: "a"), subject: "s", destination: "http://\(number)",
          attempt: 1, isDelivered: true, isFinal: true, outcome: ""))
    }
    #expect(queue.histories.count == Deliverer.destinationCountMax)
    #expect(!queue.histories.keys.contains { $0.destination == "http://0" })
    #expect(queue.takeChanges()?.removedHistories == [1])
  }

  @Test func pausesGrowToAnHour() {
    #expect((1...8).map { Deliverer.pauseMilliseconds(after: $0) / 1_000 } == [1, 4, 16, 64, 256, 1_024, 3_600, 3_600])
  }

  private final class MemoryShelf: DeliveryShelf {
    let kept = Mutex<(waiting: [Int64: Delivery], histories: [DestinationHistory])>(([:], []))
    /// Not `load().histories.isEmpty`: optimised, Swift 6.3.1 frees the array that is thus not used before it fills it.
    var hasHistories: Bool { kept.withLock { !$0.histories.isEmpty } }
    func load() -> (waiting: [Delivery], histories: [DestinationHistory]) { kept.withLock { (Array($0.waiting.values), $0.histories) } }
    func keep(_ waiting: [Delivery], removing ids: [Int64], _ histories: [DestinationHistory], removingHistories: [Int64]) -> Bool {
      kept.withLock { (kept) in
        for delivery in waiting { kept.waiting[delivery.id] = delivery }
        for id in ids { kept.waiting[id] = nil }
        kept.histories = histories
      }
      return true
    }
  }

  @Test func whatCouldNotBeSentIsThereAfterARestart() async throws {
    let shelf = MemoryShelf()
    // Nothing inside this network may be reached: the delivery fails for good, and the history says so.
    let first = Deliverer(sender: Sender(guardian: AddressGuard()), shelf: shelf, now: { 5 })
    first.submit(Self.delivery("lost", "http://127.0.0.1:9/"))
    let run = Task { await first.run() }
    while !shelf.hasHistories { try await Task.sleep(for: .milliseconds(5)) }
    run.cancel()
    await run.value
    let second = Deliverer(sender: Sender(guardian: AddressGuard()), shelf: shelf, now: { 5 })
    let entries = second.history(of: DeliveryOrigin(tenant: "t", kind: .rule, name: "7"))
    #expect(entries.count == 1 && entries[0].isFinal && entries[0].outcome.contains("inside this network"))
    #expect(second.waiting(tenant: "t").isEmpty && second.histories(tenant: "u").isEmpty)
  }
}
