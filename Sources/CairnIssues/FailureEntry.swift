// SPDX-License-Identifier: Apache-2.0

/// One failure as a list shows it: the report that stands for it, and those of other doors that tell of the same.
public struct FailureEntry: Sendable, Hashable {
  /// Its place in what was given.
  public var place: Int
  /// One report a door, the richest door's first.
  public var others: [Other]

  /// Another door's report of the failure.
  public struct Other: Sendable, Hashable {
    public var place: Int
    /// False where several failures of that moment could be the one: then the order of both doors' reports decides, or the time.
    public var isSure: Bool

    public init(place: Int, isSure: Bool) {
      self.place = place
      self.isSure = isSure
    }
  }
}

/// The failures that reports of one item tell of, in order of time: as many as `failureBursts` counts. Each report counts once; those of one
/// time are given in the order in which they came.
public func failureEntries(_ reports: [FailureReport]) -> [FailureEntry] {
  guard let door = reports.first?.door else { return [] }
  if reports.allSatisfy({ $0.door == door }) {
    return reports.indices.sorted { (reports[$0].firstUnixNanoseconds, $0) < (reports[$1].firstUnixNanoseconds, $1) }
      .map { FailureEntry(place: $0, others: []) }
  }
  return failureBursts(reports).flatMap { BurstReader($0, reports).entries }.sorted {
    (reports[$0.place].firstUnixNanoseconds, $0.place) < (reports[$1.place].firstUnixNanoseconds, $1.place)
  }
}

/// Who stands for whom in a burst.
private struct BurstReader {
  let burst: FailureBurst
  let reports: [FailureReport]
  private let told: Set<Int64>
  /// Reports of a door, in order of time: all of them, and those whose failure key says nothing of other doors'.
  private var all: [ReportingDoor: [Int]] = [:]
  private var untied: [ReportingDoor: [Int]] = [:]
  private var tied: [Tied: Int] = [:]

  private struct Tied: Hashable {
    var failure: Int64
    var door: ReportingDoor
  }

  init(_ burst: FailureBurst, _ reports: [FailureReport]) {
    self.burst = burst
    self.reports = reports
    told = toldFailures(burst.members, reports)
    for index in burst.members {
      let report = reports[index]
      if !report.isEcho(of: told) { all[report.door, default: []].append(index) }
      if report.failure == 0 || report.door == .document { untied[report.door, default: []].append(index) }
      if report.failure != 0, tied[Tied(failure: report.failure, door: report.door)] == nil {
        tied[Tied(failure: report.failure, door: report.door)] = index
      }
    }
  }

  var entries: [FailureEntry] { standing.map { FailureEntry(place: $0, others: others($0)) } }

  /// The leader's reports; where there is none, of each failure the reports of the door that told most of it.
  private var standing: [Int] {
    if let leader = burst.leader { return all[leader] ?? [] }
    var counts: [Int64: DoorCounts] = [:]
    for index in burst.members where reports[index].failure != 0 && !reports[index].isEcho(of: told) {
      counts[reports[index].failure, default: DoorCounts()].add(reports[index])
    }
    return burst.members.filter { (index) in
      guard let count = counts[reports[index].failure], count.hasOtherThanDocument else { return false }
      return count.leader == reports[index].door
    }
  }

  private func others(_ index: Int) -> [FailureEntry.Other] {
    let report = reports[index]
    let own = all[report.door] ?? []
    return ReportingDoor.allCases.compactMap { (door) -> FailureEntry.Other? in
      guard door != report.door else { return nil }
      if report.failure != 0, let same = tied[Tied(failure: report.failure, door: door)] { return FailureEntry.Other(place: same, isSure: true) }
      let isUntied = report.failure == 0 || report.door == .document
      let pool = (isUntied ? all : untied)[door] ?? []
      if pool.count == own.count, let ordinal = own.firstIndex(of: index) {
        return FailureEntry.Other(place: pool[ordinal], isSure: own.count == 1)
      }
      return nearest(report.firstUnixNanoseconds, pool).map { FailureEntry.Other(place: $0, isSure: false) }
    }
  }

  private func nearest(_ time: Int64, _ places: [Int]) -> Int? {
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      if reports[places[middle]].firstUnixNanoseconds < time { low = middle + 1 } else { high = middle }
    }
    let candidates = [low - 1, low].filter { places.indices.contains($0) }.map { places[$0] }
    return candidates.min { abs(reports[$0].firstUnixNanoseconds - time) < abs(reports[$1].firstUnixNanoseconds - time) }
  }
}
