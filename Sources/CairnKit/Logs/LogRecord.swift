// SPDX-License-Identifier: Apache-2.0
internal import Logging

/// One log line, as the exporters get it.
struct LogRecord: Sendable {
  var unixNanoseconds: UInt64
  var level: Logger.Level
  var message: String
  var label: String
  /// As the program gave it: it becomes fields when it is exported, not while the program waits.
  var metadata: Logger.Metadata
  /// What the kit itself has to say, in this order, before the metadata.
  var ownFields: [WireField] = []
  /// Characters of a text among them; nil for any length.
  var valueLengthMax: Int?
  var file: String
  var function: String
  var line: UInt
  /// The span in which it was written.
  var context: TraceContext?
  var error: RecordedError?

  /// The kit's own fields, then metadata in the order of its names.
  var fields: [WireField] {
    if metadata.isEmpty { return ownFields }
    let fields = metadata.map { WireField($0.key, WireValue($0.value).limited(to: valueLengthMax)) }
    return ownFields + (fields.count > 1 ? fields.sorted { $0.name < $1.name } : fields)
  }
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
