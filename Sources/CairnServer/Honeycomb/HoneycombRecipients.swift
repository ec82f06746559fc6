// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import NIOCore
import NIOHTTP1

/// Who is told of triggers. What may be sent to is looked at when it is kept: a webhook inside this network needs `webhook_hosts`.
struct HoneycombRecipients: Sendable {
  let state: ServerState

  /// More than this in one environment is refused.
  static let countMax = 300

  var routes: [Route] {
    [
      route(.POST, "/1/recipients", create),
      route(.GET, "/1/recipients") { (exchange) throws(Refusal) in
        let all = try Shelf<HoneycombRecipient>(state, exchange).all()
        return Self.json(.ok) { (writer) in
          writer.beginArray()
          for recipient in all { recipient.write(to: &writer) }
          writer.endArray()
        }
      },
      route(.GET, "/1/recipients/:id") { (exchange) throws(Refusal) in
        Self.answer(.ok, try Shelf<HoneycombRecipient>(state, exchange).find())
      },
      route(.PUT, "/1/recipients/:id", change),
      route(.DELETE, "/1/recipients/:id", remove),
      route(.GET, "/1/recipients/:id/triggers") { (exchange) throws(Refusal) in
        let recipient = try Shelf<HoneycombRecipient>(state, exchange).find()
        return HoneycombTriggers.list(try triggers(of: recipient, exchange))
      },
    ]
  }

  private func route(_ method: HTTPMethod, _ path: String, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response) -> Route {
    Route(method, path, .key(.manage), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
  }

  private func create(_ exchange: Exchange) async throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombRecipient>(state, exchange)
    guard try shelf.count() < Self.countMax else { throw Refusal(.invalid, "The environment has \(Self.countMax) recipients already.") }
    let (body, id, now) = (try exchange.honeycombBody(), try shelf.freeID(), state.parts.clock.unixNanoseconds())
    let recipient = try honeycomb { () throws(HoneycombError) in try HoneycombRecipient(parsing: body, id: id, nowUnixNanoseconds: now) }
    try await check(recipient)
    if try shelf.all().contains(where: { $0.type == recipient.type && $0.target == recipient.target }) {
      throw Refusal(.invalid, "There is a recipient of this type and name already.")
    }
    try shelf.save(recipient)
    return Self.answer(.created, recipient)
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombRecipient>(state, exchange)
    var recipient = try shelf.find()
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    try honeycomb { () throws(HoneycombError) in try recipient.change(body, nowUnixNanoseconds: now) }
    try await check(recipient)
    try shelf.save(recipient)
    return Self.answer(.ok, recipient)
  }

  private func remove(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombRecipient>(state, exchange)
    let recipient = try shelf.find()
    let users = try triggers(of: recipient, exchange)
    guard users.isEmpty else {
      throw Refusal(.invalid, "The recipient is told of \(users.count) triggers, \(users[0].id) among them; take it out of them first.")
    }
    try shelf.remove(recipient)
    return Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())
  }

  private func triggers(of recipient: HoneycombRecipient, _ exchange: Exchange) throws(Refusal) -> [HoneycombTrigger] {
    try Shelf<HoneycombTrigger>(state.parts.catalog, environment: exchange.environment).everything()
      .filter { (trigger) in trigger.receivers.contains { $0.id == recipient.id } }
  }

  /// Whether anything can be sent there.
  func check(_ recipient: HoneycombRecipient) async throws(Refusal) {
    switch recipient.channel {
    case .email:
      guard !state.settings.smtp.isEmpty else { throw Refusal(.invalid, "no mail relay is configured: set 'smtp' to HOST:PORT", field: "type") }
    case .webhook(let webhook):
      if let reason = await state.alerts.refusal(webhook.url) { throw Refusal(.invalid, reason, field: "details.webhook_url") }
    }
  }

  private static func answer(_ status: HTTPResponseStatus, _ recipient: HoneycombRecipient) -> Response {
    json(status) { (writer) in recipient.write(to: &writer) }
  }

  static func json(_ status: HTTPResponseStatus, _ write: (inout JSONWriter) -> Void) -> Response {
    var writer = JSONWriter()
    write(&writer)
    return Response(status: status, contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  }
}
