// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan
import Logging
import Synchronization

// At a start: the failure memory is filled again, and what a process that was killed did not count is counted.

extension ItemTracker {
  /// Occurrences that arrive at the same time are decoded in any order, a little apart: ids this much below the mark may be uncounted.
  private static let slack: Int64 = 10_000_000 * 4
  /// Reports that are remembered again.
  private static let recalledCountMax = 50_000

  /// Before the first request. Replayed journals have told of what is counted here anyway.
  func begin(tenants: Set<String>) async {
    do {
      try book.adopt(pending.take().items, nowUnixSeconds: nowUnixSeconds)
    } catch {
      logger.error("replayed occurrences could not be given to their items: \(error)")
    }
    let progress = book.state.withLock { $0.progress }
    defer { setOrderly(false) }
    let since = progress.isOrderly ? Int64.max : progress.highestID - Self.slack
    for tenant in tenants.sorted() {
      do throws(QueryError) {
        try await recall(tenant, upTo: since)
        if !progress.isOrderly { try await recount(tenant, after: since) }
      } catch {
        logger.error("items of \(tenant) could not be counted again: \(error)")
      }
    }
  }

  private static let columns = [
    FieldName.itemHash, FieldName.itemFamily, FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemTitle,
    FieldName.itemLevel, FieldName.itemSource, FieldName.occurrenceUUID, FieldName.occurrenceID, FieldName.codeVersion, "service.version",
    "platform", "framework", "language", FieldName.exceptionType, "context", FieldName.itemFormerHash, FieldName.traceID,
    FieldName.exceptionMessage, "service.name", "custom.service.name", FieldName.occurrenceDoor, FieldName.occurrenceFailure,
    FieldName.occurrencePlace, FieldName.signalType,
  ]

  /// Fills the memory with what came lately and is counted.
  private func recall(_ tenant: String, upTo highestID: Int64) async throws(QueryError) {
    let now = clock.unixNanoseconds()
    let oldest = now - FailureMemory.secondsMax * 1_000_000_000, oldestID = oldest / 1_000 * 4
    // To look for them reads a column of every event of the last hour.
    guard book.state.withLock({ $0.progress.highestID }) > oldestID else { return }
    let plan = EventsPlan(
      // Events that say they are much older are rare; their failures are counted by each door.
      scope: Scope(
        environment: tenant, datasets: .all, time: TimeRange(startUnixNanoseconds: oldest - 3_600_000_000_000, endUnixNanoseconds: .max)),
      filter: .all([
        .compare(column: FieldName.occurrenceID, .greater, .integer(oldestID)),
        .compare(column: FieldName.occurrenceID, .lessOrEqual, .integer(highestID)),
      ]), columns: Self.columns, limit: Self.recalledCountMax)
    let seen = Self.added(try await store.events(plan).events.reversed(), tenant)
    guard !seen.isEmpty else { return }
    book.state.withLock { (state) in
      for (identity, entry) in seen.sorted(by: { $0.value.first.id < $1.value.first.id }) {
        guard let id = state.itemOfIdentity[identity] else { continue }
        _ = state.failures.add(entry.reports, of: identity, item: id, nowUnixSeconds: now / 1_000_000_000)
        state.failures.see(entry.reports, of: identity, nowUnixSeconds: now / 1_000_000_000)
      }
    }
  }

  private static func added(_ events: [Event], _ tenant: String) -> [ItemIdentity: PendingItem] {
    var added: [ItemIdentity: PendingItem] = [:]
    for event in events { add(OccurrenceNote(event, tenant: tenant), to: &added) }
    return added
  }

  private static func add(_ note: OccurrenceNote, to added: inout [ItemIdentity: PendingItem]) {
    added[note.item, default: PendingItem(note)].add(note)
    _ = added[note.item]?.list(note)
  }

  /// Finds the items of what came after the mark, and sets the hours in which it came to what the events say.
  private func recount(_ tenant: String, after highestID: Int64) async throws(QueryError) {
    let plan = EventsPlan(
      scope: Scope(environment: tenant, datasets: .all, time: .everything),
      filter: .compare(column: FieldName.occurrenceID, .greater, .integer(highestID)), columns: Self.columns,
      direction: .oldestFirst, limit: 10_000)
    var touched: [ItemIdentity: PendingItem] = [:]
    try await store.forEachEvent(plan) { Self.add(OccurrenceNote($0, tenant: tenant), to: &touched) }
    guard !touched.isEmpty else { return }
    let joined = await DoorJoiner(store: store, book: book).joined(touched)
    do {
      let fixed = touched
      let hours = try place(fixed, joined)
      let counts = try await FailureCounter(store: store, book: book, tenant: tenant).counts(hours)
      listen(try correct(fixed, counts))
    } catch let error as QueryError {
      throw error
    } catch {
      logger.error("items could not be written and will be with the next change: \(error)")
    }
  }

  /// Gives each identity its item, as if its reports came now. Returns the hours in which each item got some.
  private func place(_ touched: [ItemIdentity: PendingItem], _ joined: [ItemIdentity: ItemIdentity]) throws -> [Int64: Set<Int64>] {
    let now = nowUnixSeconds
    return try book.change { (state) in
      for (identity, entry) in touched.sorted(by: { $0.value.first.id < $1.value.first.id }) {
        guard state.settle(identity, entry, joined[identity], book.groupingVersion, nowUnixSeconds: now) else { continue }
        _ = state.counted(identity, entry, nowUnixSeconds: now)
        state.see(identity, entry, nowUnixSeconds: now)
      }
      var hours: [Int64: Set<Int64>] = [:]
      for (identity, entry) in touched {
        if let id = state.itemOfIdentity[identity] { hours[id, default: []].formUnion(entry.hours.keys) }
      }
      return hours
    }
  }

  /// Adds to each item what its hours have more than it had counted. Less is believed of the last hours only: older events may be gone.
  private func correct(_ touched: [ItemIdentity: PendingItem], _ counts: [Int64: [Int64: Int]]) throws -> [TurnedItem] {
    let now = nowUnixSeconds
    return try book.change { (state) in
      var entries: [Int64: (identity: ItemIdentity, entry: PendingItem)] = [:]
      for (identity, seen) in touched.sorted(by: { $0.value.first.id < $1.value.first.id }) {
        state.progress.highestID = max(state.progress.highestID, seen.highestID)
        guard let id = state.itemOfIdentity[identity] else { continue }
        let known = entries[id]
        if let known, known.entry.last.unixNanoseconds >= seen.last.unixNanoseconds { continue }
        entries[id] = (identity, seen)
      }
      state.touch("progress", 1)
      var turned: [TurnedItem] = []
      var sum = 0
      for (id, (identity, seen)) in entries.sorted(by: { $0.key < $1.key }) {
        guard let item = state.items[id] else { continue }
        var entry = seen
        entry.hours = [:]
        for (hour, count) in counts[id] ?? [:] {
          let more = count - item.count(hour: hour)
          entry.hours[hour] = hour >= now / 3_600 - 1 ? more : max(0, more)
        }
        entry.count = entry.hours.values.reduce(0, +)
        entry.versions = entry.count > 0 ? [seen.last.codeVersion: entry.count] : [:]
        sum += entry.count
        if entry.hours.values.contains(where: { $0 != 0 }), let turn = state.apply(identity, entry, nowUnixSeconds: now) { turned.append(turn) }
      }
      if sum != 0 { logger.info("\(sum) occurrences were counted again") }
      return turned
    }
  }
}
