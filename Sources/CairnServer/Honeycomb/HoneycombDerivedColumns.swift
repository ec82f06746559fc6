// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's derived columns, of a dataset or of the environment.
struct HoneycombDerivedColumns: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  /// More than this in one environment is refused.
  static let countMax = 1000

  var routes: [Route] {
    [
      route(.POST, "/1/derived_columns/:dataset", .manage, create),
      route(.GET, "/1/derived_columns/:dataset", .query, list),
      route(.GET, "/1/derived_columns/:dataset/:id", .query) { (exchange) throws(Refusal) in
        Self.answer(.ok, try Shelf<HoneycombDerivedColumn>(state, exchange).find())
      },
      route(.PUT, "/1/derived_columns/:dataset/:id", .manage, change),
      route(.DELETE, "/1/derived_columns/:dataset/:id", .manage, remove),
    ]
  }

  private func route(
    _ method: HTTPMethod, _ path: String, _ scope: KeyScope, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response
  ) -> Route {
    Route(method, path, .key(scope), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
  }

  private static func answer(_ status: HTTPResponseStatus, _ column: HoneycombDerivedColumn) -> Response {
    HoneycombRecipients.json(status) { (writer) in column.write(to: &writer) }
  }

  private func list(_ exchange: Exchange) async throws(Refusal) -> Response {
    let all = try await directory.listed(try Shelf<HoneycombDerivedColumn>(state, exchange).all(), exchange)
    if let alias = QueryString(exchange.request.query)["alias"] {
      guard let found = all.first(where: { $0.alias == alias }) else { throw Refusal(.notFound, "Derived column not found") }
      return Self.answer(.ok, found)
    }
    return HoneycombRecipients.json(.ok) { (writer) in
      writer.beginArray()
      for column in all { column.write(to: &writer) }
      writer.endArray()
    }
  }

  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let shelf = Shelf<HoneycombDerivedColumn>(state, exchange)
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) derived columns already.") }
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    let column = try honeycomb { () throws(HoneycombError) in
      try HoneycombDerivedColumn(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
    }
    try refuseTwin(column, shelf)
    try await state.directory.check(column.formula, exchange.environment, scope, field: "expression", alias: column.alias)
    guard try shelf.add(column, unless: { $0.dataset == column.dataset && $0.alias == column.alias }) else {
      throw Refusal.conflict("There is a derived column of the name '\(column.alias)' already.")
    }
    return Self.answer(.created, column)
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = try await directory.scope(exchange)
    let shelf = Shelf<HoneycombDerivedColumn>(state, exchange)
    var column = try shelf.find()
    let (before, formula, body, now) = (column.alias, column.formula, try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try column.change(body, nowUnixNanoseconds: now) }
    try refuseTwin(column, shelf)
    if column.formula != formula {
      try await state.directory.check(column.formula, exchange.environment, scope, field: "expression", alias: column.alias)
    }
    if column.alias != before, let user = users(before, column.dataset, exchange.environment).first {
      throw Refusal.conflict("The SLO '\(user.name)' uses the column under its name.")
    }
    try shelf.save(column)
    return Self.answer(.ok, column)
  }

  private func remove(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombDerivedColumn>(state, exchange)
    let column = try shelf.find()
    if let user = users(column.alias, column.dataset, exchange.environment).first {
      throw Refusal.conflict("The SLO '\(user.name)' uses the column; delete that first.")
    }
    try shelf.remove(column)
    return Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())
  }

  private func refuseTwin(_ column: HoneycombDerivedColumn, _ shelf: Shelf<HoneycombDerivedColumn>) throws(Refusal) {
    if try shelf.all().contains(where: { $0.alias == column.alias && $0.id != column.id }) {
      throw Refusal.conflict("There is a derived column of the name '\(column.alias.prefix(80))' already.")
    }
  }

  /// The objectives whose indicator the column is.
  private func users(_ alias: String, _ dataset: String, _ environment: String) -> [HoneycombSLO] {
    state.shelves.entries(HoneycombSLO.self, environment)
      .filter { $0.sli == alias && (dataset == allDatasets || $0.datasets == [dataset]) }
  }
}

extension Refusal {
  /// What contradicts what is there.
  static func conflict(_ reason: String) -> Refusal {
    var refusal = Refusal(.invalid, reason)
    refusal.isConflict = true
    return refusal
  }
}
