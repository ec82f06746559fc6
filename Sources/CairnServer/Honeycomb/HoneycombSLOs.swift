// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's objectives and their burn alerts: kept here, counted and told of by `SLODesk`.
struct HoneycombSLOs: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  /// More than this in one environment is refused: each is counted again and again.
  static let countMax = 100
  /// More than this for one objective is refused.
  static let alertCountMax = 20

  var routes: [Route] {
    [
      route(.POST, "/1/slos/:dataset", .manage, create),
      route(.GET, "/1/slos/:dataset", .query, list),
      route(.GET, "/1/slos/:dataset/:id", .query, get),
      route(.PUT, "/1/slos/:dataset/:id", .manage, change),
      route(.DELETE, "/1/slos/:dataset/:id", .manage, remove),
      route(.POST, "/1/burn_alerts/:dataset", .manage, createAlert),
      route(.GET, "/1/burn_alerts/:dataset", .query, listAlerts),
      route(.GET, "/1/burn_alerts/:dataset/:id", .query) { (exchange) throws(Refusal) in Self.answer(.ok, try findAlert(exchange)) },
      route(.PUT, "/1/burn_alerts/:dataset/:id", .manage, changeAlert),
      route(.DELETE, "/1/burn_alerts/:dataset/:id", .manage) { (exchange) throws(Refusal) in
        try Shelf<HoneycombBurnAlert>(state, exchange).remove(try findAlert(exchange))
        return Self.nothing
      },
    ]
  }

  private func route(
    _ method: HTTPMethod, _ path: String, _ scope: KeyScope, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response
  ) -> Route {
    Route(method, path, .key(scope), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
  }

  private static let nothing = Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())

  // MARK: Objectives

  /// The objectives that the path's dataset has: all of them for the whole environment.
  private func visible(_ exchange: Exchange) throws(Refusal) -> [HoneycombSLO] {
    let shelf = Shelf<HoneycombSLO>(state, exchange)
    return try shelf.everything().filter { shelf.dataset == allDatasets || $0.datasets.contains(shelf.dataset) }
  }

  private func find(_ exchange: Exchange) throws(Refusal) -> HoneycombSLO {
    let id = exchange.parameters["id"]
    guard let found = try visible(exchange).first(where: { $0.id == id }) else { throw Refusal(.notFound, "SLO not found") }
    return found
  }

  private static func answer(_ status: HTTPResponseStatus, _ slo: HoneycombSLO, _ standing: SLOStanding? = nil) -> Response {
    HoneycombRecipients.json(status) { (writer) in slo.write(to: &writer, standing: standing) }
  }

  private func list(_ exchange: Exchange) async throws(Refusal) -> Response {
    let found = try await directory.listed(try visible(exchange), exchange)
    return HoneycombRecipients.json(.ok) { (writer) in
      writer.beginArray()
      for slo in found { slo.write(to: &writer) }
      writer.endArray()
    }
  }

  /// With `?detailed`, or `?detailed=true`, as it stands now; where nothing is good and a column is not there, that is said instead.
  private func get(_ exchange: Exchange) async throws(Refusal) -> Response {
    let slo = try find(exchange)
    guard QueryString(exchange.request.query).isSet("detailed") else { return Self.answer(.ok, slo) }
    let now = state.parts.clock.unixNanoseconds()
    let ledger = try await SLODesk(state: state).ledger(slo, exchange.environment, now)
    let standing = ledger.standing(slo, atUnixNanoseconds: now)
    if standing.counts.good == 0, let formula = state.formulas.columns(exchange.environment, .named(slo.datasets)).first(where: { $0.alias == slo.sli })?.formula {
      let names = try await state.datasets(withSlugs: slo.datasets, exchange.environment)
      try await state.directory.check(formula, exchange.environment, .named(names), field: "sli.alias", alias: slo.sli)
    }
    return Self.answer(.ok, slo, standing)
  }

  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    _ = try await directory.scope(exchange)
    let shelf = Shelf<HoneycombSLO>(state, exchange)
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) SLOs already.") }
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    let slo = try honeycomb { () throws(HoneycombError) in
      try HoneycombSLO(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
    }
    try await check(slo, exchange)
    try shelf.save(slo)
    return Self.answer(.created, slo)
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    var slo = try find(exchange)
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try slo.change(body, nowUnixNanoseconds: now) }
    try await check(slo, exchange)
    for alert in try alerts(of: slo, exchange.environment) { try Self.check(alert, slo) }
    try Shelf<HoneycombSLO>(state, exchange).save(slo)
    return Self.answer(.ok, slo)
  }

  private func remove(_ exchange: Exchange) throws(Refusal) -> Response {
    let slo = try find(exchange)
    for alert in try alerts(of: slo, exchange.environment) { try Shelf<HoneycombBurnAlert>(state, exchange).remove(alert) }
    try Shelf<HoneycombSLO>(state, exchange).remove(slo)
    state.slos.forget(exchange.environment, slo.id)
    return Self.nothing
  }

  /// The datasets are there, and the indicator is a derived column that holds for all of them.
  private func check(_ slo: HoneycombSLO, _ exchange: Exchange) async throws(Refusal) {
    let known = Set(try await state.directory.datasets(exchange.environment).map(\.slug))
    for (index, name) in slo.datasets.enumerated() where !known.contains(name) {
      throw Refusal(.invalid, "there is no dataset '\(name.prefix(80))'", field: "dataset_slugs[\(index)]")
    }
    let columns = state.formulas.all(exchange.environment).filter { $0.alias == slo.sli }
    let isWide = columns.contains { $0.dataset == allDatasets }
    guard isWide || slo.datasets.count == 1 && columns.contains(where: { $0.dataset == slo.datasets[0] }) else {
      let place = slo.datasets.count == 1 ? "the dataset has" : "the environment has"
      throw Refusal(.invalid, "\(place) no derived column '\(slo.sli.prefix(80))'; POST /1/derived_columns makes one", field: "sli.alias")
    }
  }

  private func alerts(of slo: HoneycombSLO, _ environment: String) throws(Refusal) -> [HoneycombBurnAlert] {
    try Shelf<HoneycombBurnAlert>(state.parts.catalog, environment: environment).everything().filter { $0.slo == slo.id }
  }

  // MARK: Burn alerts

  private func findAlert(_ exchange: Exchange) throws(Refusal) -> HoneycombBurnAlert {
    let alert = try Shelf<HoneycombBurnAlert>(state, exchange).findAnywhere()
    guard try visible(exchange).contains(where: { $0.id == alert.slo }) else { throw Refusal(.notFound, "Burn alert not found") }
    return alert
  }

  private static func answer(_ status: HTTPResponseStatus, _ alert: HoneycombBurnAlert) -> Response {
    HoneycombRecipients.json(status) { (writer) in alert.write(to: &writer) }
  }

  /// The alerts of the objective that `slo_id` names.
  private func listAlerts(_ exchange: Exchange) async throws(Refusal) -> Response {
    let visible = try await directory.listed(try visible(exchange), exchange)
    guard let id = QueryString(exchange.request.query)["slo_id"], !id.isEmpty else {
      throw Refusal(.invalid, "the id of an SLO is needed", field: "slo_id")
    }
    guard let slo = visible.first(where: { $0.id == id }) else { throw Refusal(.notFound, "SLO not found") }
    let found = try alerts(of: slo, exchange.environment)
    return HoneycombRecipients.json(.ok) { (writer) in
      writer.beginArray()
      for alert in found { alert.write(to: &writer) }
      writer.endArray()
    }
  }

  private func createAlert(_ exchange: Exchange) async throws(Refusal) -> Response {
    let visible = try await directory.listed(try visible(exchange), exchange)
    let shelf = Shelf<HoneycombBurnAlert>(state, exchange)
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    var alert = try honeycomb { () throws(HoneycombError) in
      try HoneycombBurnAlert(parsing: body, id: id, dataset: shelf.dataset, nowUnixNanoseconds: now)
    }
    guard let slo = visible.first(where: { $0.id == alert.slo }) else {
      throw Refusal(.invalid, "there is no such SLO in this dataset", field: "slo.id")
    }
    guard try alerts(of: slo, exchange.environment).count < Self.alertCountMax else {
      throw Refusal(.invalid, "The SLO has \(Self.alertCountMax) burn alerts already.")
    }
    try Self.check(alert, slo)
    try await HoneycombRecipients(state: state).settle(&alert.receivers, exchange.environment)
    try shelf.save(alert)
    state.slos.hasten(exchange.environment, slo.id)
    return Self.answer(.created, alert)
  }

  private func changeAlert(_ exchange: Exchange) async throws(Refusal) -> Response {
    var alert = try findAlert(exchange)
    let (before, body, now) = (alert.condition, try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try alert.change(body, nowUnixNanoseconds: now) }
    if let slo = try visible(exchange).first(where: { $0.id == alert.slo }) { try Self.check(alert, slo) }
    try await HoneycombRecipients(state: state).settle(&alert.receivers, exchange.environment)
    // Another condition begins anew.
    if alert.condition != before { alert.isTriggered = false }
    try Shelf<HoneycombBurnAlert>(state, exchange).save(alert)
    state.slos.hasten(exchange.environment, alert.slo)
    return Self.answer(.ok, alert)
  }

  private static func check(_ alert: HoneycombBurnAlert, _ slo: HoneycombSLO) throws(Refusal) {
    if case .rate(let window, _) = alert.condition, window > Int64(slo.periodDays) * 1440 {
      throw Refusal(.invalid, "must be no greater than the SLO's time period", field: "budget_rate_window_minutes")
    }
  }
}
