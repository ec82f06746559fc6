// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan
import Synchronization

/// Counts the failures of items from the events, which are the truth.
struct FailureCounter: Sendable {
  let store: any EventStore
  let book: IssueBook
  let tenant: String

  /// Reports of one item in one hour that are compared with each other; where there are more, the door that told most says how many.
  private static let reportCountMax = 200_000
  private static let hourNanoseconds: Int64 = 3_600_000_000_000

  /// Of each item, the failures of each hour that is asked for.
  func counts(_ wanted: [Int64: Set<Int64>]) async throws(QueryError) -> [Int64: [Int64: Int]] {
    var counts: [Int64: [Int64: Int]] = [:]
    for hour in Set(wanted.values.flatMap { $0 }).sorted() {
      let reported = try await reported(hour)
      for (item, hours) in wanted where hours.contains(hour) {
        let byDoor = reported[item] ?? [:]
        let most = byDoor.values.max() ?? 0
        let sum = byDoor.values.reduce(0, +)
        if byDoor.count < 2 || sum > Self.reportCountMax {
          counts[item, default: [:]][hour] = most
        } else {
          counts[item, default: [:]][hour] = try await compared(item, hour)
        }
      }
    }
    return counts
  }

  private func time(_ hour: Int64) -> TimeRange {
    TimeRange(startUnixNanoseconds: hour * Self.hourNanoseconds, endUnixNanoseconds: (hour + 1) * Self.hourNanoseconds)
  }

  /// How often each door told of each item in an hour.
  private func reported(_ hour: Int64) async throws(QueryError) -> [Int64: [String: Int]] {
    let plan = Plan(
      scope: Scope(environment: tenant, datasets: .all, time: time(hour)), filter: .exists(column: FieldName.itemHash),
      breakdowns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash, FieldName.occurrenceDoor], limit: 10_000)
    let answer = try await store.run(plan)
    let known = book.state.withLock { $0.itemOfIdentity }
    var reported: [Int64: [String: Int]] = [:]
    for row in 0..<answer.rowCount {
      let texts = answer.columns.prefix(4).map { $0.values[row]?.text ?? "" }
      guard let item = known[ItemIdentity(tenant: tenant, project: texts[0], environment: texts[1], hash: texts[2])] else { continue }
      reported[item, default: [:]][texts[3], default: 0] += Int(answer.columns[4].values[row]?.number ?? 0)
    }
    return reported
  }

  /// The failures of one item in one hour, its reports compared.
  private func compared(_ item: Int64, _ hour: Int64) async throws(QueryError) -> Int {
    guard let item = book.state.withLock({ $0.items[item] }) else { return 0 }
    let plan = EventsPlan(
      scope: Scope(environment: tenant, datasets: .all, time: time(hour)), filter: book.occurrences(of: item),
      columns: [FieldName.occurrenceDoor, FieldName.occurrenceFailure, FieldName.signalType], limit: 50_000)
    var reports: [FailureReport] = []
    try await store.forEachEvent(plan) { reports.append(FailureReport($0)) }
    return failureBursts(reports).reduce(0) { $0 + $1.count }
  }
}
