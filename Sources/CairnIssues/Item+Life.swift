// SPDX-License-Identifier: Apache-2.0

/// What an item's life gives rise to: the triggers of notification rules.
public enum ItemTurn: Sendable, Hashable {
  case new
  case reactivated
  case reopened
  case resolved
  /// Occurrences came; the totals before and after.
  case occurred(from: Int, to: Int)
}

extension Item {
  /// Counts what came, and lets it change where the item stands.
  ///
  /// ```
  /// resolved, archived > active   on an occurrence in the version it was resolved in or a later one, in no version, or in one that
  ///                               cannot be compared; an earlier version that still runs leaves it resolved
  /// muted > active                once the count or the date is reached that it was muted until; else it stays muted
  /// snoozed                       ends with its time
  /// ```
  /// `deploys` are revisions of the environment, oldest first; `suspect` is its last deploy. Returns the turns in their order.
  public mutating func apply(_ pending: PendingItem, deploys: [String], suspect: Int64?, nowUnixSeconds: Int64) -> [ItemTurn] {
    var turns: [ItemTurn] = []
    let before = totalCount
    guard pending.count > 0 else {
      // Another door told of what is counted: nothing happens to the item.
      count(pending)
      return []
    }
    if before == 0 {
      turns.append(.new)
      suspectDeployID = suspect
      note("new", nowUnixSeconds: nowUnixSeconds)
    }
    count(pending)
    turns.append(.occurred(from: before, to: totalCount))
    switch status {
    case .active: break
    case .resolved, .archived:
      if comesBack(pending, deploys) {
        activate(pending.last, before: before, kind: "reactivated", nowUnixSeconds: nowUnixSeconds)
        suspectDeployID = suspect
        turns.append(.reactivated)
      }
    case .muted:
      let isCounted = muteUntilCount.map { totalCount >= $0 } ?? false
      let isOver = muteUntilUnixSeconds.map { nowUnixSeconds >= $0 } ?? false
      if isCounted || isOver {
        activate(pending.last, before: before, kind: "unmuted", nowUnixSeconds: nowUnixSeconds)
        turns.append(.reactivated)
      }
    }
    if let until = snoozedUntilUnixSeconds, until <= nowUnixSeconds { snoozedUntilUnixSeconds = nil }
    return turns
  }

  /// What the clock alone changes: a muted item whose date is reached is active again, a snooze ends.
  public mutating func passTime(nowUnixSeconds: Int64) -> ItemTurn? {
    if let until = snoozedUntilUnixSeconds, until <= nowUnixSeconds {
      snoozedUntilUnixSeconds = nil
      note("unsnoozed", nowUnixSeconds: nowUnixSeconds)
    }
    guard status == .muted, let until = muteUntilUnixSeconds, until <= nowUnixSeconds else { return nil }
    status = .active
    lastActivatedUnixSeconds = nowUnixSeconds
    muteUntilUnixSeconds = nil
    muteUntilCount = nil
    note("unmuted", nowUnixSeconds: nowUnixSeconds)
    return .reactivated
  }

  private func comesBack(_ pending: PendingItem, _ deploys: [String]) -> Bool {
    guard let resolvedInVersion, !resolvedInVersion.isEmpty else { return true }
    return pending.versions.keys.contains { version in
      version.isEmpty || VersionOrder(version, to: resolvedInVersion, deploys: deploys) != .earlier
    }
  }

  private mutating func activate(_ note: OccurrenceNote, before: Int, kind: String, nowUnixSeconds: Int64) {
    status = .active
    activatingOccurrence = Mark(note)
    // What happened before it was resolved may come after that: it comes back then, not before it was away.
    lastActivatedUnixSeconds = max(note.unixNanoseconds / 1_000_000_000, lastResolvedUnixSeconds ?? 0)
    countBeforeActivation = before
    muteUntilCount = nil
    muteUntilUnixSeconds = nil
    resolvedInVersion = nil
    if !isTitleLocked, !note.title.isEmpty { title = note.title }
    self.note(kind, detail: note.codeVersion, nowUnixSeconds: nowUnixSeconds)
  }

  /// Adds counts; keeps the newest hours and versions.
  public mutating func count(_ pending: PendingItem) {
    totalCount = max(0, totalCount + pending.count)
    for (hour, count) in pending.hours where count != 0 { set(hour: hour, count: max(0, self.count(hour: hour) + count)) }
    if pending.first.unixNanoseconds / 1_000_000_000 < firstOccurrence.unixSeconds { firstOccurrence = Mark(pending.first) }
    if Mark(pending.last).isLater(than: lastOccurrence) { lastOccurrence = Mark(pending.last) }
    let seconds = (first: pending.first.unixNanoseconds / 1_000_000_000, last: pending.last.unixNanoseconds / 1_000_000_000)
    for (version, count) in pending.versions where !version.isEmpty {
      if let index = versions.firstIndex(where: { $0.version == version }) {
        versions[index].count += count
        versions[index].lastUnixSeconds = max(versions[index].lastUnixSeconds, seconds.last)
      } else {
        versions.append(VersionCount(version: version, firstUnixSeconds: seconds.first, lastUnixSeconds: seconds.last, count: count))
        if versions.count > Self.versionCountMax { versions.removeFirst() }
      }
    }
  }

  /// Sets the count of one hour.
  public mutating func set(hour: Int64, count: Int) {
    if let last = hours.last, last.hour == hour {
      hours[hours.count - 1].count = count
    } else if let index = hours.firstIndex(where: { $0.hour >= hour }) {
      if hours[index].hour == hour { hours[index].count = count } else { hours.insert(HourCount(hour: hour, count: count), at: index) }
    } else {
      hours.append(HourCount(hour: hour, count: count))
    }
    if let newest = hours.last?.hour {
      hours.removeAll { $0.hour <= newest - Int64(Self.hourCountMax) }
    }
  }

  // MARK: What people decide

  /// Changes where the item stands. Returns the turn that rules may wait for.
  public mutating func setStatus(
    _ new: ItemStatus, actor: String, resolvedInVersion version: String? = nil, nowUnixSeconds: Int64
  ) -> ItemTurn? {
    guard new != status || version != nil else { return nil }
    let old = status
    status = new
    switch new {
    case .resolved:
      lastResolvedUnixSeconds = nowUnixSeconds
      resolvedInVersion = version
      countBeforeActivation = totalCount
      note("resolved", actor: actor, detail: version ?? "", nowUnixSeconds: nowUnixSeconds)
      return old == .resolved ? nil : .resolved
    case .muted:
      lastMutedUnixSeconds = nowUnixSeconds
      note("muted", actor: actor, nowUnixSeconds: nowUnixSeconds)
      return nil
    case .archived:
      note("archived", actor: actor, nowUnixSeconds: nowUnixSeconds)
      return nil
    case .active:
      guard old != .active else { return nil }
      lastActivatedUnixSeconds = nowUnixSeconds
      muteUntilCount = nil
      muteUntilUnixSeconds = nil
      resolvedInVersion = nil
      note("reopened", actor: actor, nowUnixSeconds: nowUnixSeconds)
      return .reopened
    }
  }
}
