// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// OTLP/JSON means what the same request in protobuf means.
struct JSONTranscoderTests {
  @Test func tracesAreEqual() throws {
    let json = #"""
      {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}],"droppedAttributesCount":3},
      "schemaUrl":"https://s/1","scopeSpans":[{"scope":{"name":"lib","version":"2","attributes":[{"key":"lib","value":{"intValue":"1"}}]},
      "spans":[{"traceId":"0102030405060708090A0B0C0D0E0F10","spanId":"15161718191a1b1c","parentSpanId":"","name":"GET /cart \u00fc",
      "kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000002000000,"flags":257,
      "traceState":"ot=th:8","status":{"code":2,"message":"bad"},
      "attributes":[{"key":"s","value":{"stringValue":"x"}},{"value":{"intValue":-5},"key":"i"},{"key":"d","value":{"doubleValue":1}},
      {"key":"b","value":{"boolValue":false}},{"key":"y","value":{"bytesValue":"AQID"}},
      {"key":"a","value":{"arrayValue":{"values":[{"intValue":"1"},{"stringValue":"two"},{}]}}},
      {"key":"m","value":{"kvlistValue":{"values":[{"key":"k","value":{"stringValue":"v"}}]}}}],
      "events":[{"timeUnixNano":"1700000000000000005","name":"e","attributes":[]}],
      "links":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"15161718191a1b1c"}]}]}]}]}
      """#
    let attributes: [(String, TestValue)] = [
      ("s", .string("x")), ("i", .integer(-5)), ("d", .double(1)), ("b", .boolean(false)), ("y", .data([1, 2, 3])),
      ("a", .array([.integer(1), .string("two"), .none])), ("m", .map([("k", .string("v"))])),
    ]
    let span = Protobuf {
      $0.data(1, testTraceID)
      $0.data(2, testSpanID)
      $0.text(5, "GET /cart ü")
      $0.varint(6, 2)
      $0.fixed64(7, testTime)
      $0.fixed64(8, testTime + 2_000_000)
      $0.text(3, "ot=th:8")
      $0.message(15) { $0.varint(3, 2); $0.text(2, "bad") }
      $0.attributes(9, attributes)
      $0.message(11) { $0.fixed64(1, testTime + 5); $0.text(2, "e") }
      $0.message(13) { $0.data(1, testTraceID); $0.data(2, testSpanID) }
    }
    let body = Protobuf {
      $0.message(1) {
        $0.message(1) { $0.attributes(1, [("service.name", .string("shop"))]) }
        $0.text(3, "https://s/1")
        $0.message(2) {
          $0.message(1) { $0.text(1, "lib"); $0.text(2, "2"); $0.attributes(3, [("lib", .integer(1))]) }
          $0.data(2, span.bytes)
        }
      }
    }
    let expected = try TestSignal.traces.rows(body.bytes)
    #expect(expected.count == 3)
    #expect(try TestSignal.traces.rows(json: json) == expected)
    #expect(try TestSignal.traces.rows(json: snakeCase(json)) == expected)
  }

  /// The same document with the names of the .proto files.
  private func snakeCase(_ json: String) -> String {
    var result = json
    for name in [
      "resourceSpans", "scopeSpans", "traceId", "spanId", "parentSpanId", "startTimeUnixNano", "endTimeUnixNano", "traceState",
      "timeUnixNano", "stringValue", "intValue", "doubleValue", "boolValue", "bytesValue", "arrayValue", "kvlistValue", "schemaUrl",
    ] {
      let snake = name.map { $0.isUppercase ? "_" + $0.lowercased() : String($0) }.joined()
      result = result.split(separator: "\"\(name)\"", omittingEmptySubsequences: false).joined(separator: "\"\(snake)\"")
    }
    return result
  }

  @Test func logsAreEqual() throws {
    let json = #"""
      {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeLogs":[{"scope":{},
      "logRecords":[{"timeUnixNano":"1700000000000000000","observedTimeUnixNano":"1700000000000000001","severityNumber":"SEVERITY_NUMBER_INFO",
      "severityText":"Information","eventName":"started","body":{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"1"}}]}},"flags":1,
      "traceId":"AQIDBAUGBwgJCgsMDQ4PEA==","spanId":"FRYXGBkaGxw=","attributes":[{"key":"a","value":{"boolValue":true}}]}]}]}]}
      """#
    let record = Protobuf {
      $0.fixed64(1, testTime)
      $0.varint(2, 9)
      $0.text(3, "Information")
      $0.data(5, TestValue.map([("k", .integer(1))]).protobuf)
      $0.attributes(6, [("a", .boolean(true))])
      $0.fixed32(8, 1)
      $0.data(9, testTraceID)
      $0.data(10, testSpanID)
      $0.text(12, "started")
    }
    let expected = try TestSignal.logs.rows(Protobuf.request(items: [record]))
    #expect(expected.count == 1)
    #expect(try TestSignal.logs.rows(json: json) == expected)
  }

  @Test func metricsAreEqual() throws {
    let json = #"""
      {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"metrics":[
      {"name":"g","unit":"1","description":"no","gauge":{"dataPoints":[{"timeUnixNano":"1700000000000000000","asInt":"-7"},
        {"timeUnixNano":"1700000001000000000","asDouble":"NaN"}]}},
      {"name":"s","sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","isMonotonic":true,
        "dataPoints":[{"timeUnixNano":"1700000000000000000","asDouble":1e2,"exemplars":[{"traceId":"0102030405060708090a0b0c0d0e0f10"}]}]}},
      {"name":"h","histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"1700000000000000000","count":"3","sum":0,
        "bucketCounts":["1","2"],"explicitBounds":[0.5],"min":0.25,"max":2}]}},
      {"name":"e","exponentialHistogram":{"aggregationTemporality":1,"dataPoints":[{"timeUnixNano":"1700000000000000000","count":3,"scale":-1,
        "zeroCount":"1","positive":{"offset":-2,"bucketCounts":["1","300"]}}]}},
      {"name":"q","summary":{"dataPoints":[{"timeUnixNano":"1700000000000000000","count":1,"sum":2.5,
        "quantileValues":[{"quantile":0.5,"value":2}]}]}}]}]}]}
      """#
    func point(_ change: (inout Protobuf) -> Void) -> Protobuf {
      Protobuf {
        $0.fixed64(3, testTime)
        change(&$0)
      }
    }
    let histogram = point {
      $0.fixed64(4, 3); $0.double(5, 0); $0.packed(6, [1, 2]); $0.packed(7, [(0.5).bitPattern]); $0.double(11, 0.25); $0.double(12, 2)
    }
    let exponential = Protobuf {
      $0.text(1, "e")
      $0.message(10) {
        $0.varint(2, 1)
        $0.data(
          1,
          point {
            $0.fixed64(4, 3); $0.varint(6, 1); $0.fixed64(7, 1)
            $0.message(8) { $0.varint(1, 3); $0.data(2, [1, 0xAC, 2]) }
          }.bytes)
      }
    }
    let summary = point {
      $0.fixed64(4, 1); $0.double(5, 2.5)
      $0.message(6) { $0.double(1, 0.5); $0.double(2, 2) }
    }
    let body = Protobuf.request(items: [
      testMetric("g", 5, unit: "1", [point { $0.fixed64(6, UInt64(bitPattern: -7)) }]),
      testMetric("s", 7, [point { $0.double(4, 100); $0.message(5) { $0.data(5, testTraceID) } }]),
      testMetric("h", 9, [histogram]), exponential, testMetric("q", 11, [summary]),
    ])
    let expected = try TestSignal.metrics.rows(body)
    #expect(expected.count == 1)
    #expect(try TestSignal.metrics.rows(json: json) == expected)
  }

  @Test func skipsWhatItDoesNotKnow() throws {
    let json = #"{"x":{"resourceSpans":[1,{"a":[]}]},"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","#
      + #""spanId":"15161718191a1b1c","name":null,"attributes":null,"kind":"SPAN_KIND_NEW","links":[],"zz":"\ud800"}],"y":true}]}]}"#
    let span = try #require(try TestSignal.traces.rows(json: json).first)
    #expect(span["name"] == .string(""))
    #expect(span["span.kind"] == .string("unspecified"))
    #expect(try TestSignal.traces.rows(json: "{}").isEmpty)
    #expect(try TestSignal.traces.rows(json: #"{"resourceSpans":null}"#).isEmpty)
  }

  @Test func rejectsASpanWithAnIDOfAnotherLength() throws {
    for id in ["01", "0102030405060708090a0b0c0d0e0f1011", ""] {
      let json = #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"\#(id)","spanId":"15161718191a1b1c"}]}]}]}"#
      var protobuf: [UInt8] = []
      try TestSignal.traces.transcode(Array(json.utf8), into: &protobuf)
      #expect(try TestSignal.traces.verdict(protobuf).rejectedCount == 1)
    }
  }

  @Test(arguments: [
    "", "[]", "1", "null", "{", "{}x", #"{"resourceSpans":{}}"#, #"{"resourceSpans":[[]]}"#, #"{"resourceSpans":[1]}"#,
    #"{"resourceSpans":[{"schemaUrl":1}]}"#, #"{"resourceSpans":[{"resource":[]}]}"#, #"{"resourceSpans":[{"schemaUrl":{}}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"xyz!"}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"-1"}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":1.5}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"18446744073709551616"}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"intValue":"9223372036854775808"}}]}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"boolValue":"true"}}]}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"intValue":"0x10"}}]}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"doubleValue":"0x1p4"}}]}]}]}]}"#,
    #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"kind":4294967298}]}]}]}"#,
  ])
  func refusesWhatIsNoRequest(_ json: String) {
    #expect(throws: DecodeError.self) { try TestSignal.traces.rows(json: json) }
  }

  @Test func refusesDeepNesting() throws {
    for depth in [1, 30, 63, 100, 10_000] {
      let value = String(repeating: #"{"arrayValue":{"values":["#, count: depth) + "{}" + String(repeating: "]}}", count: depth)
      let json =
        #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"15161718191a1b1c","#
        + #""attributes":[{"key":"k","value":\#(value)}]}]}]}]}"#
      if depth < 64 {
        #expect(try TestSignal.traces.rows(json: json).count == 1)
      } else {
        #expect(throws: DecodeError.self) { try TestSignal.traces.rows(json: json) }
      }
    }
  }

  @Test(arguments: [1, 126, 127, 128, 16_380, 16_384, 70_000])
  func writesLengthsOfEverySize(_ count: Int) throws {
    let text = String(repeating: "x", count: count)
    let json =
      #"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"15161718191a1b1c","#
      + #""attributes":[{"key":"k","value":{"stringValue":"\#(text)"}}]}]}]}]}"#
    #expect(try TestSignal.traces.rows(json: json).first?["k"] == .string(text))
  }
}
