// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's columns of a dataset: made by what arrives, or declared.
///
/// A column's id follows from its dataset and its name, so that it stays the same when events come, or a declaration does.
struct HoneycombColumns: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  /// More than this in one environment is refused.
  static let countMax = 10_000

  var routes: [Route] {
    [
      route(.GET, "/1/columns/:dataset", .query, list),
      route(.POST, "/1/columns/:dataset", .manage, create),
      route(.GET, "/1/columns/:dataset/:id", .query) { (exchange) async throws(Refusal) in
        let place = try await place(exchange, mayBeAll: true)
        return answer(try await find(exchange, place), place)
      },
      route(.PUT, "/1/columns/:dataset/:id", .manage, change),
      route(.DELETE, "/1/columns/:dataset/:id", .manage, remove),
    ]
  }

  private func route(
    _ method: HTTPMethod, _ path: String, _ scope: KeyScope, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response
  ) -> Route {
    Route(method, path, .key(scope), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
  }

  /// Whose columns a path means.
  private struct Place {
    var environment: String
    /// nil for those of the whole environment.
    var dataset: DatasetDirectory.Dataset?

    var slug: String { dataset?.slug ?? allDatasets }
    var scope: DatasetScope { dataset.map { .named([$0.summary.name]) } ?? .all }
  }

  private func place(_ exchange: Exchange, mayBeAll: Bool) async throws(Refusal) -> Place {
    if mayBeAll, exchange.parameters["dataset"] == allDatasets { return Place(environment: exchange.environment) }
    return Place(environment: exchange.environment, dataset: try await directory.find(exchange))
  }

  private func shown(_ column: DatasetDirectory.Column, _ place: Place) -> HoneycombColumn {
    let written = column.eventCount > 0 ? place.dataset?.summary.lastUnixNanoseconds : nil
    let created = column.declaration?.createdUnixNanoseconds ?? place.dataset?.summary.firstUnixNanoseconds ?? 0
    return HoneycombColumn(
      id: Self.id(column.name, place), name: column.name, type: column.type, description: column.declaration?.description ?? "",
      isHidden: column.declaration?.isHidden ?? false, lastWrittenUnixNanoseconds: written, createdUnixNanoseconds: created,
      updatedUnixNanoseconds: column.declaration?.updatedUnixNanoseconds ?? written ?? created)
  }

  private static func id(_ name: String, _ place: Place) -> String { shortID([place.slug, name]) }

  private func answer(_ column: DatasetDirectory.Column, _ place: Place, status: HTTPResponseStatus = .ok) -> Response {
    directory.json(shown(column, place).body, status: status)
  }

  private func find(_ exchange: Exchange, _ place: Place) async throws(Refusal) -> DatasetDirectory.Column {
    let id = exchange.parameters["id"]
    guard let found = try await state.directory.columns(place.environment, place.scope).first(where: { Self.id($0.name, place) == id }) else {
      throw Refusal(.notFound, "Column not found")
    }
    return found
  }

  private func list(_ exchange: Exchange) async throws(Refusal) -> Response {
    let place = try await place(exchange, mayBeAll: true)
    let columns = try await state.directory.columns(place.environment, place.scope)
    guard let wanted = QueryString(exchange.request.query)["key_name"] else {
      return directory.json(HoneycombColumn.listBody(columns.map { shown($0, place) }))
    }
    guard let found = columns.first(where: { $0.name == wanted }) else { throw Refusal(.notFound, "Column not found") }
    return answer(found, place)
  }

  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    let place = try await place(exchange, mayBeAll: false)
    let shelf = Shelf<ColumnDeclaration>(state.parts.catalog, environment: place.environment)
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    let made = try honeycomb { () throws(HoneycombError) in
      try ColumnDeclaration(parsing: body, id: id, dataset: place.slug, nowUnixNanoseconds: now)
    }
    if try await state.directory.columns(place.environment, place.scope).contains(where: { $0.name == made.name }) {
      throw Refusal.conflict("The dataset has a column '\(made.name.prefix(80))' already.")
    }
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) declared columns already.") }
    guard try shelf.add(made, unless: { $0.dataset == made.dataset && $0.name == made.name }) else {
      throw Refusal.conflict("The dataset has a column '\(made.name.prefix(80))' already.")
    }
    return answer(DatasetDirectory.Column(name: made.name, type: made.type, eventCount: 0, declaration: made), place, status: .created)
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    let place = try await place(exchange, mayBeAll: false)
    var column = try await find(exchange, place)
    let shelf = Shelf<ColumnDeclaration>(state.parts.catalog, environment: place.environment)
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    var declaration: ColumnDeclaration
    if let known = column.declaration {
      declaration = known
    } else {
      guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) declared columns already.") }
      declaration = ColumnDeclaration(
        name: column.name, type: column.type, id: try shelf.freeID(), dataset: place.slug,
        createdUnixNanoseconds: place.dataset?.summary.firstUnixNanoseconds ?? now)
    }
    try honeycomb { () throws(HoneycombError) in try declaration.change(body, nowUnixNanoseconds: now) }
    try shelf.save(declaration)
    column.declaration = declaration
    column.type = declaration.type
    return answer(column, place)
  }

  /// Takes a column that no event has.
  private func remove(_ exchange: Exchange) async throws(Refusal) -> Response {
    let place = try await place(exchange, mayBeAll: false)
    let column = try await find(exchange, place)
    guard column.eventCount == 0, let declaration = column.declaration else {
      throw Refusal.conflict("\(column.eventCount) events have the column. Values are not deleted by the API: they leave with their events.")
    }
    try Shelf<ColumnDeclaration>(state.parts.catalog, environment: place.environment).remove(declaration)
    return Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())
  }
}
