// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's triggers: kept here, asked by `TriggerDesk`.
struct HoneycombTriggers: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  /// More than this in one environment is refused: each is a question again and again.
  static let countMax = 300

  var routes: [Route] {
    [
      route(.POST, "/1/triggers/:dataset", .manage, create),
      route(.GET, "/1/triggers/:dataset", .query) { (exchange) async throws(Refusal) in
        Self.list(try await directory.listed(try Shelf<HoneycombTrigger>(state, exchange).all(), exchange))
      },
      route(.GET, "/1/triggers/:dataset/:id", .query) { (exchange) throws(Refusal) in
        Self.answer(.ok, try Shelf<HoneycombTrigger>(state, exchange).find())
      },
      route(.PUT, "/1/triggers/:dataset/:id", .manage, change),
      route(.DELETE, "/1/triggers/:dataset/:id", .manage) { (exchange) throws(Refusal) in
        let shelf = Shelf<HoneycombTrigger>(state, exchange)
        try shelf.remove(try shelf.find())
        return Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())
      },
    ]
  }

  private func route(
    _ method: HTTPMethod, _ path: String, _ scope: KeyScope, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response
  ) -> Route {
    Route(method, path, .key(scope), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
  }

  static func list(_ triggers: [HoneycombTrigger]) -> Response {
    HoneycombRecipients.json(.ok) { (writer) in
      writer.beginArray()
      for trigger in triggers { trigger.write(to: &writer) }
      writer.endArray()
    }
  }

  private static func answer(_ status: HTTPResponseStatus, _ trigger: HoneycombTrigger) -> Response {
    HoneycombRecipients.json(status) { (writer) in trigger.write(to: &writer) }
  }

  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let shelf = Shelf<HoneycombTrigger>(state, exchange)
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) triggers already.") }
    let (body, id, now) = (try await body(exchange), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    var trigger = try honeycomb { () throws(HoneycombError) in
      try HoneycombTrigger(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
    }
    try await settle(&trigger, scope, exchange)
    try shelf.save(trigger)
    var response = Self.answer(.created, trigger)
    response.headers.add(name: "location", value: "/1/triggers/\(percentEncoded(exchange.parameters["dataset"]))/\(trigger.id)")
    return response
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let shelf = Shelf<HoneycombTrigger>(state, exchange)
    let before = try shelf.find()
    var trigger = before
    let (body, now) = (try await body(exchange), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try trigger.change(body, nowUnixNanoseconds: now) }
    try await settle(&trigger, scope, exchange)
    // Another question begins anew; Terraform's client sends the same one again with whatever else it changes.
    if (trigger.query, trigger.threshold, trigger.baseline) != (before.query, before.threshold, before.baseline) { trigger.isTriggered = false }
    try shelf.save(trigger)
    state.triggers.forget(exchange.environment, trigger.id)
    return Self.answer(.ok, trigger)
  }

  /// The body, with the query that a `query_id` stands for.
  private func body(_ exchange: Exchange) async throws(Refusal) -> JSONValue {
    let body = try exchange.honeycombBody()
    guard let members = body.members, body["query"] == nil || body["query"] == .null, let id = body["query_id"]?.string, !id.isEmpty else { return body }
    let query: JSONValue
    do {
      query = try JSONValue(parsing: try await HoneycombQueries(state: state, directory: directory).find(id, exchange).query.body(id: id))
    } catch let refusal as Refusal {
      throw Refusal(.invalid, refusal.reason, field: "query_id")
    } catch {
      throw Refusal(.invalid, "the query cannot be read", field: "query_id")
    }
    return .object(members.filter { $0.name != "query" } + [JSONMember("query", query)])
  }

  /// Keeps the query under an id and finds who is told.
  private func settle(_ trigger: inout HoneycombTrigger, _ scope: DatasetScope, _ exchange: Exchange) async throws(Refusal) {
    try await state.directory.check(trigger.query, exchange.environment, scope, field: "query")
    trigger.queryID = try HoneycombQueries(state: state, directory: directory).keep(trigger.query, scope, exchange.environment)
    try await HoneycombRecipients(state: state).settle(&trigger.receivers, exchange.environment)
  }
}
