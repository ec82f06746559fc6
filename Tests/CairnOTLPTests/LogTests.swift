// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// The mapping table of `LogReader`, row by row.
struct LogTests {
  func record(_ attributes: [(String, TestValue)] = [], _ change: (inout Protobuf) -> Void = { _ in }) -> Protobuf {
    Protobuf {
      $0.fixed64(1, testTime)
      change(&$0)
      $0.attributes(6, attributes)
    }
  }

  func row(_ attributes: [(String, TestValue)] = [], _ change: (inout Protobuf) -> Void = { _ in }) throws -> BatchRow {
    try #require(try TestSignal.logs.rows(Protobuf.request(items: [record(attributes, change)])).first)
  }

  @Test func mapsThePlainFields() throws {
    let log = try row([("k", .integer(1))]) {
      $0.varint(2, 17)
      $0.text(3, "ERR")
      $0.data(5, TestValue.string("it broke").protobuf)
      $0.fixed32(8, 1)
      $0.data(9, testTraceID)
      $0.data(10, testSpanID)
      $0.text(12, "break")
    }
    #expect(log["severity"] == .string("error"))
    #expect(log["severity_code"] == .integer(17))
    #expect(log["severity_text"] == .string("ERR"))
    #expect(log["body"] == .string("it broke"))
    #expect(log["flags"] == .integer(1))
    #expect(log["event.name"] == .string("break"))
    #expect(log["trace.trace_id"] == .string(testTraceHex))
    #expect(log["trace.parent_id"] == .string(testSpanHex))
    #expect(log["trace.span_id"] == nil)
    #expect(log["meta.annotation_type"] == .string("span_event"))
    #expect(log["meta.signal_type"] == .string("log"))
    #expect(log["k"] == .integer(1))
    #expect(log["error"] == nil)
    #expect(log.dataset == "shop")
  }

  @Test(arguments: [
    ("trace_id", "0af7651916cd43dd8448eb211c80319c"), ("dd.traceId", "0AF7651916CD43DD8448EB211C80319C"), ("xray_trace_id", "1-0af76519-16cd43dd8448eb211c80319c"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("trace.id", "0af76519-16cd-43dd-8448-eb211c80319c"),
  ])
  func takesTheTraceThatAnAttributeOrTheBodyNames(name: String, text: String) throws {
    let wanted = FieldValue.string("0af7651916cd43dd8448eb211c80319c")
    let named = try row([("a", .integer(1)), (name, .string(text)), ("span_id", .string(testSpanHex))])
    #expect(named["trace.trace_id"] == wanted && named["trace.parent_id"] == .string(testSpanHex) && named["meta.annotation_type"] == .string("span_event"))
    #expect(named[name] == .string(text))
    let body = try row { $0.data(5, TestValue.map([("message", .string("paid")), (name, .string(text))]).protobuf) }
    #expect(body["trace.trace_id"] == wanted)
    let own = try row([(name, .string(text))]) { $0.data(9, testTraceID) }
    #expect(own["trace.trace_id"] == .string(testTraceHex), "the record's own id comes first")
  }

  @Test func takesTheTraceThatItsTextNames() throws {
    for text in [#"{"trace_id": "0af7651916cd43dd8448eb211c80319c", "m": "paid"}"#, "paid trace_id=0af7651916cd43dd8448eb211c80319c", "Root=1-0af76519-16cd43dd8448eb211c80319c paid"] {
      let log = try row { $0.data(5, TestValue.string(text).protobuf) }
      #expect(log["trace.trace_id"] == .string("0af7651916cd43dd8448eb211c80319c") && log["body"] == .string(text))
    }
    for (name, value) in [("trace_id", TestValue.string("none")), ("trace_id", .integer(7)), ("trace_id", .string(String(repeating: "0", count: 32))), ("parent", .string(testTraceHex))] {
      let log = try row([(name, value)])
      #expect(log["trace.trace_id"] == nil && log["meta.annotation_type"] == nil, "\(name)")
    }
  }

  @Test(arguments: [("WARN", "warn"), ("Information", "info"), ("critical", "fatal"), ("level 7", "unspecified"), ("", "unspecified")])
  func aTextAloneNamesTheSeverity(text: String, word: String) throws {
    let log = try row { $0.text(3, text) }
    #expect(log["severity"] == .string(word) && log["severity_code"] == .integer(0))
    let both = try row {
      $0.varint(2, 17)
      $0.text(3, text)
    }
    #expect(both["severity"] == .string("error"), "the number comes first")
  }

  @Test(arguments: 0...30)
  func namesTheSeverity(_ number: Int) throws {
    let words = ["trace", "debug", "info", "warn", "error", "fatal"]
    let word = number >= 1 && number <= 24 ? words[(number - 1) / 4] : "unspecified"
    let log = try row { $0.varint(2, UInt64(number)) }
    #expect(log["severity"] == .string(word))
    #expect(log["severity_code"] == .integer(Int64(number)))
  }

  @Test func takesTheBestTimeThereIs() throws {
    for (time, observed, expected) in [
      (testTime, testTime + 5, Int64(testTime)), (0, testTime + 5, Int64(testTime) + 5), (0, 0, testContext.receivedUnixNanoseconds),
    ] {
      let body = Protobuf.request(items: [
        Protobuf {
          if time != 0 { $0.fixed64(1, time) }
          if observed != 0 { $0.fixed64(11, observed) }
        }
      ])
      #expect(try TestSignal.logs.rows(body).first?.time == expected)
    }
  }

  @Test func keepsTheTypeOfAScalarBody() throws {
    for (value, expected) in [
      (TestValue.integer(5), FieldValue.integer(5)), (.double(0.5), .float(0.5)), (.boolean(true), .boolean(true)),
      (.array([.integer(1)]), .string("[1]")), (.data([1]), .string(#""AQ==""#)),
    ] {
      #expect(try row { $0.data(5, value.protobuf) }["body"] == expected)
    }
    #expect(try row { $0.data(5, []) }["body"] == nil)
  }

  @Test func flattensAMapAndKeepsItAsText() throws {
    let value = TestValue.map([("a", .integer(1)), ("b", .map([("c", .string("x"))]))])
    let log = try row { $0.data(5, value.protobuf) }
    #expect(log["body"] == .string(#"{"a":1,"b":{"c":"x"}}"#))
    #expect(log["body.a"] == .integer(1))
    #expect(log["body.b.c"] == .string("x"))
  }

  @Test func attributesWinOverBaseFields() throws {
    let names = ["severity", "severity_text", "body", "event.name", "meta.annotation_type"]
    let log = try row(names.map { ($0, .string("mine")) } + [("severity_code", .integer(99))]) {
      $0.varint(2, 9)
      $0.text(3, "x")
      $0.data(5, TestValue.string("x").protobuf)
      $0.data(9, testTraceID)
      $0.text(12, "x")
    }
    for name in names { #expect(log[name] == .string("mine")) }
    #expect(log["severity_code"] == .integer(99))
  }

  @Test func keepsARecordWithoutItsBrokenIDs() throws {
    for id in [[], [1], [UInt8](repeating: 1, count: 15), [UInt8](repeating: 0, count: 16), [UInt8](repeating: 0, count: 8)] {
      let log = try row {
        $0.data(9, id.count == 8 ? [] : id)
        $0.data(10, id.count == 16 ? [] : id)
      }
      #expect(log["trace.trace_id"] == nil)
      #expect(log["trace.parent_id"] == nil)
      #expect(log["meta.annotation_type"] == nil)
    }
  }

  @Test func rejectsRecordsOneByOne() throws {
    var context = testContext
    context.earliestUnixNanoseconds = Int64(testTime)
    let many: [(String, TestValue)] = (0..<2_001).map { ("k\($0)", .integer(1)) }
    let body = Protobuf.request(items: [
      record(), record(many), record { $0.data(5, TestValue.map(many).protobuf) }, record { $0.fixed64(1, testTime - 1) },
      record { $0.fixed64(1, .max) }, record([(String(repeating: "n", count: 1_025), .integer(1))]),
    ])
    let verdict = try TestSignal.logs.verdict(body, context)
    #expect(verdict.acceptedCount == 1)
    #expect(verdict.rejectedCount == 5)
    #expect(try TestSignal.logs.rows(body, context).count == 1)
  }

  @Test func keepsEqualRecords() throws {
    #expect(try TestSignal.logs.rows(Protobuf.request(items: [record(), record()])).count == 2)
  }

  @Test func choosesTheDataset() throws {
    for (service, hint, expected) in [
      ("shop", "h", "shop"), ("unknown_service:java", "h", "h"), ("", "h", "h"), ("", "", "unknown_log_source"), (" a ", "", "a"),
    ] {
      let context = IntakeContext(environment: "e", datasetHint: hint, receivedUnixNanoseconds: 1)
      let body = Protobuf.request(resource: [("service.name", .string(service))], items: [record()])
      #expect(try TestSignal.logs.rows(body, context).first?.dataset == expected)
    }
  }
}
