// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns that the span reader fills by itself; those that an attribute of the same name and type may fill instead are watched.
struct SpanColumns {
  let name, traceID, spanID, parentID, duration, kind, statusCode, statusMessage, error: ColumnIndex
  let eventCount, linkCount, traceState, invalidDuration, sampleRate, parentName, annotationType: ColumnIndex
  let timeSinceStart, invalidTimeSinceStart, linkTraceID, linkSpanID: ColumnIndex
  let exceptionMessage, exceptionType, exceptionStacktrace, exceptionEscaped: ColumnIndex
  let kindCodes: [UInt32]
  let spanEventCode, linkCode: UInt32

  init(_ batch: inout Batch) throws(DecodeError) {
    name = try Self.make(FieldName.name, .string, &batch)
    traceID = try Self.make(FieldName.traceID, .traceID, &batch)
    spanID = try Self.make(FieldName.spanID, .spanID, &batch)
    parentID = try Self.make(FieldName.parentID, .spanID, &batch)
    duration = try Self.make(FieldName.durationMilliseconds, .duration, &batch)
    kind = try Self.make(FieldName.spanKind, .string, &batch)
    statusCode = try Self.make(FieldName.statusCode, .integer, &batch)
    statusMessage = try Self.make(FieldName.statusMessage, .string, &batch)
    error = try Self.make(FieldName.error, .boolean, &batch)
    eventCount = try Self.make(FieldName.eventCount, .integer, &batch)
    linkCount = try Self.make(FieldName.linkCount, .integer, &batch)
    traceState = try Self.make(FieldName.traceState, .string, &batch)
    invalidDuration = try Self.make(FieldName.invalidDuration, .boolean, &batch)
    sampleRate = try Self.make(FieldName.sampleRate, .integer, &batch)
    parentName = try Self.make(FieldName.parentName, .string, &batch)
    annotationType = try Self.make(FieldName.annotationType, .string, &batch)
    timeSinceStart = try Self.make(FieldName.timeSinceSpanStart, .float, &batch)
    invalidTimeSinceStart = try Self.make(FieldName.invalidTimeSinceSpanStart, .boolean, &batch)
    linkTraceID = try Self.make(FieldName.linkTraceID, .traceID, &batch)
    linkSpanID = try Self.make(FieldName.linkSpanID, .spanID, &batch)
    exceptionMessage = try Self.make("exception.message", .string, &batch)
    exceptionType = try Self.make("exception.type", .string, &batch)
    exceptionStacktrace = try Self.make("exception.stacktrace", .string, &batch)
    exceptionEscaped = try Self.make("exception.escaped", .boolean, &batch)
    for column in [name, kind, statusCode, statusMessage, error, eventCount, linkCount, traceState, parentName, annotationType] {
      _ = batch.watch(column)
    }
    let words: [StaticString] = ["unspecified", "internal", "server", "client", "producer", "consumer"]
    var codes: [UInt32] = []
    for word in words { codes.append(batch.code(of: word, in: kind)) }
    kindCodes = codes
    spanEventCode = batch.code(of: "span_event", in: annotationType)
    linkCode = batch.code(of: "link", in: annotationType)
  }

  static func make(_ name: String, _ kind: ColumnKind, _ batch: inout Batch) throws(DecodeError) -> ColumnIndex {
    guard let column = batch.column(name, kind) else { throw DecodeError(.tooManyFields, at: 0) }
    return column
  }
}
