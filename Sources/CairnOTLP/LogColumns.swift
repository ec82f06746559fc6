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
    traceID = try batch.column(needed: FieldName.traceID, .traceID)
    parentID = try batch.column(needed: FieldName.parentID, .spanID)
    severity = try batch.column(needed: FieldName.severity, .string)
    severityCode = try batch.column(needed: FieldName.severityCode, .integer)
    severityText = try batch.column(needed: FieldName.severityText, .string)
    flags = try batch.column(needed: FieldName.flags, .integer)
    eventName = try batch.column(needed: FieldName.eventName, .string)
    body = try batch.column(needed: FieldName.body, .string)
    annotationType = try batch.column(needed: FieldName.annotationType, .string)
    sampleRate = try batch.column(needed: FieldName.sampleRate, .integer)
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
