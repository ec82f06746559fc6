// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnOTLP
import CoreMetrics
import Logging
import TestSupport
import NIOCore
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

  private func body(_ span: SpanRecording, _ encoding: OTLPEncoding) -> [UInt8] {
    let batch = WireBatch<Void>()
    batch.append { OTLPWriter.write(EndedSpan(span), to: &$0, encoding) }
    return OTLPWriter.spans(batch, resource: resource, encoding: encoding, in: BodyMemory()).bytes
  }

  @Test func spansAreUnderstoodInBothEncodings() throws {
    let span = span()
    let fromProtobuf = try rows(.protobuf, body(span, .protobuf))
    let fromJSON = try rows(.json, body(span, .json))
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
    let record = LogRecord(
      unixNanoseconds: 1_700_000_000_000_000_000, level: .error, message: "it broke", label: "shop.cart",
      fields: LogRecord.fields(["n": .stringConvertible(3)], valueLengthMax: nil), place: .init(file: "a.swift", function: "f", line: 1),
      context: TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: true))
    let row = try #require(try logRows([record], RecordLimits(), .protobuf).first)
    #expect(row["body"] == .string("it broke"))
    #expect(row["severity_text"] == .string("ERROR"))
    #expect(row["n"] == .integer(3))
    #expect(row["trace.trace_id"] == .string("00000000000000010000000000000002"))
  }

  /// Names of the line's own are there once; the program's are under `metadata.`.
  @Test(arguments: [OTLPEncoding.protobuf, .json]) func metadataThatIsNamedAsTheLinesOwnFieldsDoublesNone(encoding: OTLPEncoding) throws {
    let names = ["exception.type", "exception.message", "code.file.path", "code.function.name", "code.line.number", "metadata.code.line.number", "other"]
    let record = LogRecord(
      unixNanoseconds: 1_700_000_000_000_000_000, level: .error, message: "it broke", label: "l", fields: names.map { WireField($0, .string("mine")) },
      place: .init(file: "a.swift", function: "f", line: 1), error: ErrorDescription.record(CancellationError(), unixNanoseconds: 1))
    let written = WireBatch<String>()
    written.append { OTLPWriter.write(record, to: &$0, RecordLimits(), encoding) }
    let text = String(decoding: OTLPWriter.logs(written, resource: resource, encoding: encoding, in: BodyMemory()).bytes, as: UTF8.self)
    let row = try #require(try logRows([record], RecordLimits(), encoding).first)
    #expect(row["exception.type"] == .string("Swift.CancellationError") && row["code.line.number"] == .integer(1) && row["other"] == .string("mine"))
    #expect(row["metadata.exception.type"] == .string("mine") && row["metadata.metadata.code.line.number"] == .string("mine"))
    // "exception.type" and "metadata.exception.type".
    #expect(text.ranges(of: "exception.type").count == 2 && text.ranges(of: "code.file.path").count == 2)
    // Without an error the name is the program's.
    let calm = LogRecord(unixNanoseconds: 1, level: .info, message: "m", label: "l", fields: [WireField("exception.type", .string("mine"))])
    #expect(try logRows([calm], RecordLimits(), encoding).first?["exception.type"] == .string("mine"))
  }

  @Test func numbersOfMetadataStayNumbers() {
    let values: [any CustomStringConvertible & Sendable] = [
      1, Int64.min, Int32(-3), UInt8(4), UInt16(5), UInt32.max, UInt(6), Int8(-7), UInt64(Int64.max), UInt64.max, true, 0.5, Float(0.25), "text", Character("c"),
    ]
    let wired: [WireValue] = [
      .integer(1), .integer(.min), .integer(-3), .integer(4), .integer(5), .integer(4_294_967_295), .integer(6), .integer(-7), .integer(.max),
      .string("18446744073709551615"), .boolean(true), .double(0.5), .double(0.25), .string("text"), .string("c"),
    ]
    #expect(values.map { WireValue(Logger.MetadataValue.stringConvertible($0)) } == wired)
  }

  /// The access line is the kit's: where in the kit it is written tells nobody anything.
  @Test func aLineOfTheKitNamesNoPlace() throws {
    let record = LogRecord(unixNanoseconds: 1_700_000_000_000_000_000, level: .info, message: "GET / 200", label: "http.access")
    for encoding in [OTLPEncoding.protobuf, .json] {
      let row = try #require(try logRows([record], RecordLimits(), encoding).first)
      #expect(row["body"] != nil && row["code.file.path"] == nil && row["code.function.name"] == nil && row["code.line.number"] == nil)
    }
  }

  /// Loggers take turns, and a record has more fields than are allowed.
  @Test func linesOfSeveralLoggersAreUnderstoodInBothEncodings() throws {
    var limits = RecordLimits()
    let records = (0..<6).map { number in
      LogRecord(
        unixNanoseconds: 1_700_000_000_000_000_000 + UInt64(number), level: .info, message: "line \(number)", label: number % 2 == 0 ? "even" : "odd",
        fields: [WireField("list", .array([.integer(1), .string("x")])), WireField("map", .map([WireField("a", .double(0.25))]))],
        place: .init(file: "a.swift", function: "f", line: 1))
    }
    for countMax in [128, 2] {
      limits.attributeCount = countMax
      let rows = try logRows(records, limits, .protobuf)
      #expect(rows == (try logRows(records, limits, .json)))
      #expect(Set(rows.compactMap { $0["body"] }).count == 6)
      #expect(rows.allSatisfy { ($0["code.file.path"] == nil) == (countMax == 2) })
    }
  }

  private func logRows(_ records: [LogRecord], _ limits: RecordLimits, _ encoding: OTLPEncoding) throws -> [BatchRow] {
    let written = WireBatch<String>()
    for record in records { written.append { OTLPWriter.write(record, to: &$0, limits, encoding) } }
    var body = OTLPWriter.logs(written, resource: resource, encoding: encoding, in: BodyMemory()).bytes
    if encoding == .json {
      let json = body
      body = []
      try transcodeLogsJSON(unsafe json.span.bytes, into: &body)
    }
    var batch = Batch()
    _ = try decodeLogs(unsafe body.span.bytes, IntakeContext(environment: "default", receivedUnixNanoseconds: 0), into: &batch)
    return TestSupport.rows(of: batch)
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
    let body = OTLPWriter.metrics(readings, resource: resource, encoding: .protobuf, in: BodyMemory()).bytes
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
    await OTLPExporter(settings: settings, signal: .traces, sender: .testing(transport), loss: loss, warn: told.warn).send(ByteBuffer(bytes: [1, 2, 3]), itemCount: 3)
    #expect(loss.count == 2)
    #expect(transport.requests.count == 1)
    #expect(told.texts == ["otlp traces: 2 rejected by http://localhost:4318/v1/traces: too old"])
    #expect(transport.requests.first.map { $0.headers.contains { $0.name == "content-encoding" && $0.value == "gzip" } } == true)
  }

  /// The protocol has it so: nothing was rejected, and the sender should know something.
  @Test func aWarningOfTheCollectorIsTold() async {
    let told = Told(), loss = Loss(name: "otlp logs")
    for body in [#"{"partialSuccess":{"errorMessage":"use https"}}"#, #"{"partialSuccess":{}}"#, "{}", ""] {
      let transport = FakeTransport(.success(IncomingResponse(status: 200, body: Array(body.utf8))))
      var settings = OTLPSettings(path: "/v1/logs")
      settings.encoding = .json
      await OTLPExporter(settings: settings, signal: .logs, sender: .testing(transport), loss: loss, warn: told.warn).send(ByteBuffer(), itemCount: 1)
    }
    #expect(told.texts == ["otlp logs, a warning of http://localhost:4318/v1/logs: use https"] && loss.count == 0)
  }
}
