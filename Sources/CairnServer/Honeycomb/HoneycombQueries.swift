// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import Crypto
import NIOCore
import NIOHTTP1

/// Honeycomb's query API: a specification gets an id, a run of it gets another, and the run is polled until it is complete.
struct HoneycombQueries: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  var routes: [Route] {
    [
      Route(.POST, "/1/queries/:dataset", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        try await create(exchange)
      },
      Route(.GET, "/1/queries/:dataset/:id", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        let saved = try await find(exchange.parameters["id"], exchange)
        return directory.json(saved.query.body(id: saved.id))
      },
      Route(.POST, "/1/query_results/:dataset", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        try await run(exchange)
      },
      Route(.GET, "/1/query_results/:dataset/:id", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        try await result(exchange)
      },
    ]
  }

  struct Saved {
    var id: String
    var query: HoneycombQuery
  }

  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let query: HoneycombQuery
    do throws(HoneycombError) {
      query = try HoneycombQuery(parsing: exchange.request.body.readableBytesSpan, rules: .honeycomb)
    } catch {
      throw Refusal(error)
    }
    try await state.directory.checkFields(of: query, exchange.environment, scope)
    return directory.json(query.body(id: try keep(query, scope, exchange.environment)))
  }

  /// Keeps a query; the id under which it is found again.
  func keep(_ query: HoneycombQuery, _ scope: DatasetScope, _ environment: String) throws(Refusal) -> String {
    let text = String(decoding: query.body(id: ""), as: UTF8.self)
    let id = shortID([scope.name, text])
    let saved = SavedQuery(id: id, environment: environment, dataset: scope.name, specification: text)
    do throws(CatalogError) {
      try state.parts.catalog.saveQuery(saved, nowUnixSeconds: state.nowUnixMicroseconds / 1_000_000)
    } catch {
      throw Refusal(error)
    }
    return id
  }

  func find(_ id: String, _ exchange: Exchange) async throws(Refusal) -> Saved {
    let scope = try await directory.scope(exchange)
    let found: SavedQuery?
    do throws(CatalogError) {
      found = try state.parts.catalog.query(id: id, environment: exchange.environment)
    } catch {
      throw Refusal(error)
    }
    guard let found, found.dataset == scope.name else { throw Refusal(.notFound, "Query not found") }
    do {
      guard case .object(let members) = try JSONValue(parsing: found.specification) else {
        throw Refusal(.notFound, "Query not found")
      }
      return Saved(id: id, query: try HoneycombQuery(.object(members.filter { $0.name != "id" }), rules: .honeycomb))
    } catch let error as HoneycombError {
      throw Refusal(error)
    } catch {
      throw Refusal(.notFound, "Query not found")
    }
  }

  private func run(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let request: HoneycombResultRequest
    do throws(HoneycombError) {
      request = try HoneycombResultRequest(parsing: exchange.request.body.readableBytesSpan)
    } catch {
      throw Refusal(error)
    }
    let query = try await find(request.queryID, exchange).query
    let now = state.parts.clock.unixNanoseconds()
    let id = shortID([exchange.environment, request.queryID, String(now), String(UInt64.random(in: 0 ... .max))])
    let path = exchange.parameters["dataset"]
    let base = "http://\(exchange.request.header("host") ?? state.addresses[.http] ?? "")"
    let page = base + query.explorePath(dataset: scope.name, query.time.range(nowUnixNanoseconds: now))
    let result = HoneycombResult(id: id, query: query, request: request, queryURL: page, graphImageURL: page)
    let plan = query.plan(environment: exchange.environment, datasets: scope, nowUnixNanoseconds: now, request: request)
    let pending = ByteBuffer(bytes: result.pendingBody)
    state.results.add(.init(environment: exchange.environment, id: id), dataset: scope.name, pending: pending) {
      [state] () async throws(Refusal) in
      try await Self.complete(result, plan, state)
    }
    var response = Response(status: .created, contentType: "application/json", bytes: pending)
    response.headers.add(name: "location", value: "\(base)/1/query_results/\(percentEncoded(path))/\(id)")
    return response
  }

  /// Runs what the request needs: the question, and those for the totals over time and for the rest.
  private static func complete(_ result: HoneycombResult, _ plan: Plan, _ state: ServerState) async throws(Refusal) -> [UInt8] {
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    var total: Answer?
    if result.request.totalByAggregate == .enabled, result.request.series == .enabled,
      let plan = HoneycombQuery.totalPlan(of: plan)
    {
      total = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    }
    var other: Answer?
    if result.request.otherByAggregate == .enabled, let plan = HoneycombQuery.otherPlan(of: plan, answer) {
      other = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    }
    return result.body(answer, total: total, other: other)
  }

  private func result(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let key = ResultShelf.Key(environment: exchange.environment, id: exchange.parameters["id"])
    switch state.results.find(key, dataset: scope.name) {
    case nil: throw Refusal(.notFound, "Query result not found")
    case .failed(let refusal): throw refusal
    case .running(let body):
      var response = Response(contentType: "application/json", bytes: body)
      response.headers.add(name: "cache-control", value: "no-store")
      return response
    case .finished(let body):
      var response = Response(contentType: "application/json", bytes: ByteBuffer(bytes: body.bytes))
      response.headers.add(name: "cache-control", value: "private, max-age=86400")
      return response
    }
  }
}

extension DatasetScope {
  /// The dataset's name, or `__all__`.
  var name: String {
    switch self {
    case .all: allDatasets
    case .named(let names): names.first ?? allDatasets
    }
  }
}

/// An id of 11 letters and digits that follows from the parts.
func shortID(_ parts: [String]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
  let digest = SHA256.hash(data: Array(parts.joined(separator: "\u{0}").utf8))
  return String(decoding: digest.prefix(11).map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
}
