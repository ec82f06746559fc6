// SPDX-License-Identifier: Apache-2.0

/// How severe a line or a record says it is, in OpenTelemetry's six words.
public enum SeverityLevel: UInt8, CaseIterable, Sendable {
  case trace
  case debug
  case info
  case warn
  case error
  case fatal

  /// OpenTelemetry's word.
  public var word: StaticString {
    switch self {
    case .trace: "trace"
    case .debug: "debug"
    case .info: "info"
    case .warn: "warn"
    case .error: "error"
    case .fatal: "fatal"
    }
  }

  /// A level by any of its usual names; nil for other words.
  public init?(word: String) {
    guard word.utf8.count <= 12 else { return nil }
    switch word.lowercased() {
    case "trace", "verbose": self = .trace
    case "debug", "dbg": self = .debug
    case "info", "information", "notice", "inf": self = .info
    case "warn", "warning", "wrn": self = .warn
    case "error", "err", "severe": self = .error
    case "fatal", "critical", "crit", "emergency", "alert", "panic": self = .fatal
    default: return nil
    }
  }

  /// OpenTelemetry's numbers: four a word, from 1 to 24.
  public init?(severityNumber number: Int64) {
    guard number >= 1, number <= 24 else { return nil }
    self.init(rawValue: UInt8((number - 1) / 4))
  }
}
