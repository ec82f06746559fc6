// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's boards, their views, and the names of queries.
struct HoneycombBoards: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  /// More than this in one environment is refused.
  static let countMax = 500
  /// More than this for one board is refused.
  static let viewCountMax = 50
  /// More than this in one environment is refused.
  static let annotationCountMax = 5000

  var routes: [Route] {
    [
      route(.POST, "/1/boards", .manage, create),
      route(.GET, "/1/boards", .query) { (exchange) throws(Refusal) in
        let boards = try Shelf<HoneycombBoard>(state, exchange).all()
        return HoneycombRecipients.json(.ok) { (writer) in
          writer.beginArray()
          for board in boards { board.write(to: &writer, url: url(board, exchange)) }
          writer.endArray()
        }
      },
      route(.GET, "/1/boards/:id", .query) { (exchange) throws(Refusal) in answer(.ok, try Shelf<HoneycombBoard>(state, exchange).find(), exchange) },
      route(.PUT, "/1/boards/:id", .manage, change),
      route(.DELETE, "/1/boards/:id", .manage, remove),
    ] + views + annotations
  }

  private func route(
    _ method: HTTPMethod, _ path: String, _ scope: KeyScope, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response
  ) -> Route {
    Route(method, path, .key(scope), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
  }

  private static let nothing = Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())

  // MARK: Boards

  private func url(_ board: HoneycombBoard, _ exchange: Exchange) -> String {
    "http://\(exchange.request.header("host") ?? state.addresses[.http] ?? "")/ui/boards/\(board.id)"
  }

  private func answer(_ status: HTTPResponseStatus, _ board: HoneycombBoard, _ exchange: Exchange) -> Response {
    HoneycombRecipients.json(status) { (writer) in board.write(to: &writer, url: url(board, exchange)) }
  }

  private func create(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombBoard>(state, exchange)
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) boards already.") }
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    var board = try honeycomb { () throws(HoneycombError) in try HoneycombBoard(parsing: body, id: id, nowUnixNanoseconds: now) }
    try settle(&board, exchange)
    try shelf.save(board)
    return answer(.created, board, exchange)
  }

  private func change(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombBoard>(state, exchange)
    var board = try shelf.find()
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try board.change(body, nowUnixNanoseconds: now) }
    try settle(&board, exchange)
    try shelf.save(board)
    return answer(.ok, board, exchange)
  }

  private func remove(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombBoard>(state, exchange)
    let board = try shelf.find()
    let views = Shelf<HoneycombBoardView>(state.parts.catalog, environment: exchange.environment)
    for view in try views.everything() where view.board == board.id { try views.remove(view) }
    try shelf.remove(board)
    return Self.nothing
  }

  /// Looks whether what the panels show is there, and names each query's dataset.
  private func settle(_ board: inout HoneycombBoard, _ exchange: Exchange) throws(Refusal) {
    let slos = Set(try Shelf<HoneycombSLO>(state.parts.catalog, environment: exchange.environment).everything().map(\.id))
    let annotations = try Shelf<HoneycombQueryAnnotation>(state.parts.catalog, environment: exchange.environment).everything()
    for (index, panel) in board.panels.enumerated() {
      let field = "panels[\(index)]"
      switch panel.content {
      case .text: break
      case .slo(let id):
        // A panel outlives its objective, so that a board can be changed then.
        let before = try? Shelf<HoneycombBoard>(state.parts.catalog, environment: exchange.environment).entry(board.id)
        let isKept = before?.panels.contains { $0.content == panel.content } ?? false
        guard slos.contains(id) || isKept else { throw Refusal(.invalid, "there is no such SLO", field: "\(field).slo_panel.slo_id") }
      case .query(var query):
        guard let saved = try saved(query.queryID, exchange.environment) else {
          throw Refusal(.invalid, "there is no such query; POST /1/queries makes one", field: "\(field).query_panel.query_id")
        }
        if !query.annotationID.isEmpty {
          guard let annotation = annotations.first(where: { $0.id == query.annotationID }) else {
            throw Refusal(.invalid, "there is no such query annotation", field: "\(field).query_panel.query_annotation_id")
          }
          guard annotation.queryID == query.queryID else {
            throw Refusal(.invalid, "the annotation is another query's", field: "\(field).query_panel.query_annotation_id")
          }
        }
        query.dataset = saved.dataset
        board.panels[index].content = .query(query)
      }
    }
  }

  func saved(_ id: String, _ environment: String) throws(Refusal) -> SavedQuery? {
    do throws(CatalogError) { return try state.parts.catalog.query(id: id, environment: environment) } catch { throw Refusal(error) }
  }

  // MARK: Views

  private var views: [Route] {
    [
      route(.POST, "/1/boards/:board/views", .manage) { (exchange) throws(Refusal) in
        let (board, shelf) = try shelf(exchange)
        guard try shelf.everything().filter({ $0.board == board.id }).count < Self.viewCountMax else {
          throw Refusal(.invalid, "The board has \(Self.viewCountMax) views already.")
        }
        let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
        let view = try honeycomb { () throws(HoneycombError) in
          try HoneycombBoardView(parsing: body, id: id, board: board.id, nowUnixNanoseconds: now)
        }
        try shelf.save(view)
        return HoneycombRecipients.json(.created) { (writer) in view.write(to: &writer) }
      },
      route(.GET, "/1/boards/:board/views", .query) { (exchange) throws(Refusal) in
        let (board, shelf) = try shelf(exchange)
        let views = try shelf.everything().filter { $0.board == board.id }
        return HoneycombRecipients.json(.ok) { (writer) in
          writer.beginArray()
          for view in views { view.write(to: &writer) }
          writer.endArray()
        }
      },
      route(.GET, "/1/boards/:board/views/:id", .query) { (exchange) throws(Refusal) in
        let view = try view(exchange).view
        return HoneycombRecipients.json(.ok) { (writer) in view.write(to: &writer) }
      },
      route(.PUT, "/1/boards/:board/views/:id", .manage) { (exchange) throws(Refusal) in
        var (view, shelf) = try view(exchange)
        let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
        try honeycomb { () throws(HoneycombError) in try view.change(body, nowUnixNanoseconds: now) }
        try shelf.save(view)
        return HoneycombRecipients.json(.ok) { (writer) in view.write(to: &writer) }
      },
      route(.DELETE, "/1/boards/:board/views/:id", .manage) { (exchange) throws(Refusal) in
        let (view, shelf) = try view(exchange)
        try shelf.remove(view)
        return Self.nothing
      },
    ]
  }

  private func shelf(_ exchange: Exchange) throws(Refusal) -> (board: HoneycombBoard, views: Shelf<HoneycombBoardView>) {
    guard let board = try Shelf<HoneycombBoard>(state.parts.catalog, environment: exchange.environment).entry(exchange.parameters["board"]) else {
      throw Refusal(.notFound, "Board not found")
    }
    return (board, Shelf<HoneycombBoardView>(state.parts.catalog, environment: exchange.environment))
  }

  private func view(_ exchange: Exchange) throws(Refusal) -> (view: HoneycombBoardView, shelf: Shelf<HoneycombBoardView>) {
    let (board, shelf) = try shelf(exchange)
    guard let view = try shelf.entry(exchange.parameters["id"]), view.board == board.id else { throw Refusal(.notFound, "Board view not found") }
    return (view, shelf)
  }

  // MARK: Names of queries

  private var annotations: [Route] {
    [
      route(.POST, "/1/query_annotations/:dataset", .manage) { (exchange) async throws(Refusal) in
        let scope = try await directory.scope(exchange)
        let shelf = Shelf<HoneycombQueryAnnotation>(state, exchange)
        guard try shelf.count() < Self.annotationCountMax else {
          throw Refusal(.invalid, "The environment has \(Self.annotationCountMax) query annotations already.")
        }
        let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
        let annotation = try honeycomb { () throws(HoneycombError) in
          try HoneycombQueryAnnotation(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
        }
        guard let query = try saved(annotation.queryID, exchange.environment), query.dataset == scope.name else {
          throw Refusal(.invalid, "the dataset has no such query; POST /1/queries makes one", field: "query_id")
        }
        try shelf.save(annotation)
        return HoneycombRecipients.json(.created) { (writer) in annotation.write(to: &writer) }
      },
      route(.GET, "/1/query_annotations/:dataset", .query) { (exchange) async throws(Refusal) in
        let all = try await directory.listed(try Shelf<HoneycombQueryAnnotation>(state, exchange).all(), exchange)
        return HoneycombRecipients.json(.ok) { (writer) in
          writer.beginArray()
          for annotation in all { annotation.write(to: &writer) }
          writer.endArray()
        }
      },
      route(.GET, "/1/query_annotations/:dataset/:id", .query) { (exchange) throws(Refusal) in
        let annotation = try Shelf<HoneycombQueryAnnotation>(state, exchange).find()
        return HoneycombRecipients.json(.ok) { (writer) in annotation.write(to: &writer) }
      },
      route(.PUT, "/1/query_annotations/:dataset/:id", .manage) { (exchange) throws(Refusal) in
        let shelf = Shelf<HoneycombQueryAnnotation>(state, exchange)
        var annotation = try shelf.find()
        let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
        try honeycomb { () throws(HoneycombError) in try annotation.change(body, nowUnixNanoseconds: now) }
        try shelf.save(annotation)
        return HoneycombRecipients.json(.ok) { (writer) in annotation.write(to: &writer) }
      },
      route(.DELETE, "/1/query_annotations/:dataset/:id", .manage) { (exchange) throws(Refusal) in
        let shelf = Shelf<HoneycombQueryAnnotation>(state, exchange)
        try shelf.remove(try shelf.find())
        return Self.nothing
      },
    ]
  }
}
