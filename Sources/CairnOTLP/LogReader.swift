// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns

// ExportLogsServiceRequest, straight from the wire into a batch.
//
//   request     1 resource_logs (repeated)             ResourceLogs and ScopeLogs: see GroupReader
//   LogRecord   1 time (fixed64)  2 severity_number  3 severity_text  5 body AnyValue  6 attributes (repeated)  8 flags (fixed32)
//               9 trace_id  10 span_id  11 observed_time (fixed64)  12 event_name
//
//   time, else observed_time, else arrival   the event's time
//   severity_number    severity: trace (1-4) debug (5-8) info (9-12) warn (13-16) error (17-20) fatal (21-24) or unspecified, where it is
//                      0 the level that severity_text names; severity_code: the number
//   severity_text      severity_text
//   event_name         event.name
//   flags              flags, where not 0
//   body               a string, number or boolean: `body` with its own type; an array or bytes: JSON text in `body`;
//                      a map: JSON text in `body` and a field `body.key` for each leaf, as for attributes
//   trace_id           trace.trace_id, and meta.annotation_type = span_event: the record is shown in its trace; where it is empty, the id
//                      that an attribute, a member of the body or its text names (LogTrace)
//   span_id            trace.parent_id
//   attributes         fields (AttributeReader); they win over severity, severity_code, severity_text, flags, event.name and body
//   sampleRate         SampleRate, where it is more than 1
//
// An id that is zero or has another length than 16 or 8 bytes is left away: the record says something without it. A record with a
// time that is not kept or with too many fields (leaves of the body count) is rejected by itself. `error` is not set, and a record has no
// identity of its own: two equal records are two events.
//
// Source: opentelemetry-proto logs.proto; Honeycomb's mapping of OTLP, but for the times and the scalar bodies.

/// Decodes an `ExportLogsServiceRequest` in protobuf into rows of `batch`.
///
/// Throws where the bytes are not such a message; the caller then takes the batch back to its mark. Cost: one pass.
public func decodeLogs(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  var reader = try LogReader(context, bodyByteCount: bytes.byteCount, &batch)
  try reader.readRequest(bytes, &batch)
  return reader.verdict
}

private struct LogReader: RequestReader {
  let columns: LogColumns
  let context: IntakeContext
  var groups: GroupReader
  var groupFlags = GroupFlags(word: 0)
  var verdict = IntakeVerdict()

  init(_ context: IntakeContext, bodyByteCount: Int, _ batch: inout Batch) throws(DecodeError) {
    columns = try LogColumns(&batch)
    self.context = context
    groups = GroupReader(signal: .logs, context: context, bodyByteCount: bodyByteCount)
  }
  mutating func readScope(
    _ bytes: RawSpan, _ scope: Range<Int>, _ group: GroupIndex, _ batch: inout Batch
  ) throws(DecodeError) {
    var position = scope.lowerBound
    while let record = try nextMessage(bytes, &position, scope.upperBound, tag: 0x12) {
      try read(bytes, record, group, &batch)
    }
  }


  mutating func read(_ bytes: RawSpan, _ message: Range<Int>, _ group: GroupIndex, _ batch: inout Batch) throws(DecodeError) {
    var state = EventState()
    state.ownColumnsSet = groupFlags.ownColumnsSet
    state.sampleRate = Int64(groupFlags.sampleRate)
    let record = try LogHead(bytes, message) { (attribute) throws(DecodeError) in
      try readAttribute(bytes, attribute.lowerBound, attribute.upperBound, &batch, &state)
    }
    if let body = record.body { try setBody(bytes, body, &batch, &state) }
    let time = record.unixNanoseconds
    if let refusal = groupFlags.isRefused ? GroupFlags.refusal : state.refusal ?? context.refusal(unixNanoseconds: time) {
      verdict.reject(refusal)
      return batch.abandonRow()
    }
    verdict.acceptedCount += 1
    try setOwnFields(bytes, message, record, &batch, state)
    batch.appendRow(timeUnixNanoseconds: time == 0 ? context.receivedUnixNanoseconds : Int64(time), group: state.group(group, &batch))
  }

  private func setBody(
    _ bytes: RawSpan, _ range: Range<Int>, _ batch: inout Batch, _ state: inout EventState
  ) throws(DecodeError) {
    let any = try AnyValue(bytes, range)
    let isTaken = state.ownColumnsSet & batch.watchMask(columns.body) != 0
    switch any.form {
    case .string:
      if !isTaken { try setText(columns.body, bytes, any.range, &batch) }
    case .map:
      try setNested(bytes, name: FieldName.body, any, depth: 1, &batch, &state)
      if !isTaken { try setJSONText(bytes, any, column: columns.body, depth: 1, &batch) }
    case .absent: break
    case .boolean, .integer, .double, .array, .bytes:
      if !isTaken { try setNested(bytes, name: FieldName.body, any, depth: 1, &batch, &state) }
    }
  }

  /// The level of the number; a record without a number may say it in its text alone.
  private func level(_ bytes: RawSpan, _ record: LogHead) -> SeverityLevel? {
    guard record.severityNumber == 0 else { return SeverityLevel(severityNumber: Int64(clamping: record.severityNumber)) }
    return record.severityText.isEmpty ? nil : SeverityLevel(word: text(bytes, record.severityText))
  }

  private func setOwnFields(
    _ bytes: RawSpan, _ message: Range<Int>, _ record: LogHead, _ batch: inout Batch, _ state: EventState
  ) throws(DecodeError) {
    let taken = state.ownColumnsSet
    if taken & batch.watchMask(columns.severity) == 0 {
      batch.setCode(columns.severity, columns.code(of: level(bytes, record)))
    }
    if taken & batch.watchMask(columns.severityCode) == 0 { batch.setWord(columns.severityCode, record.severityNumber) }
    if !record.severityText.isEmpty, taken & batch.watchMask(columns.severityText) == 0 {
      try setText(columns.severityText, bytes, record.severityText, &batch)
    }
    if !record.eventName.isEmpty, taken & batch.watchMask(columns.eventName) == 0 {
      try setText(columns.eventName, bytes, record.eventName, &batch)
    }
    if record.flags != 0, taken & batch.watchMask(columns.flags) == 0 { batch.setWord(columns.flags, record.flags) }
    if isTraceID(bytes, record.traceID) {
      batch.setText(columns.traceID, bytes, record.traceID.lowerBound, 16)
      if taken & batch.watchMask(columns.annotationType) == 0 { batch.setCode(columns.annotationType, columns.spanEventCode) }
    } else if let named = try LogTrace(bytes, message, body: record.body) {
      batch.setTraceID(columns.traceID, named.traceID)
      if taken & batch.watchMask(columns.annotationType) == 0 { batch.setCode(columns.annotationType, columns.spanEventCode) }
      if named.spanID != 0 { batch.setWord(columns.parentID, named.spanID.byteSwapped) }
    }
    if record.spanID.count == 8, loadWord(bytes, record.spanID.lowerBound) != 0 {
      batch.setWord(columns.parentID, loadWord(bytes, record.spanID.lowerBound))
    }
    if state.sampleRate > 1 { batch.setWord(columns.sampleRate, UInt64(state.sampleRate)) }
  }
}
