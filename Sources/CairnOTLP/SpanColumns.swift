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
    name = try batch.column(needed: FieldName.name, .string)
    traceID = try batch.column(needed: FieldName.traceID, .traceID)
    spanID = try batch.column(needed: FieldName.spanID, .spanID)
    parentID = try batch.column(needed: FieldName.parentID, .spanID)
    duration = try batch.column(needed: FieldName.durationMilliseconds, .duration)
    kind = try batch.column(needed: FieldName.spanKind, .string)
    statusCode = try batch.column(needed: FieldName.statusCode, .integer)
    statusMessage = try batch.column(needed: FieldName.statusMessage, .string)
    error = try batch.column(needed: FieldName.error, .boolean)
    eventCount = try batch.column(needed: FieldName.eventCount, .integer)
    linkCount = try batch.column(needed: FieldName.linkCount, .integer)
    traceState = try batch.column(needed: FieldName.traceState, .string)
    invalidDuration = try batch.column(needed: FieldName.invalidDuration, .boolean)
    sampleRate = try batch.column(needed: FieldName.sampleRate, .integer)
    parentName = try batch.column(needed: FieldName.parentName, .string)
    annotationType = try batch.column(needed: FieldName.annotationType, .string)
    timeSinceStart = try batch.column(needed: FieldName.timeSinceSpanStart, .float)
    invalidTimeSinceStart = try batch.column(needed: FieldName.invalidTimeSinceSpanStart, .boolean)
    linkTraceID = try batch.column(needed: FieldName.linkTraceID, .traceID)
    linkSpanID = try batch.column(needed: FieldName.linkSpanID, .spanID)
    exceptionMessage = try batch.column(needed: "exception.message", .string)
    exceptionType = try batch.column(needed: "exception.type", .string)
    exceptionStacktrace = try batch.column(needed: "exception.stacktrace", .string)
    exceptionEscaped = try batch.column(needed: "exception.escaped", .boolean)
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
}
