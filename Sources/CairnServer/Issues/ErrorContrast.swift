// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan

/// Why an item happens: what its requests have that healthy requests of the same route have not.
///
/// The item's occurrences name traces; the server spans of those traces name a route, of the item's own service where it has one. Selected are the spans of that route in those traces,
/// the baseline is the route's spans without an error, from a while before the first of those traces on: what a deploy changed must show.
/// The route's share is that of the time of the traces. Where no trace is known, the occurrences themselves are compared with the other
/// occurrences of their project.
struct ErrorContrast: Sendable {
  let state: ServerState

  /// Traces that are looked at, the newest.
  private static let traceCountMax = 500
  /// Around occurrences: a trace is no longer.
  private static let margin: Int64 = 3_600_000_000_000
  /// Healthy requests before the first of the traces that are compared, at least.
  private static let before: Int64 = 24 * 3_600_000_000_000

  /// A service's requests of one name.
  private struct RequestRoute: Sendable {
    var dataset: String
    var name: String

    var filter: Filter {
      .all([
        .compare(column: FieldName.dataset, .equal, .string(dataset)), .compare(column: FieldName.name, .equal, .string(name)),
        .exists(column: FieldName.spanID),
      ])
    }
  }

  func answer(_ item: Item) async throws(Refusal) -> Response {
    let scope = Scope(environment: item.identity.tenant, datasets: .all, time: .everything)
    let occurrences = state.book.occurrences(of: item)
    let (traces, time) = try await traces(occurrences, scope)
    var narrow = scope
    narrow.time = time
    if !traces.isEmpty, let route = try await route(traces, of: item.identity.project, narrow) {
      let selection = Filter.oneOf(column: FieldName.traceID, traces)
      var wide = scope
      let earlier = max(Self.before, time.durationNanoseconds)
      wide.time = TimeRange(
        startUnixNanoseconds: time.startUnixNanoseconds.subtractingClamped(earlier), endUnixNanoseconds: time.endUnixNanoseconds)
      let plan = BubbleUpPlan(
        scope: wide, filter: route.filter, selection: selection,
        baseline: .all([.not(selection), .not(.compare(column: FieldName.error, .equal, .boolean(true)))]), columnLimit: 12, valueLimit: 5)
      let contrast = try await state.desk.ask { () async throws(QueryError) in try await state.store.bubbleUp(plan) }
      let share = try await share(route, selection, narrow)
      return response(contrast, basis: "requests", route: route, share: share)
    }
    let plan = BubbleUpPlan(
      scope: scope,
      filter: .all([.compare(column: FieldName.itemProject, .equal, .string(item.identity.project)), .exists(column: FieldName.itemHash)]),
      selection: occurrences, columnLimit: 12, valueLimit: 5)
    let contrast = try await state.desk.ask { () async throws(QueryError) in try await state.store.bubbleUp(plan) }
    return response(contrast, basis: "occurrences", route: nil, share: nil)
  }

  /// That failed requests failed is no news, and neither are ids.
  private static func tells(_ name: String) -> Bool {
    let obvious: Set<String> = [
      FieldName.error, FieldName.statusCode, FieldName.statusMessage, FieldName.eventCount, "http.response.status_code", "http.status_code",
      FieldName.name, "body", "error.type", "rpc.grpc.status_code",
    ]
    let families = ["trace.", "occurrence.", "item.", "exception.", "meta.", "custom.record."]
    return !obvious.contains(name) && !families.contains { name.hasPrefix($0) }
  }

  /// The traces of the newest occurrences, and the time that these took.
  private func traces(_ occurrences: Filter, _ scope: Scope) async throws(Refusal) -> ([FieldValue], TimeRange) {
    let plan = EventsPlan(
      scope: scope, filter: .all([occurrences, .exists(column: FieldName.traceID)]), columns: [FieldName.traceID],
      limit: Self.traceCountMax)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }
    let start = (answer.times.min() ?? 0).subtractingClamped(Self.margin)
    let end = (answer.times.max() ?? 0).subtractingClamped(-Self.margin)
    return (Array(Set(answer.columns.first?.values.compactMap { $0 } ?? [])), TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: end))
  }

  /// The route that the item's requests took: one of its own service if the traces have any, one that failed before one that did not, then the most frequent.
  private func route(_ traces: [FieldValue], of project: String, _ scope: Scope) async throws(Refusal) -> RequestRoute? {
    let plan = Plan(
      scope: scope,
      filter: .all([
        .oneOf(column: FieldName.traceID, traces), .exists(column: FieldName.spanID),
        .any([
          .compare(column: FieldName.spanKind, .equal, .string("server")), .compare(column: FieldName.isRoot, .equal, .boolean(true)),
        ]),
      ]), breakdowns: [FieldName.dataset, FieldName.name, FieldName.error], orders: [Order(.calculation(.count), .descending)], limit: 100)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    let routes = (0..<answer.rowCount).compactMap { (row) -> (route: RequestRoute, rank: Int)? in
      guard let dataset = answer.columns[0].values[row]?.text, let name = answer.columns[1].values[row]?.text else { return nil }
      return (RequestRoute(dataset: dataset, name: name), (dataset == project ? 2 : 0) + (answer.columns[2].values[row] == .boolean(true) ? 1 : 0))
    }
    // The most frequent comes first, and `max` would take the last of equals.
    let highest = routes.map(\.rank).max()
    return routes.first { $0.rank == highest }?.route
  }

  private struct Share: Sendable {
    var affected: Double
    var total: Double
    var affectedUsers: Double
    var users: Double
  }

  /// How much of the route's traffic, and of its users, the item hit.
  private func share(_ route: RequestRoute, _ selection: Filter, _ scope: Scope) async throws(Refusal) -> Share {
    let calculations = [Calculation.count, Calculation(.countDistinct, column: "user.id")]
    let whole = Plan(scope: scope, filter: route.filter, calculations: calculations)
    let hit = Plan(scope: scope, filter: .all([route.filter, selection]), calculations: calculations)
    let (all, some) = try await state.desk.ask { () async throws(QueryError) in (try await state.store.run(whole), try await state.store.run(hit)) }
    let number = { (answer: Answer, index: Int) in answer.totals.indices.contains(index) ? answer.totals[index]?.number ?? 0 : 0 }
    return Share(affected: number(some, 0), total: number(all, 0), affectedUsers: number(some, 1), users: number(all, 1))
  }

  private func response(_ contrast: BubbleUpAnswer, basis: String, route: RequestRoute?, share: Share?) -> Response {
    jsonResponse(reserving: 8192) { (writer) in
      writer.member("basis", basis)
      if let route {
        writer.object("route") { (writer) in
          writer.member("dataset", route.dataset)
          writer.member("name", route.name)
          if let share {
            writer.member("affected", share.affected)
            writer.member("total", share.total)
            writer.member("affected_users", share.affectedUsers)
            writer.member("users", share.users)
          }
        }
      }
      writer.member("selection_count", contrast.selectionCount)
      writer.member("baseline_count", contrast.baselineCount)
      let telling = contrast.columns.filter { Self.tells($0.name) }
      writer.array("columns", telling) { (column, writer) in
        writer.object { (writer) in
          writer.member("name", column.name)
          writer.member("score", column.score)
          writer.array("values", column.values) { (value, writer) in
            writer.object { (writer) in
              writer.member("value", field: value.value)
              writer.member("selection", value.selectionCount)
              writer.member("baseline", value.baselineCount)
            }
          }
        }
      }
    }
  }
}

extension Int64 {
  /// The difference; where there is none, the number that is nearest to it.
  fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other > 0 ? .min : .max) : difference
  }
}
