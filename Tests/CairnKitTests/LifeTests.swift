// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CoreMetrics
import Logging
import Synchronization
import Testing
import Tracing

@testable import CairnKit

/// How a kit ends, and what it costs when nobody listens.
struct LifeTests {
  private func settings(_ variables: [String: String] = [:]) throws -> KitSettings {
    var all = ["OTEL_SERVICE_NAME": "shop", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_BSP_SCHEDULE_DELAY": "3600000"]
    all.merge(variables) { $1 }
    var settings = try KitSettings.fromEnvironment(all)
    // Patience for a machine where other tests hold all threads; whoever tests the bound sets it.
    settings.shutdownTimeout = .seconds(300)
    return settings
  }

  /// Runs the kit, does the work, stops it; the time of the stop.
  private func stopped(_ kit: Kit, after work: () async -> Void) async -> Duration {
    let service = Task { try await kit.run() }
    await work()
    return await ContinuousClock().measure {
      service.cancel()
      _ = await service.result
    }
  }

  @Test func whatIsQueuedIsSentAtTheEnd() async throws {
    let transport = FakeTransport(.success(IncomingResponse(status: 200)))
    let kit = Kit(try settings(), transports: Transports(transport), clock: ContinuousClock())
    _ = await stopped(kit) { for _ in 0..<1_000 { kit.tracer.startSpan("work", context: .topLevel).end() } }
    #expect(transport.requests.count == 2)
    #expect(kit.lostCounts.isEmpty)
  }

  @Test func aDeadCollectorHoldsNobodyUp() async throws {
    let transport = FakeTransport(.failure(SendFailure(reason: "connection refused")))
    let kit = Kit(try settings(), transports: Transports(transport), clock: ContinuousClock())
    _ = await stopped(kit) { for _ in 0..<2_000 { kit.tracer.startSpan("work", context: .topLevel).end() } }
    #expect(kit.lostCounts == ["otlp traces": 2_000])
  }

  @Test func aCollectorThatNeverAnswersCostsTheBoundAndNoMore() async throws {
    var settings = try settings()
    settings.shutdownTimeout = .milliseconds(200)
    let kit = Kit(settings, transports: Transports(SilentTransport()), clock: ContinuousClock())
    let took = await stopped(kit) { for _ in 0..<600 { kit.tracer.startSpan("work", context: .topLevel).end() } }
    // How prompt a stop is, Tests/e2e/test_kit_hostile.py says of a process that has its threads for itself.
    #expect(took >= .milliseconds(200))
  }

  @Test func aBatchUnderWayIsNotCutOff() async throws {
    let transport = SlowTransport()
    let kit = Kit(try settings(["OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "10"]), transports: Transports(transport), clock: ContinuousClock())
    _ = await stopped(kit) {
      for _ in 0..<10 { kit.tracer.startSpan("work", context: .topLevel).end() }
      await transport.begun.wait()
    }
    #expect(transport.finishedCount == 1)
    #expect(kit.lostCounts.isEmpty)
  }

  /// A program may set anything.
  @Test(arguments: [(-1, Duration.seconds(-5)), (.min, .seconds(Int64.min)), (.max, .seconds(Int64.max))])
  func numbersThatCannotBeMeantEndNothing(number: Int, duration: Duration) async throws {
    var settings = try settings(["OTEL_LOGS_EXPORTER": "otlp", "OTEL_METRICS_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"])
    var limits = RecordLimits()
    (limits.attributeCount, limits.attributeValueLength, limits.eventCount, limits.linkCount) = (number, number, number, number)
    (limits.attributeCountPerEvent, limits.attributeCountPerLink) = (number, number)
    (settings.spanLimits, settings.logLimits, settings.metricInterval, settings.metricExportTimeout) = (limits, limits, duration, duration)
    (settings.otlpTraces.timeout, settings.otlpLogs.timeout, settings.otlpMetrics.timeout, settings.shutdownTimeout) = (duration, duration, duration, duration)
    let kit = Kit(settings, transports: Transports(FakeTransport(.success(IncomingResponse(status: 200)))), clock: ContinuousClock())
    _ = await stopped(kit) {
      let span = kit.tracer.startSpan("work", context: .topLevel)
      span.attributes["text"] = "some text"
      span.addEvent(SpanEvent(name: "event", attributes: ["a": "b"]))
      span.addLink(SpanLink(context: span.context, attributes: ["a": "b"]))
      span.end()
      Logger(label: "shop") { kit.logHandler(label: $0) }.info("line", metadata: ["a": "b"])
      kit.metrics.makeCounter(label: "requests", dimensions: []).increment(by: 1)
      await kit.flush()
    }
  }

  /// An hour of a clock that does not wait: 20 items a second against a collector that is not there.
  @Test func anHourWithoutACollectorCostsOneQueue() async {
    let clock = InstantClock()
    let sender = HTTPSender(transport: RefusingTransport(), clock: clock) { 0 }
    let losses = LossCounter(), told = Told()
    let refused = losses.loss("refused")
    let queue = BatchQueue<ItemBatch<Int>>(name: "otlp traces", settings: BatchSettings(delay: .seconds(5), queueLimit: 100, batchLimit: 100), warn: told.warn, losses: losses) { batch in
      if case .gaveUp = await sender.send({ OutgoingRequest(url: "http://x/") }) { refused.add(batch.count) }
    }
    var offeredCount = 0
    var tick = Duration.zero
    while clock.slept < .seconds(3_600) {
      // What came in while the last batches were tried.
      let passed = clock.slept - tick
      tick = clock.slept
      let count = max(20, Int(passed.nanoseconds / 50_000_000))
      for item in 0..<count { queue.offer(item) }
      offeredCount += count
      await queue.drain()
      await Task.yield()
    }
    #expect(offeredCount >= 70_000)
    #expect(queue.droppedCount + refused.count == offeredCount)
    #expect(queue.isIdle)
    #expect(told.texts.count == 1)
  }
}

/// A collector that is reached and never answers.
private struct SilentTransport: HTTPTransport {
  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    try? await Task.sleep(for: .seconds(3_600))
    throw SendFailure(reason: "cancelled")
  }

  func close() async {}
}

/// Nobody there; remembers nothing.
private struct RefusingTransport: HTTPTransport {
  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    throw SendFailure(reason: "connection refused")
  }

  func close() async {}
}

/// A collector that takes its time and notices when it is left.
private final class SlowTransport: HTTPTransport {
  let begun = Gate()
  private let count = Mutex(0)

  var finishedCount: Int { count.withLock { $0 } }

  func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
    begun.open()
    do { try await Task.sleep(for: .milliseconds(300)) } catch { throw SendFailure(reason: "cut off") }
    count.withLock { $0 += 1 }
    return IncomingResponse(status: 200)
  }

  func close() async {}
}
