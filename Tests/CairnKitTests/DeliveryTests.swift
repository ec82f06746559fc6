// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Logging
import TestSupport
import Testing
import Tracing

@testable import CairnKit

/// Exporters that were added for deliveries without a daemon, without a network, and for deploys.
struct DeliveryTests {
  private let access = AWSAccess(accessKeyID: "AK", secretAccessKey: "SK")

  private func spans(_ count: Int, note: String = "x") -> [SpanRecording] {
    let tracer = Kit.testing(InMemoryExporter()).tracer
    return (0..<count).compactMap { number in
      let span = tracer.startSpan("work \(number)", context: .topLevel)
      span.attributes["note"] = note
      span.end()
      return span.recording
    }
  }

  private func batch(_ spans: [SpanRecording], byteCountMax: Int = 64_000) -> WireBatch<XRayMark> {
    let batch = WireBatch<XRayMark>(), writer = SegmentWriter(resource: Resource())
    for span in spans { batch.append { writer.write(EndedSpan(span), to: &$0, byteCountMax: byteCountMax) } }
    return batch
  }

  private func xray(_ transport: FakeTransport, _ told: Told, _ loss: Loss) -> XRayAPIExporter {
    XRayAPIExporter(access: access, sender: .testing(transport), loss: loss, warn: told.warn)
  }

  @Test func segmentsGoToTheServiceFiftyAtATimeAndSigned() async throws {
    let transport = FakeTransport(.success(IncomingResponse(status: 200, body: Array(#"{"UnprocessedTraceSegments":[]}"#.utf8))))
    let loss = Loss(name: "xray")
    await xray(transport, Told(), loss).export(batch(spans(120)))
    let counts = try transport.requests.map { request -> Int in
      guard case .array(let documents)? = try JSONValue(parsing: request.bodyBytes)["TraceSegmentDocuments"] else { return 0 }
      return documents.count
    }
    #expect(counts == [50, 50, 20])
    #expect(transport.requests.allSatisfy { $0.url == "https://xray.us-east-1.amazonaws.com/TraceSegments" })
    #expect(transport.requests.allSatisfy { request in request.headers.contains { $0.name == "authorization" && $0.value.contains("/us-east-1/xray/aws4_request") } })
    #expect(loss.count == 0)
  }

  @Test func whatTheServiceDoesNotTakeIsCounted() async {
    let answer = Array(#"{"UnprocessedTraceSegments":[{"Id":"a","ErrorCode":"InvalidName","Message":"m"}]}"#.utf8)
    let loss = Loss(name: "xray"), told = Told()
    await xray(FakeTransport(.success(IncomingResponse(status: 200, body: answer))), told, loss).export(batch(spans(2)))
    #expect(loss.count == 1 && told.texts.count == 1)
    await xray(FakeTransport(.success(IncomingResponse(status: 403))), told, loss).export(batch(spans(2)))
    #expect(loss.count == 3)
  }

  @Test func aDocumentThatIsTooLongGoesWithoutItsMetadata() throws {
    var document = WireBuffer()
    SegmentTree(batch(spans(1, note: String(repeating: "n", count: 100_000))), byteCountMax: 64_000).write(0, to: &document)
    #expect(document.count < 2_000)
    let value = try JSONValue(parsing: document.bytes)
    #expect(value["metadata"] == nil)
  }

  @Test func aMarkerGoesToHoneycomb() async throws {
    let transport = FakeTransport(.success(IncomingResponse(status: 201)))
    let markers = HoneycombMarkers(settings: HoneycombSettings(apiKey: "key"), sender: .testing(transport), warn: Told().warn)
    let isSet = await markers.mark(type: "deploy", message: "abc", url: "https://ci/1")
    #expect(isSet)
    let request = try #require(transport.requests.first)
    #expect(request.url == "https://api.honeycomb.io/1/markers/__all__")
    #expect(request.headers.contains { $0.name == "x-honeycomb-team" && $0.value == "key" })
    let body = try JSONValue(parsing: request.bodyBytes)
    #expect(body["type"] == .string("deploy"))
  }

  // MARK: the folder

  private func withFolder(_ byteCountMax: Int = 1_000, _ test: (SpillFolder, String) async throws -> Void) async throws {
    try await withTemporaryFolder { path in
      var settings = SpillSettings(folder: path)
      settings.byteCountMax = byteCountMax
      try await test(SpillFolder(settings: settings, warn: { _ in }), path)
    }
  }

  @Test func whatIsKeptComesBackInOrderAndOnce() async throws {
    try await withFolder { folder, _ in
      #expect(folder.keep(Array("[1]".utf8), lineCount: 1) == 0 && folder.keep(Array("[2]".utf8), lineCount: 7) == 0)
      let first = try #require(folder.take { _ in }), second = try #require(folder.take { _ in })
      #expect(first.bytes == Array("[1]".utf8) && second.bytes == Array("[2]".utf8))
      #expect(first.lineCount == 1 && second.lineCount == 7)
      #expect(folder.take { _ in } == nil)
      folder.giveBack(first)
      folder.finish(second)
      #expect(folder.take { _ in }?.bytes == Array("[1]".utf8))
    }
  }

  @Test func whatAProcessLeftBehindIsTakenOver() async throws {
    try await withFolder { folder, path in
      #expect(folder.keep(Array("[1]".utf8), lineCount: 1) == 0)
      #expect(folder.take { _ in } != nil)
      // The first never finished: the next process, of the same number here, sends it.
      let next = SpillFolder(settings: SpillSettings(folder: path), warn: { _ in })
      let taken = try #require(next.take { _ in })
      #expect(taken.bytes == Array("[1]".utf8))
      next.finish(taken)
    }
  }

  /// As a disk leaves them that was full, or lost its power.
  @Test func filesThatCannotBeReadAreCountedAndTold() async throws {
    try await withTemporaryFolder { path in
      let told = Told()
      let folder = SpillFolder(settings: SpillSettings(folder: path), warn: told.warn)
      #expect(folder.keep([], lineCount: 12) == 0 && folder.keep(Array("[2]".utf8), lineCount: 1) == 0)
      let transport = FakeTransport(.success(IncomingResponse(status: 200)))
      let loss = Loss(name: "cloudwatch logs")
      let exporter = CloudWatchExporter(
        settings: CloudWatchSettings(logGroup: "shop", logStream: "one", access: access), sender: .testing(transport), spill: folder, loss: loss, warn: told.warn)
      for _ in 0..<2 {
        let batch = WireBatch<CloudWatchExporter.Mark>()
        batch.append { CloudWatchExporter.write(LogRecord(unixNanoseconds: 1, level: .info, message: "new", label: "l"), to: &$0) }
        await exporter.export(batch)
      }
      #expect(loss.count == 12)
      #expect(told.texts.count == 1 && told.texts.first?.contains("counted as lost") == true, "\(told.texts)")
      #expect(transport.requests.map { String(decoding: $0.bodyBytes, as: UTF8.self) }.filter { $0.contains("[2]") }.count == 1)
    }
  }

  @Test func theOldestGoWhenThereIsTooMuch() async throws {
    try await withFolder(1_000) { folder, _ in
      let lost = (0..<5).map { folder.keep([UInt8](repeating: UInt8(ascii: "0") + UInt8($0), count: 400), lineCount: 10 + $0) }
      #expect(lost == [0, 0, 10, 11, 12])
      #expect(folder.take { _ in }?.bytes.first == UInt8(ascii: "3"))
      #expect(folder.keep([UInt8](repeating: 0, count: 2_000), lineCount: 3) == 3)
    }
  }

  @Test func linesWaitOnDiskUntilTheServiceAnswers() async throws {
    try await withFolder(1_000_000) { folder, _ in
      let transport = FakeTransport(.success(IncomingResponse(status: 500)), .success(IncomingResponse(status: 200)))
      let settings = CloudWatchSettings(logGroup: "shop", logStream: "one", access: access)
      let loss = Loss(name: "cloudwatch logs")
      let exporter = CloudWatchExporter(settings: settings, sender: .testing(transport), spill: folder, loss: loss, warn: { _ in })
      let lines = ["first", "second"].map {
        LogRecord(unixNanoseconds: 1_700_000_000_000_000_000, level: .info, message: $0, label: "l", place: .init(file: "f", function: "f", line: 1))
      }
      for line in lines {
        let batch = WireBatch<CloudWatchExporter.Mark>()
        batch.append { CloudWatchExporter.write(line, to: &$0) }
        await exporter.export(batch)
      }
      let sent = transport.requests.map { String(decoding: $0.bodyBytes, as: UTF8.self) }
      try #require(sent.count == 3)
      #expect(sent[1].contains("second") && sent[2].contains("first"))
      #expect(loss.count == 0)
    }
  }
}
