// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns of fields that have a meaning beyond their type.
struct EventColumns {
  let traceID, spanID, parentID, linkTraceID, linkSpanID, duration, invalidDuration, sampleRate, serviceName: ColumnIndex
  let error, statusMessage: ColumnIndex

  init(_ batch: inout Batch) throws(DecodeError) {
    traceID = try Self.make(FieldName.traceID, .traceID, &batch)
    spanID = try Self.make(FieldName.spanID, .spanID, &batch)
    parentID = try Self.make(FieldName.parentID, .spanID, &batch)
    linkTraceID = try Self.make(FieldName.linkTraceID, .traceID, &batch)
    linkSpanID = try Self.make(FieldName.linkSpanID, .spanID, &batch)
    duration = try Self.make(FieldName.durationMilliseconds, .duration, &batch)
    invalidDuration = try Self.make(FieldName.invalidDuration, .boolean, &batch)
    sampleRate = try Self.make(FieldName.sampleRate, .integer, &batch)
    error = try Self.make(FieldName.error, .boolean, &batch)
    statusMessage = try Self.make(FieldName.statusMessage, .string, &batch)
    serviceName = try Self.make(FieldName.serviceName, .string, &batch)
  }

  private static func make(_ name: String, _ kind: ColumnKind, _ batch: inout Batch) throws(DecodeError) -> ColumnIndex {
    guard let column = batch.column(name, kind) else { throw DecodeError(.tooManyFields, at: 0) }
    return column
  }
}
