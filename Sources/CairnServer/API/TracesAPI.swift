// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// Finding traces, and one trace whole.
struct TracesAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/traces", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await traces(exchange) },
      Route(.GET, "/api/cairn/traces/:id", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await trace(exchange)
      },
      Route(.GET, "/api/cairn/traces/:id/spans/:span", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        try await span(exchange)
      },
    ]
  }

  private func traces(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    var search = TraceSearchPlan(
      scope: try question.scope(), filter: try filter(question), ranking: try ranking(question),
      limit: try question.limit(50, most: 1000))
    search.givesWay = .exists(column: SegmentField.type)
    let plan = search
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.traces(plan) }
    return jsonResponse(reserving: 4096) { (writer) in
      writer.array("traces", answer.traces) { (trace, writer) in
        writer.object { write(trace, &$0) }
      }
      writer.info(answer.info)
    }
  }

  private func filter(_ question: Question) throws(Refusal) -> Filter {
    var parts: [Filter] = []
    let given = try question.filter()
    if given != .everything { parts.append(given) }
    if let service = question.query["service"] { parts.append(.compare(column: FieldName.serviceName, .equal, .string(service))) }
    if let name = question.query["name"] { parts.append(.compare(column: FieldName.name, .equal, .string(name))) }
    if question.query["error"] == "true" { parts.append(.compare(column: FieldName.error, .equal, .boolean(true))) }
    let duration = FieldName.durationMilliseconds
    if let least = try question.number("min_duration_ms") {
      parts.append(.compare(column: duration, .greaterOrEqual, .float(least)))
    }
    if let most = try question.number("max_duration_ms") { parts.append(.compare(column: duration, .lessOrEqual, .float(most))) }
    return .all(parts)
  }

  private func ranking(_ question: Question) throws(Refusal) -> TraceSearchPlan.Ranking {
    switch question.query["order"] ?? "recent" {
    case "recent": return .recent
    case "slowest": return .slowest
    case "errors": return .errors
    default: throw Refusal(.invalid, "order is recent, slowest or errors", field: "order")
    }
  }

  private func write(_ trace: TraceSummary, _ writer: inout JSONWriter) {
    writer.member("trace_id", trace.traceID.hex)
    writer.member("xray_id", trace.traceID.xrayText)
    writer.member("root_service", trace.rootService)
    writer.member("root_name", trace.rootName)
    writer.member("start_us", trace.startUnixNanoseconds / 1000)
    writer.member("duration_ms", Double(trace.durationNanoseconds) / 1e6)
    writer.member("spans", trace.spanCount)
    writer.member("errors", trace.errorCount)
    writer.array("services", trace.services) { (service, writer) in
      writer.object { (writer) in
        writer.member("name", service.name)
        writer.member("spans", service.spanCount)
      }
    }
    writer.member("has_root", trace.hasRoot)
    if !trace.hasEnd { writer.member("no_end", true) }
  }

  private func trace(_ exchange: Exchange) async throws(Refusal) -> Response {
    let tree = try await tree(exchange)
    let hasFields = QueryString(exchange.request.query)["fields"] != "none"
    return jsonResponse(reserving: 16_384) { tree.write(&$0, hasFields: hasFields) }
  }

  private func span(_ exchange: Exchange) async throws(Refusal) -> Response {
    let tree = try await tree(exchange)
    let wanted = exchange.parameters["span"].lowercased()
    guard let index = tree.spans.firstIndex(where: { $0.id == wanted }) else {
      throw Refusal(.notFound, "The trace \(tree.id.hex) has no span '\(wanted)'.")
    }
    return jsonResponse(reserving: 4096) { tree.write(spanAt: index, &$0) }
  }

  private func tree(_ exchange: Exchange) async throws(Refusal) -> TraceTree {
    let text = exchange.parameters["id"]
    guard let id = TraceID(text) else {
      throw Refusal(.notFound, "'\(text.prefix(80))' is not a trace id: 32 hex digits, 1-8hex-24hex, or a UUID.")
    }
    let answer = try await state.desk.ask { () async throws(QueryError) in
      try await state.store.trace(id, environment: exchange.environment)
    }
    guard !answer.events.isEmpty else { throw Refusal(.notFound, "No event has the trace id \(id.hex).") }
    return TraceTree(answer)
  }
}
