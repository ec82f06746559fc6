// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// What came for one item since it was last looked at.
public struct PendingItem: Sendable, Hashable {
  public var count = 0
  /// Occurrences by the hour of their time, as hours since 1970.
  public var hours: [Int64: Int] = [:]
  public var versions: [String: Int] = [:]
  public var first: OccurrenceNote
  public var last: OccurrenceNote
  /// The highest occurrence id.
  public var highestID: Int64 = 0
  /// What other doors' reports are compared with: all of it, or what there was room for; those alike in a row are one.
  public var reports: [FailureReport] = []

  public init(_ note: OccurrenceNote) {
    first = note
    last = note
  }

  public mutating func add(_ note: OccurrenceNote) {
    count += 1
    hours[note.unixNanoseconds / 3_600_000_000_000, default: 0] += 1
    if versions.count < 20 || versions[note.codeVersion] != nil { versions[note.codeVersion, default: 0] += 1 }
    if note.unixNanoseconds < first.unixNanoseconds { first = note }
    if note.unixNanoseconds >= last.unixNanoseconds { last = note }
    highestID = max(highestID, note.id)
  }

  /// The doors that told of it, the richest first.
  public var doors: [ReportingDoor] {
    let told = Set(reports.map(\.door))
    return told.isEmpty ? [last.door] : ReportingDoor.allCases.filter { told.contains($0) }
  }

  /// What the reports call the program, the newest first.
  public var services: [String] { reports.reversed().map(\.service).filter { !$0.isEmpty } }

  /// Lists a report for the comparison with other doors'. Returns how many more are listed.
  public mutating func list(_ note: OccurrenceNote) -> Int {
    let report = FailureReport(note)
    if let last = reports.indices.last, reports[last].absorb(report) { return 0 }
    reports.append(report)
    return 1
  }
}

/// Occurrences between their decoding and the life of their item: added up per item, so that a loop that sends one error a million
/// times costs one entry. Called under the store's lock, so it does nothing else.
public final class PendingOccurrences: Sendable {
  private struct State {
    var items: [ItemIdentity: PendingItem] = [:]
    var droppedCount = 0
    var reportCount = 0
  }
  /// Items beyond this between two looks are left to the next count from the events.
  public static let itemCountMax = 50_000
  /// Reports beyond this between two looks are counted without a look at other doors.
  public static let reportCountMax = 100_000
  private let state = Mutex(State())

  public init() {}

  public func add(_ notes: [OccurrenceNote]) {
    state.withLock { (state) in
      for note in notes {
        guard state.items.count < Self.itemCountMax || state.items[note.item] != nil else {
          state.droppedCount += 1
          continue
        }
        state.items[note.item, default: PendingItem(note)].add(note)
        guard state.reportCount < Self.reportCountMax else { continue }
        state.reportCount += state.items[note.item]?.list(note) ?? 0
      }
    }
  }

  /// Hands over everything that came and begins again.
  public func take() -> (items: [ItemIdentity: PendingItem], droppedCount: Int) {
    state.withLock { (state) in
      let taken = (state.items, state.droppedCount)
      state = State()
      return taken
    }
  }
}
