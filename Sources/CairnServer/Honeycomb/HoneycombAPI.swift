// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// What Honeycomb's API v1 tells about an account, and the routes of all the rest of it.
struct HoneycombAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/1/auth", .anyKey, .honeycomb) { (exchange) async throws(Refusal) in auth(exchange) },
    ] + HoneycombDatasets(state: state, directory: self).routes + HoneycombColumns(state: state, directory: self).routes
      + HoneycombQueries(state: state, directory: self).routes + HoneycombMarkers(state: state).routes + HoneycombDoor(state: state).routes + HoneycombTriggers(state: state, directory: self).routes + HoneycombRecipients(state: state).routes
      + HoneycombDerivedColumns(state: state, directory: self).routes + HoneycombSLOs(state: state, directory: self).routes
      + HoneycombBoards(state: state, directory: self).routes + HoneycombDefinitions(state: state, directory: self).routes
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

  /// The dataset that the path names by its slug or its name.
  func find(_ exchange: Exchange) async throws(Refusal) -> DatasetDirectory.Dataset {
    try await find(exchange.parameters["dataset"], exchange.environment)
  }

  /// The dataset of a slug or a name.
  func find(_ wanted: String, _ environment: String) async throws(Refusal) -> DatasetDirectory.Dataset {
    let all = try await state.directory.datasets(environment)
    guard
      let found = all.first(where: { $0.slug == wanted }) ?? all.first(where: { $0.summary.name == wanted || $0.declaration?.name == wanted })
        ?? all.first(where: { HoneycombDataset.folded($0.summary.name) == HoneycombDataset.folded(wanted) })
    else {
      throw Refusal(.notFound, "Dataset not found")
    }
    return found
  }

  /// A list of what a dataset has. An empty one is an answer of a dataset that is there alone; what was made for one is shown also while
  /// its events did not come yet, or are gone.
  func listed<Entry>(_ entries: [Entry], _ exchange: Exchange) async throws(Refusal) -> [Entry] {
    if entries.isEmpty { _ = try await scope(exchange) }
    return entries
  }

  /// The scope that the path's dataset means: `__all__`, or one that is there.
  func scope(_ exchange: Exchange) async throws(Refusal) -> DatasetScope {
    exchange.parameters["dataset"] == allDatasets ? .all : .named([try await find(exchange).summary.name])
  }
}
