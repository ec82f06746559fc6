// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns
internal import CairnFormats

/// Decodes `EventBatch`'s grammar into rows of `batch`: a row an event, of the dataset that the path named (`context.datasetHint`).
///
/// ```
/// data                     a field for each member: objects as a.b down to five levels, arrays and what is deeper as JSON text
/// trace.trace_id           of 32 or 16 hex digits: the trace; trace.span_id, trace.parent_id, trace.link.*: the spans of 16
/// duration_ms              a length; below 0 it is 0, and meta.invalid_duration is true
/// error                    a text: true, and the text is status_message
/// samplerate               SampleRate
/// (with trace and span id) meta.signal_type = trace; service.name from service_name, else the dataset, where it is not set
/// ```
/// A span that is sent again counts once. Throws where the bytes are not such a body.
/// Source: Honeycomb's names of trace fields, as its Beelines and libhoney send them.
public func decodeHoneycombEvents(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  var fields = try EventFields(context, &batch)
  var verdict = IntakeVerdict()
  try EventBatch.forEachEntry(bytes) { (head, data) throws(DecodeError) in
    let time = Int64(bitPattern: loadWord(bytes, head.lowerBound))
    if time < context.earliestUnixNanoseconds || time > context.latestUnixNanoseconds {
      return verdict.reject("the event's time is not one that is kept")
    }
    try fields.add(bytes.extracting(data), time: time, sampleRate: loadWord(bytes, head.lowerBound + 8) & 0xffff_ffff, &batch)
    verdict.acceptedCount += 1
  }
  return verdict
}

extension EventBatch {
  /// Calls `body` for each entry, with the places of its head (time, rate, count) and of its data.
  static func forEachEntry(_ bytes: RawSpan, _ body: (Range<Int>, Range<Int>) throws(DecodeError) -> Void) throws(DecodeError) {
    let end = bytes.byteCount
    guard end > 0, loadByte(bytes, 0) == 1 else { throw DecodeError(.value("events of another version"), at: 0) }
    var position = 1
    while position < end {
      guard end - position >= 16 else { throw DecodeError(.truncated, at: position) }
      let head = position..<position + 16
      let count = Int(loadWord(bytes, position + 8) >> 32)
      guard count <= end - head.upperBound else { throw DecodeError(.badLength, at: position) }
      position = head.upperBound + count
      try body(head, head.upperBound..<position)
    }
  }
}
