// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnIssues
import CairnRollbar
import Synchronization

/// What a person or a script wants of an item; checked as a whole before anything changes.
struct ItemChange: Sendable {
  var actor: String
  var status: ItemStatus?
  var resolvedInVersion: String?
  var level: String?
  var title: String?
  /// Some(nil) takes the assignment away.
  var assignedUserID: Int64??
  /// A name or an address, for whom a user is made if there is none; empty takes the assignment away. Cairn's own.
  var assignee: String?
  var snoozeSeconds: Int64?
  var muteUntilUnixSeconds: Int64?
  var muteUntilCount: Int?
  var comment: String?

  init(_ body: JSONValue, actor: String) throws(Refusal) {
    self.actor = body["actor"]?.string.map { String($0.prefix(100)) } ?? actor
    guard let members = body.members, !members.isEmpty else { throw Refusal(.invalid, "the body names nothing to change") }
    try readStatus(body)
    if let value = Self.text(body["level"]) {
      guard let level = RollbarCodes.level(named: value) else { throw Refusal(.invalid, "level must be critical, error, warning, info or debug") }
      self.level = level
    }
    if let value = body["title"] {
      guard let title = value.string, (1...255).contains(title.count) else { throw Refusal(.invalid, "title must be 1 to 255 characters") }
      self.title = title
    }
    if let value = body["assigned_user_id"] {
      if value == .null || value.string == "" { assignedUserID = .some(nil) } else {
        guard let id = value.integer ?? value.string.flatMap({ Int64($0) }) else { throw Refusal(.invalid, "assigned_user_id must be a number or null") }
        assignedUserID = id
      }
    }
    if let value = body["assignee"] {
      guard value == .null || value.string.map({ $0.count <= 255 }) == true else { throw Refusal(.invalid, "assignee must be a name of at most 255 characters") }
      assignee = trimmed(value.string ?? "")
    }
    if let value = body["snoozed"] {
      let length = try Self.number(body, "snooze_expiration_in_seconds", 1...Self.snoozeSecondsMax) ?? 3_600
      snoozeSeconds = try Self.boolean(value, "snoozed") ? length : 0
    }
    if let value = body["comment"], value != .null {
      guard let text = value.string else { throw Refusal(.invalid, "comment must be a text") }
      comment = text.isEmpty ? nil : text
    }
    guard namesAChange else {
      let named = members.prefix(3).map { String($0.name.prefix(40)) }.joined(separator: ", ")
      throw Refusal(.invalid, "the body names nothing that can be changed: \(named)")
    }
  }

  /// False where all that the body has is unknown here: the answer must not say that the item was updated.
  private var namesAChange: Bool {
    status != nil || level != nil || title != nil || assignedUserID != nil || assignee != nil || snoozeSeconds != nil || comment != nil
  }

  private mutating func readStatus(_ body: JSONValue) throws(Refusal) {
    if let value = Self.text(body["status"]) {
      guard let status = ItemStatus.allCases.first(where: { $0.rawValue == value || String($0.number) == value }) else {
        throw Refusal(.invalid, "status must be active, resolved, muted or archived")
      }
      self.status = status
    }
    if let value = body["archived"], value != .null, try Self.boolean(value, "archived") { status = .archived }
    if let value = Self.text(body["resolved_in_version"]) {
      guard status == .resolved else { throw Refusal(.invalid, "resolved_in_version goes with status resolved only") }
      guard value.count <= 40 else { throw Refusal(.invalid, "resolved_in_version must be at most 40 characters") }
      resolvedInVersion = value
    }
    muteUntilUnixSeconds = try Self.number(body, "mute_until", 0...9_999_999_999)
    muteUntilCount = try Self.number(body, "mute_until_count", 0...1_000_000_000_000).map { Int($0) }
    guard status == .muted || (muteUntilUnixSeconds == nil && muteUntilCount == nil) else {
      throw Refusal(.invalid, "mute_until and mute_until_count go with status muted only")
    }
  }

  /// Ten years.
  private static let snoozeSecondsMax: Int64 = 315_360_000

  /// A whole number inside its bounds, since sums are made of it; nil where the member is absent or null.
  private static func number(_ body: JSONValue, _ name: String, _ bounds: ClosedRange<Int64>) throws(Refusal) -> Int64? {
    guard let value = body[name], value != .null else { return nil }
    guard let number = value.integer, bounds.contains(number) else {
      throw Refusal(.invalid, "\(name) must be a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
    }
    return number
  }

  /// A truth, as JSON has it or as a form spells it.
  private static func boolean(_ value: JSONValue, _ name: String) throws(Refusal) -> Bool {
    if let truth = value.boolean { return truth }
    guard let word = value.string, word == "true" || word == "false" else { throw Refusal(.invalid, "\(name) must be true or false") }
    return word == "true"
  }

  private static func text(_ value: JSONValue?) -> String? { value?.string ?? value?.integer.map { String($0) } }

  /// Carries it out. Returns the turn that rules may wait for.
  func apply(to item: inout Item, nowUnixSeconds now: Int64) -> ItemTurn? {
    var turn: ItemTurn?
    if let status {
      turn = item.setStatus(status, actor: actor, resolvedInVersion: resolvedInVersion, nowUnixSeconds: now)
      if status == .muted {
        item.muteUntilUnixSeconds = muteUntilUnixSeconds
        item.muteUntilCount = muteUntilCount.map { item.totalCount + $0 }
      }
    }
    if let level, level != item.level {
      item.note("level", actor: actor, detail: "\(item.level) to \(level)", nowUnixSeconds: now)
      item.level = level
      item.isLevelLocked = true
    }
    if let title, title != item.title {
      item.note("title", actor: actor, detail: title, nowUnixSeconds: now)
      item.title = title
      item.isTitleLocked = true
    }
    if let assignedUserID {
      item.assignedUserID = assignedUserID
      item.note("assigned", actor: actor, detail: assignedUserID.map { assignee ?? String($0) } ?? "nobody", nowUnixSeconds: now)
    }
    if let snoozeSeconds {
      item.snoozedUntilUnixSeconds = snoozeSeconds > 0 ? now + snoozeSeconds : nil
      item.note(snoozeSeconds > 0 ? "snoozed" : "unsnoozed", actor: actor, nowUnixSeconds: now)
    }
    if let comment { item.note("comment", actor: actor, detail: comment, nowUnixSeconds: now) }
    return turn
  }
}

extension ServerState {
  /// Changes an item, writes it, and tells the rules.
  func changeItem(_ id: Int64, tenant: String, _ change: ItemChange) async throws(Refusal) -> Item {
    let now = parts.clock.unixNanoseconds() / 1_000_000_000
    var change = change
    if case .some(.some(let user)) = change.assignedUserID, !book.users(tenant: tenant).contains(where: { $0.id == user }) {
      throw Refusal(.invalid, "assigned_user_id: no user has the id \(user)", field: "assigned_user_id")
    }
    if let name = change.assignee {
      do { change.assignedUserID = name.isEmpty ? .some(nil) : try book.user(named: name, tenant: tenant).id } catch { throw Refusal(error) }
    }
    let fixed = change
    let changed: (item: Item, result: ItemTurn?)?
    do {
      changed = try book.changeItem(id: id, tenant: tenant) { fixed.apply(to: &$0, nowUnixSeconds: now) }
    } catch {
      throw Refusal(error)
    }
    guard let changed else { throw Refusal(.notFound, "no item has the id \(id)") }
    if let turn = changed.result { tracker.listen([TurnedItem(item: changed.item, turns: [turn], lastNote: nil)]) }
    return book.state.withLock { $0.withMembers(changed.item) }
  }
}
