// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOHTTP1

/// The list of services with their rates, errors and durations, made of plans over all datasets.
///
/// A request is a span of kind server or consumer, or a root span; for a service that has none, every span counts as one.
struct ServicesAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/services", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await services(exchange)
      }
    ]
  }

  private static let isSpan = Filter.all([
    .isTimed, .not(.exists(column: FieldName.annotationType)),
    .not(.compare(column: FieldName.signalType, .equal, .string("log"))),
  ])
  private static let isRequest = Filter.all([
    isSpan,
    .any([
      .oneOf(column: FieldName.spanKind, [.string("server"), .string("consumer")]),
      .compare(column: FieldName.isRoot, .equal, .boolean(true)),
    ]),
  ])
  private static let isError = Filter.compare(column: FieldName.error, .equal, .boolean(true))

  private func services(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let scope = try question.scope()
    let step = seriesStep(scope.time.durationNanoseconds)
    let all = try await run(scope, .everything, [.count], nil)
    var table = ServiceTable(all)
    try await fill(&table, scope, Self.isRequest, step)
    let rest = table.namesWithoutRequests
    if !rest.isEmpty {
      let others = Filter.all([Self.isSpan, .oneOf(column: FieldName.serviceName, rest.map { .string($0) })])
      try await fill(&table, scope, others, step)
    }
    let finished = table
    return jsonResponse(reserving: 4096) { finished.write(&$0, scope.time, step) }
  }

  private func fill(_ table: inout ServiceTable, _ scope: Scope, _ filter: Filter, _ step: Int64) async throws(Refusal) {
    let duration = FieldName.durationMilliseconds
    let percentiles = [500, 950, 990].map { Calculation(.percentile(perMille: $0), column: duration) }
    table.add(requests: try await run(scope, filter, [.count] + percentiles, step))
    table.add(errors: try await run(scope, .all([filter, Self.isError]), [.count], step))
  }

  private func run(
    _ scope: Scope, _ filter: Filter, _ calculations: [Calculation], _ step: Int64?
  ) async throws(Refusal) -> Answer {
    let plan = Plan(
      scope: scope, filter: filter, breakdowns: [FieldName.serviceName], calculations: calculations,
      orders: [Order(.calculation(.count), .descending)], limit: 200, granularityNanoseconds: step)
    return try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
  }
}

/// The width of a time bucket that makes about 60 of a range.
func seriesStep(_ durationNanoseconds: Int64) -> Int64 {
  let second: Int64 = 1_000_000_000
  let steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400].map { $0 * second }
  let wanted = durationNanoseconds / 60
  return steps.first { $0 >= wanted } ?? (wanted / (86_400 * second) + 1) * 86_400 * second
}
