// SPDX-License-Identifier: Apache-2.0

// How many failures do reports of one item, from several doors, stand for?
//
// Reports belong to one burst where they share a failure key, or where their times are at most `failureGapNanoseconds` apart; no burst
// crosses an hour. Within a burst
//
//   traced   = the sum, over the failure keys, of the highest count of any one door
//   count    = max(traced, the highest number of reports of any one door)
//
// so what one door tells five times counts five, what five doors tell once counts one, and a door without trace ids tells of failures
// that others may have told with one. X-Ray's ids are another recorder's where no other door has them: keys that X-Ray alone has count
// through its number of reports. A failure that is passed on is logged again by each that catches it, so log records and lines with the key of
// a failure that a notifier or a span told of do not count: there it is known how often it happened (see PassedOn.swift). The result is a
// function of the set of reports: neither their order nor a restart changes it.

/// Reports of one item that may tell of the same failures.
public struct FailureBurst: Sendable, Hashable {
  /// Places in what was given, in order of time.
  public var members: [Int]
  public var hour: Int64
  /// How many failures they tell of.
  public var count: Int
  /// The door whose reports alone say all; nil where the failure keys say more than any one door.
  public var leader: ReportingDoor?
}

/// The bursts of an item's reports. Cost: sorting them.
public func failureBursts(_ reports: [FailureReport]) -> [FailureBurst] {
  guard let door = reports.first?.door else { return [] }
  if reports.allSatisfy({ $0.door == door }) { return byHour(reports, door) }
  let order = reports.indices.sorted {
    (reports[$0].firstUnixNanoseconds, $0) < (reports[$1].firstUnixNanoseconds, $1)
  }
  var roots = Array(reports.indices)
  func root(_ index: Int) -> Int {
    var index = index
    while roots[index] != index {
      roots[index] = roots[roots[index]]
      index = roots[index]
    }
    return index
  }
  var known: [Int64: Int] = [:]
  var last: (index: Int, end: Int64)?
  for index in order {
    let report = reports[index]
    if let before = last, reports[before.index].hour == report.hour, report.firstUnixNanoseconds - before.end <= failureGapNanoseconds {
      roots[root(index)] = root(before.index)
      last = (index, max(before.end, report.lastUnixNanoseconds))
    } else {
      last = (index, report.lastUnixNanoseconds)
    }
    guard report.failure != 0 else { continue }
    if let other = known[report.failure], reports[other].hour == report.hour { roots[root(index)] = root(other) }
    known[report.failure] = index
  }
  var members: [Int: [Int]] = [:]
  for index in order { members[root(index), default: []].append(index) }
  return members.values.map { burst($0, reports) }.sorted { $0.members[0] < $1.members[0] }
}

/// One door: each report is a failure.
private func byHour(_ reports: [FailureReport], _ door: ReportingDoor) -> [FailureBurst] {
  var bursts: [Int64: FailureBurst] = [:]
  for (index, report) in reports.enumerated() {
    bursts[report.hour, default: FailureBurst(members: [], hour: report.hour, count: 0, leader: door)].members.append(index)
    bursts[report.hour]?.count += report.count
  }
  return Array(bursts.values)
}

private func burst(_ members: [Int], _ reports: [FailureReport]) -> FailureBurst {
  var countByDoor = DoorCounts()
  var countsByFailure: [Int64: DoorCounts] = [:]
  let told = toldFailures(members, reports)
  for index in members where !reports[index].isEcho(of: told) {
    let report = reports[index]
    countByDoor.add(report)
    if report.failure != 0 { countsByFailure[report.failure, default: DoorCounts()].add(report) }
  }
  let traced = countsByFailure.values.reduce(0) { $1.hasOtherThanDocument ? $0 + $1.highest : $0 }
  let most = countByDoor.highest
  return FailureBurst(
    members: members, hour: reports[members[0]].hour, count: max(traced, most), leader: traced > most ? nil : countByDoor.leader)
}

/// The keys of the failures that a notifier or a span told of.
func toldFailures(_ members: [Int], _ reports: [FailureReport]) -> Set<Int64> {
  var told: Set<Int64> = []
  for index in members where reports[index].door == .rollbar || reports[index].door == .span { told.insert(reports[index].failure) }
  told.remove(0)
  return told
}

extension FailureReport {
  /// A log's words about a failure that is known by more than logs.
  func isEcho(of told: Set<Int64>) -> Bool { (door == .record || door == .line) && told.contains(failure) }
}

/// How often each door told of something.
struct DoorCounts: Sendable, Hashable {
  private var counts = [Int](repeating: 0, count: ReportingDoor.allCases.count)

  mutating func add(_ report: FailureReport) { counts[report.door.rank] += report.count }

  var highest: Int { counts.max() ?? 0 }
  var hasOtherThanDocument: Bool { counts.indices.contains { counts[$0] > 0 && $0 != ReportingDoor.document.rank } }
  /// The richest door of those that told most.
  var leader: ReportingDoor? { counts.firstIndex(of: highest).map { ReportingDoor.allCases[$0] } }
}
