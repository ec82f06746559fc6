// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnHoneycomb

/// What the recipients of a trigger or a burn alert are told.
struct Telling: Sendable {
  var origin: DeliveryOrigin
  var receivers: [HoneycombTrigger.Receiver]
  /// What happened, in a line.
  var summary: String
  /// What a mail holds below its subject.
  var mailText: String
  var webhookBody: [UInt8]
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
    let mail = Mailing(subject: (isTest ? "TEST: " : "") + summary, text: mailText)
    return HoneycombRecipients(state: state).shipments(to: receivers, origin.tenant, webhookBody: webhookBody, mail: mail).map {
      Delivery(origin: origin, subject: summary, shipment: $0, createdUnixMilliseconds: nowUnixNanoseconds / 1_000_000)
    }
  }
}
