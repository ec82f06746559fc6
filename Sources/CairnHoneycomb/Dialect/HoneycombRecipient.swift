// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// Someone who is told of triggers: an address of e-mail, a webhook with its secret and its own header fields, a service of PagerDuty, a
/// workflow of Microsoft Teams.
///
/// ```json
/// {"id": "1c9e04f2", "type": "webhook", "details": {"webhook_name": "on call", "webhook_url": "https://…", "webhook_secret": "…",
///  "webhook_headers": [{"header": "Authorization", "value": "Bearer …"}]}}
/// {"id": "77aa01bc", "type": "email", "details": {"email_address": "ops@example.com"}}
/// {"id": "0b1d6f3a", "type": "pagerduty", "details": {"pagerduty_integration_name": "shop", "pagerduty_integration_key": "…"}}
/// {"id": "5e2210c9", "type": "msteams_workflow", "details": {"webhook_name": "ops", "webhook_url": "https://…"}}
/// ```
/// Refused with a reason: `slack`, which needs Slack's own consent, the connectors of Teams that Microsoft has switched off (`msteams`), and
/// templates of payloads (`webhook_payloads`).
/// Source: the `Recipient` schemas of Honeycomb's OpenAPI document.
public struct HoneycombRecipient: Sendable, Hashable {
  public enum Channel: Sendable, Hashable {
    case email(address: String)
    case webhook(Webhook)
    case pagerDuty(name: String, key: String)
    /// A webhook without secret and header fields.
    case teams(Webhook)
  }
  public struct Webhook: Sendable, Hashable {
    public var name = ""
    public var url = ""
    /// Sent along as `X-Honeycomb-Webhook-Token`; empty for none.
    public var secret = ""
    /// At most five.
    public var headers: [Header] = []
  }
  public struct Header: Sendable, Hashable {
    public var name: String
    public var value: String
  }
  public var id: String
  public var channel: Channel
  public var createdUnixNanoseconds: Int64
  public var updatedUnixNanoseconds: Int64

  static let headerCountMax = 5
  static let textBytesMax = 2048

  /// The address of somebody who is told by e-mail.
  public init(email address: String, id: String, nowUnixNanoseconds: Int64) {
    self.id = id
    channel = .email(address: address)
    (createdUnixNanoseconds, updatedUnixNanoseconds) = (nowUnixNanoseconds, nowUnixNanoseconds)
  }

  /// Reads what a client sends.
  public init(parsing json: JSONValue, id: String, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    self.init(email: "", id: id, nowUnixNanoseconds: nowUnixNanoseconds)
    switch json["type"]?.string {
    case "webhook": channel = .webhook(Webhook())
    case "pagerduty": channel = .pagerDuty(name: "", key: "")
    case "msteams_workflow": channel = .teams(Webhook())
    default: break
    }
    try change(json, nowUnixNanoseconds: nowUnixNanoseconds)
  }

  /// The name on the wire.
  public var type: String {
    switch channel {
    case .email: "email"
    case .webhook: "webhook"
    case .pagerDuty: "pagerduty"
    case .teams: "msteams_workflow"
    }
  }

  /// What a trigger's list of recipients calls it: the address, or the name of the webhook or integration.
  public var target: String {
    switch channel {
    case .email(let address): address
    case .webhook(let webhook), .teams(let webhook): webhook.name
    case .pagerDuty(let name, _): name
    }
  }

  /// The recipient with what a client sends in its place; its type stays.
  public mutating func change(_ json: JSONValue, nowUnixNanoseconds: Int64) throws(HoneycombError) {
    var findings = Findings()
    guard findings.isObject(json, "", known: ["id", "type", "details", "created_at", "updated_at"]) else { return try findings.settle() }
    if let asked = findings.text(json["type"], "type") {
      if let reason = Self.refusal(ofType: asked) {
        findings.add("type", .invalid, reason)
      } else if asked != type {
        findings.add("type", .invalid, "the type of a recipient cannot change")
      }
    } else if Findings.present(json["type"]) == nil {
      findings.add("type", .missing, "must be one of \(Self.types.joined(separator: ", "))")
    }
    let details = json["details"] ?? .null
    switch channel {
    case .email: readEmail(details, &findings)
    case .webhook, .teams: readWebhook(details, &findings)
    case .pagerDuty: readPagerDuty(details, &findings)
    }
    updatedUnixNanoseconds = nowUnixNanoseconds
    try findings.settle()
  }

  private static let types = ["email", "webhook", "pagerduty", "msteams_workflow"]

  private static func refusal(ofType type: String) -> String? {
    switch type {
    case _ where types.contains(type): nil
    case "slack": "'slack' needs Slack's own consent; make a webhook with the URL of one of Slack's incoming webhooks"
    case "msteams": "Microsoft has switched off the connectors that 'msteams' is for; make a msteams_workflow"
    default: "'\(type)' is not supported; \(types.joined(separator: ", ")) are"
    }
  }

  private mutating func readPagerDuty(_ details: JSONValue, _ findings: inout Findings) {
    guard findings.isObject(details, "details", known: ["pagerduty_integration_name", "pagerduty_integration_key"]) else { return }
    let name = findings.text(details["pagerduty_integration_name"], "details.pagerduty_integration_name") ?? ""
    let key = findings.text(details["pagerduty_integration_key"], "details.pagerduty_integration_key") ?? ""
    if name.isEmpty { findings.add("details.pagerduty_integration_name", .missing, "an integration needs a name") }
    if name.utf8.count > Self.textBytesMax {
      findings.add("details.pagerduty_integration_name", .invalid, "may have at most \(Self.textBytesMax) bytes")
    }
    if key.isEmpty { findings.add("details.pagerduty_integration_key", .missing, "an integration needs its key") }
    channel = .pagerDuty(name: name, key: key)
  }

  private mutating func readEmail(_ details: JSONValue, _ findings: inout Findings) {
    guard findings.isObject(details, "details", known: ["email_address"]) else { return }
    let address = findings.text(details["email_address"], "details.email_address") ?? ""
    if !Self.isAddress(address) { findings.add("details.email_address", address.isEmpty ? .missing : .invalid, "must be an address of e-mail") }
    channel = .email(address: address)
  }

  /// True for what may stand in the envelope of a mail.
  public static func isAddress(_ text: String) -> Bool {
    text.utf8.count <= 320 && text.contains("@") && text.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }
  }

  private mutating func readWebhook(_ details: JSONValue, _ findings: inout Findings) {
    let isTeams = type == "msteams_workflow"
    let known = ["webhook_name", "webhook_url"] + (isTeams ? [] : ["webhook_secret", "webhook_headers", "webhook_payloads"])
    guard findings.isObject(details, "details", known: known) else { return }
    var webhook = Webhook()
    let texts: [(String, WritableKeyPath<Webhook, String>)] = [
      ("webhook_name", \.name), ("webhook_url", \.url), ("webhook_secret", \.secret),
    ]
    for (name, path) in texts {
      let text = findings.text(details[name], "details.\(name)") ?? ""
      if text.utf8.count > Self.textBytesMax { findings.add("details.\(name)", .invalid, "may have at most \(Self.textBytesMax) bytes") }
      webhook[keyPath: path] = text
    }
    if webhook.name.isEmpty { findings.add("details.webhook_name", .missing, "a webhook needs a name") }
    if webhook.url.isEmpty { findings.add("details.webhook_url", .missing, "a webhook needs a URL") }
    if !webhook.secret.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) { findings.add("details.webhook_secret", .invalid, "must be plain ASCII") }
    if Findings.present(details["webhook_payloads"]) != nil {
      findings.add("details.webhook_payloads", .invalid, "templates of payloads are not supported yet")
    }
    for (index, item) in findings.items(details["webhook_headers"], "details.webhook_headers").enumerated() {
      let field = "details.webhook_headers[\(index)]"
      guard findings.isObject(item, field, known: ["header", "value"]) else { continue }
      let name = findings.text(item["header"], "\(field).header") ?? ""
      let value = findings.text(item["value"], "\(field).value") ?? ""
      if !Self.isFieldName(name) { findings.add("\(field).header", .invalid, "is not the name of a header field that may be set") }
      if value.utf8.count > Self.textBytesMax || !value.utf8.allSatisfy({ $0 >= 32 && $0 < 127 }) {
        findings.add("\(field).value", .invalid, "must be plain ASCII")
      }
      webhook.headers.append(Header(name: name, value: value))
    }
    if webhook.headers.count > Self.headerCountMax {
      findings.add("details.webhook_headers", .invalid, "may have at most \(Self.headerCountMax) items")
    }
    channel = isTeams ? .teams(webhook) : .webhook(webhook)
  }

  /// A token that does not change how the request itself is read.
  private static func isFieldName(_ name: String) -> Bool {
    let fixed = ["host", "content-length", "content-type", "transfer-encoding", "connection", "x-honeycomb-webhook-token"]
    return !name.isEmpty && name.utf8.count <= 64 && !fixed.contains(name.lowercased())
      && name.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0 | 32) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
  }

  /// Writes the recipient as one object.
  public func write(to writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("id", id)
    writer.member("type", type)
    writer.key("details")
    writer.beginObject()
    switch channel {
    case .email(let address): writer.member("email_address", address)
    case .pagerDuty(let name, let key):
      writer.member("pagerduty_integration_name", name)
      writer.member("pagerduty_integration_key", key)
    case .webhook(let webhook), .teams(let webhook):
      writer.member("webhook_name", webhook.name)
      writer.member("webhook_url", webhook.url)
      if !webhook.secret.isEmpty { writer.member("webhook_secret", webhook.secret) }
      if !webhook.headers.isEmpty {
        writer.objects("webhook_headers", webhook.headers) { (header, writer) in
          writer.member("header", header.name)
          writer.member("value", header.value)
        }
      }
    }
    writer.endObject()
    writer.member("created_at", RFC3339.text(unixNanoseconds: createdUnixNanoseconds))
    writer.member("updated_at", RFC3339.text(unixNanoseconds: updatedUnixNanoseconds))
    writer.endObject()
  }
}
