// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnIssues
import CairnPlan
import Synchronization

/// Takes apart what the doors' reports brought together: a person knows better, and what is parted does not join again.
struct ItemParting: Sendable {
  let state: ServerState
  let tenant: String
  let actor: String

  private var book: IssueBook { state.book }
  private var nowUnixSeconds: Int64 { state.parts.clock.unixNanoseconds() / 1_000_000_000 }

  /// Identities of an item that came by other doors than its own; of one door where its name is given.
  static func candidates(_ item: Item, door: String?) -> [ItemIdentity] {
    (item.aliases ?? []).filter { (alias) in
      let told = (item.accounts ?? []).filter { $0.identity == alias }.map(\.door)
      guard !told.isEmpty, item.ownDoor.map({ !told.contains($0) }) ?? false else { return false }
      return door.map { (name) in told.contains { $0.title == name || $0.rawValue == name } } ?? true
    }
  }

  /// Makes an item of its own of each identity. Counts of both are taken from the events, as far back as an item knows its hours.
  func part(_ identities: [ItemIdentity], from item: Item) async throws(Refusal) -> Item {
    var firsts: [ItemIdentity: (first: OccurrenceNote, last: OccurrenceNote)] = [:]
    for identity in identities {
      guard let first = try await note(identity, .oldestFirst), let last = try await note(identity, .newestFirst) else { continue }
      firsts[identity] = (first, last)
    }
    let found = firsts
    let ids = try changed { (state) in Set(identities.compactMap { state.part($0, from: item.id, found[$0], actor, nowUnixSeconds) } + [item.id]) }
    let hours = book.state.withLock { (state) in Set(ids.compactMap { state.items[$0] }.flatMap { $0.hours.map(\.hour) } + item.hours.map(\.hour)) }
    let wanted = Dictionary(uniqueKeysWithValues: ids.map { ($0, hours) })
    let counter = FailureCounter(store: state.store, book: book, tenant: tenant)
    let counts = try await state.desk.ask { () async throws(QueryError) in try await counter.counts(wanted) }
    return try changed { (state) in
      for id in ids { state.recount(id, counts[id] ?? [:], isNew: id != item.id) }
      return state.items[item.id] ?? item
    }
  }

  private func changed<Result: Sendable>(_ body: (inout IssueBook.State) -> Result) throws(Refusal) -> Result {
    do { return try book.change(body) } catch { throw Refusal(error) }
  }

  private func note(_ identity: ItemIdentity, _ direction: EventsPlan.Direction) async throws(Refusal) -> OccurrenceNote? {
    let plan = EventsPlan(
      scope: Scope(environment: tenant, datasets: .all, time: .everything), filter: IssueBook.occurrences(of: [identity]),
      direction: direction, limit: 1)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }
    return answer.events.first.map { OccurrenceNote($0, tenant: tenant) }
  }
}

extension IssueBook.State {
  /// Returns the new item; nil where the identity's occurrences are gone, so that the next one begins it.
  fileprivate mutating func part(
    _ identity: ItemIdentity, from id: Int64, _ notes: (first: OccurrenceNote, last: OccurrenceNote)?, _ actor: String, _ now: Int64
  ) -> Int64? {
    guard var item = items[id], itemOfIdentity[identity] == id, item.identity != identity else { return nil }
    item.aliases?.removeAll { $0 == identity }
    item.accounts?.removeAll { $0.identity == identity }
    item.apart = (item.apart ?? []) + [identity]
    item.note("parted", actor: actor, detail: "\(identity.project) \(identity.environment) \(identity.hash.prefix(12))", nowUnixSeconds: now)
    itemOfIdentity[identity] = nil
    var made: Int64?
    if let notes {
      var owner = project(tenant: identity.tenant, name: identity.project, nowUnixSeconds: now)
      var other = Item(id: makeID(), projectID: owner.id, counter: owner.nextCounter, first: notes.first, nowUnixSeconds: now)
      owner.nextCounter += 1
      projects[owner.id] = owner
      touch("project", owner.id)
      other.lastOccurrence = Item.Mark(notes.last)
      other.tell(notes.last.door, identity, unixSeconds: notes.last.unixNanoseconds / 1_000_000_000)
      other.apart = item.identities
      other.note("parted", actor: actor, detail: "from #\(item.counter)", nowUnixSeconds: now)
      items[other.id] = other
      itemOfIdentity[identity] = other.id
      touch("item", other.id)
      failures.split(identity, from: id, to: other.id)
      made = other.id
    }
    items[id] = item
    touch("item", id)
    return made
  }

  /// Sets hours to what the events say; an item that lost some never gets more by that.
  fileprivate mutating func recount(_ id: Int64, _ counts: [Int64: Int], isNew: Bool) {
    guard var item = items[id] else { return }
    for (hour, count) in counts {
      let more = isNew ? count - item.count(hour: hour) : min(0, count - item.count(hour: hour))
      guard more != 0 else { continue }
      item.set(hour: hour, count: item.count(hour: hour) + more)
      item.totalCount = max(0, item.totalCount + more)
    }
    items[id] = item
    touch("item", id)
  }
}
