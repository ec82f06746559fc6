// SPDX-License-Identifier: Apache-2.0
internal import Tracing

/// A span that has ended, as exporters get it: nothing of it changes any more, and its attributes are within their limits. A class, since
/// handing on so many texts one by one would cost more than one more object.
final class EndedSpan: Sendable {
  /// Who it is and when it began.
  let recording: SpanRecording
  let state: SpanRecording.State
  /// In the order in which they were set where the span knows it, else in the order of their names.
  let fields: [WireField]
  let droppedFieldCount: Int
  let events: [Event]
  let links: [Link]

  /// An event with its attributes within their limits: values of the program's own types are asked what they are called here, and not
  /// while a queue is locked.
  struct Event: Sendable {
    var name: String
    var unixNanoseconds: UInt64
    var fields: WireFields
  }

  struct Link: Sendable {
    var context: TraceContext
    var fields: WireFields
  }

  init(_ recording: SpanRecording, _ state: SpanRecording.State) {
    let limits = recording.tracer.limits
    let fields = WireFields(state, countMax: limits.attributeCount, lengthMax: limits.attributeValueLength)
    self.recording = recording
    self.state = state
    self.fields = recording.sampleRate > 1 ? Self.withSampleRate(recording.sampleRate, fields.fields) : fields.fields
    droppedFieldCount = fields.droppedCount
    events = state.events.isEmpty ? [] : state.events.map { event in
      let fields = WireFields(event.attributes, countMax: limits.attributeCountPerEvent, lengthMax: limits.attributeValueLength)
      return Event(name: event.name, unixNanoseconds: event.nanosecondsSinceEpoch, fields: fields)
    }
    links = state.links.isEmpty ? [] : state.links.compactMap { link in
      guard let context = link.context.traceContext else { return nil }
      return Link(context: context, fields: WireFields(link.attributes, countMax: limits.attributeCountPerLink, lengthMax: limits.attributeValueLength))
    }
  }

  /// The same, standing for so many.
  init(_ span: EndedSpan, sampleRate: Int) {
    recording = span.recording
    state = span.state
    fields = Self.withSampleRate(sampleRate, span.fields)
    droppedFieldCount = span.droppedFieldCount
    events = span.events
    links = span.links
  }

  /// What Honeycomb calls the number of spans that one stands for.
  static let sampleRateName = "SampleRate"

  /// Beyond the limit of attributes too: without it counts are wrong. A program that has set it itself knows better.
  private static func withSampleRate(_ rate: Int, _ fields: [WireField]) -> [WireField] {
    guard !fields.contains(where: { sameName($0.name, sampleRateName) }) else { return fields }
    return fields + [WireField(sampleRateName, .integer(Int64(rate)))]
  }

  /// Status error.
  var hasFailed: Bool {
    if case .error? = state.status?.code { true } else { false }
  }
}
