// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// The mapping table of `SpanReader`, row by row.
struct SpanTests {
  func row(
    _ attributes: [(String, TestValue)] = [], change: (inout Protobuf) -> Void = { _ in }
  ) throws -> BatchRow {
    let all = try TestSignal.traces.rows(Protobuf.request(items: [testSpan(attributes, change: change)]))
    return try #require(all.first)
  }

  @Test func mapsIDsNameTimeAndLength() throws {
    let span = try row { $0.data(4, [9, 9, 9, 9, 9, 9, 9, 9]) }
    #expect(span["trace.trace_id"] == .string(testTraceHex))
    #expect(span["trace.span_id"] == .string(testSpanHex))
    #expect(span["trace.parent_id"] == .string("0909090909090909"))
    #expect(span["name"] == .string("GET /cart"))
    #expect(span["duration_ms"] == .float(2))
    #expect(span.time == Int64(testTime))
    #expect(span.dataset == "shop")
    #expect(span.environment == "prod")
    #expect(span["meta.signal_type"] == .string("trace"))
    #expect(span["span.num_events"] == .integer(0))
    #expect(span["span.num_links"] == .integer(0))
    #expect(span["meta.invalid_duration"] == nil)
    #expect(span["error"] == nil)
    #expect(span["SampleRate"] == nil)
  }

  @Test(arguments: [[UInt8](), [UInt8](repeating: 0, count: 8)])
  func leavesAnEmptyParentAway(_ parent: [UInt8]) throws {
    #expect(try row { $0.data(4, parent) }["trace.parent_id"] == nil)
  }

  @Test(arguments: zip(0...7, ["unspecified", "internal", "server", "client", "producer", "consumer", "unspecified", "unspecified"]))
  func namesTheKind(_ number: Int, _ word: String) throws {
    #expect(try row { $0.varint(6, UInt64(number)) }["span.kind"] == .string(word))
  }

  @Test(arguments: zip(0...3, [0, 1, 2, 0]))
  func setsErrorOnlyForTheErrorCode(_ number: Int, _ code: Int) throws {
    let span = try row {
      $0.message(15) {
        $0.varint(3, UInt64(number))
        $0.text(2, "why")
      }
    }
    #expect(span["status_code"] == .integer(Int64(code)))
    #expect(span["status_message"] == .string("why"))
    #expect(span["error"] == (number == 2 ? .boolean(true) : nil))
  }

  @Test(arguments: [(testTime, testTime - 1, false), (testTime, 0, false), (0, 5, false), (testTime, testTime, true), (1, UInt64(Int64.max), true)])
  func keepsNoLengthWhereTheEndIsMissingOrImpossible(_ start: UInt64, _ end: UInt64, _ isValid: Bool) throws {
    let body = Protobuf.request(items: [testSpan(start: start, end: end)])
    let span = try #require(try TestSignal.traces.rows(body).first)
    #expect(span["meta.invalid_duration"] == (isValid ? nil : .boolean(true)))
    #expect(span["duration_ms"] == (isValid ? .float(Double(end - start) / 1e6) : nil))
    #expect(span.time == (start == 0 ? testContext.receivedUnixNanoseconds : Int64(start)))
  }

  @Test func makesRowsOfEvents() throws {
    let all = try TestSignal.traces.rows(
      Protobuf.request(items: [
        testSpan {
          $0.message(11) {
            $0.fixed64(1, testTime + 1_500_000)
            $0.text(2, "cache miss")
            $0.attributes(3, [("key", .string("a"))])
          }
          $0.message(11) {
            $0.fixed64(1, testTime - 5)
            $0.text(2, "early")
          }
          $0.message(11) { $0.text(2, "untimed") }
          $0.message(15) { $0.varint(3, 2) }
        }
      ]))
    try #require(all.count == 4)
    #expect(all[0]["span.num_events"] == .integer(3))
    #expect(all[1]["name"] == .string("cache miss"))
    #expect(all[1]["trace.trace_id"] == .string(testTraceHex))
    #expect(all[1]["trace.parent_id"] == .string(testSpanHex))
    #expect(all[1]["trace.span_id"] == nil)
    #expect(all[1]["parent_name"] == .string("GET /cart"))
    #expect(all[1]["meta.annotation_type"] == .string("span_event"))
    #expect(all[1]["meta.time_since_span_start_ms"] == .float(1.5))
    #expect(all[1]["key"] == .string("a"))
    #expect(all[1]["error"] == .boolean(true))
    #expect(all[1]["duration_ms"] == nil)
    #expect(all[1].time == Int64(testTime) + 1_500_000)
    #expect(all[2]["meta.time_since_span_start_ms"] == .float(0))
    #expect(all[2]["meta.invalid_time_since_span_start"] == .boolean(true))
    #expect(all[3].time == Int64(testTime))
    #expect(all[3]["meta.time_since_span_start_ms"] == nil)
  }

  @Test func anEventOfATimeThatIsNotKeptHasNoneSinceItsSpan() throws {
    let all = try TestSignal.traces.rows(
      Protobuf.request(items: [
        testSpan {
          $0.message(11) {
            $0.fixed64(1, .max)
            $0.text(2, "odd")
          }
        }
      ]))
    try #require(all.count == 2)
    #expect(all[1].time == Int64(testTime) && all[1]["meta.time_since_span_start_ms"] == .float(0))
    #expect(all[1]["meta.invalid_time_since_span_start"] == .boolean(true))
  }

  @Test func makesRowsOfLinks() throws {
    let all = try TestSignal.traces.rows(
      Protobuf.request(items: [
        testSpan {
          $0.message(13) {
            $0.data(1, [UInt8](repeating: 7, count: 16))
            $0.data(2, [UInt8](repeating: 8, count: 8))
            $0.attributes(4, [("why", .string("batch"))])
          }
        }
      ]))
    try #require(all.count == 2)
    #expect(all[0]["span.num_links"] == .integer(1))
    #expect(all[1]["trace.link.trace_id"] == .string(String(repeating: "07", count: 16)))
    #expect(all[1]["trace.link.span_id"] == .string(String(repeating: "08", count: 8)))
    #expect(all[1]["trace.trace_id"] == .string(testTraceHex))
    #expect(all[1]["trace.parent_id"] == .string(testSpanHex))
    #expect(all[1]["meta.annotation_type"] == .string("link"))
    #expect(all[1]["why"] == .string("batch"))
    #expect(all[1].time == Int64(testTime))
  }

  @Test func copiesTheFirstExceptionOntoTheSpan() throws {
    func exception(_ message: String) -> (inout Protobuf) -> Void {
      {
        $0.text(2, "exception")
        $0.attributes(
          3,
          [
            ("exception.message", .string(message)), ("exception.type", .string("Boom")),
            ("exception.stacktrace", .string("at x")), ("exception.escaped", .string("TRUE")),
          ])
      }
    }
    let span = try row([("exception.type", .string("Own"))]) {
      $0.message(11) { $0.text(2, "other") }
      $0.message(11, exception("first"))
      $0.message(11, exception("second"))
    }
    #expect(span["exception.message"] == .string("first"))
    #expect(span["exception.type"] == .string("Own"))
    #expect(span["exception.stacktrace"] == .string("at x"))
    #expect(span["exception.escaped"] == .boolean(true))
    let plain = try row([]) { $0.message(11, exception("only")) }
    #expect(plain["exception.type"] == .string("Boom"))
  }

  @Test func attributesWinOverBaseFields() throws {
    let span = try row([
      ("name", .string("mine")), ("span.kind", .string("odd")), ("status_code", .integer(7)), ("error", .boolean(false)),
      ("span", .map([("num_events", .integer(99))])),
    ]) { $0.message(15) { $0.varint(3, 2) } }
    #expect(span["name"] == .string("mine"))
    #expect(span["span.kind"] == .string("odd"))
    #expect(span["status_code"] == .integer(7))
    #expect(span["error"] == .boolean(false))
    #expect(span["span.num_events"] == .integer(99))
  }

  @Test(arguments: [0, 100])
  func attributesWinWhateverTheBatchHeldBefore(_ columnCount: Int) throws {
    var batch = Batch()
    for index in 0..<columnCount { _ = batch.column("other.\(index)", .string) }
    let attributes: [(String, TestValue)] = (0..<columnCount).map { ("other.\($0)", .string("x")) }
    let body = Protobuf.request(items: [testSpan([("span.kind", .string("odd"))] + attributes)])
    _ = try TestSignal.traces.decode(body, testContext, into: &batch)
    let span = try #require(rows(of: batch).first)
    #expect(span["span.kind"] == .string("odd"))
    #expect(span["name"] == .string("GET /cart"))
    #expect(span["status_code"] == .integer(0))
    #expect(span["trace.trace_id"] == .string(testTraceHex))
  }

  @Test func theNearerAttributeWins() throws {
    let names = ["a", "b", "c", "name"]
    func list(_ value: String, _ count: Int) -> [(String, TestValue)] { names.prefix(count).map { ($0, .string(value)) } }
    let body = Protobuf.request(
      resource: list("resource", 4), scope: list("scope", 2), scopeName: "lib", items: [testSpan(list("span", 1))])
    let span = try #require(try TestSignal.traces.rows(body).first)
    #expect(span["a"] == .string("span"))
    #expect(span["b"] == .string("scope"))
    #expect(span["c"] == .string("resource"))
    #expect(span["name"] == .string("resource"))
    #expect(span["library.name"] == .string("lib"))
    #expect(span.dataset == "unknown_service")
  }

  @Test(arguments: ["sampleRate", "SampleRate"])
  func takesTheSampleRateFromAnAttribute(_ name: String) throws {
    let values: [TestValue] = [.integer(20), .double(19.6), .string("20")]
    for value in values { #expect(try row([(name, value)])["SampleRate"] == .integer(20)) }
    for value: TestValue in [.integer(0), .integer(-5), .double(.nan), .string("x"), .boolean(true)] {
      #expect(try row([(name, value)])["SampleRate"] == nil)
    }
  }

  @Test(arguments: [("ot=th:8", 2), ("x=1,ot=rv:1;th:c", 4), ("ot=th:fd70a3d70a3d71", 100), ("ot=th:0", 1), ("ot=th:zz", 1), ("", 1)])
  func takesTheSampleRateFromTheTraceState(_ state: String, _ rate: Int) throws {
    let span = try row { $0.text(3, state) }
    #expect(span["SampleRate"] == (rate == 1 ? nil : .integer(Int64(rate))))
    #expect(span["trace.trace_state"] == (state.isEmpty ? nil : .string(state)))
  }
}
