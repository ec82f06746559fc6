// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnHoneycomb

/// What the recipients of a trigger or a burn alert are told.
struct Telling: Sendable {
  var origin: DeliveryOrigin
  var receivers: [HoneycombTrigger.Receiver]
  /// What happened, in a line.
  var summary: String
  /// What happened, in some.
  var text: String
  /// The page that shows it.
  var link: String
  var webhookBody: [UInt8]
  /// True where there is nothing to worry about any more.
  var isOver: Bool
  var isTest: Bool
  var nowUnixNanoseconds: Int64

  /// Hands it to whoever is still known.
  func tell(_ state: ServerState) { for delivery in deliveries(state) { state.deliverer.submit(delivery) } }

  /// Sends it once to each, now, and says what came of it.
  func test(_ state: ServerState) async -> [DeliveryEntry] {
    var entries: [DeliveryEntry] = []
    for delivery in deliveries(state) { entries.append(await state.deliverer.test(delivery)) }
    return entries
  }

  private func deliveries(_ state: ServerState) -> [Delivery] {
    let recipients = (try? Shelf<HoneycombRecipient>(state.parts.catalog, environment: origin.tenant).everything()) ?? []
    return receivers.compactMap { (receiver) in
      guard let recipient = recipients.first(where: { $0.id == receiver.id }) else { return nil }
      return Delivery(
        origin: origin, subject: summary, shipment: shipment(recipient, receiver, state.settings),
        createdUnixMilliseconds: nowUnixNanoseconds / 1_000_000)
    }
  }

  /// What leaves for one of them, in the form that is read there.
  private func shipment(_ recipient: HoneycombRecipient, _ receiver: HoneycombTrigger.Receiver, _ settings: Settings) -> Shipment {
    let head = (isTest ? "TEST: " : "") + summary
    switch recipient.channel {
    case .webhook(let webhook) where ChatMessage.isSlack(webhook.url):
      return .webhook(url: webhook.url, body: ChatMessage.slack("\(head)\n\(text)\n\(link)"))
    case .webhook(let webhook):
      var fields = webhook.headers.map { WebField($0.name, $0.value) }
      if !webhook.secret.isEmpty { fields.append(WebField("X-Honeycomb-Webhook-Token", webhook.secret)) }
      return .webhook(url: webhook.url, fields: fields, body: webhookBody)
    case .teams(let webhook): return .webhook(url: webhook.url, body: ChatMessage.teams(title: head, text: text, link: link))
    case .email(let address): return .mail(from: settings.mailFrom, to: [address], subject: head, text: "\(text)\n\n\(link)\n")
    case .pagerDuty(_, let routingKey):
      var event = PagerDutyEvent(
        routingKey: routingKey, key: "cairn \(origin.tenant) \(origin.kind.rawValue) \(origin.name)\(isTest ? " test" : "")",
        severity: receiver.severity.flatMap { PagerDutyEvent.Severity(rawValue: $0) } ?? .critical, summary: head)
      (event.text, event.link, event.isOver) = (text, link, isOver && !isTest)
      return .webhook(url: settings.pagerDutyURL, body: event.body)
    }
  }
}
