// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnPlan
import Testing

@testable import CairnServer

@Suite struct TraceTreeTests {
  private func span(_ id: String, parent: String? = nil, at start: Int64, milliseconds: Double = 1) -> Event {
    var fields: [(name: String, value: FieldValue)] = [
      (FieldName.spanID, .string(id)), (FieldName.durationMilliseconds, .float(milliseconds)),
      (FieldName.name, .string("span \(id)")),
      (FieldName.signalType, .string("trace")),
    ]
    if let parent { fields.append((FieldName.parentID, .string(parent))) }
    return Event(dataset: "api", timeUnixNanoseconds: start, fields: fields)
  }

  private func tree(_ events: [Event]) -> TraceTree {
    TraceTree(TraceAnswer(traceID: TraceID(high: 1, low: 2), events: events, info: ReadingInfo()))
  }

  @Test func parentsComeBeforeChildrenAndSiblingsByStart() {
    let events = [
      span("d", parent: "b", at: 5), span("c", parent: "a", at: 30), span("b", parent: "a", at: 20), span("a", at: 10),
      span("x", parent: "missing", at: 15),
    ]
    #expect(tree(events).spans.map(\.id) == ["a", "b", "d", "c", "x"])
    #expect(tree(events).startUnixNanoseconds == 5)
  }

  @Test func aSegmentNamedAsItsServiceShowsItsRequest() {
    #expect(shownName("shop", service: "shop", method: "GET", url: "http://x.example:80/cart/7?a=b") == "GET /cart/7")
    #expect(shownName("shop", service: "shop", method: "GET", url: "https://x.example") == "GET /")
    #expect(shownName("shop", service: "shop", method: "PUT", url: "/cart#top") == "PUT /cart")
    #expect(shownName("shop", service: "shop", method: nil, url: "http://x/") == "shop")
    #expect(shownName("pay", service: "shop", method: "GET", url: "http://x/") == "pay")
  }

  @Test func ringsOfParentsAreShownOnce() {
    let ring = [span("a", parent: "b", at: 1), span("b", parent: "a", at: 2), span("c", parent: "c", at: 3)]
    #expect(tree(ring).spans.map(\.id).sorted() == ["a", "b", "c"])
  }

  @Test func aSpanWithoutAnEndSaysSo() throws {
    var endless = span("b", parent: "a", at: 2, milliseconds: 0)
    endless.fields.append((FieldName.invalidDuration, .boolean(true)))
    var writer = JSONWriter()
    writer.object { tree([span("a", at: 1), endless]).write(&$0, hasFields: false) }
    let spans = try JSONValue(parsing: writer.finish())["spans"]?.array
    #expect(spans?.map { $0["no_end"]?.boolean } == [nil, true])
  }

  @Test func deepTracesDoNotRecurse() {
    let events: [Event] = (0..<50_000).map { (index: Int) -> Event in
      let parent: String? = index == 0 ? nil : String(index - 1)
      return span(String(index), parent: parent, at: Int64(index))
    }
    #expect(tree(events).spans.count == 50_000)
  }

  @Test func sortsOutWhatHangsOnSpans() throws {
    func note(_ kind: String, _ name: String) -> Event {
      let fields: [(name: String, value: FieldValue)] = [
        (FieldName.annotationType, .string(kind)), (FieldName.parentID, .string("a")), (FieldName.name, .string(name)),
      ]
      return Event(dataset: "api", timeUnixNanoseconds: 12, fields: fields)
    }
    let log = Event(
      dataset: "logs", timeUnixNanoseconds: 13,
      fields: [
        (FieldName.signalType, .string("log")), (FieldName.annotationType, .string("span_event")),
        (FieldName.parentID, .string("a")),
        (FieldName.body, .string("hello")),
      ])
    let tree = self.tree([span("a", at: 10, milliseconds: 2), note("span_event", "exception"), note("link", "l"), log])
    #expect(tree.durationNanoseconds == 2_000_000)
    var writer = JSONWriter()
    writer.beginObject()
    tree.write(&writer, hasFields: false)
    writer.endObject()
    let json = try JSONValue(parsing: writer.finish())
    #expect(json["start_unix_ns"]?.string == "10")
    #expect(json["spans"]?.array?.first?["fields"] == nil)
    #expect(json["events"]?.array?.first?["offset_ns"]?.integer == 2)
    #expect(json["links"]?.array?.count == 1)
    #expect(json["logs"]?.array?.first?["body"]?.string == "hello")
    #expect(json["logs"]?.array?.first?["span"]?.string == "a")
  }

  @Test func aSpanAndADocumentWithOneIDAreOneRow() throws {
    let document = Event(
      dataset: "api", timeUnixNanoseconds: 10,
      fields: [
        ("annotation.tenant", .string("acme")), (FieldName.durationMilliseconds, .float(1)), (FieldName.error, .boolean(true)),
        (FieldName.name, .string("api")), (FieldName.spanID, .string("a")), ("xray.type", .string("segment")),
      ])
    let tree = self.tree([document, span("a", at: 10), span("b", parent: "a", at: 11)])
    #expect(tree.spans.map(\.id) == ["a", "b"])
    var writer = JSONWriter()
    writer.beginObject()
    tree.write(&writer, hasFields: true)
    writer.endObject()
    let spans = try #require(try JSONValue(parsing: writer.finish())["spans"]?.array)
    #expect(spans[0]["name"]?.string == "span a")
    #expect(spans[0]["error"] == .boolean(true))
    #expect(spans[0]["doors"]?.array?.compactMap(\.string) == ["otlp", "xray"])
    #expect(spans[0]["fields"]?["annotation.tenant"]?.string == "acme")
    #expect(spans[1]["doors"] == nil)
  }

  @Test func strangeDurationsDoNotTrap() {
    let events = [Double.infinity, -.infinity, .nan, -5, 1e300].enumerated().map {
      span(String($0), at: .max - 1, milliseconds: $1)
    }
    #expect(tree(events + [span("z", at: .min)]).spans.count == 6)
  }
}
