// SPDX-License-Identifier: Apache-2.0
internal import Logging

/// One log line, as the exporters get it.
struct LogRecord: Sendable {
  var unixNanoseconds: UInt64
  var level: Logger.Level
  var message: String
  var label: String
  /// What the kit itself has to say in its order, or the metadata in the order of its names.
  var fields: [WireField] = []
  var file: String
  var function: String
  var line: UInt
  /// The span in which it was written.
  var context: TraceContext?
  var error: RecordedError?

  /// The metadata's fields, texts among them cut to so many characters. Made before the record goes to any exporter, since values are
  /// asked what they are called by code of the program.
  static func fields(_ metadata: Logger.Metadata, valueLengthMax: Int?) -> [WireField] {
    guard !metadata.isEmpty else { return [] }
    var fields: [WireField] = []
    fields.reserveCapacity(metadata.count)
    for (name, value) in metadata { fields.append(WireField(name, WireValue(value).limited(to: valueLengthMax))) }
    if fields.count > 1 { fields.sort { $0.name < $1.name } }
    return fields
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
