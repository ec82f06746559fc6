// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan

/// Which occurrences of those that its caller reads a report counts.
struct CountQuestion: Sendable {
  var levels: Set<String>
  /// Empty for all.
  var environments: Set<String>
  /// nil for all of them.
  var item: Item?
  var startUnixNanoseconds: Int64
  var endUnixNanoseconds: Int64
  var stepNanoseconds: Int64
}

/// Occurrences by the start of their bucket: failures, where several doors told of them. What one door alone tells, the engine counts; the
/// rest is read and compared.
struct OccurrenceCounts: Sendable {
  let state: ServerState
  let caller: RollbarCaller
  let question: CountQuestion

  /// Reports that are compared; where there are more, the newest.
  private static let reportCountMax = 1_000_000

  func counts() async throws(Refusal) -> [Int64: Int] {
    if let item = question.item {
      let wanted = state.book.occurrences(of: item)
      guard item.isManyDoored || item.isGroup else { return try await counted(wanted) }
      return try await compared(wanted) { (events) in
        FailureList(state: state, tenant: caller.tenant).lines(events).map { events[$0.place] }
      }
    }
    let own = ProjectOccurrences(state: state, caller: caller)
    if own.comparedHashes.isEmpty { return try await counted(own.filter) }
    let counts = try await counted(.all([own.filter, .not(own.compared)]))
    return counts.merging(try await compared(.all([own.filter, own.compared]), own.failures)) { $0 + $1 }
  }

  private var scope: Scope {
    Scope(
      environment: caller.tenant, datasets: .all,
      time: TimeRange(startUnixNanoseconds: question.startUnixNanoseconds, endUnixNanoseconds: question.endUnixNanoseconds))
  }

  private func counted(_ filter: Filter) async throws(Refusal) -> [Int64: Int] {
    var parts = [filter, .oneOf(column: FieldName.itemLevel, question.levels.sorted().map { .string($0) })]
    if !question.environments.isEmpty {
      parts.append(.oneOf(column: FieldName.itemEnvironment, question.environments.sorted().map { .string($0) }))
    }
    let plan = Plan(scope: scope, filter: .all(parts), granularityNanoseconds: question.stepNanoseconds)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    var counts: [Int64: Int] = [:]
    if let series = answer.series {
      for (bucket, value) in (series.values.first?.first ?? []).enumerated() {
        counts[series.startUnixNanoseconds + Int64(bucket) * series.stepNanoseconds] = Int(value ?? 0)
      }
    }
    return counts
  }

  private func compared(_ filter: Filter, _ failures: ([Event]) -> [Event]) async throws(Refusal) -> [Int64: Int] {
    var plan = EventsPlan(
      scope: scope, filter: filter, columns: FailureList.columns + [FieldName.itemLevel], limit: EventsPlan.limitMax)
    var events: [Event] = []
    while events.count < Self.reportCountMax {
      let fixed = plan
      let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.events(fixed) }
      events += answer.events
      guard answer.hasMore, let cursor = answer.cursor else { break }
      plan.after = cursor
    }
    var counts: [Int64: Int] = [:]
    for event in failures(events) {
      guard question.levels.contains(event[FieldName.itemLevel]?.text ?? ""),
        question.environments.isEmpty || question.environments.contains(event[FieldName.itemEnvironment]?.text ?? "")
      else { continue }
      let place = (event.timeUnixNanoseconds - question.startUnixNanoseconds) / question.stepNanoseconds
      counts[question.startUnixNanoseconds + place * question.stepNanoseconds, default: 0] += 1
    }
    return counts
  }
}
