// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import FoundationEssentials
import Logging

/// Deliveries that wait, and what came of others, as documents of the catalog.
struct CatalogShelf: DeliveryShelf {
  /// A delivery as it is written.
  private struct KeptDelivery: Codable {
    var origin: DeliveryOrigin
    var subject: String
    var url: String?
    var fields: [WebField]?
    var body: Data?
    var from: String?
    var to: [String]?
    var title: String?
    var text: String?
    var createdUnixMilliseconds: Int64
    var attemptCount: Int
    var nextUnixMilliseconds: Int64

    init(_ delivery: Delivery) {
      origin = delivery.origin
      subject = delivery.subject
      createdUnixMilliseconds = delivery.createdUnixMilliseconds
      attemptCount = delivery.attemptCount
      nextUnixMilliseconds = delivery.nextUnixMilliseconds
      switch delivery.shipment {
      case .webhook(let url, let fields, let body): (self.url, self.fields, self.body) = (url, fields, Data(body))
      case .mail(let from, let to, let title, let text): (self.from, self.to, self.title, self.text) = (from, to, title, text)
      }
    }

    func delivery(id: Int64) -> Delivery? {
      var shipment: Shipment?
      if let url, let body { shipment = .webhook(url: url, fields: fields ?? [], body: Array(body)) }
      if let from, let to, let title, let text { shipment = .mail(from: from, to: to, subject: title, text: text) }
      guard let shipment else { return nil }
      var delivery = Delivery(origin: origin, subject: subject, shipment: shipment, createdUnixMilliseconds: createdUnixMilliseconds)
      delivery.id = id
      delivery.attemptCount = attemptCount
      delivery.nextUnixMilliseconds = nextUnixMilliseconds
      return delivery
    }
  }
  let catalog: Catalog
  private static let (deliveries, destinations) = ("delivery", "destination")
  private let logger = Logger(label: "cairn.deliveries")

  init(catalog: Catalog) { self.catalog = catalog }

  func load() -> (waiting: [Delivery], histories: [DestinationHistory]) {
    do throws(CatalogError) {
      let decoder = JSONDecoder()
      let waiting = try catalog.documents(in: Self.deliveries).compactMap { (document) in
        (try? decoder.decode(KeptDelivery.self, from: Data(document.body)))?.delivery(id: document.id)
      }
      let histories = try catalog.documents(in: Self.destinations).compactMap {
        try? decoder.decode(DestinationHistory.self, from: Data($0.body))
      }
      return (waiting, histories)
    } catch {
      logger.error("deliveries that waited cannot be read: \(error)")
      return ([], [])
    }
  }

  func keep(_ waiting: [Delivery], removing ids: [Int64], _ histories: [DestinationHistory], removingHistories: [Int64]) -> Bool {
    let encoder = JSONEncoder()
    let documents =
      waiting.compactMap { (delivery) in
        (try? encoder.encode(KeptDelivery(delivery))).map { CatalogDocument(collection: Self.deliveries, id: delivery.id, body: Array($0)) }
      }
      + histories.compactMap { (history) in
        (try? encoder.encode(history)).map { CatalogDocument(collection: Self.destinations, id: history.id, body: Array($0)) }
      }
    do throws(CatalogError) {
      try catalog.change(
        saving: { documents }, removing: ids.map { (Self.deliveries, $0) } + removingHistories.map { (Self.destinations, $0) })
      return true
    } catch {
      logger.error("deliveries cannot be kept: \(error)")
      return false
    }
  }
}
