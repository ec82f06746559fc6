// SPDX-License-Identifier: Apache-2.0
internal import Logging

/// One log line, as the exporters get it.
struct LogRecord: Sendable {
  var unixNanoseconds: UInt64
  var level: Logger.Level
  var message: String
  var label: String
  /// Metadata in the order of its names.
  var fields: [WireField]
  var file: String
  var function: String
  var line: UInt
  var source: String
  /// The span in which it was written.
  var context: TraceContext?
  var error: RecordedError?
}

extension Logger.Level {
  /// OpenTelemetry's severity number.
  var severityNumber: Int {
    switch self {
    case .trace: 1
    case .debug: 5
    case .info: 9
    case .notice: 10
    case .warning: 13
    case .error: 17
    case .critical: 21
    }
  }

  /// OpenTelemetry's short name of the severity.
  var severityText: String {
    switch self {
    case .trace: "TRACE"
    case .debug: "DEBUG"
    case .info: "INFO"
    case .notice: "INFO2"
    case .warning: "WARN"
    case .error: "ERROR"
    case .critical: "FATAL"
    }
  }
}
