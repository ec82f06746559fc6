// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnFormats
import NIOCore
import NIOHTTP1

/// What leaves the server: deliveries that wait, and what came of those before them, by destination.
struct DeliveriesAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/deliveries", .key(.query), .cairn) { (exchange) async throws(Refusal) in try list(exchange) },
      Route(.POST, "/api/cairn/deliveries/test", .key(.manage), .cairn) { (exchange) async throws(Refusal) in try await test(exchange) },
      Route(.POST, "/api/cairn/deliveries/:id/retry", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        guard state.deliverer.retry(id: try id(exchange), tenant: exchange.environment) else { throw missing(exchange) }
        return jsonResponse { $0.member("retried", true) }
      },
      Route(.DELETE, "/api/cairn/deliveries/:id", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        guard state.deliverer.cancel(id: try id(exchange), tenant: exchange.environment) else { throw missing(exchange) }
        return jsonResponse { $0.member("given_up", true) }
      },
    ]
  }

  private func id(_ exchange: Exchange) throws(Refusal) -> Int64 {
    guard let id = Int64(exchange.parameters["id"]) else { throw missing(exchange) }
    return id
  }

  private func missing(_ exchange: Exchange) -> Refusal {
    Refusal(.notFound, "No delivery that waits has the id '\(exchange.parameters["id"].prefix(40))'.")
  }

  /// `?destination=&kind=rule|subscription|alarm|trigger|burn_alert|test&name=&limit=`
  private func list(_ exchange: Exchange) throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    if let kind = query["kind"], DeliveryOrigin.Kind(rawValue: kind) == nil {
      throw Refusal(.invalid, "kind is rule, subscription, alarm, trigger, burn_alert or test", field: "kind")
    }
    let limit = query["limit"].flatMap { Int($0) } ?? 100
    guard (1...1_000).contains(limit) else { throw Refusal(.invalid, "limit is a number from 1 to 1000", field: "limit") }
    let isWanted = { (origin: DeliveryOrigin, destination: String) in
      query["destination"].map { $0 == destination } ?? true && query["kind"].map { $0 == origin.kind.rawValue } ?? true
        && query["name"].map { $0 == origin.name } ?? true
    }
    let waiting = state.deliverer.waiting(tenant: exchange.environment).filter { isWanted($0.origin, $0.shipment.destination) }
    let histories = state.deliverer.histories(tenant: exchange.environment)
      .filter { (history) in history.entries.contains { isWanted($0.origin, $0.destination) } }
    let entries = histories.flatMap(\.entries).filter { isWanted($0.origin, $0.destination) }
      .sorted { ($0.unixMilliseconds, $0.attempt) > ($1.unixMilliseconds, $1.attempt) }
    return jsonResponse(reserving: 256 * (waiting.count + entries.count + 8)) { (writer) in
      writer.array("waiting", waiting) { (delivery, writer) in
        writer.object { (writer) in
          writer.member("id", delivery.id)
          writer.member("kind", delivery.origin.kind.rawValue)
          writer.member("name", delivery.origin.name)
          writer.member("subject", delivery.subject)
          writer.member("destination", delivery.shipment.destination)
          writer.member("created_unix_ms", delivery.createdUnixMilliseconds)
          writer.member("attempts", delivery.attemptCount)
          writer.member("next_unix_ms", delivery.nextUnixMilliseconds)
          writer.member("bytes", delivery.shipment.byteCount)
        }
      }
      writer.array("destinations", histories) { (history, writer) in
        writer.object { (writer) in
          writer.member("destination", history.destination)
          writer.member("delivered", history.deliveredCount)
          writer.member("failed", history.failedCount)
          writer.member("waiting", waiting.count { $0.shipment.destination == history.destination })
          writer.member("last_unix_ms", history.entries.last?.unixMilliseconds ?? 0)
          writer.member("last_delivered", history.entries.last?.isDelivered ?? false)
          writer.member("last_outcome", history.entries.last?.outcome ?? "")
        }
      }
      writer.array("entries", entries.prefix(limit)) { (entry, writer) in
        writer.object { entry.writeWhole(&$0) }
      }
    }
  }

  /// `{"url": …}`: sends a small document there, once, and answers what came of it.
  private func test(_ exchange: Exchange) async throws(Refusal) -> Response {
    let body = try? JSONValue(parsing: exchange.request.body.readableBytesSpan)
    guard let url = body?["url"]?.string else { throw Refusal(.invalid, "The body must be {\"url\": …}.", field: "url") }
    if let reason = await state.alerts.refusal(url) { throw Refusal(.invalid, reason, field: "url") }
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("event_name", "test")
    writer.member("message", "Cairn can reach this address.")
    writer.endObject()
    let delivery = Delivery(
      origin: DeliveryOrigin(tenant: exchange.environment, kind: .test, name: ""), subject: "test",
      shipment: .webhook(url: url, body: writer.finish()), createdUnixMilliseconds: state.nowUnixMicroseconds / 1_000)
    let entry = await state.deliverer.test(delivery)
    return jsonResponse { entry.writeWhole(&$0) }
  }
}

extension DeliveryEntry {
  /// Rollbar's form of a rule's history.
  func write(_ writer: inout JSONWriter) {
    writer.member("timestamp", unixMilliseconds / 1_000)
    writer.member("rule_id", Int64(origin.name) ?? 0)
    writer.member("subject", subject)
    writer.member("attempt", attempt)
    writer.member("delivered", isDelivered)
    writer.member("outcome", outcome)
  }

  func writeWhole(_ writer: inout JSONWriter) {
    writer.member("unix_ms", unixMilliseconds)
    writer.member("delivery_id", deliveryID)
    writer.member("kind", origin.kind.rawValue)
    writer.member("name", origin.name)
    writer.member("subject", subject)
    writer.member("destination", destination)
    writer.member("attempt", attempt)
    writer.member("delivered", isDelivered)
    writer.member("final", isFinal)
    writer.member("outcome", outcome)
    writer.member("bytes", byteCount)
    writer.member("ms", durationMilliseconds)
  }
}
