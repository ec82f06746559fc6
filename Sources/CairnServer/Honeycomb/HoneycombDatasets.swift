// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's datasets: made by what arrives, or by name before anything does.
struct HoneycombDatasets: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  /// More than this in one environment is refused.
  static let countMax = 1000

  var routes: [Route] {
    [
      Route(.GET, "/1/datasets", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        directory.json(HoneycombDataset.listBody(try await state.directory.datasets(exchange.environment).map(Self.shown)))
      },
      Route(.POST, "/1/datasets", .key(.manage), .honeycomb) { (exchange) async throws(Refusal) in try await create(exchange) },
      Route(.GET, "/1/datasets/:dataset", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        let found = try await directory.find(exchange)
        var shown = Self.shown(found)
        let columns = try await state.directory.columns(exchange.environment, .named([found.summary.name]))
        if !columns.isEmpty { shown.columnCount = columns.count }
        return directory.json(shown.body)
      },
      Route(.PUT, "/1/datasets/:dataset", .key(.manage), .honeycomb) { (exchange) async throws(Refusal) in try await change(exchange) },
      Route(.DELETE, "/1/datasets/:dataset", .key(.manage), .honeycomb) { (exchange) async throws(Refusal) in try await remove(exchange) },
    ]
  }

  private static func shown(_ dataset: DatasetDirectory.Dataset) -> HoneycombDataset {
    let (summary, declaration) = (dataset.summary, dataset.declaration)
    return HoneycombDataset(
      name: declaration?.name ?? summary.name, slug: dataset.slug, description: declaration?.description ?? "",
      expandJSONDepth: declaration?.expandJSONDepth ?? 0, isDeleteProtected: declaration?.isDeleteProtected ?? true,
      lastWrittenUnixNanoseconds: summary.eventCount > 0 ? summary.lastUnixNanoseconds : nil,
      createdUnixNanoseconds: declaration?.createdUnixNanoseconds ?? summary.firstUnixNanoseconds)
  }

  /// 201 with the new dataset, or 200 with the one that is there.
  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    let shelf = Shelf<DatasetDeclaration>(state.parts.catalog, environment: exchange.environment)
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    var made = try honeycomb { () throws(HoneycombError) in try DatasetDeclaration(parsing: body, id: id, nowUnixNanoseconds: now) }
    guard made.isDeleteProtected else {
      throw Refusal(.invalid, "delete protection cannot be disabled when a dataset is created", field: "settings.delete_protected")
    }
    let (all, folded) = (try await state.directory.datasets(exchange.environment), HoneycombDataset.folded(made.name))
    if let there = all.first(where: { HoneycombDataset.folded($0.summary.name) == folded }) { return directory.json(Self.shown(there).body) }
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) datasets already.") }
    let given = state.shelves.entries(DatasetSlug.self, exchange.environment).filter { HoneycombDataset.folded($0.name) != folded }.map(\.dataset)
    var isNew = true
    _ = try shelf.change { (entries) throws(Refusal) in
      if let other = entries.first(where: { HoneycombDataset.folded($0.name) == folded }) {
        (made, isNew) = (other, false)
        return []
      }
      made.dataset = HoneycombDataset.freeSlug(made.name, taken: Set(given + entries.map(\.dataset)))
      return [made]
    }
    return directory.json(Self.shown(try await directory.find(made.dataset, exchange.environment)).body, status: isNew ? .created : .ok)
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    var found = try await directory.find(exchange)
    let shelf = Shelf<DatasetDeclaration>(state.parts.catalog, environment: exchange.environment)
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    var declaration: DatasetDeclaration
    if let known = found.declaration {
      declaration = known
    } else {
      guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) datasets already.") }
      declaration = DatasetDeclaration(
        name: found.summary.name, slug: found.slug, id: try shelf.freeID(), createdUnixNanoseconds: found.summary.firstUnixNanoseconds)
    }
    try honeycomb { () throws(HoneycombError) in try declaration.change(body, nowUnixNanoseconds: now) }
    try shelf.save(declaration)
    found.declaration = declaration
    return directory.json(Self.shown(found).body)
  }

  /// Takes a dataset that has no events, with all that was made for it. Events cannot be deleted: they leave when their time is up.
  private func remove(_ exchange: Exchange) async throws(Refusal) -> Response {
    let (environment, catalog) = (exchange.environment, state.parts.catalog)
    let found = try await directory.find(exchange)
    guard let declaration = found.declaration, !declaration.isDeleteProtected else {
      throw Refusal.conflict("The dataset has delete protection; disable delete protection first: PUT settings.delete_protected = false.")
    }
    guard found.summary.eventCount == 0 else {
      throw Refusal.conflict("The dataset has \(found.summary.eventCount) events. Events are not deleted by the API: they leave when their retention is over.")
    }
    let slug = declaration.dataset
    if let user = state.shelves.entries(HoneycombSLO.self, environment).first(where: { $0.datasets.contains(slug) }) {
      throw Refusal.conflict("The SLO '\(user.name)' is of the dataset; delete that first.")
    }
    var removed = try Shelf<DatasetDeclaration>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<ColumnDeclaration>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<DatasetDefinitions>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<HoneycombDerivedColumn>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<HoneycombTrigger>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<HoneycombMarker>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<HoneycombMarkerSetting>(catalog, environment: environment).places(ofDataset: slug)
    removed += try Shelf<HoneycombQueryAnnotation>(catalog, environment: environment).places(ofDataset: slug)
    do throws(CatalogError) { try catalog.change(saving: { [] }, removing: removed) } catch { throw Refusal(error) }
    return Response(status: .accepted, contentType: "application/json", bytes: ByteBuffer())
  }
}
