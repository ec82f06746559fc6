// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Objectives for Cairn's own pages, with how each stands; made and changed by Honeycomb's API.
struct SLOsAPI: Sendable {
  let state: ServerState

  private static let chartPointCount = 240
  private static let rowPointCount = 60

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/slos", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await list(exchange) },
      Route(.POST, "/api/cairn/slos/preview", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await preview(exchange) },
      Route(.GET, "/api/cairn/slos/:id", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await get(exchange) },
      Route(.POST, "/api/cairn/slos/:id/alerts/:alert/test", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        let (slo, alert) = try find(exchange)
        let (verdict, entries) = try await SLODesk(state: state).test(alert, slo, exchange.environment)
        return jsonResponse(reserving: 4_096) { (writer) in
          writer.member("met", verdict.isMet)
          writer.member("text", verdict.text(alert))
          writer.array("entries", entries) { (entry, writer) in writer.object { entry.writeWhole(&$0) } }
        }
      },
      Route(.GET, "/api/cairn/slos/:id/alerts/:alert/history", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        let alert = try find(exchange).alert
        let entries = state.deliverer.history(of: DeliveryOrigin(tenant: exchange.environment, kind: .burnAlert, name: alert.id))
        return jsonResponse(reserving: 16_384) { (writer) in
          writer.array("entries", entries.prefix(100)) { (entry, writer) in writer.object { entry.writeWhole(&$0) } }
        }
      },
    ]
  }

  private func slo(_ exchange: Exchange) throws(Refusal) -> HoneycombSLO {
    let id = exchange.parameters["id"]
    guard let slo = try Shelf<HoneycombSLO>(state.parts.catalog, environment: exchange.environment).entry(id) else {
      throw Refusal(.notFound, "No SLO has the id '\(id.prefix(40))'.")
    }
    return slo
  }

  private func find(_ exchange: Exchange) throws(Refusal) -> (slo: HoneycombSLO, alert: HoneycombBurnAlert) {
    let (slo, id) = (try slo(exchange), exchange.parameters["alert"])
    guard let alert = try alerts(exchange).first(where: { $0.id == id && $0.slo == slo.id }) else {
      throw Refusal(.notFound, "The SLO has no burn alert '\(id.prefix(40))'.")
    }
    return (slo, alert)
  }

  private func alerts(_ exchange: Exchange) throws(Refusal) -> [HoneycombBurnAlert] {
    try Shelf<HoneycombBurnAlert>(state.parts.catalog, environment: exchange.environment).everything()
  }

  /// Counts what came; what was counted before is shown where that does not work.
  private func ledger(_ slo: HoneycombSLO, _ environment: String, _ now: Int64) async -> (ledger: SLOLedger, failure: String?) {
    do throws(Refusal) {
      return (try await SLODesk(state: state).ledger(slo, environment, now), nil)
    } catch {
      return (state.slos.entry(environment, slo.id)?.ledger ?? SLOLedger(), error.reason)
    }
  }

  private func list(_ exchange: Exchange) async throws(Refusal) -> Response {
    let (environment, now) = (exchange.environment, state.parts.clock.unixNanoseconds())
    let alerts = try alerts(exchange)
    var rows: [(slo: HoneycombSLO, ledger: SLOLedger, failure: String?, remaining: Double, missing: [String])] = []
    for slo in try Shelf<HoneycombSLO>(state.parts.catalog, environment: environment).everything() {
      let counted = await ledger(slo, environment, now)
      let standing = counted.ledger.standing(slo, atUnixNanoseconds: now)
      // A comparison with what is not there is false: then all that counts is bad.
      var missing: [String] = []
      if standing.counts.good == 0 {
        missing = try await SLODesk(state: state).missing(slo, of: try await state.datasets(withSlugs: slo.datasets, environment), environment)
      }
      rows.append((slo, counted.ledger, counted.failure, standing.budgetRemaining, missing))
    }
    rows.sort { $0.remaining < $1.remaining }
    let sorted = rows
    return jsonResponse(reserving: 4_096 * (rows.count + 1)) { (writer) in
      writer.array("slos", sorted) { (row, writer) in
        writer.object { (writer) in
          write(row.slo, row.ledger, row.failure, now, alerts, &writer)
          writer.array("missing", row.missing) { $1.string($0) }
          write("burn_down", row.ledger.burnDown(row.slo, pointCount: Self.rowPointCount, nowUnixNanoseconds: now), &writer)
        }
      }
    }
  }

  private func get(_ exchange: Exchange) async throws(Refusal) -> Response {
    let (environment, now) = (exchange.environment, state.parts.clock.unixNanoseconds())
    let (slo, alerts) = (try slo(exchange), try alerts(exchange))
    let (ledger, failure) = await ledger(slo, environment, now)
    let column = state.formulas.columns(environment, .named(slo.datasets)).first { $0.alias == slo.sli }
    let names = try await state.datasets(withSlugs: slo.datasets, environment)
    let missing = try await SLODesk(state: state).missing(slo, of: names, environment)
    return jsonResponse(reserving: 32_768) { (writer) in
      write(slo, ledger, failure, now, alerts, &writer)
      writer.array("missing", missing) { $1.string($0) }
      writer.member("expression", column?.expression ?? "")
      writer.array("datasets", names) { $1.string($0) }
      write("burn_down", ledger.burnDown(slo, pointCount: Self.chartPointCount, nowUnixNanoseconds: now), &writer)
      write("history", ledger.history(slo, pointCount: Self.chartPointCount, nowUnixNanoseconds: now), &writer)
    }
  }

  private func write(
    _ slo: HoneycombSLO, _ ledger: SLOLedger, _ failure: String?, _ now: Int64, _ alerts: [HoneycombBurnAlert], _ writer: inout JSONWriter
  ) {
    let standing = ledger.standing(slo, atUnixNanoseconds: now)
    writer.key("slo")
    slo.write(to: &writer, standing: standing)
    writer.member("good", standing.counts.good)
    writer.member("bad", standing.counts.bad)
    writer.member("allowed", standing.allowed)
    let period = SLOLedger.period(days: slo.periodDays, endUnixNanoseconds: now)
    writer.member("start_us", SLOLedger.start(of: period.lowerBound) / 1000)
    writer.member("end_us", SLOLedger.start(of: period.upperBound) / 1000)
    writer.member("failure", orNull: failure)
    writer.array("alerts", alerts.filter { $0.slo == slo.id }) { (alert, writer) in
      writer.object { (writer) in
        writer.key("alert")
        alert.write(to: &writer)
        writer.member("text", BurnVerdict(alert, slo, ledger, nowUnixNanoseconds: now).text(alert))
      }
    }
  }

  private func write(_ name: String, _ points: [SLOLedger.Point], _ writer: inout JSONWriter) {
    writer.array(name, points) { (point, writer) in
      writer.beginArray()
      writer.integer(point.unixNanoseconds / 1000)
      writer.double((point.value * 10_000).rounded() / 10_000)
      writer.endArray()
    }
  }

  /// What a formula says of the last day's events, before anything is kept: `{"dataset": …, "expression": …}`.
  private func preview(_ exchange: Exchange) async throws(Refusal) -> Response {
    let (body, now) = (try exchange.json(), state.parts.clock.unixNanoseconds())
    guard let dataset = body["dataset"]?.string, !dataset.isEmpty else { throw Refusal(.invalid, "A dataset is needed.", field: "dataset") }
    let query: HoneycombQuery
    let specification = JSONValue.object([
      JSONMember("calculations", .array([.object([JSONMember("op", .string("COUNT"))])])), JSONMember("time_range", .integer(86_400)),
      JSONMember("breakdowns", .array([.string("sli")])),
      JSONMember("calculated_fields", .array([.object([JSONMember("name", .string("sli")), JSONMember("expression", body["expression"] ?? .null)])])),
    ])
    do throws(HoneycombError) {
      query = try HoneycombQuery(specification, rules: .cairn)
    } catch {
      throw Refusal(.invalid, error.details.first?.description ?? error.message, field: "expression")
    }
    var plan = query.plan(environment: exchange.environment, datasets: datasetScope(dataset), nowUnixNanoseconds: now)
    plan.granularityNanoseconds = nil
    let answer = try await state.desk.ask { [plan] () async throws(QueryError) in try await state.store.run(plan) }
    var (good, bad, uncounted) = (0.0, 0.0, 0.0)
    for row in 0..<answer.rowCount {
      let count = answer.columns.last?.values[row]?.number ?? 0
      guard let value = answer.columns.first?.values[row] else {
        uncounted += count
        continue
      }
      if FormulaFunction.truth(value) { good += count } else { bad += count }
    }
    return jsonResponse { (writer) in
      writer.member("good", good)
      writer.member("bad", bad)
      writer.member("uncounted", uncounted)
    }
  }
}
