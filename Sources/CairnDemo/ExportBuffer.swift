// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

// The envelope of all three signals is one shape:
//
//   request      1 Resource* (repeated)
//   Resource*    1 resource   2 Scope* (repeated)
//   Scope*       1 scope (1 name  2 version)   2 items (repeated)

/// Items of one signal that wait to be sent, by the process that sends them.
struct ExportBuffer {
  let signal: DemoSignal
  private(set) var itemCount = 0
  private var groups = [ProtobufWriter](repeating: ProtobufWriter(), count: ResourceIndex.count)
  private static let resources = (0..<ResourceIndex.count).map { ResourceIndex(value: $0).message }

  init(_ signal: DemoSignal) { self.signal = signal }

  /// Adds a span, record or metric; `itemCount` is how many items the server will count in it.
  mutating func append(_ item: ProtobufWriter, from resource: ResourceIndex, itemCount count: Int = 1) {
    groups[resource.value].message(2, item)
    itemCount += count
  }

  /// All that waits as one body; nil where nothing does.
  mutating func take() -> DemoBody? {
    guard itemCount > 0 else { return nil }
    var request = ProtobufWriter()
    var outer = ProtobufWriter()
    for index in groups.indices where !groups[index].isEmpty {
      var scope = ProtobufWriter()
      let (name, version) = ResourceIndex(value: index).service.language.scope
      scope.text(1, name)
      scope.text(2, version)
      var inner = ProtobufWriter()
      inner.message(1, scope)
      inner.append(groups[index])
      outer.removeAll()
      outer.message(1, Self.resources[index])
      outer.message(2, inner)
      outer.text(3, "https://opentelemetry.io/schemas/1.27.0")
      request.message(1, outer)
      groups[index].removeAll()
    }
    defer { itemCount = 0 }
    return DemoBody(signal: signal, itemCount: itemCount, bytes: request.bytes)
  }
}

extension SpanRecord {
  /// The `Span` message.
  var message: ProtobufWriter {
    var writer = ProtobufWriter()
    writer.traceID(1, high: trace.high, low: trace.low)
    writer.spanID(2, id)
    if parent != 0 { writer.spanID(4, parent) }
    writer.text(5, name)
    writer.varint(6, kind.rawValue)
    writer.fixed64(7, UInt64(startNanoseconds))
    writer.fixed64(8, UInt64(endNanoseconds))
    writer.append(attributes)
    if let failure { writer.attribute(9, "error.type", failure.type) }
    for event in events { writer.message(11, event.message) }
    if let failure, hasOwnException { writer.message(11, exceptionEvent(failure)) }
    if let link { writer.message(13, linkMessage(link.trace, link.span)) }
    if let failure {
      var status = ProtobufWriter()
      status.text(2, failure.message)
      status.varint(3, 2)
      writer.message(15, status)
    }
    writer.fixed32(16, 0x101)  // sampled; whether the parent is remote is not said
    return writer
  }

  private func exceptionEvent(_ failure: Failure) -> ProtobufWriter {
    var event = SpanMoment(name: "exception", nanoseconds: endNanoseconds)
    writeException(failure, into: &event.attributes, field: 3)
    return event.message
  }

  private func linkMessage(_ trace: TraceKey, _ span: UInt64) -> ProtobufWriter {
    var writer = ProtobufWriter()
    writer.traceID(1, high: trace.high, low: trace.low)
    writer.spanID(2, span)
    writer.attribute(4, "messaging.operation.type", "send")
    return writer
  }
}

extension SpanMoment {
  /// The `Span.Event` message.
  var message: ProtobufWriter {
    var writer = ProtobufWriter()
    writer.fixed64(1, UInt64(nanoseconds))
    writer.text(2, name)
    writer.append(attributes)
    return writer
  }
}

extension LogRecord {
  /// The `LogRecord` message.
  var message: ProtobufWriter {
    var text = ProtobufWriter()
    text.text(1, body)
    var writer = ProtobufWriter()
    writer.fixed64(1, UInt64(nanoseconds))
    writer.varint(2, severity.rawValue)
    writer.text(3, severity.text)
    writer.message(5, text)
    writer.append(attributes)
    if let trace {
      writer.fixed32(8, 1)
      writer.traceID(9, high: trace.high, low: trace.low)
      writer.spanID(10, span)
    }
    writer.fixed64(11, UInt64(nanoseconds) + 150_000)
    return writer
  }
}
