// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnXRay
import Testing

@Suite struct SegmentTraceTests {
  private let trace = TraceID(high: 0x5759_e988_bd86_2e3f, low: 0xe1be_46a9_9427_2793)

  private func event(_ time: Int64 = 1_000, _ fields: [(String, FieldValue)]) -> Event {
    let all = [(FieldName.traceID, FieldValue.string(trace.hex))] + fields
    return Event(dataset: "shop", timeUnixNanoseconds: time, fields: all.map { (name: $0.0, value: $0.1) })
  }

  private func part(_ id: UInt64, parent: UInt64? = nil, type: String = "subsegment", _ more: [(String, FieldValue)] = []) -> Event {
    var fields: [(String, FieldValue)] = [
      (FieldName.spanID, .string(hexText(id))), (SegmentField.type, .string(type)), (FieldName.name, .string("part \(id)")),
    ]
    if let parent { fields.append((FieldName.parentID, .string(hexText(parent)))) }
    return event(1_000 + Int64(truncatingIfNeeded: id), fields + more)
  }

  @Test func theCompleteDocumentWinsWhicheverCameFirst() {
    let open = part(1, type: "segment", [(SegmentField.inProgress, .boolean(true))])
    let complete = part(1, type: "segment", [(FieldName.durationMilliseconds, .float(2.5))])
    for events in [[open, complete], [complete, open]] {
      let documents = SegmentTrace(traceID: trace, events: events).documents
      #expect(documents.count == 1)
      #expect(documents[0].durationNanoseconds == 2_500_000)
      #expect(!documents[0].isInProgress)
    }
  }

  @Test func subsegmentsSentAloneTakeTheServiceAbove() {
    let events = [
      part(1, type: "segment", [(FieldName.serviceName, .string("shop"))]), part(2, parent: 1), part(3, parent: 2), part(4, parent: 99),
    ]
    let found = SegmentTrace(traceID: trace, events: events)
    #expect(found.documents.map(\.serviceName) == ["shop", "shop", "shop", ""])
    #expect(found.segment(of: 3) == nil)
  }

  @Test func parentsInACircleEnd() {
    let events = (1...1000).map { part(UInt64($0), parent: UInt64($0 % 1000 + 1)) }
    let found = SegmentTrace(traceID: trace, events: events)
    #expect(found.documents.count == 1000)
    #expect(found.documents.indices.allSatisfy { found.segment(of: $0) == nil })
  }

  @Test func exceptionsOfRowsOfTheirOwnJoinTheirDocument() {
    let exception = event(1_000, [
      (FieldName.parentID, .string(hexText(1))), (FieldName.annotationType, .string("span_event")), (FieldName.name, .string("exception")),
      (SegmentField.exceptionID, .string("00000000000000aa")), (SegmentField.exceptionType, .string("Boom")),
      (SegmentField.exceptionRemote, .boolean(true)),
    ])
    let documents = SegmentTrace(traceID: trace, events: [part(1, type: "segment"), exception]).documents
    #expect(documents[0].exceptions.map(\.type) == ["Boom"])
    #expect(documents[0].exceptions[0].isRemote)
  }

  @Test func aServerSpanIsASegmentWithItsCallAndFlags() throws {
    let span = event(1_000, [
      (FieldName.spanID, .string(hexText(7))), (FieldName.parentID, .string(hexText(6))), (FieldName.spanKind, .string("server")),
      (FieldName.name, .string("GET /cart")), (FieldName.serviceName, .string("shop")),
      (SegmentField.status, .integer(429)), ("server.address", .string("shop.test")), ("url.path", .string("/cart")),
      ("cart.size", .integer(3)),
    ])
    let document = try #require(SegmentDocument(span))
    #expect(document.isSegment && !document.isXRay)
    #expect(document.name == "shop")
    #expect(document.isThrottle && document.isError && !document.isFault)
    #expect(document.http.url == "http://shop.test/cart")
    #expect(document.annotations == ["cart.size": .integer(3)])
  }

  @Test func aClientSpanIsASubsegmentNamedByWhomItCalls() throws {
    let span = event(1_000, [
      (FieldName.spanID, .string(hexText(8))), (FieldName.parentID, .string(hexText(7))), (FieldName.spanKind, .string("client")),
      (FieldName.name, .string("GET")), (SegmentField.url, .string("https://pay.test:8443/charge?x=1")),
      (FieldName.error, FieldValue.boolean(true)),
    ])
    let document = try #require(SegmentDocument(span))
    #expect(!document.isSegment)
    #expect(document.name == "pay.test")
    #expect(document.namespace == "remote")
    #expect(document.isFault)
  }
}
