// SPDX-License-Identifier: Apache-2.0

/// What a deliverer has in hand, without its clock, its connections and its shelf.
struct DeliveryQueue {
  struct Waiting {
    var delivery: Delivery
    var isRunning = false
    /// The shelf has it.
    var isKept = false
    /// The shelf has it as it is now.
    var isCurrent = false
  }
  struct DestinationKey: Hashable {
    var tenant: String
    var destination: String
  }
  struct Changes {
    var waiting: [Delivery] = []
    var removed: [Int64] = []
    var histories: [DestinationHistory] = []
    var removedHistories: [Int64] = []
  }
  var isStopping = false
  private(set) var runningCount = 0
  private var runningByDestination: [String: Int] = [:]
  var waiting: [Int64: Waiting] = [:]
  private var byteCount = 0
  private(set) var histories: [DestinationKey: DestinationHistory] = [:]
  private var nextID: Int64 = 1
  private var removed: [Int64] = []
  private var changedHistories: Set<DestinationKey> = []
  private var removedHistories: [Int64] = []

  mutating func restore(_ kept: [Delivery], _ histories: [DestinationHistory]) {
    for delivery in kept {
      waiting[delivery.id] = Waiting(delivery: delivery, isKept: true, isCurrent: true)
      byteCount += delivery.shipment.byteCount
      nextID = max(nextID, delivery.id + 1)
    }
    for history in histories {
      self.histories[DestinationKey(tenant: history.tenant, destination: history.destination)] = history
      nextID = max(nextID, history.id + 1, (history.entries.map(\.deliveryID).max() ?? 0) + 1)
    }
  }

  /// Takes a delivery in, or notes that there is no room.
  mutating func add(_ delivery: Delivery, at unixMilliseconds: Int64) {
    var delivery = delivery
    delivery.id = nextID
    nextID += 1
    let size = delivery.shipment.byteCount
    guard waiting.count < Deliverer.waitingCountMax, byteCount + size <= Deliverer.waitingByteCountMax else {
      return note(
        DeliveryEntry(delivery, at: unixMilliseconds, attempt: 0, isDelivered: false, isFinal: true, "too many deliveries are waiting"))
    }
    byteCount += size
    waiting[delivery.id] = Waiting(delivery: delivery)
  }

  /// What is to be sent now, oldest first; it counts as under way until it is said to have ended.
  mutating func takeDue(at unixMilliseconds: Int64) -> [Delivery] {
    guard !isStopping, runningCount < Deliverer.runningCountMax, waiting.count > runningCount else { return [] }
    var due: [Delivery] = []
    let ready = waiting.values.filter { !$0.isRunning && $0.delivery.nextUnixMilliseconds <= unixMilliseconds }.map(\.delivery)
    for delivery in ready.sorted(by: { $0.id < $1.id }) where runningCount < Deliverer.runningCountMax {
      let destination = delivery.shipment.destination
      guard runningByDestination[destination, default: 0] < Deliverer.runningPerDestinationMax else { continue }
      runningByDestination[destination, default: 0] += 1
      runningCount += 1
      waiting[delivery.id]?.isRunning = true
      due.append(delivery)
    }
    return due
  }

  mutating func ended(_ delivery: Delivery) {
    runningCount = max(0, runningCount - 1)
    let destination = delivery.shipment.destination
    let left = runningByDestination[destination, default: 1] - 1
    runningByDestination[destination] = left > 0 ? left : nil
    waiting[delivery.id]?.isRunning = false
  }

  mutating func postpone(_ id: Int64, attemptCount: Int, until unixMilliseconds: Int64) {
    waiting[id]?.delivery.attemptCount = attemptCount
    waiting[id]?.delivery.nextUnixMilliseconds = unixMilliseconds
    waiting[id]?.isCurrent = false
  }

  mutating func remove(_ id: Int64) {
    guard let entry = waiting.removeValue(forKey: id) else { return }
    byteCount -= entry.delivery.shipment.byteCount
    if entry.isKept { removed.append(id) }
  }

  mutating func note(_ entry: DeliveryEntry) {
    let key = DestinationKey(tenant: entry.origin.tenant, destination: entry.destination)
    if histories[key] == nil {
      if histories.count >= Deliverer.destinationCountMax { forgetOldestDestination() }
      histories[key] = DestinationHistory(id: nextID, tenant: key.tenant, destination: key.destination)
      nextID += 1
    }
    histories[key]?.add(entry)
    changedHistories.insert(key)
  }

  private mutating func forgetOldestDestination() {
    let oldest = histories.min { ($0.value.entries.last?.unixMilliseconds ?? 0) < ($1.value.entries.last?.unixMilliseconds ?? 0) }
    guard let oldest else { return }
    histories[oldest.key] = nil
    changedHistories.remove(oldest.key)
    removedHistories.append(oldest.value.id)
  }

  // MARK: The shelf

  /// What the shelf does not have yet, or nil; what is returned counts as kept.
  mutating func takeChanges() -> Changes? {
    var changes = Changes(removed: removed, histories: changedHistories.compactMap { histories[$0] }, removedHistories: removedHistories)
    for (id, entry) in waiting where !entry.isCurrent {
      changes.waiting.append(entry.delivery)
      waiting[id]?.isKept = true
      waiting[id]?.isCurrent = true
    }
    guard !(changes.waiting.isEmpty && changes.removed.isEmpty && changes.histories.isEmpty && changes.removedHistories.isEmpty) else {
      return nil
    }
    removed = []
    changedHistories = []
    removedHistories = []
    return changes
  }

  /// Takes back what could not be kept.
  mutating func giveBack(_ changes: Changes) {
    for delivery in changes.waiting { waiting[delivery.id]?.isCurrent = false }
    removed += changes.removed
    removedHistories += changes.removedHistories
    for history in changes.histories { changedHistories.insert(DestinationKey(tenant: history.tenant, destination: history.destination)) }
  }
}
