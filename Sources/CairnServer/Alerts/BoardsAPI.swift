// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Boards for Cairn's own pages: a board with the queries that its panels show, so that the page asks them with its own time.
struct BoardsAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/boards/:id", .key(.query), .cairn) { (exchange) throws(Refusal) in try board(exchange) }
    ]
  }

  private func board(_ exchange: Exchange) throws(Refusal) -> Response {
    let (id, catalog, environment) = (exchange.parameters["id"], state.parts.catalog, exchange.environment)
    guard let board = try Shelf<HoneycombBoard>(catalog, environment: environment).entry(id) else {
      throw Refusal(.notFound, "No board has the id '\(id.prefix(40))'.")
    }
    let annotations = try Shelf<HoneycombQueryAnnotation>(catalog, environment: environment).everything()
    let views = try Shelf<HoneycombBoardView>(catalog, environment: environment).everything().filter { $0.board == board.id }
    var queries: [(id: String, dataset: String, name: String, description: String, specification: JSONValue)] = []
    for panel in board.panels {
      guard case .query(let query) = panel.content, !queries.contains(where: { $0.id == query.queryID }) else { continue }
      do throws(CatalogError) {
        guard let saved = try catalog.query(id: query.queryID, environment: environment), let json = try? JSONValue(parsing: saved.specification) else { continue }
        let annotation = annotations.first { $0.id == query.annotationID } ?? annotations.first { $0.queryID == query.queryID }
        queries.append((query.queryID, saved.dataset, annotation?.name ?? "", annotation?.description ?? "", json))
      } catch {
        throw Refusal(error)
      }
    }
    return jsonResponse(reserving: 8_192) { (writer) in
      writer.key("board")
      board.write(to: &writer, url: "")
      writer.key("views")
      writer.beginArray()
      for view in views { view.write(to: &writer) }
      writer.endArray()
      writer.array("queries", queries) { (query, writer) in
        writer.object { (writer) in
          writer.member("id", query.id)
          writer.member("dataset", query.dataset)
          writer.member("name", query.name)
          writer.member("description", query.description)
          writer.member("query", query.specification)
        }
      }
    }
  }
}
