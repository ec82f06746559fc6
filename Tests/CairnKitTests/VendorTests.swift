// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import Logging
import Testing
import Tracing

@testable import CairnKit

struct CloudWatchTests {
  private var settings: CloudWatchSettings {
    var settings = CloudWatchSettings(logGroup: "shop", logStream: "host/1", access: AWSAccess(accessKeyID: "AK", secretAccessKey: "SK"))
    settings.access.endpoint = "http://cairn"
    settings.retentionDays = 7
    return settings
  }

  private func record(_ message: String, at unixNanoseconds: UInt64 = 1_700_000_000_000_000_000) -> LogRecord {
    LogRecord(unixNanoseconds: unixNanoseconds, level: .info, message: message, label: "l", place: .init(file: "f", function: "f", line: 1))
  }

  private func batch(_ records: [LogRecord]) -> WireBatch<CloudWatchExporter.Mark> {
    let batch = WireBatch<CloudWatchExporter.Mark>()
    for record in records { batch.append { CloudWatchExporter.write(record, to: &$0) } }
    return batch
  }

  /// The message of the first event.
  private func message(_ batch: WireBatch<CloudWatchExporter.Mark>) throws -> String {
    guard case .string(let message)? = try JSONValue(parsing: batch.bytes.bytes(batch.range(0)))["message"] else { return "" }
    return message
  }

  @Test func whatIsMissingIsMadeOnce() async {
    let missing = IncomingResponse(status: 400, body: Array(#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#.utf8))
    // A role that may not make groups needs a stream only, where the group is there.
    let stream = ["CreateLogStream"], group = ["CreateLogStream", "CreateLogGroup", "PutRetentionPolicy", "CreateLogStream"]
    for (missingCount, made) in [(1, stream), (2, group)] {
      let answers = Array(repeating: FakeTransport.Answer.success(missing), count: missingCount) + [.success(IncomingResponse(status: 200))]
      let transport = FakeTransport(answers), told = Told()
      await CloudWatchExporter(settings: settings, sender: .testing(transport), warn: told.warn).export(batch([record("one")]))
      let targets = transport.requests.compactMap { $0.headers.first { $0.name == "x-amz-target" }?.value }
      #expect(targets.map { $0.replacing("Logs_20140328.", with: "") } == ["PutLogEvents"] + made + ["PutLogEvents"])
      #expect(told.texts.isEmpty)
    }
  }

  @Test func batchesKeepTheServicesBounds() throws {
    let long = String(repeating: "x", count: 100_000)
    let lines = batch((0..<60).map { record(long, at: UInt64(1_000_000 * (60 - $0))) })
    let parts = CloudWatchExporter.parts(lines)
    #expect(parts.count > 1 && parts.reduce(0) { $0 + $1.count } == 60)
    for part in parts {
      let marks = part.map { lines.items[$0].mark }
      #expect(marks.reduce(0) { $0 + $1.byteCount + 26 } <= 1_048_576)
      #expect(zip(marks, marks.dropFirst()).allSatisfy { $0.unixMilliseconds <= $1.unixMilliseconds })
    }
    #expect(CloudWatchExporter.parts(batch([0, 86_400_000_000_000].map { record("x", at: $0) })).count == 2)
  }

  @Test func aLineIsOneJSONObjectWithItsTrace() throws {
    let line = LogRecord(
      unixNanoseconds: 1_700_000_000_000_000_000, level: .info, message: "hello", label: "l",
      fields: [
        WireField("quoted \\", .string("a \"b\" \\ \u{1}\n Köln")), WireField("n", .map([WireField("x", .array([.double(0.5), .boolean(true)]))])),
      ], place: .init(file: "f", function: "f", line: 1), context: TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: true))
    let value = try JSONValue(parsing: Array(try message(batch([line])).utf8))
    #expect(value["quoted \\"] == .string("a \"b\" \\ \u{1}\n Köln"))
    #expect(value["n"]?["x"] == .array([.double(0.5), .boolean(true)]))
    #expect(value["message"] == .string("hello"))
    #expect(value["trace_id"] == .string("00000000000000010000000000000002"))
    #expect(value["xray_trace_id"] == .string("1-00000000-000000010000000000000002"))
  }

  @Test func anEndlessLineStaysWithinItsBound() throws {
    for text in [String(repeating: "\u{1}", count: 3_000_000), String(repeating: "\"", count: 200_000)] {
      let message = try message(batch([record(text)]))
      #expect(message.utf8.count <= CloudWatchExporter.eventByteCountMax)
      #expect(try JSONValue(parsing: Array(message.utf8))["level"] == .string("INFO"))
    }
  }
}

struct RollbarTests {
  private func exporter(_ transport: FakeTransport, _ told: Told) -> RollbarExporter {
    RollbarExporter(settings: RollbarSettings(accessToken: "token"), resource: Resource(), sender: .testing(transport), batches: .logs, warn: told.warn)
  }

  @Test func anErrorThatIsRecordedAndLoggedIsOneItem() async throws {
    let transport = FakeTransport(.success(IncomingResponse(status: 200)))
    let exporter = exporter(transport, Told())
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [exporter]))
    let logs = LogCore(level: .info, limits: RecordLimits(), sinks: [exporter])
    let handler = KitLogHandler(label: "shop", core: logs, metadataProvider: nil)
    handler.log(event: .init(level: .info, message: "before", metadata: nil, source: nil, file: "f", function: "f", line: 1))
    try? tracer.withSpan("POST /cart") { span in
      span.attributes["user.id"] = "u1"
      span.attributes["http.request.method"] = "POST"
      span.attributes["api_token"] = "hush"
      let error = ShopError(reason: "no stock")
      handler.log(event: .init(level: .error, message: "failed", error: error, metadata: nil, source: nil, file: "f", function: "f", line: 1))
      throw error
    }
    await exporter.queue.drain()
    try #require(transport.requests.count == 1)
    let item = try JSONValue(parsing: transport.requests[0].bodyBytes)
    let data = try #require(item["data"])
    guard case .array(let chain)? = data["body"]?["trace_chain"], case .array(let telemetry)? = data["body"]?["telemetry"] else {
      Issue.record("no trace chain or telemetry")
      return
    }
    #expect(chain.first?["exception"]?["class"] == .string("CairnKitTests.ShopError"))
    #expect(telemetry.count == 1)
    #expect(data["language"] == .string("swift"))
    #expect(transport.requests[0].url == "https://api.rollbar.com/api/1/item/")
    #expect(transport.requests[0].headers.contains { $0.name == "x-rollbar-access-token" && $0.value == "token" })
  }

  @Test func aSpansErrorKnowsPersonAndRequestAndHidesSecrets() async throws {
    let transport = FakeTransport(.success(IncomingResponse(status: 200)))
    let exporter = exporter(transport, Told())
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [exporter]))
    try? tracer.withSpan("POST /cart") { span in
      span.attributes["user.id"] = "u1"
      span.attributes["http.request.method"] = "POST"
      span.attributes["url.path"] = "/cart"
      span.attributes["api_token"] = "hush"
      throw ShopError(reason: "x")
    }
    await exporter.queue.drain()
    let data = try #require(try JSONValue(parsing: transport.requests.first?.bodyBytes ?? [])["data"])
    #expect(data["person"]?["id"] == .string("u1"))
    #expect(data["request"]?["url"] == .string("http://localhost/cart"))
    #expect(data["context"] == .string("POST /cart"))
    #expect(data["custom"]?["api_token"] == .string("********"))
  }

  @Test func uuidsHaveTheirForm() {
    let uuid = RollbarExporter.randomUUID()
    #expect(uuid.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    #expect(uuid.split(separator: "-")[2].first == "4")
  }
}
