// SPDX-License-Identifier: Apache-2.0
internal import Logging

/// One log line, as the exporters get it. A class, since handing on so many texts one by one would cost more than one object.
final class LogRecord: Sendable {
  let unixNanoseconds: UInt64
  let level: Logger.Level
  let message: String
  let label: String
  /// What the kit itself has to say in its order, or the metadata in an order that its names alone decide.
  let fields: [WireField]
  /// Where in the program it was written; nil for the kit's own lines, whose place tells the reader nothing.
  let place: Place?
  /// The span in which it was written.
  let context: TraceContext?
  let error: RecordedError?

  /// A line of the program's source.
  struct Place: Sendable {
    var file: String
    var function: String
    var line: UInt
  }

  init(
    unixNanoseconds: UInt64, level: Logger.Level, message: String, label: String, fields: [WireField] = [], place: Place? = nil,
    context: TraceContext? = nil, error: RecordedError? = nil
  ) {
    self.unixNanoseconds = unixNanoseconds
    self.level = level
    self.message = message
    self.label = label
    self.fields = fields
    self.place = place
    self.context = context
    self.error = error
  }

  /// The metadata's fields, texts among them cut to so many characters. Made before the record goes to any exporter, since values are
  /// asked what they are called by code of the program.
  static func fields(_ metadata: Logger.Metadata, valueLengthMax: Int?) -> [WireField] {
    guard !metadata.isEmpty else { return [] }
    var fields: [WireField] = []
    fields.reserveCapacity(metadata.count)
    for (name, value) in metadata { fields.append(WireField(name, WireValue(value).limited(to: valueLengthMax))) }
    WireField.order(&fields)
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
