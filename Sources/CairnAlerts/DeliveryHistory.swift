// SPDX-License-Identifier: Apache-2.0

/// One try to deliver, or the decision not to.
public struct DeliveryEntry: Sendable, Hashable, Codable {
  public var unixMilliseconds: Int64
  /// 0 where nothing was to be sent.
  public var deliveryID: Int64 = 0
  public var origin: DeliveryOrigin
  public var subject: String
  public var destination: String
  /// From 1; 0 where nothing was sent.
  public var attempt: Int
  public var isDelivered: Bool
  /// No further try follows.
  public var isFinal: Bool
  /// What the other side said, or why nothing was sent.
  public var outcome: String
  public var byteCount = 0
  public var durationMilliseconds = 0

  public init(
    unixMilliseconds: Int64, origin: DeliveryOrigin, subject: String, destination: String, attempt: Int, isDelivered: Bool, isFinal: Bool,
    outcome: String
  ) {
    self.unixMilliseconds = unixMilliseconds
    self.origin = origin
    self.subject = subject
    self.destination = destination
    self.attempt = attempt
    self.isDelivered = isDelivered
    self.isFinal = isFinal
    self.outcome = outcome
  }

  /// The same for a delivery.
  init(_ delivery: Delivery, at unixMilliseconds: Int64, attempt: Int, isDelivered: Bool, isFinal: Bool, _ outcome: String) {
    self.init(
      unixMilliseconds: unixMilliseconds, origin: delivery.origin, subject: delivery.subject, destination: delivery.shipment.destination,
      attempt: attempt, isDelivered: isDelivered, isFinal: isFinal, outcome: String(outcome.prefix(300)))
    deliveryID = delivery.id
    byteCount = delivery.shipment.byteCount
  }
}

/// What came of the deliveries to one destination of one tenant: the newest tries, and sums of all.
public struct DestinationHistory: Sendable, Hashable, Codable {
  public static let entryCountMax = 100
  public var id: Int64
  public var tenant: String
  public var destination: String
  public var deliveredCount = 0
  /// Given up, dropped or held back.
  public var failedCount = 0
  /// Oldest first.
  public var entries: [DeliveryEntry] = []

  public init(id: Int64, tenant: String, destination: String) {
    self.id = id
    self.tenant = tenant
    self.destination = destination
  }

  mutating func add(_ entry: DeliveryEntry) {
    if entry.isDelivered { deliveredCount += 1 } else if entry.isFinal { failedCount += 1 }
    entries.append(entry)
    if entries.count > Self.entryCountMax { entries.removeFirst(entries.count - Self.entryCountMax) }
  }
}

/// Where deliveries and their history outlive a process. Calls block for as long as the disk takes.
public protocol DeliveryShelf: Sendable {
  /// What was kept when the last process ended.
  func load() -> (waiting: [Delivery], histories: [DestinationHistory])

  /// Writes and removes, all or nothing; false where it did not work, which is tried again.
  func keep(_ waiting: [Delivery], removing ids: [Int64], _ histories: [DestinationHistory], removingHistories: [Int64]) -> Bool
}
