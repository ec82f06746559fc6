// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan
import CairnRollbar
import Synchronization

/// Occurrences with one event for each failure, and what other doors told of the same.
struct FailureList: Sendable {
  let state: ServerState
  let tenant: String

  /// What a failure needs to be found among others.
  static let columns = [
    FieldName.itemHash, FieldName.itemProject, FieldName.itemEnvironment, FieldName.occurrenceID, FieldName.occurrenceDoor,
    FieldName.occurrenceFailure, FieldName.signalType, FieldName.traceID,
  ]

  /// One report of another door.
  struct Other: Sendable, Hashable {
    var door: ReportingDoor
    var id: Int64
    /// nil where the report knows of none.
    var trace: String?
    /// False where several of that moment could be meant.
    var isSure: Bool

    init(_ event: Event, isSure: Bool) {
      self.isSure = isSure
      door = ReportingDoor(event)
      id = OccurrenceJSON.id(event)
      trace = event[FieldName.traceID]?.text
    }
  }
  struct Line: Sendable {
    /// Its place among the events.
    var place: Int
    var others: [Other]
  }

  /// The events that stand for a failure, in the order of the events; what belongs to no item stands for itself.
  func lines(_ events: [Event]) -> [Line] {
    let places = state.book.state.withLock { (state) in
      var places: [Int64: [Int]] = [:]
      for (place, event) in events.enumerated() {
        let id = state.itemOfIdentity[OccurrenceNote(event, tenant: tenant).item] ?? 0
        places[id != 0 && state.items[id]?.isManyDoored == true ? id : 0, default: []].append(place)
      }
      return places
    }
    var lines = (places[0] ?? []).map { Line(place: $0, others: []) }
    for (id, unordered) in places where id != 0 {
      let own = unordered.sorted { OccurrenceJSON.id(events[$0]) < OccurrenceJSON.id(events[$1]) }
      let entries = failureEntries(own.map { FailureReport(events[$0]) })
      lines += entries.map { (entry) in
        Line(place: own[entry.place], others: entry.others.map { Other(events[own[$0.place]], isSure: $0.isSure) })
      }
    }
    return lines.sorted { $0.place < $1.place }
  }

  /// A page of an item's failures.
  struct Page: Sendable {
    var ids: [Int64]
    var others: [Int64: [Other]]
    var cursor: EventCursor?
    var hasMore: Bool
  }

  /// The newest failures of an item behind a place, at most `limit`. A page ends between two bursts, so that none is told twice.
  func page(of item: Item, limit: Int, after: EventCursor?) async throws(Refusal) -> Page {
    let mayRepeat = item.isManyDoored || item.isGroup
    let reach = min(EventsPlan.limitMax, mayRepeat ? limit * max(1, item.doors.count) * 2 + 64 : limit)
    var plan = EventsPlan(
      scope: Scope(environment: tenant, datasets: .all, time: .everything), filter: state.book.occurrences(of: item), columns: Self.columns,
      limit: reach, after: after)
    let answer = try await events(plan)
    let events = answer.events
    var lines = lines(events)
    var consumed = events.count
    if lines.count > limit || (answer.hasMore && mayRepeat) {
      consumed = Self.end(events, lines, limit, hasMore: answer.hasMore)
      lines = lines.filter { $0.place < consumed }
    }
    var cursor = answer.cursor
    if consumed < events.count {
      plan.limit = max(1, consumed)
      cursor = try await self.events(plan).cursor
    }
    var page = Page(ids: [], others: [:], cursor: cursor, hasMore: answer.hasMore || consumed < events.count)
    for line in lines {
      let id = OccurrenceJSON.id(events[line.place])
      page.ids.append(id)
      page.others[id] = line.others
    }
    return page
  }

  /// How many events a page takes: up to the last gap between two bursts at which it is not too long, else all that fit.
  private static func end(_ events: [Event], _ lines: [Line], _ limit: Int, hasMore: Bool) -> Int {
    var count = 0
    var next = 0
    var best = 0
    for place in events.indices {
      if next < lines.count, lines[next].place == place {
        count += 1
        next += 1
      }
      if count > limit { break }
      let isEnd = place + 1 == events.count
      let isGap = isEnd ? !hasMore : events[place].timeUnixNanoseconds - events[place + 1].timeUnixNanoseconds > failureGapNanoseconds
      if isGap { best = place + 1 }
    }
    if best > 0 { return best }
    return limit < lines.count ? lines[limit].place : events.count
  }

  /// The newest failures of an item, so many or all.
  func newestIDs(of item: Item, count: Int) async throws(Refusal) -> [Int64] {
    var ids: [Int64] = []
    var after: EventCursor?
    while ids.count < count {
      let page = try await page(of: item, limit: count - ids.count, after: after)
      ids += page.ids
      guard page.hasMore, let cursor = page.cursor else { break }
      after = cursor
    }
    return ids
  }

  /// The first of an item's newest failures.
  func newest(of item: Item) async throws(Refusal) -> (event: Event, others: [Other])? {
    let page = try await page(of: item, limit: 1, after: nil)
    guard let id = page.ids.first, let event = try await OccurrenceFinder(state: state, tenant: tenant).events(ids: [id]).first else { return nil }
    return (event, page.others[id] ?? [])
  }

  /// What other doors told of an occurrence's failure.
  func others(of event: Event, _ item: Item) async throws(Refusal) -> [Other] {
    guard item.isManyDoored else { return [] }
    let (start, end) = event.timeUnixNanoseconds.subtractingReportingOverflow(60_000_000_000).overflow
      ? (Int64.min, Int64.max) : (event.timeUnixNanoseconds - 60_000_000_000, event.timeUnixNanoseconds &+ 60_000_000_000)
    let failure = event.integer(FieldName.occurrenceFailure)
    let near = EventsPlan(
      scope: Scope(environment: tenant, datasets: .all, time: TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end)),
      filter: state.book.occurrences(of: item), columns: Self.columns, limit: 1_000)
    var found = try await events(near).events
    if failure != 0 {
      let same = EventsPlan(
        scope: Scope(environment: tenant, datasets: .all, time: .everything),
        filter: .all([state.book.occurrences(of: item), .compare(column: FieldName.occurrenceFailure, .equal, .integer(failure))]),
        columns: Self.columns, limit: 100)
      let known = Set(found.map(OccurrenceJSON.id))
      found += try await events(same).events.filter { !known.contains(OccurrenceJSON.id($0)) }
    }
    let id = OccurrenceJSON.id(event)
    found.sort { OccurrenceJSON.id($0) < OccurrenceJSON.id($1) }
    for entry in failureEntries(found.map { FailureReport($0) }) {
      let group = [FailureEntry.Other(place: entry.place, isSure: true)] + entry.others
      guard let own = group.first(where: { OccurrenceJSON.id(found[$0.place]) == id }) else { continue }
      return group.filter { $0.place != own.place }.map { Other(found[$0.place], isSure: $0.isSure && own.isSure) }
    }
    return []
  }

  private func events(_ plan: EventsPlan) async throws(Refusal) -> EventsAnswer {
    try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }
  }
}
