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
    try change { (state) in
      var turned: [TurnedItem] = []
      // Counters follow the order of arrival.
      for (identity, entry) in pending.sorted(by: { $0.value.first.id < $1.value.first.id }) {
        state.progress.highestID = max(state.progress.highestID, entry.highestID)
        state.join(identity, entry.last, joined[identity], nowUnixSeconds: nowUnixSeconds)
        guard let item = state.apply(identity, entry, nowUnixSeconds: nowUnixSeconds) else { continue }
        turned.append(item)
      }
      if !pending.isEmpty { state.touch("progress", 1) }
      return turned
    }
  }

  /// An item of a tenant.
  func item(id: Int64, tenant: String) -> Item? {
    state.withLock { $0.items[id] }.flatMap { $0.identity.tenant == tenant ? $0 : nil }
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
  fileprivate mutating func apply(_ identity: ItemIdentity, _ pending: PendingItem, nowUnixSeconds: Int64) -> TurnedItem? {
    if let id = itemOfIdentity[identity], var item = items[id] {
      let deployed = deploys(projectID: item.projectID, environment: identity.environment)
      var turns = item.apply(
        pending, deploys: deployed.map(\.revision), suspect: deployed.last?.id, nowUnixSeconds: nowUnixSeconds)
      items[id] = item
      touch("item", id)
      if let groupID = item.groupItemID, var group = items[groupID] {
        group.totalCount = withMembers(group).totalCount - pending.count
        turns = group.apply(pending, deploys: deployed.map(\.revision), suspect: deployed.last?.id, nowUnixSeconds: nowUnixSeconds)
        items[groupID] = group
        touch("item", groupID)
        return TurnedItem(item: group, turns: turns, lastNote: pending.last)
      }
      return TurnedItem(item: item, turns: turns, lastNote: pending.last)
    }
    guard items.count < IssueBook.itemCountMax else {
      refusedItemCount += pending.count
      return nil
    }
    var owner = project(tenant: identity.tenant, name: identity.project, nowUnixSeconds: nowUnixSeconds)
    var item = Item(
      id: makeID(), projectID: owner.id, counter: owner.nextCounter, first: pending.first, nowUnixSeconds: nowUnixSeconds)
    owner.nextCounter += 1
    projects[owner.id] = owner
    touch("project", owner.id)
    let deployed = deploys(projectID: owner.id, environment: identity.environment)
    let turns = item.apply(pending, deploys: deployed.map(\.revision), suspect: deployed.last?.id, nowUnixSeconds: nowUnixSeconds)
    items[item.id] = item
    itemOfIdentity[identity] = item.id
    touch("item", item.id)
    if let explanation = StoredExplanation(item) {
      explanations[item.id] = explanation
      touch("explanation", item.id)
    }
    return TurnedItem(item: item, turns: turns, lastNote: pending.last)
  }

  /// Gives an identity that is not known to the item whose it is: the one that its former hash names, or the one that another door began.
  fileprivate mutating func join(_ identity: ItemIdentity, _ note: OccurrenceNote, _ other: ItemIdentity?, nowUnixSeconds: Int64) {
    guard itemOfIdentity[identity] == nil else { return }
    var former = identity
    former.hash = note.formerHash
    let known = (note.formerHash.isEmpty ? nil : itemOfIdentity[former]) ?? other.flatMap { itemOfIdentity[$0] }
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
