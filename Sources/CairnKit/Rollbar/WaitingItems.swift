// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Items that wait for the end of the request, message or job in which they happened: its attributes are complete only then.
///
/// At most `countMax` wait, for at most `nanosecondsMax`; what is over that goes as it is known by then.
struct WaitingItems: Sendable {
  static let countMax = 256
  static let nanosecondsMax: UInt64 = 10_000_000_000
  /// The oldest first.
  private var items: [Waiting] = []

  struct Waiting: Sendable {
    var item: RollbarItem
    /// The span in which it happened, where it is recorded and the item tells of it.
    var span: SpanRecording?
    var work: WorkPlace
    var sinceNanoseconds: UInt64
  }

  /// The oldest where there is no room.
  mutating func add(_ waiting: Waiting) -> Waiting? {
    items.append(waiting)
    NumberedTracers.waitingCount.wrappingAdd(1, ordering: .relaxed)
    return items.count > Self.countMax ? take(atMost: 1) { _ in true }.first : nil
  }

  /// Those of one request.
  mutating func take(of work: WorkPlace) -> [Waiting] { take { $0.work.isSame(as: work) } }

  /// Those that have waited for too long.
  mutating func takeOld(nanoseconds now: UInt64) -> [Waiting] {
    take { now &- $0.sinceNanoseconds >= Self.nanosecondsMax }
  }

  mutating func takeAll() -> [Waiting] { take { _ in true } }

  private mutating func take(atMost countMax: Int = .max, where isWanted: (Waiting) -> Bool) -> [Waiting] {
    var taken: [Waiting] = []
    items.removeAll { waiting in
      guard taken.count < countMax, isWanted(waiting) else { return false }
      taken.append(waiting)
      return true
    }
    NumberedTracers.waitingCount.wrappingSubtract(taken.count, ordering: .relaxed)
    return taken
  }
}

extension WaitingItems.Waiting {
  /// The item with what is known of its span and of the work around it.
  func completed(by ended: EndedWork) -> RollbarItem {
    var item = self.item
    if let span {
      // Its attributes may have been set after the error was recorded.
      let told = span.soFar.fields
      item.fields += told.filter { field in !item.fields.contains { sameName($0.name, field.name) } }
      item.fingerprint = item.fingerprint ?? told.first { $0.name == RollbarItem.fingerprintName }?.value.text
    }
    item.work = ended
    return item
  }

  /// The same while the work goes on.
  var unfinished: RollbarItem {
    switch work {
    case .recorded(let recording): completed(by: EndedWork(recording))
    case .unrecorded: completed(by: EndedWork())
    }
  }
}
