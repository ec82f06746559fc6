// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CoreMetrics
import Logging
import Synchronization
import Testing
import Tracing

@testable import CairnKit

/// What a program with the kit sent, was asked to wait and said, under some variables.
struct Observed {
  let kit: Kit
  let transport: FakeTransport
  let waits: [Duration]
  private let documents: [String: [JSONValue]]

  /// One program for all variables: two traces, a line of each kind, a counter and a histogram, read twice.
  init(_ variables: [String: String]) async throws {
    var all = ["OTEL_EXPORTER_OTLP_PROTOCOL": "http/json", "OTEL_EXPORTER_OTLP_COMPRESSION": "none", "CAIRN_RUNTIME_METRICS": "false"]
    all.merge(variables) { $1 }
    let transport = FakeTransport(.success(IncomingResponse(status: 200)))
    let kit = Kit(try KitSettings.fromEnvironment(all), transports: Transports(transport), clock: ContinuousClock())
    for name in ["first", "second"] { Self.request(name, kit) }
    await kit.flush()
    Self.measure(kit)
    await kit.flush()
    self.kit = kit
    self.transport = transport
    waits = await Self.waits(of: kit)
    documents = Dictionary(grouping: transport.requests) { $0.url.split(separator: "/").last.map(String.init) ?? "" }
      .mapValues { $0.compactMap { try? JSONValue(parsing: $0.bodyBytes) } }
  }

  private static func request(_ name: String, _ kit: Kit) {
    let tracer = kit.tracer, log = Logger(label: "shop") { kit.logHandler(label: $0) }
    let long = String(repeating: "x", count: 40)
    tracer.withSpan(name) { span in
      for number in 0..<200 { span.attributes["field-\(number)"] = long }
      var many = SpanAttributes()
      for number in 0..<200 { many["field-\(number)"] = long }
      for number in 0..<200 { span.addEvent(SpanEvent(name: "event", attributes: number == 0 ? many : [:])) }
      for number in 0..<200 { span.addLink(SpanLink(context: span.context, attributes: number == 0 ? many : [:])) }
      log.info("information", metadata: Dictionary(uniqueKeysWithValues: (0..<200).map { ("field-\($0)", .string(long)) }))
      log.error("trouble")
      measure(kit)
    }
    measure(kit)
  }

  private static func measure(_ kit: Kit) {
    kit.metrics.makeCounter(label: "requests", dimensions: []).increment(by: 2)
    kit.metrics.makeTimer(label: "duration", dimensions: []).recordNanoseconds(20_000_000)
  }

  /// How long each worker of the kit wants to wait when it runs.
  private static func waits(of kit: Kit) async -> [Duration] {
    let clock = RecordingClock()
    let tasks = kit.workers.map { worker in Task { await worker.run(clock) } }
    while clock.asked.count < tasks.count { await Task.yield() }
    for task in tasks { task.cancel() }
    return clock.asked.sorted()
  }

  // MARK: What the documents say

  private func items(_ signal: String, _ path: String...) -> [JSONValue] {
    path.reduce(documents[signal] ?? []) { values, name in values.flatMap { $0[name]?.array ?? [] } }
  }

  var spans: [JSONValue] { items("traces", "resourceSpans", "scopeSpans", "spans") }
  var lines: [JSONValue] { items("logs", "resourceLogs", "scopeLogs", "logRecords") }
  func metrics(_ name: String) -> [JSONValue] { items("metrics", "resourceMetrics", "scopeMetrics", "metrics").filter { $0["name"]?.string == name } }

  func resource(_ name: String) -> String? {
    items("traces", "resourceSpans").first?["resource"]?["attributes"]?.array?.first { $0["key"]?.string == name }?["value"]?["stringValue"]?.string
  }

  /// How many of an item's attributes, of how many characters; and how many were dropped.
  static func attributes(_ item: JSONValue?) -> String {
    let values = (item?["attributes"]?.array ?? []).filter { $0["key"]?.string?.hasPrefix("field-") == true }
    let length = values.first?["value"]?["stringValue"]?.string?.count ?? 0
    return "\(values.count) of \(length), \(item?["droppedAttributesCount"]?.integer ?? 0) dropped"
  }

  func count(of signal: String) -> Int { documents[signal]?.count ?? 0 }

  /// The first request of a signal.
  func request(_ signal: String) -> OutgoingRequest? { transport.requests.first { $0.url.hasSuffix(signal) } }

  func header(_ name: String, of signal: String) -> String? { request(signal)?.headers.first { $0.name == name }?.value }

  func timeout(_ signal: String) -> String {
    zip(transport.requests, transport.timeouts).first { $0.0.url.hasSuffix(signal) }.map { "\($0.1)" } ?? "none"
  }

  /// Names of the headers that go out with a request.
  var injected: String {
    var context = ServiceContext.topLevel
    context.setUser("u")
    var headers: [String: String] = [:]
    kit.tracer.withSpan("call", context: context) { kit.tracer.inject($0.context, into: &headers, using: DictionaryInjector()) }
    return headers.keys.sorted().joined(separator: " ")
  }

  /// The values of the counter and of the histogram at the two readings, and how they are to be taken.
  var readings: String {
    let sums = metrics("requests").compactMap { $0["sum"] }, histograms = metrics("duration").compactMap { $0["histogram"] }
    let values = sums.compactMap { $0["dataPoints"]?.array?.first?["asInt"]?.string } + histograms.compactMap { $0["dataPoints"]?.array?.first?["count"]?.string }
    let temporalities = Set((sums + histograms).compactMap { $0["aggregationTemporality"]?.integer })
    return values.joined(separator: " ") + " as \(temporalities.map { String($0) }.joined())"
  }

  /// How many examples the histogram's first reading has.
  var exampleCount: Int { metrics("duration").first?["histogram"]?["dataPoints"]?.array?.first?["exemplars"]?.array?.count ?? 0 }
}

/// Remembers for how long it was asked to sleep, and sleeps until it is cancelled.
private final class RecordingClock: Clock {
  struct Instant: InstantProtocol {
    var offset: Duration = .zero
    func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
    func duration(to other: Instant) -> Duration { other.offset - offset }
    static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
  }
  private let kept = Mutex<[Duration]>([])

  var asked: [Duration] { kept.withLock { $0 } }
  var now: Instant { Instant() }
  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Instant, tolerance: Duration?) async throws {
    kept.withLock { $0.append(deadline.offset) }
    try await Task.sleep(for: .seconds(3_600))
  }
}

private struct DictionaryInjector: Injector {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}
