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
  let end = bytes.byteCount
  guard end > 0, loadByte(bytes, 0) == 1 else { throw DecodeError(.value("events of another version"), at: 0) }
  var fields = try EventFields(context, &batch)
  var verdict = IntakeVerdict()
  var position = 1
  while position < end {
    guard end - position >= 16 else { throw DecodeError(.truncated, at: position) }
    let time = Int64(bitPattern: loadWord(bytes, position))
    let rateAndCount = loadWord(bytes, position + 8)
    let count = Int(rateAndCount >> 32)
    position += 16
    guard count <= end - position else { throw DecodeError(.badLength, at: position) }
    if time < context.earliestUnixNanoseconds || time > context.latestUnixNanoseconds {
      verdict.reject("the event's time is not one that is kept")
    } else {
      try fields.add(bytes.extracting(position..<position + count), time: time, sampleRate: rateAndCount & 0xffff_ffff, &batch)
      verdict.acceptedCount += 1
    }
    position += count
  }
  return verdict
}
