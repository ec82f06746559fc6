// SPDX-License-Identifier: Apache-2.0

/// The doors through which one failure may be told of, the one that tells most first.
public enum ReportingDoor: String, Sendable, Hashable, Codable, CaseIterable {
  /// A Rollbar item: payload, person, request.
  case rollbar
  /// The exception event of an OpenTelemetry span.
  case span = "otlp"
  /// The cause of an X-Ray document.
  case document = "xray"
  /// An OpenTelemetry log record.
  case record = "otlp log"
  /// A stack trace in a CloudWatch log line.
  case line = "cloudwatch"
  /// A Honeycomb event.
  case event = "honeycomb"

  /// 0 is the richest.
  public var rank: Int { Self.allCases.firstIndex(of: self) ?? Self.allCases.count }

  /// As a page writes it.
  public var title: String {
    switch self {
    case .rollbar: "Rollbar"
    case .span: "OpenTelemetry"
    case .document: "X-Ray"
    case .record: "OpenTelemetry log"
    case .line: "CloudWatch line"
    case .event: "Honeycomb"
    }
  }
}
