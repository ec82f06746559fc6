// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import NIOHTTP1

/// What operators and their tools ask: is it alive, how is it doing, and (in tests only) wipe it and let a minute be over.
struct OperationsAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    var health = Route(.GET, "/healthz", .anyone, .plain) { (_) async throws(Refusal) in
      guard !state.addresses.isEmpty, !state.isDraining else { throw Refusal(.unavailable, "not ready", retryAfterSeconds: 1) }
      return Response(contentType: "text/plain; charset=utf-8", text: "ok\n")
    }
    health.isOnEveryPort = true
    let metrics = Route(.GET, "/metrics", .key(.query), .plain) { (_) async throws(Refusal) in
      Response(
        contentType: "text/plain; version=0.0.4; charset=utf-8", text: MetricsPage(ServerFigures(state: state).all).text)
    }
    guard state.settings.allowsTestReset, let reset = state.parts.reset else { return [health, metrics] }
    let wipe = Route(.POST, "/moto-api/reset", .key(.manage), .plain) { (_) async throws(Refusal) in
      do throws(ResetError) {
        try await reset()
      } catch {
        throw Refusal(.unavailable, "Not everything could be wiped: \(error.reason)", retryAfterSeconds: 1)
      }
      try state.reset()
      return Response(contentType: "application/json", text: "{\"status\": \"ok\"}")
    }
    // Insights and default values of metric filters need minutes that pass: tests say which minute is over.
    let judge = Route(.POST, "/moto-api/insights", .key(.manage), .plain) { (exchange) async throws(Refusal) in
      guard let seconds = QueryString(exchange.request.query)["at"].flatMap({ Int64($0) }), (0..<9_000_000_000).contains(seconds) else {
        throw Refusal(.invalid, "at is a time in Unix seconds", field: "at")
      }
      await InsightRunner(state: state).evaluate(atUnixNanoseconds: seconds * 1_000_000_000)
      let logs = LogsDesk(state: state)
      await AnomalyWatch(desk: logs).tick(at: seconds * 1_000_000_000)
      await logs.tellQuietMinutes(at: seconds * 1_000_000_000)
      return Response(contentType: "application/json", text: "{\"status\": \"ok\"}")
    }
    return [health, metrics, wipe, judge]
  }
}
