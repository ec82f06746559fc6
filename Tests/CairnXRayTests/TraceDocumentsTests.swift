// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnPlan
import CairnXRay
import Testing

@Suite struct TraceDocumentsTests {
  private let trace = TraceID(high: 0x5759_e988_bd86_2e3f, low: 0xe1be_46a9_9427_2793)

  private func event(_ id: UInt64, parent: UInt64? = nil, type: String?, original: String? = nil, _ more: [(String, FieldValue)] = []) -> Event {
    var fields: [(String, FieldValue)] = [
      (FieldName.traceID, .string(trace.hex)), (FieldName.spanID, .string(hexText(id))), (FieldName.name, .string("n\(id)")),
      (FieldName.durationMilliseconds, .float(1)),
    ]
    if let parent { fields.append((FieldName.parentID, .string(hexText(parent)))) }
    if let type { fields.append((SegmentField.type, .string(type))) }
    if let original { fields.append((FieldName.original, .string(original))) }
    return Event(dataset: "d", timeUnixNanoseconds: Int64(truncatingIfNeeded: id) * 1_000_000, fields: (fields + more).map { (name: $0.0, value: $0.1) })
  }

  private func documents(_ events: [Event]) -> [TraceDocuments.Document] {
    TraceDocuments(SegmentTrace(traceID: trace, events: events)).documents
  }

  @Test func aWholeSegmentIsGivenBackAsItCame() {
    let original = "{ \"id\" : \"0000000000000001\" }"
    #expect(documents([event(1, type: "segment", original: original), event(2, parent: 1, type: "subsegment")]).map(\.text) == [original])
  }

  @Test func partsAreNestedWhereverTheyBelong() throws {
    let original = #"{"id":"0000000000000001","subsegments":[{"id":"0000000000000002"}]}"#
    let found = documents([
      event(1, type: "segment", original: original), event(2, parent: 1, type: "subsegment"),
      event(3, parent: 2, type: "subsegment", original: #"{"id":"0000000000000003","type":"subsegment"}"#),
      event(4, parent: 3, type: nil, [(FieldName.spanKind, .string("client"))]),
    ])
    #expect(found.count == 1)
    let tree = try JSONValue(parsing: found[0].text)
    let third = tree["subsegments"]?.array?[0]["subsegments"]?.array?[0]
    #expect(third?["id"]?.string == "0000000000000003")
    #expect(third?["subsegments"]?.array?[0]["id"]?.string == "0000000000000004")
  }

  @Test func orphansAndCirclesAreDocumentsOfTheirOwn() {
    let found = documents([event(5, parent: 6, type: "subsegment", original: "{}"), event(6, parent: 5, type: "subsegment", original: "{}"), event(7, parent: 99, type: nil)])
    #expect(Set(found.map(\.id)) == [hexText(5), hexText(6), hexText(7)])
  }

  @Test func aSpansDocumentHasWhatXRayWants() throws {
    let found = documents([event(9, type: nil, [(FieldName.serviceName, .string("shop")), (SegmentField.status, .integer(503)), ("cart", .integer(3))])])
    let tree = try JSONValue(parsing: found[0].text)
    #expect(tree["name"]?.string == "shop" && tree["trace_id"]?.string == trace.xrayText && tree["fault"]?.boolean == true)
    #expect(tree["http"]?["response"]?["status"]?.integer == 503 && tree["annotations"]?["cart"]?.integer == 3)
    #expect(tree["end_time"]?.number == 0.01 && tree["metadata"]?["default"]?["otel.span.name"]?.string == "n9")
  }

  @Test func partsThatLieTooDeepAreDocumentsOfTheirOwn() throws {
    let original = #"{"id":"0000000000000001"}"#
    let events = [event(1, type: "segment", original: original)] + (2...5_000).map { event(UInt64($0), parent: UInt64($0) - 1, type: nil) }
    let start = ContinuousClock.now
    let found = documents(events)
    func count(_ tree: JSONValue) -> Int { 1 + (tree["subsegments"]?.array ?? []).reduce(0) { $0 + count($1) } }
    #expect(try found.reduce(0) { $0 + count(try JSONValue(parsing: $1.text, depthMax: 512)) } == 5_000)
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}
