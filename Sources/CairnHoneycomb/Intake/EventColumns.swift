// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns of fields that have a meaning beyond their type.
struct EventColumns {
  let traceID, spanID, parentID, linkTraceID, linkSpanID, duration, invalidDuration, sampleRate, serviceName: ColumnIndex
  let error, statusMessage: ColumnIndex

  init(_ batch: inout Batch) throws(DecodeError) {
    traceID = try batch.column(needed: FieldName.traceID, .traceID)
    spanID = try batch.column(needed: FieldName.spanID, .spanID)
    parentID = try batch.column(needed: FieldName.parentID, .spanID)
    linkTraceID = try batch.column(needed: FieldName.linkTraceID, .traceID)
    linkSpanID = try batch.column(needed: FieldName.linkSpanID, .spanID)
    duration = try batch.column(needed: FieldName.durationMilliseconds, .duration)
    invalidDuration = try batch.column(needed: FieldName.invalidDuration, .boolean)
    sampleRate = try batch.column(needed: FieldName.sampleRate, .integer)
    error = try batch.column(needed: FieldName.error, .boolean)
    statusMessage = try batch.column(needed: FieldName.statusMessage, .string)
    serviceName = try batch.column(needed: FieldName.serviceName, .string)
  }
}
