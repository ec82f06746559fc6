// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnIssues
import CairnPlan
import Logging
import Synchronization

/// Lets occurrences happen to their items: four times a second while the server runs, and once more when it stops.
///
/// The events on disk are the truth. An orderly stop leaves every occurrence counted. After any other stop the hours that may lack some
/// are counted again from the events, so that a crash neither loses an occurrence nor counts one twice.
final class ItemTracker: Sendable {
  let store: any EventStore
  let book: IssueBook
  let pending: PendingOccurrences
  let clock: WallClock
  let listen: @Sendable ([TurnedItem]) -> Void
  let logger = Logger(label: "cairn.items")

  init(
    store: any EventStore, book: IssueBook, pending: PendingOccurrences, clock: WallClock,
    listen: @escaping @Sendable ([TurnedItem]) -> Void
  ) {
    self.store = store
    self.book = book
    self.pending = pending
    self.clock = clock
    self.listen = listen
  }

  var nowUnixSeconds: Int64 { clock.unixNanoseconds() / 1_000_000_000 }

  /// Counts what came since the last call.
  func flush() async {
    let (items, droppedCount) = pending.take()
    if droppedCount > 0 { logger.warning("\(droppedCount) occurrences have too many items to be counted; their events are kept") }
    guard !items.isEmpty else { return }
    let joined = await DoorJoiner(store: store, book: book).joined(items)
    do {
      let turned = try book.apply(items, joined: joined, nowUnixSeconds: nowUnixSeconds)
      listen(turned)
    } catch {
      logger.error("items could not be written and will be with the next change: \(error)")
    }
  }

  /// Until its task is cancelled.
  func run() async {
    var round = 0
    while !Task.isCancelled {
      await flush()
      // Every two seconds.
      if round % 8 == 7 { passTime() }
      if round % 120 == 119 {
        let now = nowUnixSeconds
        book.state.withLock { $0.failures.prune(nowUnixSeconds: now) }
      }
      round += 1
      try? await Task.sleep(for: .milliseconds(250))
    }
  }

  /// What time alone does to items: where a project says so, what has not come for so many days is resolved; mutes and snoozes end.
  func passTime() {
    let now = nowUnixSeconds
    do {
      listen(try book.change { $0.passTime(nowUnixSeconds: now) })
    } catch {
      logger.error("items that time changes could not be written: \(error)")
    }
  }

  /// After the last request: everything is counted.
  func finish() async {
    await flush()
    setOrderly(true)
  }

  func setOrderly(_ isOrderly: Bool) {
    do {
      try book.change { (state) in
        state.progress.isOrderly = isOrderly
        state.touch("progress", 1)
      }
    } catch {
      logger.error("the count's mark could not be written: \(error)")
    }
  }
}

extension OccurrenceNote {
  /// What an event says of its item.
  init(_ event: Event, tenant: String) {
    let text = { (name: String) -> String in event[name]?.text ?? "" }
    self.init(
      item: ItemIdentity(
        tenant: tenant, project: text(FieldName.itemProject), environment: text(FieldName.itemEnvironment),
        hash: text(FieldName.itemHash)))
    family = text(FieldName.itemFamily)
    title = text(FieldName.itemTitle)
    level = text(FieldName.itemLevel)
    source = text(FieldName.itemSource)
    uuid = text(FieldName.occurrenceUUID)
    if case .integer(let number) = event[FieldName.occurrenceID] { id = number }
    unixNanoseconds = event.timeUnixNanoseconds
    codeVersion = event[FieldName.codeVersion]?.text ?? text("service.version")
    platform = text("platform")
    framework = text("framework")
    language = text("language")
    exceptionType = text(FieldName.exceptionType)
    context = text("context")
    formerHash = text(FieldName.itemFormerHash)
    hasTrace = event[FieldName.traceID] != nil
    service = event["service.name"]?.text ?? text("custom.service.name")
    door = ReportingDoor(event)
    failure = event.integer(FieldName.occurrenceFailure)
    place = event.integer(FieldName.occurrencePlace)
    words = wordsKey(service: service, className: exceptionType, message: text(FieldName.exceptionMessage))
  }
}

extension Event {
  /// 0 where there is none.
  func integer(_ name: String) -> Int64 {
    guard case .integer(let number) = self[name] else { return 0 }
    return number
  }
}

extension FailureReport {
  /// Of a stored occurrence, for counting.
  init(_ event: Event) {
    self.init(ReportingDoor(event), failure: event.integer(FieldName.occurrenceFailure), unixNanoseconds: event.timeUnixNanoseconds)
  }
}

extension ReportingDoor {
  /// The door of an event; of one that is older than this field, by its kind.
  init(_ event: Event) {
    if let door = event[FieldName.occurrenceDoor].flatMap({ ReportingDoor(rawValue: $0.text) }) {
      self = door
      return
    }
    switch event[FieldName.signalType]?.text {
    case "error": self = .rollbar
    case "log": self = .line
    default: self = .span
    }
  }
}
