// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// `GetServiceGraph`, `GetTraceGraph` and `GetTimeSeriesServiceStatistics`.
struct XRayGraphAPI: Sendable {
  let state: ServerState
  let groups: XRayGroups
  private static let pointCountOfPage = 1_000

  var routes: [Route] {
    [
      Route.xray("/ServiceGraph", .query) { (call) async throws(Refusal) in try await serviceGraph(call.exchange) },
      Route.xray("/TraceGraph", .query) { (call) async throws(Refusal) in try await traceGraph(call.exchange) },
      Route.xray("/TimeSeriesServiceStatistics", .query) { (call) async throws(Refusal) in try await timeSeries(call.exchange) },
    ]
  }

  private func serviceGraph(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    guard try question.offset() == 0 else { throw XRayQuestion.invalid("The NextToken is invalid.") }
    let time = try question.time()
    let expression = try groups.expression(question)
    let graph = try await GraphFinder(state: state, environment: exchange.environment).graph(time, expression)
    let accounts = try await ServiceAccounts.find(state, exchange.environment, time, traces: nil)
    return xrayResponse(reserving: 65_536) { (writer) in
      writer.member("StartTime", Double(time.startUnixNanoseconds) / 1e9)
      writer.member("EndTime", Double(time.endUnixNanoseconds) / 1e9)
      writer.key("Services")
      ServiceGraphJSON(graph, accounts: accounts).write(&writer)
      writer.member("ContainsOldGroupVersions", false)
    }
  }

  private func traceGraph(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    guard try question.offset() == 0 else { throw XRayQuestion.invalid("The NextToken is invalid.") }
    let ids = try question.traceIDs(most: 1_000)
    let plan = ServiceGraphPlan(
      environment: exchange.environment, time: .everything, condition: TraceCondition(traces: ids), rules: .xray)
    let graph = try await state.desk.ask { () async throws(QueryError) in try await state.store.serviceGraph(plan) }
    let accounts = try await ServiceAccounts.find(state, exchange.environment, .everything, traces: ids)
    return xrayResponse(reserving: 16_384) { (writer) in
      writer.key("Services")
      ServiceGraphJSON(graph, accounts: accounts).write(&writer)
    }
  }

  private func timeSeries(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    let time = try question.time()
    let period = try question.integer("Period", 1...86_400) ?? 60
    let step = period * 1_000_000_000
    guard time.durationNanoseconds / step <= 10_000 else {
      throw XRayQuestion.invalid("The time range has more than 10,000 periods of \(period) s.")
    }
    var selector: (source: ServiceSelector?, target: ServiceSelector)?
    if let text = try question.text("EntitySelectorExpression", count: 1...500) {
      do throws(FilterSyntaxError) { selector = try ServiceSelector.entity(parsing: text) } catch { throw XRayQuestion.invalid(error.message) }
    }
    let hasForecast = try question.boolean("ForecastStatistics") ?? false
    guard !hasForecast || selector != nil else {
      throw XRayQuestion.invalid("ForecastStatistics needs an EntitySelectorExpression.")
    }
    let expression = try groups.expression(question)
    let graph = try await GraphFinder(state: state, environment: exchange.environment).graph(time, expression, stepNanoseconds: step)
    let series = XRayTimeSeries(graph, selector: selector, time: time, stepNanoseconds: step, hasForecast: hasForecast)
    let start = min(try question.offset(), series.points.count)
    let end = min(start + Self.pointCountOfPage, series.points.count)
    return xrayResponse(reserving: 65_536) { (writer) in
      writer.key("TimeSeriesServiceStatistics")
      series.write(start..<end, &writer)
      writer.member("ContainsOldGroupVersions", false)
      if end < series.points.count { writer.member("NextToken", XRayQuestion.token(offset: end)) }
    }
  }
}

/// The graph of the traces that an expression means.
struct GraphFinder: Sendable {
  let state: ServerState
  let environment: String
  /// The most traces that an expression is asked about exactly.
  private static let traceCountMax = 20_000

  func graph(
    _ time: TimeRange, _ expression: FilterExpression, stepNanoseconds: Int64? = nil
  ) async throws(Refusal) -> ServiceGraphAnswer {
    try await found(time, expression, stepNanoseconds: stepNanoseconds).graph
  }

  /// The graph, and whether more traces would have passed than were asked about.
  func found(
    _ time: TimeRange, _ expression: FilterExpression, stepNanoseconds: Int64? = nil
  ) async throws(Refusal) -> (graph: ServiceGraphAnswer, isCut: Bool) {
    var condition = TraceCondition()
    var isCut = false
    if expression != .everything {
      var finder = TraceFinder(state: state, environment: environment, time: time, expression: expression)
      finder.kind = .event
      if expression.isExactByCandidates {
        condition = try await finder.condition()
      } else {
        condition.traces = try await traces(&finder)
        isCut = finder.after != nil
      }
    }
    let plan = ServiceGraphPlan(
      environment: environment, time: time, condition: condition, rules: .xray, granularityNanoseconds: stepNanoseconds)
    let graph = try await state.desk.ask { () async throws(QueryError) in try await state.store.serviceGraph(plan) }
    return (graph, isCut)
  }

  private func traces(_ finder: inout TraceFinder) async throws(Refusal) -> [TraceID] {
    var ids: [TraceID] = []
    repeat {
      let page = try await finder.page(limit: 500, lookedAtMax: 2_000)
      ids += page.found.map(\.place.traceID)
      finder.after = page.next
    } while finder.after != nil && ids.count < Self.traceCountMax
    return ids
  }
}
