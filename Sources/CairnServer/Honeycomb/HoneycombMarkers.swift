// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import NIOCore
import NIOHTTP1

/// Honeycomb's markers and their colours. A marker's dataset need not be there yet: a deploy is told before its first event.
///
/// Markers live in the catalog, one collection an environment, and are read from there at each question: there are few, and few ask.
struct HoneycombMarkers: Sendable {
  let state: ServerState

  /// More than this in one environment is refused: who makes one a second has mistaken them for events.
  static let countMax = 10_000

  var routes: [Route] {
    [
      route(.POST, "/1/markers/:dataset", .ingest, createMarker), route(.GET, "/1/markers/:dataset", .query, listMarkers),
      route(.GET, "/1/markers/:dataset/:id", .query, readMarker), route(.PUT, "/1/markers/:dataset/:id", .manage, changeMarker),
      route(.DELETE, "/1/markers/:dataset/:id", .manage) { (exchange) throws(Refusal) in try remove(Shelf<HoneycombMarker>.self, exchange) },
      route(.POST, "/1/marker_settings/:dataset", .manage, createSetting),
      route(.GET, "/1/marker_settings/:dataset", .query, listSettings),
      route(.PUT, "/1/marker_settings/:dataset/:id", .manage, changeSetting),
      route(.DELETE, "/1/marker_settings/:dataset/:id", .manage) { (exchange) throws(Refusal) in
        try remove(Shelf<HoneycombMarkerSetting>.self, exchange)
      },
    ]
  }

  private func route(
    _ method: HTTPMethod, _ path: String, _ scope: KeyScope, _ handle: @escaping @Sendable (Exchange) throws(Refusal) -> Response
  ) -> Route {
    Route(method, path, .key(scope), .honeycomb) { (exchange) async throws(Refusal) in try handle(exchange) }
  }

  // MARK: Markers

  private func createMarker(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombMarker>(state, exchange)
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    guard try shelf.count() < Self.countMax else {
      throw Refusal(.invalid, "The environment has \(Self.countMax) markers already; delete some.")
    }
    let id = try shelf.freeID()
    let marker = try honeycomb { () throws(HoneycombError) in
      try HoneycombMarker(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
    }
    try shelf.save(marker)
    return try answer(.created, exchange) { (writer, colors) in marker.write(to: &writer, color: colors[marker.type]) }
  }

  /// Of a dataset that is not there too: it may have markers before its first event.
  private func listMarkers(_ exchange: Exchange) throws(Refusal) -> Response {
    let markers = try Shelf<HoneycombMarker>(state, exchange).all().sorted { ($0.startTime, $0.id) < ($1.startTime, $1.id) }
    return try answer(.ok, exchange) { (writer, colors) in
      writer.beginArray()
      for marker in markers { marker.write(to: &writer, color: colors[marker.type]) }
      writer.endArray()
    }
  }

  private func readMarker(_ exchange: Exchange) throws(Refusal) -> Response {
    let marker = try Shelf<HoneycombMarker>(state, exchange).find()
    return try answer(.ok, exchange) { (writer, colors) in marker.write(to: &writer, color: colors[marker.type]) }
  }

  private func changeMarker(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombMarker>(state, exchange)
    var marker = try shelf.find()
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try marker.change(body, nowUnixNanoseconds: now) }
    try shelf.save(marker)
    return try answer(.ok, exchange) { (writer, colors) in marker.write(to: &writer, color: colors[marker.type]) }
  }

  // MARK: Settings

  private func createSetting(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombMarkerSetting>(state, exchange)
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    let id = try shelf.freeID()
    let setting = try honeycomb { () throws(HoneycombError) in
      try HoneycombMarkerSetting(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
    }
    if try shelf.all().contains(where: { $0.type == setting.type }) {
      throw Refusal(.invalid, "The type '\(setting.type)' has a setting already.", field: "type")
    }
    try shelf.save(setting)
    return try answer(.created, exchange) { (writer, _) in setting.write(to: &writer) }
  }

  private func listSettings(_ exchange: Exchange) throws(Refusal) -> Response {
    let settings = try Shelf<HoneycombMarkerSetting>(state, exchange).all().sorted { $0.type < $1.type }
    return try answer(.ok, exchange) { (writer, _) in
      writer.beginArray()
      for setting in settings { setting.write(to: &writer) }
      writer.endArray()
    }
  }

  private func changeSetting(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombMarkerSetting>(state, exchange)
    var setting = try shelf.find()
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try setting.change(body, nowUnixNanoseconds: now) }
    try shelf.save(setting)
    return try answer(.ok, exchange) { (writer, _) in setting.write(to: &writer) }
  }

  // MARK: Both

  private func remove<Entry>(_: Shelf<Entry>.Type, _ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<Entry>(state, exchange)
    try shelf.remove(try shelf.find())
    return Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())
  }

  /// The answer, with the colours that the types of the dataset's markers have.
  private func answer(
    _ status: HTTPResponseStatus, _ exchange: Exchange, _ write: (inout JSONWriter, [String: String]) -> Void
  ) throws(Refusal) -> Response {
    let settings = try Shelf<HoneycombMarkerSetting>(state, exchange).all()
    var writer = JSONWriter()
    write(&writer, Dictionary(settings.map { ($0.type, $0.color) }) { (first, _) in first })
    return Response(status: status, contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  }
}
