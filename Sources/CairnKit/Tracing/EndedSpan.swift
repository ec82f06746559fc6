// SPDX-License-Identifier: Apache-2.0
internal import Tracing

/// A span that has ended, as exporters get it: nothing of it changes any more.
struct EndedSpan: Sendable {
  let recording: SpanRecording
  /// For how many spans it stands.
  let sampleRate: Int

  init(_ recording: SpanRecording) {
    self.recording = recording
    sampleRate = recording.sampleRate
  }

  /// The same, standing for so many.
  init(_ span: EndedSpan, sampleRate: Int) {
    recording = span.recording
    self.sampleRate = sampleRate
  }

  /// What Honeycomb calls the number of spans that one stands for.
  static let sampleRateName = "SampleRate"

  /// The attributes within their limits, and the rate beyond them too: without it counts are wrong. A program that has set it itself knows
  /// better.
  func fields(_ state: SpanRecording.State) -> [WireField] {
    let fields = state.endedFields
    guard sampleRate > 1, !fields.contains(where: { sameName($0.name, Self.sampleRateName) }) else { return fields }
    return fields + [WireField(Self.sampleRateName, .integer(Int64(sampleRate)))]
  }
}

/// What exporters say of what only few spans have, and of attributes that came as a dictionary: within the limits, as texts and numbers.
final class DescribedSpan: Sendable {
  let fields: [WireField]
  let droppedFieldCount: Int
  let events: [Event]
  let links: [Link]

  struct Event: Sendable {
    var name: String
    var unixNanoseconds: UInt64
    var fields: WireFields
  }

  struct Link: Sendable {
    var context: TraceContext
    var fields: WireFields
  }

  init(_ state: SpanRecording.State, _ limits: RecordLimits) {
    let fields = WireFields(state, countMax: limits.attributeCount, lengthMax: limits.attributeValueLength)
    self.fields = fields.fields
    droppedFieldCount = fields.droppedCount
    events = state.extra.events.map { event in
      let fields = WireFields(event.attributes, countMax: limits.attributeCountPerEvent, lengthMax: limits.attributeValueLength)
      return Event(name: event.name, unixNanoseconds: event.nanosecondsSinceEpoch, fields: fields)
    }
    links = state.extra.links.compactMap { link in
      guard let context = link.context.traceContext else { return nil }
      return Link(context: context, fields: WireFields(link.attributes, countMax: limits.attributeCountPerLink, lengthMax: limits.attributeValueLength))
    }
  }
}
