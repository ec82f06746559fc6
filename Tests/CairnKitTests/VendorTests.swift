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

  /// The kit's own members keep their names, which queries ask for; what a program calls the same is there beside them.
  @Test func metadataNamedAsTheKitsOwnIsNotLost() throws {
    let names = ["level", "message", "metadata.message", "logger", "trace_id", "span_id", "code.line.number", "exception.type", "other"]
    let line = LogRecord(
      unixNanoseconds: 1_700_000_000_000_000_000, level: .info, message: "hello", label: "l", fields: names.map { WireField($0, .string("mine \($0)")) },
      place: .init(file: "f", function: "f", line: 1), context: TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: true))
    let members = try #require(try JSONValue(parsing: Array(try message(batch([line])).utf8)).members)
    #expect(Set(members.map(\.name)).count == members.count)
    let value = JSONValue.object(members)
    #expect(value["level"] == .string("INFO") && value["message"] == .string("hello") && value["logger"] == .string("l") && value["code.line.number"] == .integer(1))
    for name in ["level", "logger", "trace_id", "span_id", "code.line.number"] { #expect(value["metadata.\(name)"] == .string("mine \(name)")) }
    #expect(value["metadata.message"] == .string("mine metadata.message") && value["metadata.metadata.message"] == .string("mine message"))
    // Where the kit has none of its own, the name is free.
    #expect(value["exception.type"] == .string("mine exception.type") && value["other"] == .string("mine other"))
  }

  @Test func anEndlessLineStaysWithinItsBound() throws {
    for text in [String(repeating: "\u{1}", count: 3_000_000), String(repeating: "\"", count: 200_000)] {
      let message = try message(batch([record(text)]))
      #expect(message.utf8.count <= CloudWatchExporter.eventByteCountMax)
      #expect(try JSONValue(parsing: Array(message.utf8))["level"] == .string("INFO"))
    }
  }
}
