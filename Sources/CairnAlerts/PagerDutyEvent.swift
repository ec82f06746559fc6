// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// An event of PagerDuty's Events API v2: it begins an incident, or ends the one of the same key.
///
/// ```json
/// {"routing_key": "…", "event_action": "trigger", "dedup_key": "cairn default trigger 1c9e04f2", "client": "Cairn", "client_url": "http://…",
///  "payload": {"summary": "…", "source": "cairn", "severity": "critical", "custom_details": {"text": "…"}}}
/// ```
/// Source: "Send an event to PagerDuty" of PagerDuty's developer documentation.
public struct PagerDutyEvent: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable, Codable, CaseIterable {
    case critical
    case error
    case warning
    case info
  }
  /// The integration key of a service.
  public var routingKey: String
  /// What ties the end of an incident to its beginning.
  public var key: String
  public var severity: Severity
  public var summary: String
  public var text = ""
  /// The page that shows what happened.
  public var link = ""
  /// True where it is over.
  public var isOver = false

  public static let url = "https://events.pagerduty.com/v2/enqueue"
  /// PagerDuty's bound of a summary, in characters.
  static let summaryCountMax = 1024

  public init(routingKey: String, key: String, severity: Severity, summary: String) {
    self.routingKey = routingKey
    self.key = key
    self.severity = severity
    self.summary = summary
  }

  /// True for 32 letters and digits, as integration keys are.
  public static func isRoutingKey(_ text: String) -> Bool {
    text.utf8.count == 32 && text.utf8.allSatisfy { (48...57).contains($0) || (97...122).contains($0 | 32) }
  }

  /// What is posted.
  public var body: [UInt8] {
    var writer = JSONWriter(reserving: 1024)
    writer.beginObject()
    writer.member("routing_key", routingKey)
    writer.member("event_action", isOver ? "resolve" : "trigger")
    writer.member("dedup_key", key)
    writer.member("client", "Cairn")
    if !link.isEmpty { writer.member("client_url", link) }
    writer.key("payload")
    writer.beginObject()
    writer.member("summary", String(summary.prefix(Self.summaryCountMax)))
    writer.member("source", "cairn")
    writer.member("severity", severity.rawValue)
    if !text.isEmpty {
      writer.key("custom_details")
      writer.beginObject()
      writer.member("text", text)
      writer.endObject()
    }
    writer.endObject()
    writer.endObject()
    return writer.finish()
  }
}
