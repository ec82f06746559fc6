// SPDX-License-Identifier: Apache-2.0

/// What leaves: a POST to a webhook, or a mail to the relay of the configuration.
public enum Shipment: Sendable, Hashable {
  case webhook(url: String, fields: [WebField] = [], body: [UInt8])
  case mail(from: String, to: [String], subject: String, text: String)

  /// Where it goes, for people: the URL, or the mail's receivers.
  public var destination: String {
    switch self {
    case .webhook(let url, _, _): url
    case .mail(_, let to, _, _): "mailto:" + to.joined(separator: ",")
    }
  }

  public var byteCount: Int {
    switch self {
    case .webhook(_, _, let body): body.count
    case .mail(_, _, _, let text): text.utf8.count
    }
  }
}

/// A header field of a webhook beside those that every request has.
public struct WebField: Sendable, Hashable, Codable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// Whose delivery it is.
public struct DeliveryOrigin: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable {
    case rule
    case subscription
    case alarm
    case trigger
    case burnAlert = "burn_alert"
    case test
  }
  public var tenant: String
  public var kind: Kind
  /// The rule's id, `log group/filter` of a subscription, the alarm's name, the trigger's or the burn alert's id.
  public var name: String

  public init(tenant: String, kind: Kind, name: String) {
    self.tenant = tenant
    self.kind = kind
    self.name = name
  }
}

/// Something to tell, until it is told or given up.
public struct Delivery: Sendable, Hashable {
  public var id: Int64 = 0
  public var origin: DeliveryOrigin
  /// What it tells of: `new_item #12`.
  public var subject: String
  public var shipment: Shipment
  public var createdUnixMilliseconds: Int64
  /// Tries so far.
  public var attemptCount = 0
  public var nextUnixMilliseconds: Int64

  public init(origin: DeliveryOrigin, subject: String, shipment: Shipment, createdUnixMilliseconds: Int64) {
    self.origin = origin
    self.subject = subject
    self.shipment = shipment
    self.createdUnixMilliseconds = createdUnixMilliseconds
    nextUnixMilliseconds = createdUnixMilliseconds
  }
}
