// SPDX-License-Identifier: Apache-2.0

/// The names of fields that have a meaning to Cairn, whichever door they came through.
///
/// Source: Honeycomb's OTLP mapping for the names with `trace.`, `meta.`, `span.` and `library.`; OpenTelemetry's semantic
/// conventions for the others.
public enum FieldName {
  public static let name = "name"
  public static let serviceName = "service.name"
  public static let traceID = "trace.trace_id"
  public static let spanID = "trace.span_id"
  public static let parentID = "trace.parent_id"
  public static let parentName = "parent_name"
  public static let traceState = "trace.trace_state"
  public static let linkTraceID = "trace.link.trace_id"
  public static let linkSpanID = "trace.link.span_id"
  public static let durationMilliseconds = "duration_ms"
  public static let spanKind = "span.kind"
  public static let type = "type"
  public static let statusCode = "status_code"
  public static let statusMessage = "status_message"
  public static let error = "error"
  public static let eventCount = "span.num_events"
  public static let linkCount = "span.num_links"
  public static let signalType = "meta.signal_type"
  public static let annotationType = "meta.annotation_type"
  public static let timeSinceSpanStart = "meta.time_since_span_start_ms"
  public static let invalidDuration = "meta.invalid_duration"
  public static let invalidTimeSinceSpanStart = "meta.invalid_time_since_span_start"
  public static let requestMethod = "http.request.method"
  public static let requestURL = "url.full"
  public static let libraryName = "library.name"
  public static let libraryVersion = "library.version"
  public static let resourceSchemaURL = "resource.schema_url"
  public static let scopeSchemaURL = "scope.schema_url"
  public static let sampleRate = "SampleRate"
  public static let severity = "severity"
  public static let severityCode = "severity_code"
  public static let severityText = "severity_text"
  public static let body = "body"
  public static let flags = "flags"
  public static let eventName = "event.name"
  /// The stream of its log group that a line came in; lines without one belong to the stream `default`.
  public static let logStream = "log.stream"
  /// When a log line arrived, in Unix nanoseconds, made unique: at once its ingestion time (to the millisecond) and its event id.
  public static let ingestionTime = "meta.ingestion_time_ns"
  /// What an exception told of in an event is, as OpenTelemetry names it.
  public static let exceptionType = "exception.type"
  /// True of an exception that a span tells of although a span inside it did already.
  public static let exceptionIsRepeated = "exception.repeated"
  /// True of an exception that is told only because another one was raised because of it.
  public static let exceptionIsCause = "exception.is_cause"
  public static let exceptionMessage = "exception.message"
  public static let exceptionStacktrace = "exception.stacktrace"
  /// The document as a vendor's client sent it, kept whole because that vendor's API gives it back.
  public static let original = "meta.original"
  /// Not a field: the event's own time, as integer Unix nanoseconds. An integer field of this name is kept as `timestamp (field)`.
  public static let timestamp = "timestamp"
  /// Not a stored column: the name of the event's dataset.
  public static let dataset = "dataset"
  /// Not a stored column: true for a span without a parent.
  public static let isRoot = "is_root"

  /// True for a field that is kept for Cairn's own use: no list of columns, no comparison and no page of events shows it.
  public static func isInternal(_ name: String) -> Bool { name == original }
}
