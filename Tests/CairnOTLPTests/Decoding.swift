// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport

/// The three signals, for tests that hold for each.
enum TestSignal: CaseIterable {
  case traces
  case logs
  case metrics

  func decode(_ body: [UInt8], _ context: IntakeContext, into batch: inout Batch) throws(DecodeError) -> IntakeVerdict {
    let bytes = unsafe body.span.bytes
    switch self {
    case .traces: return try decodeTraces(bytes, context, into: &batch)
    case .logs: return try decodeLogs(bytes, context, into: &batch)
    case .metrics: return try decodeMetrics(bytes, context, into: &batch)
    }
  }

  var decoder: TestedDecoder {
    switch self {
    case .traces: { (body, context, batch) throws(DecodeError) in try decodeTraces(body, context, into: &batch) }
    case .logs: { (body, context, batch) throws(DecodeError) in try decodeLogs(body, context, into: &batch) }
    case .metrics: { (body, context, batch) throws(DecodeError) in try decodeMetrics(body, context, into: &batch) }
    }
  }

  func transcode(_ json: [UInt8], into protobuf: inout [UInt8]) throws(DecodeError) {
    let bytes = unsafe json.span.bytes
    switch self {
    case .traces: try transcodeTracesJSON(bytes, into: &protobuf)
    case .logs: try transcodeLogsJSON(bytes, into: &protobuf)
    case .metrics: try transcodeMetricsJSON(bytes, into: &protobuf)
    }
  }

  /// The rows of a body in a batch of its own.
  func rows(_ body: [UInt8], _ context: IntakeContext = testContext) throws(DecodeError) -> [BatchRow] {
    var batch = Batch()
    _ = try decode(body, context, into: &batch)
    return TestSupport.rows(of: batch)
  }

  /// The verdict on a body in a batch of its own.
  func verdict(_ body: [UInt8], _ context: IntakeContext = testContext) throws(DecodeError) -> IntakeVerdict {
    var batch = Batch()
    return try decode(body, context, into: &batch)
  }

  /// The rows of a body in JSON.
  func rows(json: String, _ context: IntakeContext = testContext) throws(DecodeError) -> [BatchRow] {
    var protobuf: [UInt8] = []
    try transcode(Array(json.utf8), into: &protobuf)
    return try rows(protobuf, context)
  }
}

let testContext = IntakeContext(environment: "prod", receivedUnixNanoseconds: 1_700_000_099_000_000_000)
let testTime: UInt64 = 1_700_000_000_000_000_000
let testTraceID = [UInt8](1...16)
let testTraceHex = "0102030405060708090a0b0c0d0e0f10"
let testSpanID = [UInt8](21...28)
let testSpanHex = "15161718191a1b1c"

/// A span of two milliseconds; `change` adds to it.
func testSpan(
  traceID: [UInt8] = testTraceID, spanID: [UInt8] = testSpanID, start: UInt64 = testTime, end: UInt64 = testTime + 2_000_000,
  _ attributes: [(String, TestValue)] = [], change: (inout Protobuf) -> Void = { _ in }
) -> Protobuf {
  Protobuf {
    $0.data(1, traceID)
    $0.data(2, spanID)
    $0.text(5, "GET /cart")
    $0.fixed64(7, start)
    $0.fixed64(8, end)
    $0.attributes(9, attributes)
    change(&$0)
  }
}

/// A body of each signal with most of what the decoders know, as a seed for tests of broken input.
func richBody(_ signal: TestSignal) -> [UInt8] {
  let attributes: [(String, TestValue)] = [
    ("http.route", .string("/cart")), ("http.status", .integer(200)), ("ratio", .double(0.5)), ("ok", .boolean(true)),
    ("list", .array([.integer(1), .string("zwei"), .data([1, 2])])), ("map", .map([("a", .map([("b", .string("ü"))]))])),
    ("sampleRate", .integer(4)),
  ]
  let resource: [(String, TestValue)] = [("service.name", .string("shop")), ("host.name", .string("h1"))]
  let items: [Protobuf]
  switch signal {
  case .traces: items = richSpans(attributes)
  case .logs: items = richRecords(attributes)
  case .metrics: items = richMetrics(attributes)
  }
  return Protobuf.request(resource: resource, scope: [("lib", .integer(1))], scopeName: "io.opentelemetry.http", items: items)
}

private func richSpans(_ attributes: [(String, TestValue)]) -> [Protobuf] {
  (0..<3).map { index in
    testSpan(spanID: [1, 2, 3, 4, 5, 6, 7, UInt8(index + 1)], attributes) { span in
      span.data(4, testSpanID)
      span.text(3, "ot=th:8")
      span.varint(6, 2)
      span.message(11) {
        $0.fixed64(1, testTime + 5)
        $0.text(2, "exception")
        $0.attributes(3, [("exception.message", .string("boom")), ("exception.escaped", .boolean(true))])
      }
      span.message(13) {
        $0.data(1, testTraceID)
        $0.data(2, testSpanID)
        $0.attributes(4, [("why", .string("follows"))])
      }
      span.message(15) {
        $0.text(2, "failed")
        $0.varint(3, 2)
      }
      span.fixed32(16, 1)
    }
  }
}

private func richRecords(_ attributes: [(String, TestValue)]) -> [Protobuf] {
  let bodies: [TestValue] = [.string("hello"), .map([("k", .integer(1))]), .array([.double(1.5)])]
  return bodies.map { body in
    Protobuf {
      $0.fixed64(1, testTime)
      $0.varint(2, 9)
      $0.text(3, "Information")
      $0.data(5, body.protobuf)
      $0.attributes(6, attributes)
      $0.fixed32(8, 1)
      $0.data(9, testTraceID)
      $0.data(10, testSpanID)
      $0.fixed64(11, testTime + 1)
      $0.text(12, "started")
    }
  }
}

private func richMetrics(_ attributes: [(String, TestValue)]) -> [Protobuf] {
  let point = Protobuf {
    $0.fixed64(3, testTime)
    $0.double(4, 1.5)
    $0.attributes(7, attributes)
    $0.message(5) { $0.data(5, testTraceID) }
  }
  let explicit = Protobuf {
    $0.fixed64(3, testTime)
    $0.fixed64(4, 6)
    $0.double(5, 30)
    $0.packed(6, [1, 2, 3])
    $0.packed(7, [(5.0).bitPattern, (10.0).bitPattern])
    $0.attributes(9, attributes)
  }
  let exponential = Protobuf {
    $0.attributes(1, attributes)
    $0.fixed64(3, testTime)
    $0.fixed64(4, 5)
    $0.varint(6, 2)
    $0.fixed64(7, 1)
    $0.message(8) {
      $0.varint(1, 3)
      $0.data(2, [1, 2, 1])
    }
  }
  let summary = Protobuf {
    $0.fixed64(3, testTime)
    $0.fixed64(4, 2)
    $0.double(5, 3)
    $0.message(6) {
      $0.double(1, 0.5)
      $0.double(2, 1.5)
    }
    $0.attributes(7, attributes)
  }
  return [(5, point), (7, point), (9, explicit), (10, exponential), (11, summary)].map { number, point in
    testMetric("m\(number)", number, unit: "ms", [point])
  }
}

/// A metric: 5 gauge, 7 sum, 9 histogram, 10 exponential histogram, 11 summary.
func testMetric(_ name: String, _ number: Int, unit: String = "", _ points: [Protobuf]) -> Protobuf {
  Protobuf {
    $0.text(1, name)
    if !unit.isEmpty { $0.text(3, unit) }
    $0.message(number) { data in
      for point in points { data.data(1, point.bytes) }
      if number == 7 || number == 9 || number == 10 { data.varint(2, 2) }
      if number == 7 { data.varint(3, 1) }
    }
  }
}
