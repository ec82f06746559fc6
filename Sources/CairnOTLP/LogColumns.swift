// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

/// The columns that the log reader fills by itself; those that an attribute of the same name and type may fill instead are watched.
struct LogColumns {
  let traceID, parentID, severity, severityCode, severityText, flags, eventName, body: ColumnIndex
  let annotationType, sampleRate: ColumnIndex
  /// The codes of the severity words, by level, and that of a record without one.
  private let levelCodes: [UInt32]
  private let unspecifiedCode: UInt32
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
    unspecifiedCode = batch.code(of: "unspecified", in: severity)
    var codes: [UInt32] = []
    for level in SeverityLevel.allCases { codes.append(batch.code(of: level.word, in: severity)) }
    levelCodes = codes
    spanEventCode = batch.code(of: "span_event", in: annotationType)
  }

  func code(of level: SeverityLevel?) -> UInt32 { level.map { levelCodes[Int($0.rawValue)] } ?? unspecifiedCode }
}
