// SPDX-License-Identifier: Apache-2.0

/// Where an item stands. The numbers are Rollbar's, but for `archived`, which has none there.
public enum ItemStatus: String, Sendable, Hashable, Codable, CaseIterable {
  case active
  case resolved
  case muted
  case archived

  public var number: Int {
    switch self {
    case .active: 1
    case .resolved: 2
    case .muted: 3
    case .archived: 4
    }
  }
}

/// All occurrences with one hash in one project and environment, and what people decided about them.
///
/// A document of the catalog: changed in memory, written with each change. Times are Unix seconds.
public struct Item: Sendable, Hashable, Codable {
  /// One occurrence, as far as an item remembers it.
  public struct Mark: Sendable, Hashable, Codable {
    public var id: Int64
    public var uuid: String
    public var unixSeconds: Int64
    public var version: String
    /// The door that told of it.
    public var door: ReportingDoor?

    public init(_ note: OccurrenceNote) {
      door = note.door
      id = note.id
      uuid = note.uuid
      unixSeconds = note.unixNanoseconds / 1_000_000_000
      version = note.codeVersion
    }
  }
  /// Occurrences of one hour, which is counted from 1970.
  public struct HourCount: Sendable, Hashable, Codable {
    public var hour: Int64
    public var count: Int
  }
  /// What came in one version of the program.
  public struct VersionCount: Sendable, Hashable, Codable {
    public var version: String
    public var firstUnixSeconds: Int64
    public var lastUnixSeconds: Int64
    public var count: Int
  }
  /// Something that happened to the item, or was said about it.
  public struct HistoryEntry: Sendable, Hashable, Codable {
    public var unixSeconds: Int64
    /// Empty for what happened by itself.
    public var actor: String
    /// new, reactivated, reopened, resolved, muted, archived, assigned, level, title, snoozed, merged, unmerged, comment, joined, parted, …
    public var kind: String
    public var detail: String
  }

  public var id: Int64
  public var projectID: Int64
  /// The project's own number of the item, as its URLs have it.
  public var counter: Int64
  public var identity: ItemIdentity
  public var family: String
  public var source: String
  public var title: String
  public var isTitleLocked = false
  public var level: String
  public var isLevelLocked = false
  public var status = ItemStatus.active
  public var platform: String
  public var framework: String
  public var language: String
  public var exceptionType: String
  public var context: String
  public var assignedUserID: Int64?
  public var firstOccurrence: Mark
  public var lastOccurrence: Mark
  public var activatingOccurrence: Mark
  public var lastActivatedUnixSeconds: Int64
  public var lastResolvedUnixSeconds: Int64?
  public var lastMutedUnixSeconds: Int64?
  public var lastModifiedUnixSeconds: Int64
  public var resolvedInVersion: String?
  public var snoozedUntilUnixSeconds: Int64?
  public var muteUntilUnixSeconds: Int64?
  /// Occurrences in all at which a muted item is active again.
  public var muteUntilCount: Int?
  public var totalCount = 0
  /// The count when it was resolved last: Rollbar's total counts from there.
  public var countBeforeActivation = 0
  /// Oldest first, of the last `hourCountMax` hours.
  public var hours: [HourCount] = []
  public var versions: [VersionCount] = []
  public var history: [HistoryEntry] = []
  /// The item that this one was merged into.
  public var groupItemID: Int64?
  /// True for an item that others were merged into; it has no occurrences of its own.
  public var isGroup = false
  /// The last deploy before the first or the activating occurrence.
  public var suspectDeployID: Int64?

  /// Other identities whose occurrences are this item's: hashes of other versions of grouping, other doors of the same program.
  public var aliases: [ItemIdentity]?

  /// Through which doors it was told of, by identity.
  public var accounts: [DoorAccount]?
  /// The program, where the item's project is the one of senders who name none.
  public var service: String?
  /// Identities that somebody parted from this item: they do not join it again.
  public var apart: [ItemIdentity]?
  /// Items that this one took in.
  public var formerIDs: [Int64]?

  /// All identities that its occurrences may have; its own first.
  public var identities: [ItemIdentity] { [identity] + (aliases ?? []) }

  public static let aliasCountMax = 200
  public static let hourCountMax = 7 * 24
  public static let versionCountMax = 50
  public static let historyCountMax = 200

  /// The item that an occurrence begins.
  public init(id: Int64, projectID: Int64, counter: Int64, first note: OccurrenceNote, nowUnixSeconds: Int64) {
    self.id = id
    self.projectID = projectID
    self.counter = counter
    identity = note.item
    family = note.family
    source = note.source
    title = note.title
    level = note.level
    platform = note.platform
    framework = note.framework
    language = note.language
    exceptionType = note.exceptionType
    context = note.context
    firstOccurrence = Mark(note)
    lastOccurrence = Mark(note)
    activatingOccurrence = Mark(note)
    lastActivatedUnixSeconds = note.unixNanoseconds / 1_000_000_000
    lastModifiedUnixSeconds = nowUnixSeconds
  }

  /// Occurrences since the item became active last.
  public var countSinceActivation: Int { max(0, totalCount - countBeforeActivation) }

  /// Remembers what happened; the oldest entries go first.
  public mutating func note(_ kind: String, actor: String = "", detail: String = "", nowUnixSeconds: Int64) {
    history.append(HistoryEntry(unixSeconds: nowUnixSeconds, actor: actor, kind: kind, detail: String(detail.prefix(65_535))))
    if history.count > Self.historyCountMax { history.removeFirst(history.count - Self.historyCountMax) }
    lastModifiedUnixSeconds = nowUnixSeconds
  }

  /// Occurrences of one hour.
  public func count(hour: Int64) -> Int { hours.last { $0.hour == hour }?.count ?? 0 }
}
