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
  private let logger = Logger(label: "cairn.items")

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
      book.writeLines(turned, nowUnixSeconds: nowUnixSeconds)
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

  private func setOrderly(_ isOrderly: Bool) {
    do {
      try book.change { (state) in
        state.progress.isOrderly = isOrderly
        state.touch("progress", 1)
      }
    } catch {
      logger.error("the count's mark could not be written: \(error)")
    }
  }

  // MARK: After a crash

  /// Before the first request: what the last process did not count. Replayed journals have told of what is counted here anyway.
  func begin(tenants: Set<String>) async {
    do {
      try book.adopt(pending.take().items, nowUnixSeconds: nowUnixSeconds)
    } catch {
      logger.error("replayed occurrences could not be given to their items: \(error)")
    }
    let progress = book.state.withLock { $0.progress }
    defer { setOrderly(false) }
    guard !progress.isOrderly else { return }
    for tenant in tenants.sorted() {
      do throws(QueryError) {
        try await recount(tenant, after: progress.highestID)
      } catch {
        logger.error("items of \(tenant) could not be counted again: \(error)")
      }
    }
  }

  /// Occurrences that arrive at the same time are decoded in any order, a little apart: ids this much below the mark may be uncounted.
  private static let slack: Int64 = 10_000_000 * 4

  private func recount(_ tenant: String, after highestID: Int64) async throws(QueryError) {
    let scope = Scope(environment: tenant, datasets: .all, time: .everything)
    let since = highestID - Self.slack
    var plan = EventsPlan(
      scope: scope, filter: .compare(column: FieldName.occurrenceID, .greater, .integer(since)), columns: Self.columns,
      direction: .oldestFirst, limit: 10_000)
    var touched: [ItemIdentity: PendingItem] = [:]
    while true {
      let answer = try await store.events(plan)
      for event in answer.events {
        let note = OccurrenceNote(event, tenant: tenant)
        touched[note.item, default: PendingItem(note)].add(note)
      }
      guard answer.hasMore, let cursor = answer.cursor else { break }
      plan.after = cursor
    }
    var counts: [ItemIdentity: [Int64: Int]] = [:]
    for hour in Set(touched.values.flatMap(\.hours.keys)).sorted() {
      for (identity, count) in try await counted(tenant, hour: hour) {
        counts[identity, default: [:]][hour] = count
      }
    }
    settle(touched, counts)
  }

  private static let columns = [
    FieldName.itemHash, FieldName.itemFamily, FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemTitle,
    FieldName.itemLevel, FieldName.itemSource, FieldName.occurrenceUUID, FieldName.occurrenceID, FieldName.codeVersion, "service.version",
    "platform", "framework", "language", FieldName.exceptionType, "context", FieldName.itemFormerHash, FieldName.traceID,
  ]

  /// The occurrences of one hour by item, from the events.
  private func counted(_ tenant: String, hour: Int64) async throws(QueryError) -> [(ItemIdentity, Int)] {
    let length: Int64 = 3_600_000_000_000
    let time = TimeRange(startUnixNanoseconds: hour * length, endUnixNanoseconds: (hour + 1) * length)
    let plan = Plan(
      scope: Scope(environment: tenant, datasets: .all, time: time), filter: .exists(column: FieldName.itemHash),
      breakdowns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash], limit: 10_000)
    let answer = try await store.run(plan)
    return (0..<answer.rowCount).map { (row) in
      let texts = answer.columns.prefix(3).map { $0.values[row]?.text ?? "" }
      let count = Int(answer.columns[3].values[row]?.number ?? 0)
      return (ItemIdentity(tenant: tenant, project: texts[0], environment: texts[1], hash: texts[2]), count)
    }
  }

  /// Adds to each item what its hours have more than it had counted. Identities of one item are counted together.
  private func settle(_ touched: [ItemIdentity: PendingItem], _ counts: [ItemIdentity: [Int64: Int]]) {
    let known = book.state.withLock { (state) in
      var known: [ItemIdentity: Item] = [:]
      for identity in touched.keys { known[identity] = state.itemOfIdentity[identity].flatMap { state.items[$0] } }
      return known
    }
    var missing: [ItemIdentity: PendingItem] = [:]
    var settled: Set<Int64> = []
    for (identity, seen) in touched {
      let item = known[identity]
      if let item, !settled.insert(item.id).inserted { continue }
      let identities = item?.identities ?? [identity]
      var entry = seen
      entry.count = 0
      entry.versions = [:]
      let hours = Set(identities.flatMap { touched[$0].map { Array($0.hours.keys) } ?? [] })
      for hour in hours {
        let more = identities.reduce(0) { $0 + (counts[$1]?[hour] ?? 0) } - (item?.count(hour: hour) ?? 0)
        entry.hours[hour] = max(0, more)
        entry.count += max(0, more)
      }
      if entry.count > 0 {
        if !seen.last.codeVersion.isEmpty { entry.versions[seen.last.codeVersion] = entry.count }
        missing[identity] = entry
      }
    }
    guard !missing.isEmpty else { return }
    logger.info("\(missing.values.reduce(0) { $0 + $1.count }) occurrences were counted again")
    do {
      listen(try book.apply(missing, nowUnixSeconds: nowUnixSeconds))
    } catch {
      logger.error("items could not be written and will be with the next change: \(error)")
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
  }
}
