// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnIssues
import Synchronization

/// An item to which something happened, with what it was.
struct TurnedItem: Sendable {
  var item: Item
  var turns: [ItemTurn]
  var lastNote: OccurrenceNote?
}

extension IssueBook {
  /// Counts what came since the last call, in one transaction with the mark of how far the count has come.
  ///
  /// `joined` says of identities that are not known whose occurrences theirs are.
  func apply(
    _ pending: [ItemIdentity: PendingItem], joined: [ItemIdentity: ItemIdentity] = [:], nowUnixSeconds: Int64
  ) throws(CatalogError) -> [TurnedItem] {
    // Counters follow the order of arrival. Readers get their turn between the parts; a crash before the mark is written counts all again.
    let entries = pending.sorted { $0.value.first.id < $1.value.first.id }
    var turned: [TurnedItem] = []
    for part in stride(from: 0, to: entries.count, by: 500) {
      let some = state.withLock { (state) -> [TurnedItem] in
        entries[part..<min(part + 500, entries.count)].compactMap { (identity, entry) in
          guard state.settle(identity, entry, joined[identity], groupingVersion, nowUnixSeconds: nowUnixSeconds) else { return nil }
          let counted = state.counted(identity, entry, nowUnixSeconds: nowUnixSeconds)
          state.see(identity, entry, nowUnixSeconds: nowUnixSeconds)
          return state.apply(identity, counted, nowUnixSeconds: nowUnixSeconds)
        }
      }
      writeLines(some, nowUnixSeconds: nowUnixSeconds)
      turned += some
    }
    let highestID = entries.reduce(0) { max($0, $1.value.highestID) }
    try change { (state) in
      state.progress.highestID = max(state.progress.highestID, highestID)
      if !pending.isEmpty { state.touch("progress", 1) }
    }
    return turned
  }

  /// Gives identities of replayed occurrences, which may have been grouped by a former version when they were counted, to the items that
  /// have them.
  func adopt(_ replayed: [ItemIdentity: PendingItem], nowUnixSeconds: Int64) throws(CatalogError) {
    try change { (state) in
      for (identity, entry) in replayed { state.join(identity, entry.last, nil, nowUnixSeconds: nowUnixSeconds) }
    }
  }

  /// An item of a tenant.
  func item(id: Int64, tenant: String) -> Item? {
    state.withLock { (state) in state.items[id] ?? state.itemOfFormerID[id].flatMap { state.items[$0] } }
      .flatMap { $0.identity.tenant == tenant ? $0 : nil }
  }

  func item(counter: Int64, projectID: Int64) -> Item? {
    state.withLock { $0.items.values.first { $0.projectID == projectID && $0.counter == counter } }
  }

  /// Items that pass, with the counts of groups filled in from their members.
  func items(tenant: String, where passes: @Sendable (Item) -> Bool) -> [Item] {
    state.withLock { (state) in
      state.items.values.filter { $0.identity.tenant == tenant }.map { state.withMembers($0) }.filter(passes)
    }
  }

  /// Changes an item and writes it; nil where the tenant has none of this id.
  func changeItem<Result: Sendable>(
    id: Int64, tenant: String, _ body: @Sendable (inout Item) -> Result
  ) throws(CatalogError) -> (item: Item, result: Result)? {
    try change { (state) in
      guard var item = state.items[id], item.identity.tenant == tenant else { return nil }
      let result = body(&item)
      state.items[id] = item
      state.touch("item", id)
      return (item, result)
    }
  }

  /// The members of a group.
  func members(of groupID: Int64) -> [Item] { state.withLock { $0.items.values.filter { $0.groupItemID == groupID } }.sorted { $0.id < $1.id } }
}

extension IssueBook.State {
  /// See `ItemTracker.passTime`.
  mutating func passTime(nowUnixSeconds now: Int64) -> [TurnedItem] {
    var turned: [TurnedItem] = []
    for (id, item) in items where item.status == .active || item.status == .muted || item.snoozedUntilUnixSeconds != nil {
      let days = item.status == .active ? projects[item.projectID]?.autoResolveDays ?? 0 : 0
      let isIdle = days > 0 && item.lastOccurrence.unixSeconds < now - Int64(days) * 86_400
      guard isIdle || item.snoozedUntilUnixSeconds ?? .max <= now || (item.status == .muted && item.muteUntilUnixSeconds ?? .max <= now) else { continue }
      var item = item
      var turns = [item.passTime(nowUnixSeconds: now)].compactMap { $0 }
      if isIdle, let turn = item.setStatus(.resolved, actor: "idle for \(days) days", nowUnixSeconds: now) { turns.append(turn) }
      items[id] = item
      touch("item", id)
      if !turns.isEmpty { turned.append(TurnedItem(item: withMembers(item), turns: turns, lastNote: nil)) }
    }
    return turned
  }

  /// Finds the item of an identity, by what other doors told or what it was called before, or begins one; false where there are too many.
  mutating func settle(
    _ identity: ItemIdentity, _ pending: PendingItem, _ other: ItemIdentity?, _ groupingVersion: String, nowUnixSeconds: Int64
  ) -> Bool {
    join(identity, pending.last, other, nowUnixSeconds: nowUnixSeconds)
    meet(identity, pending, nowUnixSeconds: nowUnixSeconds)
    let known = itemOfIdentity[identity].flatMap { items[$0] }
    if let known, !known.isGroup { return true }
    guard items.count < IssueBook.itemCountMax else {
      refusedItemCount += pending.count
      return false
    }
    var owner = project(tenant: identity.tenant, name: identity.project, nowUnixSeconds: nowUnixSeconds)
    var item = Item(
      id: makeID(), projectID: owner.id, counter: owner.nextCounter, first: pending.first, nowUnixSeconds: nowUnixSeconds)
    owner.nextCounter += 1
    projects[owner.id] = owner
    touch("project", owner.id)
    // A rule's `group-item-N` names a group: what comes that way is a member of its own.
    item.groupItemID = known?.id
    items[item.id] = item
    itemOfIdentity[identity] = item.id
    touch("item", item.id)
    if let explanation = StoredExplanation(item, version: groupingVersion) {
      explanations[item.id] = explanation
      touch("explanation", item.id)
    }
    return true
  }

  /// What came without the failures that other doors told of before; less than nothing where a report shows that two were one.
  mutating func counted(_ identity: ItemIdentity, _ pending: PendingItem, nowUnixSeconds: Int64) -> PendingItem {
    guard let id = itemOfIdentity[identity] else { return pending }
    let difference = failures.add(pending.reports, of: identity, item: id, nowUnixSeconds: nowUnixSeconds)
    var counted = pending
    for report in pending.reports { counted.hours[report.hour, default: 0] -= report.count }
    for (hour, count) in difference { counted.hours[hour, default: 0] += count }
    counted.count = counted.hours.values.reduce(0, +)
    if counted.count != pending.count { counted.versions = counted.count > 0 ? [pending.last.codeVersion: counted.count] : [:] }
    return counted
  }

  mutating func apply(_ identity: ItemIdentity, _ pending: PendingItem, nowUnixSeconds: Int64) -> TurnedItem? {
    guard let id = itemOfIdentity[identity], var item = items[id] else { return nil }
    let deployed = deploys(projectID: item.projectID, environment: item.identity.environment)
    let turns = item.apply(pending, deploys: deployed.map(\.revision), suspect: deployed.last?.id, nowUnixSeconds: nowUnixSeconds)
    items[id] = item
    touch("item", id)
    return applied(item, turns, pending, deployed, nowUnixSeconds: nowUnixSeconds)
  }

  /// What happened to an item as rules hear of it: to its group where it has one.
  private mutating func applied(
    _ item: Item, _ turns: [ItemTurn], _ pending: PendingItem, _ deployed: [Deploy], nowUnixSeconds: Int64
  ) -> TurnedItem {
    guard let groupID = item.groupItemID, var group = items[groupID] else {
      return TurnedItem(item: item, turns: turns, lastNote: pending.last)
    }
    group.totalCount = withMembers(group).totalCount - pending.count
    let turns = group.apply(pending, deploys: deployed.map(\.revision), suspect: deployed.last?.id, nowUnixSeconds: nowUnixSeconds)
    items[groupID] = group
    touch("item", groupID)
    return TurnedItem(item: group, turns: turns, lastNote: pending.last)
  }

  /// Gives an identity that is not known to the item whose it is: the one that a former hash of its names, or the one that another door began.
  fileprivate mutating func join(_ identity: ItemIdentity, _ note: OccurrenceNote, _ other: ItemIdentity?, nowUnixSeconds: Int64) {
    guard itemOfIdentity[identity] == nil else { return }
    var former: Int64?
    for hash in note.formerHashes where former == nil {
      former = itemOfIdentity[ItemIdentity(tenant: identity.tenant, project: identity.project, environment: identity.environment, hash: hash)]
    }
    let known = former ?? other.flatMap { itemOfIdentity[$0] }
    guard let known, var item = items[known], item.aliases?.count ?? 0 < Item.aliasCountMax else { return }
    item.aliases = (item.aliases ?? []) + [identity]
    item.note("joined", detail: "\(identity.project) \(identity.environment) \(identity.hash)", nowUnixSeconds: nowUnixSeconds)
    items[known] = item
    itemOfIdentity[identity] = known
    touch("item", known)
  }

  /// A group has the counts of its members together.
  func withMembers(_ item: Item) -> Item {
    guard item.isGroup else { return item }
    var sum = item
    sum.totalCount = 0
    sum.hours = []
    for member in items.values where member.groupItemID == item.id {
      sum.totalCount += member.totalCount
      for entry in member.hours { sum.set(hour: entry.hour, count: sum.count(hour: entry.hour) + entry.count) }
      if member.firstOccurrence.unixSeconds < sum.firstOccurrence.unixSeconds { sum.firstOccurrence = member.firstOccurrence }
      if member.lastOccurrence.unixSeconds > sum.lastOccurrence.unixSeconds { sum.lastOccurrence = member.lastOccurrence }
    }
    return sum
  }
}
