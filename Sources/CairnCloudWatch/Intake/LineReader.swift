// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnFormats

/// Makes one line a row: its text, and the fields that are found in it.
struct LineReader: ~Copyable {
  /// More leaves of a JSON line than this stay in its text alone, as at CloudWatch.
  static let leafCountMax = 200
  /// No new fields once a head has so many columns: what one program invents must not use up the columns of all others.
  static let columnCountMax = Batch.columnCountMax / 2

  private let columns: LineColumns
  private var json = LineFields()

  init(_ columns: LineColumns) { self.columns = columns }

  /// Sets the row's values; the caller appends it.
  mutating func read(_ line: RawSpan, sequence: Int64, _ batch: inout Batch) {
    batch.setText(columns.body, line, 0, line.byteCount)
    batch.setWord(columns.ingestionTime, UInt64(bitPattern: sequence))
    var found = LineFindings()
    let isJSON = json.collect(line)
    if isJSON {
      json.set(line, &batch, &found)
      found.stackTrace = found.stackTrace ?? found.thrown.stackTrace
    } else {
      found.level = SeverityLevel.find(in: line)
      found.traceID = TraceText.find(in: line)
      found.stackTrace = StackTrace.find(in: line)
    }
    if found.level == nil, found.stackTrace != nil { found.level = .error }
    set(found, &batch)
  }

  private func set(_ found: LineFindings, _ batch: inout Batch) {
    if let level = found.level { batch.setCode(columns.severity, columns.levelCodes[Int(level.rawValue)]) }
    if let id = found.traceID, !id.isZero {
      batch.setTraceID(columns.traceID, id)
      batch.setCode(columns.annotationType, columns.spanEventCode)
      if let span = found.spanID, span != 0 { batch.setWord(columns.parentID, span.byteSwapped) }
    }
    guard let trace = found.stackTrace else { return }
    set(columns.exceptionType, trace.type, &batch)
    if !trace.message.isEmpty { set(columns.exceptionMessage, trace.message, &batch) }
    set(columns.exceptionStacktrace, trace.text, &batch)
  }

  private func set(_ column: ColumnIndex, _ text: String, _ batch: inout Batch) {
    guard !batch.isSet(column) else { return }
    var text = text
    text.withUTF8 { (utf8) in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      batch.setText(column, bytes, 0, bytes.byteCount)
    }
  }
}

/// What a line says of itself beyond its fields.
struct LineFindings {
  var level: SeverityLevel?
  var traceID: TraceID?
  var spanID: UInt64?
  var stackTrace: StackTrace?
  var thrown = ThrownError()
}

/// The columns that every line may fill.
struct LineColumns {
  let body, ingestionTime, traceID, parentID, severity, annotationType: ColumnIndex
  let exceptionType, exceptionMessage, exceptionStacktrace: ColumnIndex
  /// By level.
  let levelCodes: [UInt32]
  let spanEventCode: UInt32

  init(_ batch: inout Batch) throws(DecodeError) {
    body = try batch.column(needed: FieldName.body, .string)
    ingestionTime = try batch.column(needed: FieldName.ingestionTime, .integer)
    traceID = try batch.column(needed: FieldName.traceID, .traceID)
    parentID = try batch.column(needed: FieldName.parentID, .spanID)
    severity = try batch.column(needed: FieldName.severity, .string)
    annotationType = try batch.column(needed: FieldName.annotationType, .string)
    exceptionType = try batch.column(needed: FieldName.exceptionType, .string)
    exceptionMessage = try batch.column(needed: FieldName.exceptionMessage, .string)
    exceptionStacktrace = try batch.column(needed: FieldName.exceptionStacktrace, .string)
    var codes: [UInt32] = []
    for level in SeverityLevel.allCases { codes.append(batch.code(of: level.word, in: severity)) }
    levelCodes = codes
    spanEventCode = batch.code(of: "span_event", in: annotationType)
  }
}
