// SPDX-License-Identifier: Apache-2.0
import CairnIssues

// One failure is one item, whichever doors tell of it: see decision 054. Identities whose reports meet become one item, which is the richest
// door's. Never do two items whose own doors are one, what somebody parted, and what people have decided about on both sides.

extension IssueBook.State {
  /// Reports of one identity between two counts that are looked at for other doors' reports.
  private static let lookUpCountMax = 256
  /// Items that one identity may bring together in one look.
  private static let roundCountMax = 4

  /// Brings an identity together with the items that other doors made of the same failures.
  mutating func meet(_ identity: ItemIdentity, _ entry: PendingItem, nowUnixSeconds: Int64) {
    for _ in 0..<Self.roundCountMax {
      guard let (other, tie) = partner(of: identity, entry) else { return }
      if let own = itemOfIdentity[identity] {
        unite(own, other, tie, entry, nowUnixSeconds: nowUnixSeconds)
      } else {
        take(identity, entry, into: other, tie, nowUnixSeconds: nowUnixSeconds)
      }
    }
  }

  /// The item that other doors' reports of the same lead to. Of several, the one whose own door tells most; nil where that door has several,
  /// for then there is no telling, unless this identity's door tells more than theirs.
  private func partner(of identity: ItemIdentity, _ entry: PendingItem) -> (item: Int64, tie: Meeting.Tie)? {
    let own = itemOfIdentity[identity]
    var found: [Meeting.Tie: Set<Int64>] = [:]
    for report in entry.reports.suffix(Self.lookUpCountMax) {
      for meeting in failures.meetings(report, of: identity) {
        guard let id = itemOfIdentity[meeting.identity], id != own, let other = items[id], mayJoin(identity, report.door, own, other) else { continue }
        found[meeting.tie, default: []].insert(id)
      }
    }
    let ownRank = (own.flatMap { items[$0]?.ownDoor } ?? entry.doors.first)?.rank ?? .max
    for tie in [Meeting.Tie.trace, .place, .words] {
      let ids = (found[tie] ?? []).sorted()
      guard let rank = ids.compactMap({ items[$0]?.ownDoor?.rank }).min() else { continue }
      let richest = ids.filter { items[$0]?.ownDoor?.rank == rank }
      return richest.count == 1 || (rank > ownRank && tie != .words) ? richest.first.map { ($0, tie) } : nil
    }
    return nil
  }

  private func mayJoin(_ identity: ItemIdentity, _ door: ReportingDoor, _ own: Int64?, _ other: Item) -> Bool {
    guard let otherDoor = other.ownDoor, !other.isGroup, (other.aliases?.count ?? 0) < Item.aliasCountMax else { return false }
    guard let own, let item = items[own] else { return door != otherDoor && !(other.apart ?? []).contains(identity) }
    guard let ownDoor = item.ownDoor, ownDoor != otherDoor, !item.isGroup, !isApart(item, other) else { return false }
    return (ownDoor.rank < otherDoor.rank ? other : item).isUntouched
  }

  private func isApart(_ one: Item, _ other: Item) -> Bool {
    one.identities.contains { (other.apart ?? []).contains($0) } || other.identities.contains { (one.apart ?? []).contains($0) }
  }

  /// Makes an identity that no item has one of an item's; where its door tells more, the item's own.
  private mutating func take(
    _ identity: ItemIdentity, _ entry: PendingItem, into id: Int64, _ tie: Meeting.Tie, nowUnixSeconds: Int64
  ) {
    guard var item = items[id], let door = item.ownDoor, let told = entry.doors.first else { return }
    itemOfIdentity[identity] = id
    if told.rank < door.rank {
      let former = item.identity
      item.adopt(identity, entry.last)
      item.note("joined", detail: Self.words(door, former, tie), nowUnixSeconds: nowUnixSeconds)
      rehome(&item, nowUnixSeconds: nowUnixSeconds)
    } else {
      item.aliases = (item.aliases ?? []) + [identity]
      item.note("joined", detail: Self.words(told, identity, tie), nowUnixSeconds: nowUnixSeconds)
    }
    items[id] = item
    touch("item", id)
  }

  /// Makes one item of two: the one whose door tells more stays.
  private mutating func unite(_ one: Int64, _ other: Int64, _ tie: Meeting.Tie, _ entry: PendingItem, nowUnixSeconds: Int64) {
    guard let left = items[one], let right = items[other], let leftDoor = left.ownDoor, let rightDoor = right.ownDoor else { return }
    var (kept, gone) = leftDoor.rank < rightDoor.rank ? (left, right) : (right, left)
    let door = max(leftDoor.rank, rightDoor.rank) == leftDoor.rank ? leftDoor : rightDoor
    kept.absorb(gone, counted: failures.unite(gone.id, into: kept.id))
    kept.note("joined", detail: Self.words(door, gone.identity, tie), nowUnixSeconds: nowUnixSeconds)
    name(&kept)
    for identity in gone.identities { itemOfIdentity[identity] = kept.id }
    for id in kept.formerIDs ?? [] { itemOfFormerID[id] = kept.id }
    items[gone.id] = nil
    items[kept.id] = kept
    touch("item", gone.id)
    touch("item", kept.id)
  }

  /// An item belongs to its own identity's project and has a counter of that.
  private mutating func rehome(_ item: inout Item, nowUnixSeconds: Int64) {
    var owner = project(tenant: item.identity.tenant, name: item.identity.project, nowUnixSeconds: nowUnixSeconds)
    guard owner.id != item.projectID else { return }
    item.projectID = owner.id
    item.counter = owner.nextCounter
    owner.nextCounter += 1
    projects[owner.id] = owner
    touch("project", owner.id)
  }

  private static func words(_ door: ReportingDoor, _ identity: ItemIdentity, _ tie: Meeting.Tie) -> String {
    let why =
      switch tie {
      case .trace: "same class and message in one trace"
      case .place: "same class, message and line at one time"
      case .words: "same class and message of one service at one time"
      }
    return "also seen through \(door.title): \(identity.project) \(identity.environment) \(identity.hash.prefix(12)), \(why)"
  }

  /// Remembers who told of an item and lets other doors' reports meet these. Where the sender names no project, the service does.
  mutating func see(_ identity: ItemIdentity, _ entry: PendingItem, nowUnixSeconds: Int64) {
    failures.see(entry.reports, of: identity, nowUnixSeconds: nowUnixSeconds)
    guard let id = itemOfIdentity[identity], var item = items[id] else { return }
    for door in entry.doors { item.tell(door, identity, unixSeconds: entry.last.unixNanoseconds / 1_000_000_000) }
    if item.service == nil, item.identity == identity, Self.isOfNobody(item) { item.service = entry.services.first }
    name(&item)
    items[id] = item
    touch("item", id)
  }

  /// Where the sender names no project, the item is shown as the service's that told of it too.
  private func name(_ item: inout Item) {
    guard item.service == nil, Self.isOfNobody(item) else { return }
    item.service = item.accounts?.first { $0.door == .span || $0.door == .document }?.identity.project
  }

  /// Rollbar's senders with any token share one project.
  private static func isOfNobody(_ item: Item) -> Bool { item.identity.project == RollbarAccess.openProject && item.ownDoor == .rollbar }
}
