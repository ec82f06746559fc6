// SPDX-License-Identifier: Apache-2.0

/// What one door told of an item, under one identity.
public struct DoorAccount: Sendable, Hashable, Codable {
  public var door: ReportingDoor
  public var identity: ItemIdentity
  public var lastUnixSeconds: Int64
}

extension Item {
  /// The doors that told of it, the richest first.
  public var doors: [ReportingDoor] { ReportingDoor.allCases.filter { (door) in (accounts ?? []).contains { $0.door == door } } }

  /// The door of its own identity; nil where none has told of that yet.
  public var ownDoor: ReportingDoor? { (accounts ?? []).filter { $0.identity == identity }.map(\.door).min { $0.rank < $1.rank } }

  /// Some of its failures may have been told of by several doors.
  public var isManyDoored: Bool {
    guard let accounts, let first = accounts.first else { return false }
    return accounts.contains { $0.door != first.door }
  }

  /// How pages name its project.
  public var shownProject: String { service ?? identity.project }

  /// Remembers who told of it.
  public mutating func tell(_ door: ReportingDoor, _ identity: ItemIdentity, unixSeconds: Int64) {
    var all = accounts ?? []
    if let index = all.firstIndex(where: { $0.door == door && $0.identity == identity }) {
      all[index].lastUnixSeconds = max(all[index].lastUnixSeconds, unixSeconds)
    } else if all.count <= Self.aliasCountMax {
      all.append(DoorAccount(door: door, identity: identity, lastUnixSeconds: unixSeconds))
    }
    accounts = all
  }

  /// Takes on the identity and the face of a door that tells more.
  public mutating func adopt(_ richer: ItemIdentity, _ note: OccurrenceNote) {
    guard richer != identity else { return }
    aliases = [identity] + (aliases ?? []).filter { $0 != richer }
    identity = richer
    family = note.family
    source = note.source
    if !isTitleLocked { title = note.title }
    if !isLevelLocked { level = note.level }
    platform = note.platform
    framework = note.framework
    language = note.language
    exceptionType = note.exceptionType
    context = note.context
  }

  /// Takes another item's occurrences and identities in, but for what `counted` says of the last minutes: hours, by what the other, this one
  /// and both together counted. Before that the higher count of the two stands, as both told of the same.
  public mutating func absorb(_ other: Item, counted: (moved: [Int64: Int], own: [Int64: Int], together: [Int64: Int])) {
    let sum = { (counts: [Int64: Int]) in counts.values.reduce(0, +) }
    totalCount = max(totalCount - sum(counted.own), other.totalCount - sum(counted.moved), 0) + sum(counted.together)
    for hour in Set(hours.map(\.hour)).union(other.hours.map(\.hour)) {
      let older = max(count(hour: hour) - (counted.own[hour] ?? 0), other.count(hour: hour) - (counted.moved[hour] ?? 0), 0)
      set(hour: hour, count: older + (counted.together[hour] ?? 0))
    }
    countBeforeActivation = min(countBeforeActivation, totalCount)
    aliases = (aliases ?? []) + other.identities
    accounts = (accounts ?? []) + (other.accounts ?? [])
    apart = (apart ?? []) + (other.apart ?? [])
    formerIDs = (formerIDs ?? []) + [other.id] + (other.formerIDs ?? [])
    if other.firstOccurrence.unixSeconds < firstOccurrence.unixSeconds { firstOccurrence = other.firstOccurrence }
    if other.lastOccurrence.isLater(than: lastOccurrence) { lastOccurrence = other.lastOccurrence }
    if service == nil { service = other.service }
    for entry in other.versions where !versions.contains(where: { $0.version == entry.version }) { versions.append(entry) }
  }

  /// Nobody has decided anything about it.
  public var isUntouched: Bool {
    status == .active && assignedUserID == nil && snoozedUntilUnixSeconds == nil && !isTitleLocked && !isLevelLocked && !isGroup
      && groupItemID == nil && history.allSatisfy { $0.actor.isEmpty }
  }
}

extension Item.Mark {
  /// Later; where both may be of one failure, told by a door that tells as much.
  func isLater(than other: Item.Mark) -> Bool {
    guard let door, let known = other.door, door != known, abs(unixSeconds - other.unixSeconds) <= failureGapNanoseconds / 1_000_000_000 else {
      return unixSeconds >= other.unixSeconds
    }
    return door.rank < known.rank
  }
}
