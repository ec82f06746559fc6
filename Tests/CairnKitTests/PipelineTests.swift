// SPDX-License-Identifier: Apache-2.0
import Logging
import Synchronization
import Testing

@testable import CairnKit

struct PipelineTests {
  private final class Sunk: Sendable {
    let batches = Mutex<[[Int]]>([])
    let warnings = Mutex<[String]>([])
  }

  private func queue(_ settings: BatchSettings, _ sunk: Sunk) -> BatchQueue<ItemBatch<Int>> {
    BatchQueue(name: "test", settings: settings, warn: { text in sunk.warnings.withLock { $0.append(text) } }) { batch in
      sunk.batches.withLock { $0.append(batch.items) }
    }
  }

  @Test func batchesHaveTheirBound() async {
    let sunk = Sunk()
    let queue = queue(BatchSettings(delay: .seconds(60), queueLimit: 100, batchLimit: 32), sunk)
    for item in 0..<100 { queue.offer(item) }
    await queue.drain()
    let batches = sunk.batches.withLock { $0 }
    #expect(batches.map(\.count) == [32, 32, 32, 4])
    #expect(batches.flatMap { $0 } == Array(0..<100))
    #expect(queue.isIdle)
  }

  @Test func aFullQueueDropsCountsAndSaysSoOnce() {
    let sunk = Sunk()
    let queue = queue(BatchSettings(delay: .seconds(60), queueLimit: 10, batchLimit: 10), sunk)
    for item in 0..<1_000 { queue.offer(item) }
    #expect(queue.droppedCount == 990)
    let warnings = sunk.warnings.withLock { $0 }
    #expect(warnings.count == 1)
  }

  @Test func severalAtOnceAreBatchedAndDroppedLikeOneByOne() async {
    let sunk = Sunk()
    let queue = queue(BatchSettings(delay: .seconds(60), queueLimit: 25, batchLimit: 10), sunk)
    queue.offer([]) { $1.append($0) }
    queue.offer(Array(0..<16)) { $1.append($0) }
    queue.offer(Array(16..<32)) { $1.append($0) }
    #expect(queue.droppedCount == 7)
    await queue.drain()
    let batches = sunk.batches.withLock { $0 }, warnings = sunk.warnings.withLock { $0 }
    #expect(batches == [Array(0..<10), Array(10..<20), Array(20..<25)])
    #expect(warnings.count == 1)
  }

  @Test func aFullBatchGoesBeforeItsTime() async {
    let sunk = Sunk()
    let queue = queue(BatchSettings(delay: .seconds(3_600), queueLimit: 100, batchLimit: 10), sunk)
    let worker = Task { await queue.run(ContinuousClock()) }
    for item in 0..<10 { queue.offer(item) }
    while sunk.batches.withLock({ $0.isEmpty }) { await Task.yield() }
    worker.cancel()
    await worker.value
    let batches = sunk.batches.withLock { $0 }
    #expect(batches == [Array(0..<10)])
  }

  @Test func aCancelledWorkerEndsAtOnce() async {
    let queue = queue(.spans, Sunk())
    let worker = Task { await queue.run(ContinuousClock()) }
    worker.cancel()
    await worker.value
    #expect(queue.isIdle)
  }

  @Test(arguments: [429, 502, 503, 504]) func passingTroubleIsTriedAgain(status: Int) async {
    let transport = FakeTransport(.success(IncomingResponse(status: status)), .failure(SendFailure(reason: "refused")), .success(IncomingResponse(status: 200)))
    let outcome = await HTTPSender.testing(transport).send { OutgoingRequest(url: "http://x/") }
    guard case .answered(let response) = outcome else {
      Issue.record("it gave up")
      return
    }
    #expect(response.status == 200)
    #expect(transport.requests.count == 3)
  }

  @Test(arguments: [400, 401, 403, 404, 413, 500, 501, 505, 418, 302, 999]) func otherStatusesAreFinal(status: Int) async {
    let transport = FakeTransport(.success(IncomingResponse(status: status)))
    _ = await HTTPSender.testing(transport).send { OutgoingRequest(url: "http://x/") }
    #expect(transport.requests.count == 1)
  }

  @Test func everyStatusHasAnEnd() async {
    for status in 100...599 {
      let clock = InstantClock()
      let transport = FakeTransport(.success(IncomingResponse(status: status, headers: ["retry-after": "3"])))
      _ = await HTTPSender.testing(transport, clock: clock, timeout: .seconds(10)).send { OutgoingRequest(url: "http://x/") }
      #expect(transport.requests.count == (RetryPolicy.retryableStatuses.contains(status) ? 4 : 1), "\(status)")
      #expect(clock.slept <= .seconds(10))
    }
  }

  @Test func nothingIsTriedTwiceAtTheEnd() async {
    let transport = FakeTransport(.success(IncomingResponse(status: 503)))
    let sender = HTTPSender.testing(transport)
    sender.closing.open()
    _ = await sender.send { OutgoingRequest(url: "http://x/") }
    #expect(transport.requests.count == 1)
  }

  @Test func retryAfterIsObeyed() async {
    let clock = InstantClock()
    let transport = FakeTransport(.success(IncomingResponse(status: 503, headers: ["retry-after": "7"])), .success(IncomingResponse(status: 200)))
    _ = await HTTPSender.testing(transport, clock: clock).send { OutgoingRequest(url: "http://x/") }
    #expect(clock.slept == .seconds(7))
  }

  @Test(arguments: ["-1", "soon", "", "99999999999999999999", "Sun, 99 Nov 1994 08:49:37 GMT", "1e9"]) func aRetryAfterThatMeansNothingIsNone(text: String) {
    #expect(RetryPolicy.retryAfterSeconds(text, nowUnixSeconds: 0) == nil)
  }

  @Test func aRetryAfterMayBeADate() {
    #expect(RetryPolicy.retryAfterSeconds("Sun, 06 Nov 1994 08:49:37 GMT", nowUnixSeconds: 784_111_770) == 7)
    #expect(RetryPolicy.retryAfterSeconds("Sun, 06 Nov 1994 08:49:37 GMT", nowUnixSeconds: 784_111_999) == 0)
  }

  /// `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994` are obsolete, but RFC 9110 has them read.
  @Test(arguments: [
    ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777), ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thursday, 26-Nov-26 10:00:00 GMT", 1_795_687_200),
    ("Thu Nov 26 10:00:00 2026", 1_795_687_200), ("Sun Nov 66 08:49:37 1994", nil), ("Sunday, 06-Nov-1994 08:49:37 GMT", nil), ("Sunday, 06-11-94 08:49:37 GMT", nil),
    ("Sun Nov 6 08:49 1994", nil), ("Sun, 06 Nov 1994 08:49:37", nil), ("Sunday, -Nov-94 08::37 GMT", nil),
  ] as [(String, Int64?)]) func obsoleteDatesAreRead(text: String, seconds: Int64?) {
    #expect(HTTPDate.unixSeconds(text, nowUnixSeconds: 1_795_000_000) == seconds)
  }

  @Test func whatTheServerAskedForHoldsForTheNextBatchToo() async {
    let clock = InstantClock()
    let transport = FakeTransport(.success(IncomingResponse(status: 503, headers: ["retry-after": "60"])), .success(IncomingResponse(status: 200)))
    let sender = HTTPSender.testing(transport, clock: clock, timeout: .seconds(10))
    guard case .gaveUp = await sender.send({ OutgoingRequest(url: "http://x/") }) else {
      Issue.record("it was answered")
      return
    }
    #expect(clock.slept == .zero && transport.requests.count == 1)
    _ = await sender.send { OutgoingRequest(url: "http://x/") }
    #expect(clock.slept > .seconds(55) && clock.slept <= .seconds(60) && transport.requests.count == 2)
    _ = await sender.send { OutgoingRequest(url: "http://x/") }
    #expect(clock.slept <= .seconds(60))
  }

  /// Its queue keeps what comes meanwhile, up to its limit; a flush takes nothing out that could not be sent, and a stop does not wait.
  @Test func whileAServerWantsToBeLeftAloneLinesWaitInTheirQueue() async throws {
    let transport = FakeTransport(.success(IncomingResponse(status: 429, headers: ["retry-after": "3000"])))
    var settings = try KitSettings.fromEnvironment([
      "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_BLRP_MAX_QUEUE_SIZE": "4", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE": "1",
      "OTEL_BLRP_SCHEDULE_DELAY": "5",
    ])
    settings.shutdownTimeout = .milliseconds(200)
    let kit = Kit(settings, transports: Transports(transport), clock: ContinuousClock())
    let log = Logger(label: "shop") { kit.logHandler(label: $0) }
    let service = Task { try await kit.run() }
    log.info("refused")
    while transport.requests.isEmpty { await Task.yield() }
    for number in 0..<6 { log.info("\(number)") }
    await kit.flush()
    #expect(transport.requests.count == 1)
    // The one that was refused, and what did not fit.
    #expect(kit.lostCounts == ["otlp logs": 3])
    service.cancel()
    try await service.value
    #expect(kit.lostCounts == ["otlp logs": 7])
  }

  @Test func aDeadCollectorCostsOneBudgetOfTime() async {
    let clock = InstantClock()
    let transport = FakeTransport(.failure(SendFailure(reason: "connection refused")))
    let outcome = await HTTPSender.testing(transport, clock: clock, timeout: .seconds(10)).send { OutgoingRequest(url: "http://x/") }
    guard case .gaveUp(let reason) = outcome else {
      Issue.record("it was answered")
      return
    }
    #expect(reason == "connection refused")
    #expect(clock.slept <= .seconds(10))
  }
}
