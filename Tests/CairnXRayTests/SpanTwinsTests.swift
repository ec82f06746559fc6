// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay
import Testing

@Suite struct SpanTwinsTests {
  private let trace = TraceID(high: 0x5759_e988_bd86_2e3f, low: 0xe1be_46a9_9427_2793)
  private let original = #"{"id":"0000000000000001","name":"shop","metadata":{"debug":{"queue":7}}}"#

  private func event(_ fields: [String: FieldValue]) -> Event {
    var all = fields
    all[FieldName.traceID] = .string(trace.hex)
    return Event(dataset: "shop", timeUnixNanoseconds: 1_000, fields: all.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) })
  }

  private func span(_ id: UInt64, _ more: [String: FieldValue] = [:]) -> Event {
    event([
      FieldName.spanID: .string(hexText(id)), FieldName.name: .string("GET /cart"), FieldName.serviceName: .string("shop"),
      FieldName.durationMilliseconds: .float(2), FieldName.spanKind: .string("server"), FieldName.error: .boolean(false), "cart.size": .integer(3),
    ].merging(more) { $1 })
  }

  private func document(_ id: UInt64, _ more: [String: FieldValue] = [:]) -> Event {
    event([
      FieldName.spanID: .string(hexText(id)), FieldName.name: .string("shop"), FieldName.serviceName: .string("shop"),
      SegmentField.type: .string("segment"), FieldName.durationMilliseconds: .float(2), FieldName.error: .boolean(true),
      SegmentField.fault: .boolean(true), "annotation.tenant": .string("acme"), FieldName.original: .string(original),
    ].merging(more) { $1 })
  }

  private func exception(_ parent: UInt64, _ more: [String: FieldValue]) -> Event {
    event([
      FieldName.parentID: .string(hexText(parent)), FieldName.annotationType: .string("span_event"), FieldName.name: .string("exception"),
      SegmentField.exceptionType: .string("Boom"), SegmentField.exceptionMessage: .string("no"),
    ].merging(more) { $1 })
  }

  private func everything() -> [Event] {
    [
      span(1), document(1), exception(1, [SegmentField.exceptionStacktrace: .string("at main")]),
      exception(1, [SegmentField.exceptionID: .string("00000000000000aa")]),
    ]
  }

  @Test func twoDoorsMakeOneEvent() throws {
    for events in [everything(), everything().reversed()] {
      let twins = SpanTwins(events)
      #expect(twins.ids == [hexText(1)])
      #expect(twins.events.count == 2)
      let joined = try #require(twins.events.first { $0[FieldName.spanID] != nil })
      #expect(joined[FieldName.name] == .string("GET /cart"))
      #expect(joined["cart.size"] == .integer(3))
      #expect(joined["annotation.tenant"] == .string("acme"))
      #expect(joined[FieldName.error] == .boolean(true))
      #expect(joined.fields.map(\.name) == joined.fields.map(\.name).sorted())
      let raised = try #require(twins.events.first { $0[FieldName.annotationType] != nil })
      #expect(raised[SegmentField.exceptionStacktrace] == .string("at main"))
      #expect(raised[SegmentField.exceptionID] == .string("00000000000000aa"))
    }
  }

  @Test func whatCameThroughOneDoorStays() {
    let events = [
      span(1), document(2), document(3, [SegmentField.inProgress: .boolean(true)]), span(3), exception(1, [:]),
      exception(2, [SegmentField.exceptionID: .string("00000000000000aa")]),
    ]
    let twins = SpanTwins(events)
    #expect(twins.ids.isEmpty)
    #expect(twins.events == events)
  }

  @Test func oneDocumentWithWhatTheSpanSaysBeside() throws {
    for events in [everything(), everything().reversed()] {
      let found = SegmentTrace(traceID: trace, events: events)
      let document = try #require(found.documents.first)
      #expect(found.documents.count == 1)
      #expect(document.isXRay && document.isFault)
      #expect(document.annotations == ["cart.size": .integer(3), "tenant": .string("acme")])
      #expect(document.exceptions.map(\.id) == ["00000000000000aa"])
      #expect(TraceDocuments(found).documents.map(\.text) == [original])
      let story = TraceStory(traceID: trace, events: events)
      #expect(story.services.map(\.documents) == [[0]])
      #expect(story.edges.count == 1)
    }
  }

  @Test func aCompleteSpanWinsOverADocumentInProgress() {
    let running = document(1, [SegmentField.inProgress: .boolean(true), FieldName.durationMilliseconds: .float(0)])
    let found = SegmentTrace(traceID: trace, events: [running, span(1)])
    #expect(found.documents.map(\.isXRay) == [false])
    let complete = SegmentTrace(traceID: trace, events: [running, span(1), document(1)])
    #expect(complete.documents.map(\.isXRay) == [true])
    #expect(complete.documents.map(\.isInProgress) == [false])
  }
}
