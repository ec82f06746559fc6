// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnFormats
import CairnHoneycomb
import NIOCore
import NIOHTTP1

/// Who is told of triggers and burn alerts. What may be sent to is looked at when it is kept: a webhook inside this network needs `webhook_hosts`.
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
    try rename(Shelf<HoneycombTrigger>(state.parts.catalog, environment: exchange.environment), \.receivers, recipient)
    try rename(Shelf<HoneycombBurnAlert>(state.parts.catalog, environment: exchange.environment), \.receivers, recipient)
    return Self.answer(.ok, recipient)
  }

  /// Gives what is told by the recipient its new name.
  private func rename<Entry: ShelfEntry>(
    _ shelf: Shelf<Entry>, _ receivers: WritableKeyPath<Entry, [HoneycombTrigger.Receiver]>, _ recipient: HoneycombRecipient
  ) throws(Refusal) {
    _ = try shelf.change { (entries) in
      entries.compactMap { (entry) in
        var changed = entry
        for index in entry[keyPath: receivers].indices where entry[keyPath: receivers][index].id == recipient.id {
          changed[keyPath: receivers][index].target = recipient.target
        }
        return changed[keyPath: receivers] == entry[keyPath: receivers] ? nil : changed
      }
    }
  }

  private func remove(_ exchange: Exchange) throws(Refusal) -> Response {
    let shelf = Shelf<HoneycombRecipient>(state, exchange)
    let recipient = try shelf.find()
    let users = try triggers(of: recipient, exchange)
    guard users.isEmpty else {
      throw Refusal(.invalid, "The recipient is told of \(users.count) triggers, \(users[0].id) among them; take it out of them first.")
    }
    let alerts = try Shelf<HoneycombBurnAlert>(state.parts.catalog, environment: exchange.environment).everything()
      .filter { (alert) in alert.receivers.contains { $0.id == recipient.id } }
    guard alerts.isEmpty else {
      throw Refusal(.invalid, "The recipient is told of \(alerts.count) burn alerts, \(alerts[0].id) among them; take it out of them first.")
    }
    try shelf.remove(recipient)
    return Response(status: .noContent, contentType: "application/json", bytes: ByteBuffer())
  }

  private func triggers(of recipient: HoneycombRecipient, _ exchange: Exchange) throws(Refusal) -> [HoneycombTrigger] {
    try Shelf<HoneycombTrigger>(state.parts.catalog, environment: exchange.environment).everything()
      .filter { (trigger) in trigger.receivers.contains { $0.id == recipient.id } }
  }

  /// Finds who is meant by each receiver of a trigger or a burn alert; an address that is not known becomes a recipient.
  func settle(_ receivers: inout [HoneycombTrigger.Receiver], _ environment: String) async throws(Refusal) {
    let shelf = Shelf<HoneycombRecipient>(state.parts.catalog, environment: environment)
    var all = try shelf.everything()
    for (index, receiver) in receivers.enumerated() {
      let known = all.first {
        receiver.id.isEmpty ? $0.type == receiver.type && $0.target == receiver.target : $0.id == receiver.id
      }
      let recipient: HoneycombRecipient
      if let known {
        recipient = known
      } else {
        // An address is all that an e-mail needs; others have to be made first.
        guard receiver.id.isEmpty, receiver.type == "email", HoneycombRecipient.isAddress(receiver.target) else {
          throw Refusal(.invalid, "there is no such recipient; POST /1/recipients makes one", field: "recipients[\(index)]")
        }
        recipient = HoneycombRecipient(email: receiver.target, id: try shelf.freeID(), nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
        try await check(recipient)
        try shelf.save(recipient)
        all.append(recipient)
      }
      receivers[index] = .init(id: recipient.id, type: recipient.type, target: recipient.target, severity: receiver.severity)
    }
  }

  /// Whether anything can be sent there.
  func check(_ recipient: HoneycombRecipient) async throws(Refusal) {
    switch recipient.channel {
    case .email:
      guard !state.settings.smtp.isEmpty else { throw Refusal(.invalid, "no mail relay is configured: set 'smtp' to HOST:PORT", field: "type") }
    case .webhook(let webhook), .teams(let webhook):
      if let reason = await state.alerts.refusal(webhook.url) { throw Refusal(.invalid, reason, field: "details.webhook_url") }
    case .pagerDuty(_, let key):
      guard PagerDutyEvent.isRoutingKey(key) else {
        throw Refusal(.invalid, "must have 32 letters and digits", field: "details.pagerduty_integration_key")
      }
      if let reason = await state.alerts.refusal(state.settings.pagerDutyURL) { throw Refusal(.invalid, reason, field: "type") }
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
