// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// `GetInsight`, `GetInsightEvents`, `GetInsightSummaries` and `GetInsightImpactGraph`.
struct XRayInsightsAPI: Sendable {
  let state: ServerState
  let groups: XRayGroups
  private static let dayNanoseconds: Int64 = 86_400_000_000_000

  var routes: [Route] {
    [
      Route.xray("/Insight", .query) { (call) async throws(Refusal) in try insight(call.exchange) },
      Route.xray("/InsightEvents", .query) { (call) async throws(Refusal) in try events(call.exchange) },
      Route.xray("/InsightSummaries", .query) { (call) async throws(Refusal) in try summaries(call.exchange) },
      Route.xray("/InsightImpactGraph", .query) { (call) async throws(Refusal) in try await impactGraph(call.exchange) },
    ]
  }

  private func insight(_ exchange: Exchange) throws(Refusal) -> Response {
    let (record, insight) = try found(try XRayQuestion(exchange))
    return xrayResponse { (writer) in writer.object("Insight") { write(record, insight, exchange, &$0) } }
  }

  private func events(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    let (record, _) = try found(question)
    let all = try groups.catalog { (catalog) throws(CatalogError) in try catalog.xrayInsightEvents(id: record.id) }
    let count = Int(question.body["MaxResults"]?.integer ?? 50)
    let start = min(try question.offset(), all.count)
    let end = min(start + count, all.count)
    return xrayResponse { (writer) in
      writer.key("InsightEvents")
      writer.beginArray()
      for event in all[start..<end] {
        guard let details = try? JSONValue(parsing: event.details) else { continue }
        Insight.Event(unixNanoseconds: event.unixNanoseconds, details: details).write(&writer)
      }
      writer.endArray()
      if end < all.count { writer.member("NextToken", XRayQuestion.token(offset: end)) }
    }
  }

  private func summaries(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    let time = try question.time()
    // A minute for the way: who asks for the last 30 days means those before the question arrives.
    let oldest = state.parts.clock.unixNanoseconds() - 30 * Self.dayNanoseconds - 60_000_000_000
    guard time.startUnixNanoseconds >= oldest else { throw XRayQuestion.invalid("The start time can't be more than 30 days old.") }
    let group = try groups.named(question)?.name
    let states = Set((question.body["States"]?.array ?? []).compactMap(\.string))
    var all: [(XRayInsightRecord, Insight)] = []
    let records = try groups.catalog { (catalog) throws(CatalogError) in
      try catalog.xrayInsights(
        environment: exchange.environment, group: group, from: time.startUnixNanoseconds, to: time.endUnixNanoseconds)
    }
    for record in records {
      guard let insight = Insight(record), states.isEmpty || states.contains(insight.isOpen ? "ACTIVE" : "CLOSED") else { continue }
      all.append((record, insight))
    }
    let count = Int(question.body["MaxResults"]?.integer ?? 100)
    let start = min(try question.offset(), all.count)
    let end = min(start + count, all.count)
    let page = all[start..<end]
    return xrayResponse { (writer) in
      writer.array("InsightSummaries", page) { (entry, writer) in
        writer.object { (writer) in
          write(entry.0, entry.1, exchange, &writer)
          writer.member("LastUpdateTime", Double(entry.0.updatedUnixNanoseconds) / 1e9)
        }
      }
      if end < all.count { writer.member("NextToken", XRayQuestion.token(offset: end)) }
    }
  }

  /// The services on the ways from the clients to the root cause, and those that were anomalous beside it.
  private func impactGraph(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    let (record, insight) = try found(question)
    let time = try question.time()
    guard time.durationNanoseconds <= 30 * Self.dayNanoseconds else { throw XRayQuestion.invalid("The time range must be at most 30 days.") }
    guard try question.offset() == 0 else { throw XRayQuestion.invalid("The NextToken is invalid.") }
    let group = try groups.find(.name(record.group), exchange.environment)
    let graph = try await GraphFinder(state: state, environment: exchange.environment).graph(time, try groups.expression(group))
    let touched = Self.touched(graph, insight)
    return xrayResponse(reserving: 8_192) { (writer) in
      writer.member("InsightId", record.id)
      for name in ["StartTime", "ServiceGraphStartTime"] { writer.member(name, Double(time.startUnixNanoseconds) / 1e9) }
      for name in ["EndTime", "ServiceGraphEndTime"] { writer.member(name, Double(time.endUnixNanoseconds) / 1e9) }
      writer.array("Services", touched) { (index, writer) in
        let identity = graph.nodes[index].identity
        writer.object { (writer) in
          writer.member("ReferenceId", index)
          if let type = identity.type { writer.member("Type", type) }
          writer.member("Name", identity.name)
          writer.member("Names", [identity.name])
          let edges = graph.edges.filter { $0.source == index && touched.contains($0.target) }
          writer.array("Edges", edges) { (edge, writer) in writer.object { $0.member("ReferenceId", edge.target) } }
        }
      }
    }
  }

  private static func touched(_ graph: ServiceGraphAnswer, _ insight: Insight) -> [Int] {
    var found: Set<Int> = []
    var pending = graph.nodes.indices.filter { graph.nodes[$0].identity == insight.rootCause }
    while let next = pending.popLast() {
      guard found.insert(next).inserted else { continue }
      pending += graph.edges.filter { $0.target == next }.compactMap(\.source)
    }
    for index in graph.nodes.indices where insight.anomalous.contains(graph.nodes[index].identity) { found.insert(index) }
    return found.sorted()
  }

  private func found(_ question: XRayQuestion) throws(Refusal) -> (XRayInsightRecord, Insight) {
    let id = question.body["InsightId"]?.string ?? ""
    let environment = question.exchange.environment
    let record = try groups.catalog { (catalog) throws(CatalogError) in
      try catalog.xrayInsight(id: id.lowercased(), environment: environment)
    }
    guard let record, let insight = Insight(record) else { throw XRayQuestion.invalid("Insight not found") }
    return (record, insight)
  }

  private func write(_ record: XRayInsightRecord, _ insight: Insight, _ exchange: Exchange, _ writer: inout JSONWriter) {
    let group = try? groups.find(.name(record.group), exchange.environment)
    writer.member("GroupARN", exchange.awsCaller.arn("xray", group.map(XRayGroups.resource) ?? "group/\(record.group)"))
    writer.member("GroupName", record.group)
    insight.write(&writer)
  }
}

extension Insight {
  /// The insight that a record keeps; nil where its details are damaged.
  init?(_ record: XRayInsightRecord) {
    guard let details = try? JSONValue(parsing: record.details) else { return nil }
    self.init(
      id: record.id, start: record.startUnixNanoseconds, end: record.endUnixNanoseconds, updated: record.updatedUnixNanoseconds,
      details: details)
  }
}
