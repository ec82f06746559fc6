// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns

// ExportTraceServiceRequest, straight from the wire into a batch.
//
//   request        1 resource_spans (repeated)          ResourceSpans and ScopeSpans: see GroupReader
//   Span           1 trace_id  2 span_id  3 trace_state  4 parent_span_id  5 name  6 kind  7 start (fixed64)  8 end (fixed64)
//                  9 attributes (repeated)  11 events (repeated)  13 links (repeated)  15 status  16 flags (fixed32)
//   Status         2 message  3 code
//
//   trace_id, span_id, parent_span_id   trace.trace_id, trace.span_id, trace.parent_id (absent where empty or zero)
//   name, kind                          name, span.kind as a word
//   start                               the event's time; 0 becomes the time of arrival
//   end - start                         duration_ms; where either is missing or it is negative none, and meta.invalid_duration
//   status                              status_code (above 2: 0), status_message, error (true, only where the code is ERROR)
//   events, links                       rows of their own (SpanParts) and span.num_events, span.num_links
//   first exception event               its exception.* fields are copied onto the span, unless the span has its own
//   attributes                          fields (AttributeReader); they win over all of the above
//   sampleRate, else tracestate ot=th   SampleRate, where it is more than 1
//
// A span without a valid trace and span id, with a time that is not kept or with too many fields is rejected by itself; an event or
// link with too many fields is left out and the verdict says so.
// A span that came before (same trace id, span id and start) counts as accepted and makes no row.
//
// Source: opentelemetry-proto trace.proto; Honeycomb's mapping of OTLP.

/// Decodes an `ExportTraceServiceRequest` in protobuf into rows of `batch`.
///
/// Throws where the bytes are not such a message; the caller then takes the batch back to its mark. Cost: one pass (benchmark:
/// `Ingest`); what takes longest is to find values of many kinds in the dictionaries, and the span among those that came before.
public func decodeTraces(
  _ bytes: RawSpan, _ context: IntakeContext, into batch: inout Batch
) throws(DecodeError) -> IntakeVerdict {
  var reader = try SpanReader(context, bodyByteCount: bytes.byteCount, &batch)
  try reader.readRequest(bytes, &batch)
  return reader.verdict
}

/// A span's own fields while its message is walked.
struct SpanHead {
  var traceID = 0..<0
  var spanID: UInt64 = 0
  var parentID: UInt64 = 0
  var traceState = 0..<0
  var name = 0..<0
  var kind = 0
  var startUnixNanoseconds: UInt64 = 0
  var endUnixNanoseconds: UInt64 = 0
  var statusCode: UInt64 = 0
  var statusMessage = 0..<0
  var isIDBroken = false
  var isError: Bool { statusCode == 2 }
}

struct SpanReader: RequestReader {
  let columns: SpanColumns
  let context: IntakeContext
  var groups: GroupReader
  var groupFlags = GroupFlags(word: 0)
  var verdict = IntakeVerdict()
  /// Places of the events and links of the span at hand: their rows come after the span's.
  private var events: [Range<Int>] = []
  private var links: [Range<Int>] = []
  private let environmentHash: UInt64

  init(_ context: IntakeContext, bodyByteCount: Int, _ batch: inout Batch) throws(DecodeError) {
    columns = try SpanColumns(&batch)
    self.context = context
    groups = GroupReader(signal: .traces, context: context, bodyByteCount: bodyByteCount)
    environmentHash = lastingHash(of: context.environment)
  }
  mutating func readScope(
    _ bytes: RawSpan, _ scope: Range<Int>, _ group: GroupIndex, _ batch: inout Batch
  ) throws(DecodeError) {
    var position = scope.lowerBound
    while let span = try nextMessage(bytes, &position, scope.upperBound, tag: 0x12) {
      try read(bytes, span, group, &batch)
    }
  }


  mutating func read(_ bytes: RawSpan, _ message: Range<Int>, _ group: GroupIndex, _ batch: inout Batch) throws(DecodeError) {
    var state = EventState()
    state.ownColumnsSet = groupFlags.ownColumnsSet
    state.sampleRate = Int64(groupFlags.sampleRate)
    let span = try walk(bytes, message, &batch, &state)
    if let reason = refusal(bytes, span, state) {
      verdict.reject(reason)
      batch.abandonRow()
      return
    }
    verdict.acceptedCount += 1
    let start = span.startUnixNanoseconds == 0 ? context.receivedUnixNanoseconds : Int64(span.startUnixNanoseconds)
    guard batch.identities.insert(identity(bytes, span)) else { return batch.abandonRow() }
    if state.sampleRate == 0 { state.sampleRate = sampleRate(fromTraceState: span.traceState, bytes, spanID: span.spanID) }
    try setOwnFields(bytes, span, &batch, state)
    if !events.isEmpty { try copyException(bytes, events, columns, &batch) }
    batch.appendRow(timeUnixNanoseconds: start, group: state.group(group, &batch))
    guard !events.isEmpty || !links.isEmpty else { return }
    var parts = SpanParts(
      columns: columns, context: context, span: span, startUnixNanoseconds: start, sampleRate: state.sampleRate, group: group,
      groupOwnColumnsSet: groupFlags.ownColumnsSet)
    for event in events { note(try parts.appendEvent(bytes, event, &batch)) }
    for link in links { note(try parts.appendLink(bytes, link, &batch)) }
  }

  /// Keeps why an event or link was left out; it is no item of the request, so it does not count.
  private mutating func note(_ refusal: StaticText?) {
    if let refusal, verdict.rejectionReason == nil { verdict.rejectionReason = refusal }
  }

  /// One pass over the span: attributes go straight into the row, the rest is kept as places and numbers.
  private mutating func walk(
    _ bytes: RawSpan, _ message: Range<Int>, _ batch: inout Batch, _ state: inout EventState
  ) throws(DecodeError) -> SpanHead {
    var span = SpanHead()
    events.removeAll(keepingCapacity: true)
    links.removeAll(keepingCapacity: true)
    var position = message.lowerBound
    let end = message.upperBound
    while position < end {
      let tag = loadByte(bytes, position)
      if tag & 7 == 2, tag < 0x80 {
        position &+= 1
        let count = try readLength(bytes, &position, end)
        if tag == 0x4A {
          try readAttribute(bytes, position, position &+ count, &batch, &state)
        } else {
          try take(tag, position..<position &+ count, bytes, &span)
        }
        position &+= count
      } else {
        try takeNumber(bytes, &position, end, &span)
      }
    }
    return span
  }

  @inline(__always)
  private mutating func take(_ tag: UInt8, _ range: Range<Int>, _ bytes: RawSpan, _ span: inout SpanHead) throws(DecodeError) {
    switch tag {
    case 0x0A: span.traceID = range
    case 0x12: span.spanID = spanID(bytes, range, &span)
    case 0x1A: span.traceState = range
    case 0x22: span.parentID = spanID(bytes, range, &span)
    case 0x2A: span.name = range
    case 0x5A: events.append(range)
    case 0x6A: links.append(range)
    case 0x7A: try takeStatus(bytes, range, &span)
    default: break
    }
  }

  @inline(__always)
  private func spanID(_ bytes: RawSpan, _ range: Range<Int>, _ span: inout SpanHead) -> UInt64 {
    if range.count == 8 { return loadWord(bytes, range.lowerBound) }
    if !range.isEmpty { span.isIDBroken = true }
    return 0
  }

  @inline(__always)
  private func takeNumber(_ bytes: RawSpan, _ position: inout Int, _ end: Int, _ span: inout SpanHead) throws(DecodeError) {
    let tag = try readVarint(bytes, &position, end)
    switch tag {
    case 0x39, 0x41:
      guard end &- position >= 8 else { throw DecodeError(.truncated, at: position) }
      if tag == 0x39 {
        span.startUnixNanoseconds = loadWord(bytes, position)
      } else {
        span.endUnixNanoseconds = loadWord(bytes, position)
      }
      position &+= 8
    case 0x30: span.kind = Int(truncatingIfNeeded: try readVarint(bytes, &position, end))
    default: try skipField(bytes, &position, end, tag: tag)
    }
  }

  private func takeStatus(_ bytes: RawSpan, _ range: Range<Int>, _ span: inout SpanHead) throws(DecodeError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let tag = try readVarint(bytes, &position, range.upperBound)
      switch tag {
      case 0x18: span.statusCode = try readVarint(bytes, &position, range.upperBound)
      case 0x12:
        let count = try readLength(bytes, &position, range.upperBound)
        span.statusMessage = position..<position + count
        position += count
      default: try skipField(bytes, &position, range.upperBound, tag: tag)
      }
    }
  }

  /// Why the span is left out, or nil.
  private func refusal(_ bytes: RawSpan, _ span: SpanHead, _ state: EventState) -> StaticText? {
    if groupFlags.isRefused { return GroupFlags.refusal }
    if !isTraceID(bytes, span.traceID) { return "trace_id must be 16 bytes and not zero" }
    if span.isIDBroken || span.spanID == 0 { return "span_id must be 8 bytes and not zero" }
    return state.refusal ?? context.refusal(unixNanoseconds: span.startUnixNanoseconds)
  }

  /// The same in every process: identities are written down (`IdentityFile` of the store).
  private func identity(_ bytes: RawSpan, _ span: SpanHead) -> UInt64 {
    let at = span.traceID.lowerBound
    let trace = mix(loadWord(bytes, at) ^ 0x9e37_79b9_7f4a_7c15, loadWord(bytes, at + 8) ^ 0xd6e8_feb8_6659_fd93)
    return mix(trace ^ environmentHash ^ span.spanID, span.startUnixNanoseconds ^ 0xa076_1d64_78bd_642f)
  }

  /// The fields that a span has by itself, but for those that an attribute has set.
  private func setOwnFields(
    _ bytes: RawSpan, _ span: SpanHead, _ batch: inout Batch, _ state: EventState
  ) throws(DecodeError) {
    let taken = state.ownColumnsSet
    batch.setText(columns.traceID, bytes, span.traceID.lowerBound, 16)
    batch.setWord(columns.spanID, span.spanID)
    if span.parentID != 0 { batch.setWord(columns.parentID, span.parentID) }
    if taken & batch.watchMask(columns.name) == 0 { try setText(columns.name, bytes, span.name, &batch) }
    if taken & batch.watchMask(columns.kind) == 0 {
      batch.setCode(columns.kind, columns.kindCodes[span.kind >= 0 && span.kind < 6 ? span.kind : 0])
    }
    let (length, overflow) = span.endUnixNanoseconds.subtractingReportingOverflow(span.startUnixNanoseconds)
    let isInvalid = overflow || length > UInt64(Int64.max) || span.startUnixNanoseconds == 0
    batch.setWord(isInvalid ? columns.invalidDuration : columns.duration, isInvalid ? 1 : length)
    if taken & batch.watchMask(columns.statusCode) == 0 { batch.setWord(columns.statusCode, span.statusCode <= 2 ? span.statusCode : 0) }
    if span.isError, taken & batch.watchMask(columns.error) == 0 { batch.setWord(columns.error, 1) }
    if taken & batch.watchMask(columns.eventCount) == 0 { batch.setWord(columns.eventCount, UInt64(events.count)) }
    if taken & batch.watchMask(columns.linkCount) == 0 { batch.setWord(columns.linkCount, UInt64(links.count)) }
    if !span.statusMessage.isEmpty, taken & batch.watchMask(columns.statusMessage) == 0 {
      try setText(columns.statusMessage, bytes, span.statusMessage, &batch)
    }
    if !span.traceState.isEmpty, taken & batch.watchMask(columns.traceState) == 0 {
      try setText(columns.traceState, bytes, span.traceState, &batch)
    }
    if state.sampleRate > 1 { batch.setWord(columns.sampleRate, UInt64(state.sampleRate)) }
  }
}
