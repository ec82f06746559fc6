// SPDX-License-Identifier: Apache-2.0
import CairnIssues

extension IssueBook.State {
  /// Makes members of items: of the group that `item` is, or of a new one in its image. The members keep their occurrences, so this can be
  /// taken back at any time.
  mutating func merge(_ members: [Item], into item: Item, actor: String, nowUnixSeconds: Int64) -> Item {
    var group = item
    if !item.isGroup {
      group.id = makeID()
      group.isGroup = true
      group.history = []
      group.formerIDs = nil
      group.totalCount = 0
      group.countBeforeActivation = 0
      group.identity.hash = "group-item-\(group.id)"
      if var owner = projects[item.projectID] {
        group.counter = owner.nextCounter
        owner.nextCounter += 1
        projects[owner.id] = owner
        touch("project", owner.id)
      }
    }
    for member in members {
      var member = member
      member.groupItemID = group.id
      member.note("merged", actor: actor, detail: "into #\(group.counter)", nowUnixSeconds: nowUnixSeconds)
      items[member.id] = member
      touch("item", member.id)
    }
    group.note("merged", actor: actor, detail: members.map { "#\($0.counter)" }.joined(separator: " "), nowUnixSeconds: nowUnixSeconds)
    items[group.id] = group
    itemOfIdentity[group.identity] = group.id
    touch("item", group.id)
    return withMembers(group)
  }

  /// Takes one member out of its group, or dissolves a group.
  mutating func unmerge(_ item: Item, actor: String, nowUnixSeconds: Int64) {
    let groupID = item.isGroup ? item.id : item.groupItemID
    guard let groupID else { return }
    for (id, member) in items where member.groupItemID == groupID && (item.isGroup || id == item.id) {
      var member = member
      member.groupItemID = nil
      member.note("unmerged", actor: actor, nowUnixSeconds: nowUnixSeconds)
      items[id] = member
      touch("item", id)
    }
    guard !items.values.contains(where: { $0.groupItemID == groupID }), let group = items.removeValue(forKey: groupID) else { return }
    if itemOfIdentity[group.identity] == groupID { itemOfIdentity[group.identity] = nil }
    touch("item", groupID)
  }
}
