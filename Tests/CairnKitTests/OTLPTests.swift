// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnOTLP
import CoreMetrics
import Logging
import TestSupport
import Testing
import Tracing

@testable import CairnKit

/// What the kit writes, read by the decoders of the server: both encodings of each message must mean the same.
struct OTLPTests {
  private var resource: Resource {
    var resource = Resource()
    resource.add("service.name", "shop")
    return resource
  }

  private func span() -> SpanRecording {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory)
    let span = kit.tracer.startSpan("GET /cart", ofKind: .server)
    span.attributes["http.response.status_code"] = 503
    span.attributes["ratio"] = 0.5
    span.attributes["ok"] = false
    span.attributes["text"] = "Köln \"x\""
    span.addEvent(SpanEvent(name: "cache.miss", attributes: ["key": "home"]))
    span.setStatus(.init(code: .error, message: "no stock"))
    span.end()
    guard let recording = span.recording else { preconditionFailure("a kit for tests records everything") }
    return recording
  }

  private func rows(_ encoding: OTLPEncoding, _ body: [UInt8]) throws -> [BatchRow] {
    var batch = Batch()
    var protobuf = body
    if encoding == .json {
      protobuf = []
      try transcodeTracesJSON(unsafe body.span.bytes, into: &protobuf)
    }
    let context = IntakeContext(environment: "default", receivedUnixNanoseconds: 0)
    _ = try decodeTraces(unsafe protobuf.span.bytes, context, into: &batch)
    return TestSupport.rows(of: batch)
  }

  @Test func spansAreUnderstoodInBothEncodings() throws {
    let span = span()
    let fromProtobuf = try rows(.protobuf, OTLPWriter.spans([span], resource: resource, encoding: .protobuf))
    let fromJSON = try rows(.json, OTLPWriter.spans([span], resource: resource, encoding: .json))
    #expect(fromProtobuf == fromJSON)
    let row = try #require(fromProtobuf.first { $0["name"] == .string("GET /cart") })
    #expect(row["trace.trace_id"] == .string(span.context.traceID))
    #expect(row["http.response.status_code"] == .integer(503))
    #expect(row["ratio"] == .float(0.5))
    #expect(row["ok"] == .boolean(false))
    #expect(row["text"] == .string("Köln \"x\""))
    #expect(row["span.kind"] == .string("server"))
    #expect(row["error"] == .boolean(true))
    #expect(row["service.name"] == .string("shop"))
    #expect(fromProtobuf.contains { $0["key"] == .string("home") })
  }

  @Test func logsAreUnderstood() throws {
    var record = LogRecord(
      unixNanoseconds: 1_700_000_000_000_000_000, level: .error, message: "it broke", label: "shop.cart", metadata: ["n": .stringConvertible(3)],
      file: "a.swift", function: "f", line: 1)
    record.context = TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: true)
    let body = OTLPWriter.logs([record], resource: resource, limits: RecordLimits(), encoding: .protobuf)
    var batch = Batch()
    _ = try decodeLogs(unsafe body.span.bytes, IntakeContext(environment: "default", receivedUnixNanoseconds: 0), into: &batch)
    let row = try #require(TestSupport.rows(of: batch).first)
    #expect(row["body"] == .string("it broke"))
    #expect(row["severity_text"] == .string("ERROR"))
    #expect(row["n"] == .integer(3))
    #expect(row["trace.trace_id"] == .string("00000000000000010000000000000002"))
  }

  @Test func metricsAreUnderstood() throws {
    let factory = KitMetricsFactory { _ in }
    factory.makeCounter(label: "requests", dimensions: [("route", "/cart")]).increment(by: 3)
    let timer = factory.makeTimer(label: "http.server.request.duration", dimensions: [])
    for milliseconds in [1, 20, 3_000] { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
    let readings = factory.instruments.compactMap { instrument in
      instrument.read(isDelta: false).map { MetricReading(series: instrument.series, value: $0, startUnixNanoseconds: 1, unixNanoseconds: 2, isDelta: false) }
    }
    #expect(readings.first { $0.series.name == "http.server.request.duration" }?.series.unit == "s")
    let body = OTLPWriter.metrics(readings, resource: resource, encoding: .protobuf)
    var batch = Batch()
    _ = try decodeMetrics(unsafe body.span.bytes, IntakeContext(environment: "default", receivedUnixNanoseconds: 0), into: &batch)
    #expect(TestSupport.rows(of: batch).count >= 2)
  }

  @Test func aPartialSuccessIsToldAndNotSentAgain() async {
    let answer = Array(#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"too old"}}"#.utf8)
    let transport = FakeTransport(.success(IncomingResponse(status: 200, body: answer)))
    var settings = OTLPSettings(path: "/v1/traces")
    settings.encoding = .json
    let told = Told()
    let loss = Loss(name: "otlp traces")
    await OTLPExporter(settings: settings, signal: .traces, sender: .testing(transport), loss: loss, warn: told.warn).send([1, 2, 3], itemCount: 3)
    #expect(loss.count == 2)
    #expect(transport.requests.count == 1)
    #expect(told.texts == ["otlp traces: 2 rejected by http://localhost:4318/v1/traces: too old"])
    #expect(transport.requests.first.map { $0.headers.contains { $0.name == "content-encoding" && $0.value == "gzip" } } == true)
  }
}
