// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns

// Span events and links are rows of their own, in the dataset of their span.
//
//   Event   1 time (fixed64)  2 name  3 attributes (repeated)
//   Link    1 trace_id  2 span_id  3 trace_state  4 attributes (repeated)
//
//   event   name, time, trace.trace_id, trace.parent_id (the span), parent_name, meta.annotation_type = span_event,
//           meta.time_since_span_start_ms (negative, or of a time not kept: 0 and meta.invalid_time_since_span_start), error as the span's, attributes
//           a time that is 0 or not kept becomes the span's start
//   link    trace.trace_id, trace.parent_id, trace.link.trace_id, trace.link.span_id, parent_name, meta.annotation_type = link,
//           attributes; its time is the span's start

/// Appends the events and links of one span.
struct SpanParts {
  let columns: SpanColumns
  let context: IntakeContext
  let span: SpanHead
  let startUnixNanoseconds: Int64
  let sampleRate: Int64
  let group: GroupIndex
  let groupOwnColumnsSet: UInt64
  /// The span's name in the column of parents' names, once a part has set it: a long name is not looked up for each of many events.
  private var parentNameCode: UInt32?

  init(
    columns: SpanColumns, context: IntakeContext, span: SpanHead, startUnixNanoseconds: Int64, sampleRate: Int64, group: GroupIndex,
    groupOwnColumnsSet: UInt64
  ) {
    self.columns = columns
    self.context = context
    self.span = span
    self.startUnixNanoseconds = startUnixNanoseconds
    self.sampleRate = sampleRate
    self.group = group
    self.groupOwnColumnsSet = groupOwnColumnsSet
  }

  /// Appends the event's row; where it cannot be kept, says why.
  mutating func appendEvent(_ bytes: RawSpan, _ message: Range<Int>, _ batch: inout Batch) throws(DecodeError) -> StaticText? {
    var state = EventState()
    state.ownColumnsSet = groupOwnColumnsSet
    var time: UInt64 = 0
    var name = 0..<0
    var position = message.lowerBound
    while position < message.upperBound {
      let tag = try readVarint(bytes, &position, message.upperBound)
      switch tag {
      case 0x09:
        guard message.upperBound - position >= 8 else { throw DecodeError(.truncated, at: position) }
        time = loadWord(bytes, position)
        position += 8
      case 0x12, 0x1A:
        let count = try readLength(bytes, &position, message.upperBound)
        if tag == 0x12 {
          name = position..<position + count
        } else {
          try readAttribute(bytes, position, position + count, &batch, &state)
        }
        position += count
      default: try skipField(bytes, &position, message.upperBound, tag: tag)
      }
    }
    if let refusal = state.refusal {
      batch.abandonRow()
      return refusal
    }
    try setCommon(bytes, &batch, annotation: columns.spanEventCode, taken: state.ownColumnsSet)
    if state.ownColumnsSet & batch.watchMask(columns.name) == 0 { try setText(columns.name, bytes, name, &batch) }
    let isKept = time != 0 && context.refusal(unixNanoseconds: time) == nil
    if time != 0 { setTime(since: isKept ? Int64(time) : nil, &batch) }
    batch.appendRow(timeUnixNanoseconds: isKept ? Int64(time) : startUnixNanoseconds, group: state.group(group, &batch))
    return nil
  }

  /// Appends the link's row; where it cannot be kept, says why.
  mutating func appendLink(_ bytes: RawSpan, _ message: Range<Int>, _ batch: inout Batch) throws(DecodeError) -> StaticText? {
    var state = EventState()
    state.ownColumnsSet = groupOwnColumnsSet
    var position = message.lowerBound
    while position < message.upperBound {
      let tag = try readVarint(bytes, &position, message.upperBound)
      switch tag {
      case 0x0A, 0x12, 0x22:
        let count = try readLength(bytes, &position, message.upperBound)
        if tag == 0x0A, count == 16 { batch.setText(columns.linkTraceID, bytes, position, 16) }
        if tag == 0x12, count == 8 { batch.setWord(columns.linkSpanID, loadWord(bytes, position)) }
        if tag == 0x22 { try readAttribute(bytes, position, position + count, &batch, &state) }
        position += count
      default: try skipField(bytes, &position, message.upperBound, tag: tag)
      }
    }
    if let refusal = state.refusal {
      batch.abandonRow()
      return refusal
    }
    try setCommon(bytes, &batch, annotation: columns.linkCode, taken: state.ownColumnsSet)
    batch.appendRow(timeUnixNanoseconds: startUnixNanoseconds, group: state.group(group, &batch))
    return nil
  }

  private mutating func setCommon(_ bytes: RawSpan, _ batch: inout Batch, annotation: UInt32, taken: UInt64) throws(DecodeError) {
    batch.setText(columns.traceID, bytes, span.traceID.lowerBound, 16)
    batch.setWord(columns.parentID, span.spanID)
    if taken & batch.watchMask(columns.parentName) == 0 {
      if let parentNameCode {
        batch.setCode(columns.parentName, parentNameCode)
      } else {
        try setText(columns.parentName, bytes, span.name, &batch)
        parentNameCode = batch.lastCode(columns.parentName)
      }
    }
    if taken & batch.watchMask(columns.annotationType) == 0 { batch.setCode(columns.annotationType, annotation) }
    if span.isError, taken & batch.watchMask(columns.error) == 0 { batch.setWord(columns.error, 1) }
    if sampleRate > 1 { batch.setWord(columns.sampleRate, UInt64(sampleRate)) }
  }

  /// How long after the span's start an event was; nil for one whose time is not kept.
  private func setTime(since time: Int64?, _ batch: inout Batch) {
    let distance = time.map { $0 - startUnixNanoseconds } ?? -1
    batch.setWord(columns.timeSinceStart, (Double(max(0, distance)) / 1e6).bitPattern)
    if distance < 0 { batch.setWord(columns.invalidTimeSinceStart, 1) }
  }
}

/// Copies the exception fields of the first event named `exception` onto the span being built, where it has none of its own.
func copyException(
  _ bytes: RawSpan, _ events: [Range<Int>], _ columns: SpanColumns, _ batch: inout Batch
) throws(DecodeError) {
  for event in events {
    var position = event.lowerBound
    guard let name = try nextMessage(bytes, &position, event.upperBound, tag: 0x12), isText(bytes, name, "exception") else { continue }
    position = event.lowerBound
    while let attribute = try nextMessage(bytes, &position, event.upperBound, tag: 0x1A) {
      try copyException(bytes, attribute: attribute, columns, &batch)
    }
    return
  }
}

private func copyException(
  _ bytes: RawSpan, attribute: Range<Int>, _ columns: SpanColumns, _ batch: inout Batch
) throws(DecodeError) {
  let pair = try readPair(bytes, attribute.lowerBound, attribute.upperBound)
  guard let key = pair.key, let value = pair.value, key.count >= 14, isText(bytes, key.lowerBound..<key.lowerBound + 10, "exception.")
  else { return }
  let any = try AnyValue(bytes, value)
  if isText(bytes, key, "exception.escaped"), !batch.isSet(columns.exceptionEscaped) {
    let isTrue = any.form == .boolean ? any.word == 1 : any.form == .string && text(bytes, any.range).lowercased() == "true"
    batch.setWord(columns.exceptionEscaped, isTrue ? 1 : 0)
    return
  }
  guard any.form == .string else { return }
  let column: ColumnIndex
  if isText(bytes, key, "exception.message") {
    column = columns.exceptionMessage
  } else if isText(bytes, key, "exception.type") {
    column = columns.exceptionType
  } else if isText(bytes, key, "exception.stacktrace") {
    column = columns.exceptionStacktrace
  } else {
    return
  }
  guard !batch.isSet(column) else { return }
  try setText(column, bytes, any.range, &batch)
}
