// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// What Honeycomb's API v1 tells about an account and its data; queries are in `HoneycombQueries`.
struct HoneycombAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/1/auth", .anyKey, .honeycomb) { (exchange) async throws(Refusal) in auth(exchange) },
      Route(.GET, "/1/datasets", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in try await datasets(exchange) },
      Route(.GET, "/1/datasets/:dataset", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        json(Self.dataset(try await find(exchange)).body)
      },
      Route(.GET, "/1/columns/:dataset", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        try await columns(exchange)
      },
    ] + HoneycombQueries(state: state, directory: self).routes + HoneycombMarkers(state: state).routes + HoneycombDoor(state: state).routes
      + HoneycombTriggers(state: state, directory: self).routes + HoneycombRecipients(state: state).routes
      + HoneycombDerivedColumns(state: state, directory: self).routes + HoneycombSLOs(state: state, directory: self).routes
      + HoneycombBoards(state: state, directory: self).routes
  }

  func json(_ body: [UInt8], status: HTTPResponseStatus = .ok) -> Response {
    Response(status: status, contentType: "application/json", bytes: ByteBuffer(bytes: body))
  }

  private func auth(_ exchange: Exchange) -> Response {
    let principal = exchange.principal
    let isReader = principal.scopes.contains(.query) || principal.scopes.contains(.manage)
    var access: HoneycombAccount.Access = []
    if principal.scopes.contains(.ingest) { access.formUnion([.events, .createDatasets, .markers]) }
    if principal.scopes.contains(.query) { access.formUnion([.queries, .columns]) }
    if principal.scopes.contains(.manage) { access.formUnion([.triggers, .recipients, .slos, .boards]) }
    let environment = principal.environment
    let account = HoneycombAccount(
      id: principal.keyID ?? "open", kind: isReader ? .configuration : .ingest, access: access,
      environment: .init(name: environment, slug: HoneycombDataset.slug(environment)), team: .init(name: "Cairn", slug: "cairn"))
    return json(account.body)
  }

  private func datasets(_ exchange: Exchange) async throws(Refusal) -> Response {
    json(HoneycombDataset.listBody(try await summaries(exchange.environment).map(Self.dataset)))
  }

  private func columns(_ exchange: Exchange) async throws(Refusal) -> Response {
    let name = exchange.parameters["dataset"]
    let dataset = name == allDatasets ? nil : try await find(exchange)
    let scope = Scope(environment: exchange.environment, datasets: dataset.map { .named([$0.name]) } ?? .all, time: .everything)
    var found = try await state.desk.ask { () async throws(QueryError) in try await state.store.columns(scope) }
    let wanted = QueryString(exchange.request.query)["key_name"]
    if let wanted { found = found.filter { $0.name == wanted } }
    let created = dataset?.firstUnixNanoseconds ?? 0
    let written = dataset?.lastUnixNanoseconds
    let columns = found.map { column in
      HoneycombColumn(
        id: shortID([name, column.name, column.type.honeycombName]), name: column.name, type: column.type,
        lastWrittenUnixNanoseconds: written, createdUnixNanoseconds: created, updatedUnixNanoseconds: written ?? created)
    }
    if wanted != nil {
      guard let column = columns.first else { throw Refusal(.notFound, "The dataset has no such column.") }
      return json(column.body)
    }
    return json(HoneycombColumn.listBody(columns))
  }

  /// The datasets of an environment.
  func summaries(_ environment: String) async throws(Refusal) -> [DatasetSummary] {
    try await state.desk.ask { () async throws(QueryError) in try await state.store.datasets(environment: environment) }
  }

  /// The dataset that the path names by its name or its slug.
  func find(_ exchange: Exchange) async throws(Refusal) -> DatasetSummary {
    let wanted = exchange.parameters["dataset"]
    let all = try await summaries(exchange.environment)
    guard let found = all.first(where: { $0.name == wanted }) ?? all.first(where: { HoneycombDataset.slug($0.name) == wanted })
    else {
      throw Refusal(.notFound, "Dataset not found")
    }
    return found
  }

  /// The scope that the path's dataset means: `__all__`, or one that is there.
  func scope(_ exchange: Exchange) async throws(Refusal) -> DatasetScope {
    exchange.parameters["dataset"] == allDatasets ? .all : .named([try await find(exchange).name])
  }

  private static func dataset(_ summary: DatasetSummary) -> HoneycombDataset {
    HoneycombDataset(
      name: summary.name, slug: HoneycombDataset.slug(summary.name), lastWrittenUnixNanoseconds: summary.lastUnixNanoseconds,
      createdUnixNanoseconds: summary.firstUnixNanoseconds)
  }
}
