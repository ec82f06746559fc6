// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns that the log reader fills by itself; those that an attribute of the same name and type may fill instead are watched.
struct LogColumns {
  let traceID, parentID, severity, severityCode, severityText, flags, eventName, body: ColumnIndex
  let annotationType, sampleRate: ColumnIndex
  /// The codes of the severity words, by severity.
  let severityCodes: [UInt32]
  let spanEventCode: UInt32

  init(_ batch: inout Batch) throws(DecodeError) {
    traceID = try SpanColumns.make(FieldName.traceID, .traceID, &batch)
    parentID = try SpanColumns.make(FieldName.parentID, .spanID, &batch)
    severity = try SpanColumns.make(FieldName.severity, .string, &batch)
    severityCode = try SpanColumns.make(FieldName.severityCode, .integer, &batch)
    severityText = try SpanColumns.make(FieldName.severityText, .string, &batch)
    flags = try SpanColumns.make(FieldName.flags, .integer, &batch)
    eventName = try SpanColumns.make(FieldName.eventName, .string, &batch)
    body = try SpanColumns.make(FieldName.body, .string, &batch)
    annotationType = try SpanColumns.make(FieldName.annotationType, .string, &batch)
    sampleRate = try SpanColumns.make(FieldName.sampleRate, .integer, &batch)
    for column in [severity, severityCode, severityText, flags, eventName, body, annotationType] { _ = batch.watch(column) }
    let words: [StaticString] = ["unspecified", "trace", "debug", "info", "warn", "error", "fatal"]
    var codes: [UInt32] = []
    for word in words { codes.append(batch.code(of: word, in: severity)) }
    severityCodes = codes
    spanEventCode = batch.code(of: "span_event", in: annotationType)
  }

  /// The word for a severity number: four numbers a word from 1 to 24, unspecified for all others.
  func severityCode(number: UInt64) -> UInt32 { severityCodes[number >= 1 && number <= 24 ? Int(number - 1) / 4 + 1 : 0] }
}
