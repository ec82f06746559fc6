// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Triggers of all datasets for Cairn's own pages, with what their last asking said; made and changed by Honeycomb's API.
struct TriggersAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/triggers", .key(.query), .cairn) { (exchange) async throws(Refusal) in try list(exchange) },
      Route(.POST, "/api/cairn/triggers/:id/test", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        let trigger = try find(exchange)
        let (verdict, entries) = try await TriggerDesk(state: state).test(trigger, exchange.environment)
        return jsonResponse(reserving: 4_096) { (writer) in
          writer.member("met", !verdict.exceeding.isEmpty)
          writer.member("text", verdict.exceeding.isEmpty ? "The threshold is not met now." : verdict.text(trigger))
          writer.array("entries", entries) { (entry, writer) in writer.object { entry.writeWhole(&$0) } }
        }
      },
      Route(.GET, "/api/cairn/triggers/:id/history", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        let entries = state.deliverer.history(of: origin(try find(exchange), exchange.environment))
        return jsonResponse(reserving: 16_384) { (writer) in
          writer.array("entries", entries.prefix(100)) { (entry, writer) in writer.object { entry.writeWhole(&$0) } }
        }
      },
    ]
  }

  private func origin(_ trigger: HoneycombTrigger, _ environment: String) -> DeliveryOrigin {
    DeliveryOrigin(tenant: environment, kind: .trigger, name: trigger.id)
  }

  private func find(_ exchange: Exchange) throws(Refusal) -> HoneycombTrigger {
    let id = exchange.parameters["id"]
    guard let trigger = try Shelf<HoneycombTrigger>(state.parts.catalog, environment: exchange.environment).entry(id) else {
      throw Refusal(.notFound, "No trigger has the id '\(id.prefix(40))'.")
    }
    return trigger
  }

  private func list(_ exchange: Exchange) throws(Refusal) -> Response {
    let environment = exchange.environment
    let triggers = try Shelf<HoneycombTrigger>(state.parts.catalog, environment: environment).everything()
      .sorted { ($0.isTriggered ? 0 : 1, $0.name, $0.id) < ($1.isTriggered ? 0 : 1, $1.name, $1.id) }
    let now = state.parts.clock.unixNanoseconds()
    return jsonResponse(reserving: 1_024 * (triggers.count + 1)) { (writer) in
      writer.array("triggers", triggers) { (trigger, writer) in
        let progress = state.triggers.progress(environment, trigger.id)
        writer.object { (writer) in
          writer.key("trigger")
          trigger.write(to: &writer)
          writer.member("asked_us", orNull: progress.askedUnixNanoseconds > 0 ? progress.askedUnixNanoseconds / 1_000 : nil)
          writer.member("text", progress.text)
          writer.member("value", orNull: progress.value)
          writer.member("failure", orNull: progress.failure)
          writer.array("missing", progress.missing) { $1.string($0) }
          writer.member("explore", trigger.query.explorePath(dataset: trigger.dataset, trigger.query.time.range(nowUnixNanoseconds: now)))
        }
      }
      writer.member("mail", !state.settings.smtp.isEmpty)
    }
  }
}
