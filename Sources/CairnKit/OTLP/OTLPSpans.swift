// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import NIOCore
internal import Tracing

// ExportTraceServiceRequest
//
//   request        1 resource_spans { 1 resource { 1 attributes }, 2 scope_spans { 1 scope { 1 name, 2 version }, 2 spans } }
//   Span           1 trace_id  2 span_id  3 trace_state  4 parent_span_id  5 name  6 kind  7 start  8 end  9 attributes
//                  10 dropped_attributes_count  11 events  12 dropped_events_count  13 links  14 dropped_links_count  15 status  16 flags
//   Event          1 time  2 name  3 attributes  4 dropped_attributes_count
//   Link           1 trace_id  2 span_id  3 trace_state  4 attributes  5 dropped_attributes_count
//   Status         2 message  3 code
//
// Source: opentelemetry-proto trace.proto

/// The scope under which the kit's tracer and loggers report.
enum KitScope {
  static let name = "cairn-kit"
  static let version = "0.1.0"
}

extension OTLPWriter {
  /// The request of a batch whose items are spans.
  static func spans(_ batch: WireBatch<Void>, resource: Resource, encoding: OTLPEncoding, in memory: BodyMemory) -> ByteBuffer {
    let byteCount = batch.bytes.count
    return body(encoding, in: memory, about: byteCount) { writer in
      writer.only(1, "resourceSpans", about: byteCount) { group in
        group.resource(resource)
        group.only(2, "scopeSpans", about: byteCount) { scope in
          scope.scope()
          scope.written("spans") { $0.append(batch.bytes, 0..<batch.bytes.count) }
        }
      }
    }
  }

  /// Adds a span to a batch.
  static func write(_ span: EndedSpan, to bytes: inout WireBuffer, _ encoding: OTLPEncoding) {
    span.recording.read { state in append(2, to: &bytes, encoding) { $0.span(span, state) } }
  }

  mutating func resource(_ resource: Resource) { message(1, "resource") { $0.attributes(1, resource.fields) } }

  mutating func scope() {
    message(1, "scope") { scope in
      scope.text(1, "name", KitScope.name)
      scope.text(2, "version", KitScope.version)
    }
  }

  private mutating func span(_ ended: EndedSpan, _ state: SpanRecording.State) {
    let span = ended.recording
    traceID(1, "traceId", span.context.trace)
    spanID(2, "spanId", span.context.span)
    text(3, "traceState", span.context.traceState)
    spanID(4, "parentSpanId", span.parent)
    text(5, "name", state.name)
    number(6, "kind", span.kind.otlpNumber)
    fixed64(7, "startTimeUnixNano", span.startUnixNanoseconds)
    fixed64(8, "endTimeUnixNano", state.endUnixNanoseconds)
    attributes(9, ended.fields(state))
    number(10, "droppedAttributesCount", state.droppedFieldCount)
    if let described = state.described {
      messages(11, "events", described.events) { $1.event($0) }
      number(12, "droppedEventsCount", state.extra.droppedEvents)
      messages(13, "links", described.links) { $1.link($0) }
      number(14, "droppedLinksCount", state.extra.droppedLinks)
    }
    if let status = state.status { message(15, "status") { $0.status(status) } }
    // Sampled, and whether the parent's whereabouts are known and remote (bits 8 and 9).
    fixed32(16, "flags", (span.context.isSampled ? 1 : 0) | 0x100 | (span.isParentRemote ? 0x200 : 0))
  }

  private mutating func event(_ event: DescribedSpan.Event) {
    fixed64(1, "timeUnixNano", event.unixNanoseconds)
    text(2, "name", event.name)
    attributes(3, event.fields.fields)
    number(4, "droppedAttributesCount", event.fields.droppedCount)
  }

  private mutating func link(_ link: DescribedSpan.Link) {
    traceID(1, "traceId", link.context.trace)
    spanID(2, "spanId", link.context.span)
    text(3, "traceState", link.context.traceState)
    attributes(4, link.fields.fields)
    number(5, "droppedAttributesCount", link.fields.droppedCount)
  }

  private mutating func status(_ status: SpanStatus) {
    text(2, "message", status.message ?? "")
    switch status.code {
    case .ok: number(3, "code", 1)
    case .error: number(3, "code", 2)
    }
  }
}

extension SpanKind {
  fileprivate var otlpNumber: Int {
    switch self {
    case .internal: 1
    case .server: 2
    case .client: 3
    case .producer: 4
    case .consumer: 5
    }
  }
}
