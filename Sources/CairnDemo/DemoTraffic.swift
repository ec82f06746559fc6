// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// One of OpenTelemetry's three signals; the raw value is the last part of its path, `/v1/traces`.
public enum DemoSignal: String, Sendable, Hashable, CaseIterable {
  case traces
  case logs
  case metrics
}

/// A request's body, ready to be sent as `application/x-protobuf`.
public struct DemoBody: Sendable, Hashable {
  public var signal: DemoSignal
  /// Spans, records or data points.
  public var itemCount: Int
  public var bytes: [UInt8]

  /// Where it goes to.
  public var path: String { "/v1/" + signal.rawValue }
}

/// The traffic of a microblog of twelve services, second by second, with the planted fault in it.
///
/// What happens follows from the seed and the number of seconds since the start; when it happens and the trace ids follow from the seed
/// and the time of day. So two runs with one seed show the same picture and yet have traces of their own, and two runs with one seed
/// and one start are the same to the byte. Cost: about 7 us and 600 bytes a span.
public struct DemoTraffic: Sendable {
  /// The second that comes next, Unix time.
  public private(set) var unixSecond: Int64
  private let seed: UInt64
  private let requestsPerSecond: Double
  private let startUnixSecond: Int64
  /// Before this second nobody runs the faulty release.
  private let releaseUnixSecond: Int64
  private var traces = ExportBuffer(.traces)
  private var logs = ExportBuffer(.logs)
  private var metrics = ExportBuffer(.metrics)
  private var book: MetricBook
  /// Items of a body, at which it is sent.
  private static let bodyItemCount = 500
  private static let metricSeconds: Int64 = 60

  /// - Parameter releaseUnixSecond: when the faulty release goes out; it is there from the start if nothing is given.
  public init(seed: UInt64, requestsPerSecond: Double, startUnixSecond: Int64, releaseUnixSecond: Int64? = nil) {
    self.seed = seed
    self.requestsPerSecond = requestsPerSecond
    self.startUnixSecond = startUnixSecond
    self.releaseUnixSecond = releaseUnixSecond ?? startUnixSecond
    unixSecond = startUnixSecond
    book = MetricBook(startNanoseconds: startUnixSecond * 1_000_000_000)
  }

  /// Makes one more second of traffic and returns the bodies that are full.
  public mutating func nextSecond() -> [DemoBody] {
    let index = unixSecond - startUnixSecond
    let secondStart = unixSecond * 1_000_000_000
    var random = SeededRandom(seed, UInt64(bitPattern: index))
    var ids = SeededRandom(seed ^ 0x6964_7300, UInt64(bitPattern: unixSecond))
    var bodies: [DemoBody] = []
    for _ in 0..<requestCount(at: index, &random) {
      addRequest(secondStart + Int64(random.unit() * 1e9), &random, &ids, &bodies)
    }
    for line in Housekeeping.lines(&random, secondStart: secondStart, meanCount: requestsPerSecond / 40) { addLog(line, &bodies) }
    unixSecond += 1
    if (index + 1) % Self.metricSeconds == 0 {
      book.export(at: unixSecond * 1_000_000_000, &random, into: &metrics)
      if let body = metrics.take() { bodies.append(body) }
    }
    return bodies
  }

  /// What is left, full or not.
  public mutating func flush() -> [DemoBody] { [traces.take(), logs.take(), metrics.take()].compactMap { $0 } }

  /// The load swings with a long and a short wave, and no second is like the other.
  private func requestCount(at index: Int64, _ random: inout SeededRandom) -> Int {
    let turns = Double(index)
    let load = 1 + 0.3 * sine(turns: turns / 1_500) + 0.1 * sine(turns: turns / 173) + 0.3 * (random.unit() - 0.5)
    let mean = requestsPerSecond * load
    let whole = mean.rounded(.down)
    return Int(whole) + (random.chance(mean - whole) ? 1 : 0)
  }

  private mutating func addRequest(
    _ start: Int64, _ random: inout SeededRandom, _ ids: inout SeededRandom, _ bodies: inout [DemoBody]
  ) {
    var context = RequestContext(&random)
    if unixSecond < releaseUnixSecond, context.version == PlantedFault.version { context.version = PlantedFault.versionBefore }
    let scenario = Scenario.all[random.index(weights: Scenario.weights, total: Scenario.weightTotal)]
    var request = TraceBuilder(
      context, unixSecond: unixSecond, random: SeededRandom(random.next()), ids: SeededRandom(ids.next()))
    request.makeRequest(scenario, startNanoseconds: start)
    add(request, &bodies)
    for job in request.jobs {
      var trace = TraceBuilder(
        context, unixSecond: unixSecond, random: SeededRandom(random.next()), ids: SeededRandom(ids.next()))
      trace.makeJob(job)
      add(trace, &bodies)
    }
  }

  private mutating func add(_ trace: TraceBuilder, _ bodies: inout [DemoBody]) {
    for span in trace.spans { traces.append(span.message, from: span.resource) }
    for log in trace.logs { addLog(log, &bodies) }
    for observation in trace.observations { book.add(observation) }
    if traces.itemCount >= Self.bodyItemCount, let body = traces.take() { bodies.append(body) }
  }

  private mutating func addLog(_ log: LogRecord, _ bodies: inout [DemoBody]) {
    logs.append(log.message, from: log.resource)
    if logs.itemCount >= Self.bodyItemCount, let body = logs.take() { bodies.append(body) }
  }
}
