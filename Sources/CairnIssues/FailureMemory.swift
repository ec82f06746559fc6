// SPDX-License-Identifier: Apache-2.0

/// The reports of the last `secondsMax`, by item: what a new report must be compared with to know whether its failure is counted already.
///
/// It keeps the reports themselves and asks `failureBursts` for each item that gets some, so counts follow from which reports there are and
/// from nothing else. Not kept on disk: after a start it is filled again from the events. Bounded: an item keeps `itemReportCountMax`
/// reports, all together `reportCountMax`; the oldest go, and what they counted stays counted.
public struct FailureMemory: Sendable {
  /// What a number of hours has more, or less, than before.
  public typealias Difference = [Int64: Int]

  private struct Kept: Sendable {
    var report: FailureReport
    var identity: ItemIdentity
    var arrivedUnixSeconds: Int64
  }
  private struct Shelf: Sendable {
    var kept: [Kept] = []
    var counts: [Int64: Int] = [:]
    var arrivedUnixSeconds: Int64 = 0
    /// The door of all of them; nil for none and for several.
    var onlyDoor: ReportingDoor?
  }
  public static let secondsMax: Int64 = 900
  public static let itemReportCountMax = 8_192
  public static let reportCountMax = 131_072

  private var shelves: [Int64: Shelf] = [:]
  public private(set) var reportCount = 0
  private var sightings = SightingIndex()

  public init() {}

  /// Takes reports of an item in. Returns by how much its counts change.
  public mutating func add(_ reports: [FailureReport], of identity: ItemIdentity, item: Int64, nowUnixSeconds: Int64) -> Difference {
    guard !reports.isEmpty else { return [:] }
    var shelf = shelves.removeValue(forKey: item) ?? Shelf()
    let door = shelf.kept.isEmpty ? reports[0].door : shelf.onlyDoor
    let isOneDoor = reports.allSatisfy { $0.door == door }
    shelf.onlyDoor = isOneDoor ? door : nil
    for report in reports {
      if let last = shelf.kept.indices.last, shelf.kept[last].identity == identity, shelf.kept[last].report.absorb(report) {
        shelf.kept[last].arrivedUnixSeconds = nowUnixSeconds
        continue
      }
      shelf.kept.append(Kept(report: report, identity: identity, arrivedUnixSeconds: nowUnixSeconds))
      reportCount += 1
    }
    shelf.arrivedUnixSeconds = nowUnixSeconds
    var difference: Difference = [:]
    if isOneDoor {
      // Each report is a failure: nothing needs to be compared.
      for report in reports { difference[report.hour, default: 0] += report.count }
      shelf.counts.merge(difference) { $0 + $1 }
    } else {
      difference = recounted(&shelf)
    }
    if shelf.kept.count > Self.itemReportCountMax { forget(&shelf, keeping: Self.itemReportCountMax / 2) }
    shelves[item] = shelf
    if reportCount > Self.reportCountMax { shrink() }
    return difference
  }

  /// What `other` counted becomes `item`'s. Returns what both together count less; nothing of it is in either before.
  public mutating func unite(_ other: Int64, into item: Int64) -> (moved: [Int64: Int], own: [Int64: Int], together: [Int64: Int]) {
    let (old, moved) = (shelves[item] ?? Shelf(), shelves.removeValue(forKey: other) ?? Shelf())
    var shelf = old
    shelf.kept += moved.kept
    shelf.onlyDoor = Self.onlyDoor(shelf.kept)
    shelf.arrivedUnixSeconds = max(old.arrivedUnixSeconds, moved.arrivedUnixSeconds)
    _ = recounted(&shelf)
    shelves[item] = shelf
    return (moved.counts, old.counts, shelf.counts)
  }

  /// Gives an identity's reports to an item of their own.
  public mutating func split(_ identity: ItemIdentity, from item: Int64, to other: Int64) {
    guard var shelf = shelves[item] else { return }
    var own = Shelf(kept: shelf.kept.filter { $0.identity == identity }, arrivedUnixSeconds: shelf.arrivedUnixSeconds)
    shelf.kept.removeAll { $0.identity == identity }
    shelf.onlyDoor = Self.onlyDoor(shelf.kept)
    own.onlyDoor = Self.onlyDoor(own.kept)
    _ = recounted(&own)
    _ = recounted(&shelf)
    shelves[item] = shelf
    shelves[other] = own
  }

  private static func onlyDoor(_ kept: [Kept]) -> ReportingDoor? {
    kept.first.flatMap { (first) in kept.allSatisfy { $0.report.door == first.report.door } ? first.report.door : nil }
  }

  private func recounted(_ shelf: inout Shelf) -> Difference {
    var counts: [Int64: Int] = [:]
    for burst in failureBursts(shelf.kept.map(\.report)) { counts[burst.hour, default: 0] += burst.count }
    var difference: Difference = [:]
    for (hour, count) in counts where count != shelf.counts[hour] ?? 0 { difference[hour] = count - (shelf.counts[hour] ?? 0) }
    shelf.counts = counts
    return difference
  }

  // MARK: Bounds

  /// Forgets what came longer ago than `secondsMax`, burst by burst: a burst that still grows stays.
  public mutating func prune(nowUnixSeconds: Int64) {
    let oldest = nowUnixSeconds - Self.secondsMax
    for (item, var shelf) in shelves {
      guard shelf.kept.first.map({ $0.arrivedUnixSeconds < oldest }) ?? true else { continue }
      let before = shelf.kept.count
      if shelf.arrivedUnixSeconds < oldest {
        shelves[item] = nil
        reportCount -= before
        continue
      }
      var stays = [Bool](repeating: true, count: before)
      for burst in failureBursts(shelf.kept.map(\.report)) where burst.members.allSatisfy({ shelf.kept[$0].arrivedUnixSeconds < oldest }) {
        for member in burst.members { stays[member] = false }
      }
      shelf.kept = zip(shelf.kept, stays).compactMap { $1 ? $0 : nil }
      _ = recounted(&shelf)
      shelves[item] = shelf
      reportCount -= before - shelf.kept.count
    }
    sightings.prune(before: oldest)
  }

  private mutating func forget(_ shelf: inout Shelf, keeping count: Int) {
    let before = shelf.kept.count
    shelf.kept = Array(shelf.kept.sorted { $0.report.lastUnixNanoseconds < $1.report.lastUnixNanoseconds }.suffix(count))
    _ = recounted(&shelf)
    reportCount -= before - shelf.kept.count
  }

  /// The items that got none for the longest time go.
  private mutating func shrink() {
    for (item, shelf) in shelves.sorted(by: { $0.value.arrivedUnixSeconds < $1.value.arrivedUnixSeconds }) {
      guard reportCount > Self.reportCountMax / 4 * 3 else { return }
      shelves[item] = nil
      reportCount -= shelf.kept.count
    }
  }

  // MARK: Meetings

  /// Remembers that an identity's reports were seen, so that other doors' meet them.
  public mutating func see(_ reports: [FailureReport], of identity: ItemIdentity, nowUnixSeconds: Int64) {
    for report in reports { sightings.insert(report, identity, nowUnixSeconds) }
  }

  /// The identities of other doors' reports that tell of the same, each with what says so.
  public func meetings(_ report: FailureReport, of identity: ItemIdentity) -> [Meeting] { sightings.meetings(report, identity) }
}
