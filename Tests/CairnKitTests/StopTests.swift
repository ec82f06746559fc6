// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing
import Tracing

@testable import CairnKit

/// A stop leaves nothing that is neither delivered, nor kept for later, nor counted.
struct StopTests {
  private static let lineCount = 3_000

  private func settings(_ folder: String?, _ variables: [String: String] = [:]) throws -> KitSettings {
    var all = [
      "OTEL_SERVICE_NAME": "shop", "OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "cloudwatch",
      "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "OTEL_BLRP_SCHEDULE_DELAY": "3600000", "OTEL_BLRP_MAX_QUEUE_SIZE": "10000",
    ]
    all["CLOUDWATCH_SPILL_FOLDER"] = folder
    all.merge(variables) { $1 }
    return try KitSettings.fromEnvironment(all)
  }

  private func stopped(_ kit: Kit, after work: () async -> Void) async {
    let service = Task { try await kit.run() }
    await work()
    service.cancel()
    _ = await service.result
  }

  private func write(_ kit: Kit, _ count: Int = lineCount) {
    let log = Logger(label: "shop") { kit.logHandler(label: $0) }
    for number in 0..<count { log.info("line \(number)") }
  }

  /// The lines of all files.
  private func kept(in folder: String) throws -> Int {
    let spill = SpillFolder(settings: SpillSettings(folder: folder), warn: { _ in })
    var count = 0
    while let taken = spill.take(lose: { _ in }) {
      let lines = try JSONValue(parsing: taken.bytes).array?.count
      #expect(lines == taken.lineCount)
      count += taken.lineCount
    }
    return count
  }

  @Test func linesForAServiceThatIsSilentAreKeptWhenTheTimeIsUp() async throws {
    try await withTemporaryFolder { folder in
      var settings = try settings(folder)
      settings.shutdownTimeout = .milliseconds(100)
      let kit = Kit(settings, transports: Transports(NeverAnswering()), clock: ContinuousClock())
      await stopped(kit) { write(kit) }
      #expect(kit.lostCounts.isEmpty)
      #expect(try kept(in: folder) == Self.lineCount)
    }
  }

  @Test func oneTryIsEnoughToKnowThatNobodyIsThere() async throws {
    try await withTemporaryFolder { folder in
      let transport = FakeTransport(.failure(SendFailure(reason: "connection refused")))
      var settings = try settings(folder)
      settings.shutdownTimeout = .seconds(300)
      let kit = Kit(settings, transports: Transports(transport), clock: ContinuousClock())
      await stopped(kit) { write(kit) }
      #expect(transport.requests.count == 1)
      #expect(kit.lostCounts.isEmpty)
      #expect(try kept(in: folder) == Self.lineCount)
    }
  }

  @Test func whatNoFolderKeepsIsCounted() async throws {
    var settings = try settings(nil, ["OTEL_TRACES_EXPORTER": "otlp", "OTEL_LOGS_EXPORTER": "otlp,cloudwatch"])
    settings.shutdownTimeout = .milliseconds(100)
    let kit = Kit(settings, transports: Transports(NeverAnswering()), clock: ContinuousClock())
    await stopped(kit) {
      write(kit)
      for _ in 0..<1_000 { kit.tracer.startSpan("work", context: .topLevel).end() }
    }
    #expect(kit.lostCounts == ["otlp traces": 1_000, "otlp logs": Self.lineCount, "cloudwatch logs": Self.lineCount])
  }

  @Test func whatComesAfterTheStopIsCounted() async throws {
    let kit = Kit(try settings(nil, ["OTEL_TRACES_EXPORTER": "otlp"]), transports: Transports(FakeTransport(.success(IncomingResponse(status: 200)))), clock: ContinuousClock())
    await stopped(kit) {}
    write(kit, 3)
    kit.tracer.startSpan("late", context: .topLevel).end()
    #expect(kit.lostCounts == ["otlp traces": 1, "cloudwatch logs": 3])
  }

  @Test func aPasswordIsNotToldAndACollectorMayNotSayThatMoreWasLostThanThereWas() async {
    let told = Told(), loss = Loss(name: "otlp traces")
    var settings = OTLPSettings(path: "/v1/traces")
    (settings.url, settings.encoding) = ("http://user:hush@host/v1/traces", .json)
    let rejected = IncomingResponse(status: 200, body: Array(#"{"partialSuccess":{"rejectedSpans":"9223372036854775807"}}"#.utf8))
    let transport = FakeTransport(.success(rejected), .success(rejected), .success(IncomingResponse(status: 400)), .failure(SendFailure(reason: "refused")))
    let exporter = OTLPExporter(settings: settings, signal: .traces, sender: .testing(transport), loss: loss, warn: told.warn)
    for _ in 0..<4 { await exporter.send(ByteBuffer(), itemCount: 2) }
    #expect(loss.count == 8)
    #expect(told.texts.count == 4 && told.texts.allSatisfy { $0.contains("@host/v1/traces") && !$0.contains("hush") })
  }

  /// While the program runs too: each batch that waits for nobody lets the queue run over.
  @Test func whoDidNotAnswerIsAskedAgainLater() async throws {
    try await withTemporaryFolder { folder in
      let transport = FakeTransport(.failure(SendFailure(reason: "connection refused")))
      let now = Mutex<Int64>(1_000)
      let sender = HTTPSender(transport: transport, policy: RetryPolicy(timeout: .milliseconds(1)), clock: InstantClock()) { now.withLock { $0 } }
      let settings = CloudWatchSettings(logGroup: "shop", logStream: "one", access: AWSAccess(accessKeyID: "AK", secretAccessKey: "SK"))
      let exporter = CloudWatchExporter(
        settings: settings, sender: sender, spill: SpillFolder(settings: SpillSettings(folder: folder), warn: { _ in }), warn: { _ in })
      for seconds in [0, 0, 2, 1, 0, 3] {
        now.withLock { $0 += Int64(seconds) }
        let batch = WireBatch<CloudWatchExporter.Mark>()
        batch.append { CloudWatchExporter.write(LogRecord(unixNanoseconds: 1_700_000_000_000_000_000, level: .info, message: "m", label: "l"), to: &$0) }
        await exporter.export(batch)
      }
      #expect(transport.requests.count == 3)
      let keptCount = try kept(in: folder)
      #expect(keptCount == 6)
    }
  }
}

/// A service that is reached and never answers.
private struct NeverAnswering: HTTPTransport {
  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    let silence: Result<IncomingResponse, SendFailure> = .failure(SendFailure(reason: "no answer"))
    return try await outcome(within: timeout, ContinuousClock(), else: silence) {
      try? await Task.sleep(for: .seconds(3_600))
      return silence
    }.get()
  }

  func close() async {}
}
