// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// The map of services for the page, and the list of traces that a filter expression means.
struct MapAPI: Sendable {
  let state: ServerState
  let groups: XRayGroups

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/map", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await map(exchange) },
      Route(.GET, "/api/cairn/map/traces", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await traces(exchange) },
      Route(.GET, "/api/cairn/map/insights", .key(.query), .cairn) { (exchange) async throws(Refusal) in try insights(exchange) },
      Route(.GET, "/api/cairn/map/groups", .key(.query), .cairn) { (exchange) async throws(Refusal) in try list(exchange) },
    ]
  }

  /// `filter`: an expression of X-Ray; `group`: a group's name; `series=true`: counts over time of every node as well.
  private func map(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let time = try question.time()
    let expression = try expression(question, exchange)
    let step = seriesStep(time.durationNanoseconds)
    let wantsSeries = question.query["series"] == "true"
    let (graph, isCut) = try await asked {
      () async throws(Refusal) in
      try await GraphFinder(state: state, environment: exchange.environment).found(time, expression, stepNanoseconds: wantsSeries ? step : nil)
    }
    return jsonResponse(reserving: 32_768) { (writer) in
      writer.member("start_us", time.startUnixNanoseconds / 1000)
      writer.member("end_us", time.endUnixNanoseconds / 1000)
      if wantsSeries { writer.member("step_us", step / 1000) }
      writer.member("traces", graph.traceCount)
      writer.member("traces_cut", isCut)
      writer.array("nodes", graph.nodes) { (node, writer) in writer.object { write(node, &$0) } }
      writer.array("edges", graph.edges) { (edge, writer) in writer.object { write(edge, &$0) } }
      writer.info(graph.info)
    }
  }

  /// The insights of a group that overlap the time, newest first.
  private func insights(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let time = try question.time()
    let records = try groups.catalog { (catalog) throws(CatalogError) in
      try catalog.xrayInsights(
        environment: exchange.environment, group: question.query["group"] ?? "Default", from: time.startUnixNanoseconds,
        to: time.endUnixNanoseconds)
    }
    return jsonResponse(reserving: 2_048) { (writer) in
      writer.array("insights", records.prefix(Self.insightCountMax).compactMap { Insight($0) }) { (insight, writer) in
        writer.object { (writer) in
          writer.member("id", insight.id)
          writer.object("cause") { write(insight.rootCause, &$0) }
          writer.member("start_us", insight.startUnixNanoseconds / 1000)
          if let end = insight.endUnixNanoseconds { writer.member("end_us", end / 1000) }
          writer.member("faults", insight.rootCauseRequests.faultCount)
          writer.member("total", insight.rootCauseRequests.totalCount)
          writer.member("client_faults", insight.clients.faultCount)
          writer.member("client_total", insight.clients.totalCount)
        }
      }
    }
  }

  private static let insightCountMax = 50

  private func write(_ node: ServiceGraphAnswer.Node, _ writer: inout JSONWriter) {
    write(node.identity, &writer)
    writer.member("inferred", node.isInferred)
    writer.member("root", node.isRoot)
    write(node.statistics, node.histogram, node.buckets, &writer)
  }

  private func write(_ edge: ServiceGraphAnswer.Edge, _ writer: inout JSONWriter) {
    writer.key("source")
    if let source = edge.source { writer.integer(source) } else { writer.null() }
    writer.member("target", edge.target)
    writer.member("queued", edge.isQueued)
    writer.array("aliases", edge.aliases) { (alias, writer) in writer.object { write(alias, &$0) } }
    write(edge.statistics, edge.histogram, edge.buckets, &writer)
    if edge.isQueued { writer.array("ages", edge.ageHistogram.cells) { (cell, writer) in write(cell, &writer) } }
  }

  private func write(_ identity: ServiceGraphAnswer.Identity, _ writer: inout JSONWriter) {
    writer.member("name", identity.name)
    writer.member("type", orNull: identity.type)
  }

  private func write(_ cell: (seconds: Double, count: Int64), _ writer: inout JSONWriter) {
    writer.beginArray()
    writer.double((cell.seconds * 1e9).rounded() / 1e6)
    writer.integer(cell.count)
    writer.endArray()
  }

  /// Counts, times in ms, the histogram as pairs of ms and count, and, where there are some, buckets as `[start_us, calls, errors, faults]`.
  private func write(
    _ statistics: CallStatistics, _ histogram: CallHistogram, _ buckets: [CallBucket], _ writer: inout JSONWriter
  ) {
    writer.member("ok", statistics.okCount)
    writer.member("error", statistics.otherErrorCount)
    writer.member("throttle", statistics.throttleCount)
    writer.member("fault", statistics.faultCount)
    writer.member("total", statistics.totalCount)
    for (name, rank) in [("p50_ms", 500), ("p95_ms", 950), ("p99_ms", 990)] {
      writer.member(name, orNull: histogram.percentile(perMille: rank).map { ($0 * 1e9).rounded() / 1e6 })
    }
    writer.array("histogram", histogram.cells) { (cell, writer) in write(cell, &writer) }
    guard !buckets.isEmpty else { return }
    writer.array("series", buckets) { (bucket, writer) in
      writer.beginArray()
      writer.integer(bucket.startUnixNanoseconds / 1000)
      writer.integer(bucket.statistics.totalCount)
      writer.integer(bucket.statistics.errorCount)
      writer.integer(bucket.statistics.faultCount)
      writer.endArray()
    }
  }

  private func traces(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let limit = try question.limit(50, most: 500)
    let time = try question.time()
    let expression = try expression(question, exchange)
    let page = try await asked { () async throws(Refusal) in
      var finder = TraceFinder(state: state, environment: exchange.environment, time: time, expression: expression)
      finder.kind = .event
      finder.after = try XRaySummariesAPI.place(question.query["after"])
      return try await finder.page(limit: limit, lookedAtMax: 4_000)
    }
    return jsonResponse(reserving: 16_384) { (writer) in
      writer.array("traces", page.found) { (found, writer) in writer.object { write(found.story, &$0) } }
      writer.member("looked_at", page.lookedAtCount)
      writer.member("next", orNull: page.next.map(XRaySummariesAPI.token))
    }
  }

  private func write(_ story: TraceStory, _ writer: inout JSONWriter) {
    let root = story.root.map { story.documents[$0] }
    writer.member("trace_id", story.trace.traceID.hex)
    writer.member("xray_id", story.trace.traceID.xrayText)
    writer.member("start_us", story.startUnixNanoseconds / 1000)
    writer.member("duration_ms", Double(story.endUnixNanoseconds - story.startUnixNanoseconds) / 1e6)
    writer.member("response_ms", Double(root?.durationNanoseconds ?? 0) / 1e6)
    writer.member("service", story.root.map { story.services[story.owners[$0]].name } ?? "")
    writer.member("name", root?.spanName ?? root?.name ?? "")
    writer.member("method", orNull: root?.http.method)
    writer.member("url", orNull: root?.http.url)
    writer.key("status")
    if let status = root?.http.status { writer.integer(status) } else { writer.null() }
    writer.member("user", orNull: story.documents.lazy.compactMap(\.user).first)
    writer.member("fault", root?.isFault ?? false)
    writer.member("error", root?.isError ?? false)
    writer.member("throttle", story.documents.contains(where: \.isThrottle))
    writer.member("partial", story.documents.contains(where: \.isInProgress))
    writer.member("documents", story.documents.count)
    writer.member("services", story.services.filter { !$0.isInferred }.map(\.name))
  }

  private func list(_ exchange: Exchange) throws(Refusal) -> Response {
    let all = try groups.all(exchange.environment)
    return jsonResponse { (writer) in
      writer.array("groups", all) { (group, writer) in
        writer.object { (writer) in
          writer.member("name", group.name)
          writer.member("filter", group.filterExpression)
          writer.member("insights", group.hasInsights)
        }
      }
    }
  }

  /// The filter and the group's expression, both.
  private func expression(_ question: Question, _ exchange: Exchange) throws(Refusal) -> FilterExpression {
    try renamed("filter") { () throws(Refusal) in
      var parts: [FilterExpression] = []
      let own = try groups.resolved(try XRayQuestion.expression(question.query["filter"]), exchange)
      if own != .everything { parts.append(own) }
      if let name = question.query["group"], !name.isEmpty, name != XRayGroups.defaultName {
        parts.append(try groups.expression(try groups.find(.name(name), exchange.environment)))
      }
      return parts.count == 1 ? parts[0] : .all(parts)
    }
  }

  /// X-Ray's refusals in the form of Cairn's own API.
  private func renamed<Result>(_ field: String, _ work: () throws(Refusal) -> Result) throws(Refusal) -> Result {
    do throws(Refusal) { return try work() } catch {
      throw error.awsCode == nil ? error : Refusal(.invalid, error.reason, field: field)
    }
  }

  private func asked<Result>(_ work: () async throws(Refusal) -> Result) async throws(Refusal) -> Result {
    do throws(Refusal) { return try await work() } catch {
      throw error.awsCode == nil ? error : Refusal(.invalid, error.reason)
    }
  }
}
