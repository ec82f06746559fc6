// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

// A log line as an event, whichever door it came through.
//
//   log group            the dataset
//   message              body, as of OpenTelemetry's log records
//   timestamp            the event's time
//   log stream           log.stream
//   arrival, event id    meta.ingestion_time_ns: unique in its group
//   (all of them)        meta.signal_type = log
//   a JSON object        a field for each leaf: a.b for members, a.0 for elements; at most 200 a line
//   a trace id in it     trace.trace_id, and meta.annotation_type = span_event: the line is shown in its trace
//   a level in it        severity
//   a stack trace in it  exception.type, exception.message, exception.stacktrace

/// Names of log fields.
public enum LogField {
  /// The stream of lines that name none, such as OpenTelemetry's.
  public static let defaultStream = "default"

  /// The name of the field that a leaf of a JSON line becomes: its path, or another where Cairn uses that name for itself.
  public static func name(ofPath path: String) -> String { isReserved(path) ? path + " (field)" : path }

  /// The path of the leaf that a field came from.
  public static func path(ofName name: String) -> String {
    name.hasSuffix(" (field)") ? String(name.dropLast(" (field)".count)) : name
  }

  static let suffix = Array(" (field)".utf8)

  private static func isReserved(_ path: String) -> Bool { isReserved(Array(path.utf8)) }

  static func isReserved(_ path: [UInt8]) -> Bool {
    if path.count > 5, path[4] == 0x2e, path.starts(with: meta) { return true }
    return reserved.contains { $0.count == path.count && $0 == path }
  }

  private static let meta = Array("meta.".utf8)
  private static let reserved: [[UInt8]] = [
    FieldName.body, FieldName.logStream, FieldName.timestamp, FieldName.dataset, FieldName.isRoot, FieldName.sampleRate,
    FieldName.traceID,
    FieldName.spanID, FieldName.parentID, FieldName.durationMilliseconds, FieldName.severity, FieldName.severityCode,
  ].map { Array($0.utf8) }
}
