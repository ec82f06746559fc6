// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnKit
import Glibc
import InMemoryTracing
import Logging
import Tracing

/// What one span and one line cost the program that makes them, from the call to the queue, beside the tracers of
/// swift-distributed-tracing. Nothing is exported meanwhile.
enum BenchMode {
  private static let operationCount = 100_000
  private static let roundCount = 7

  static func run() throws {
    let counter = AllocationCounter()
    var results: [(name: String, cost: Cost)] = []
    for (name, make) in cases() { results.append((name, try measured(make, counter))) }
    Probe.say { writer in
      for (name, cost) in results {
        writer.key(name)
        writer.beginObject()
        writer.member("ns", cost.nanoseconds)
        if let allocations = cost.allocations { writer.member("allocations", allocations) }
        writer.endObject()
      }
    }
  }

  private struct Cost {
    /// The median of the rounds, of the thread's own processor time: what else the machine does takes no part in it.
    var nanoseconds: Double
    var allocations: Double?
  }

  /// Makes a fresh subject for each round and gives what is done `count` times with it.
  private typealias Make = () throws -> (_ count: Int) -> Void

  private static func cases() -> [(String, Make)] {
    [
      ("span_5_attributes", { spans(try kit([:]).tracer) }),
      ("span_5_attributes_at_once", { spansAtOnce(try kit([:]).tracer) }),
      ("span_5_attributes_noop", { spans(NoOpTracer()) }),
      ("span_5_attributes_in_memory", { spans(InMemoryTracer()) }),
      ("child_5_attributes", { children(try kit([:]).tracer) }),
      ("child_5_attributes_in_memory", { children(InMemoryTracer()) }),
      ("unsampled_root", { spans(try kit(["OTEL_TRACES_SAMPLER": "always_off"]).tracer) }),
      ("unsampled_root_by_ratio", { spans(try kit(["OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"]).tracer) }),
      ("unsampled_child", { children(try kit(["OTEL_TRACES_SAMPLER": "parentbased_always_off"]).tracer) }),
      ("empty_span", { empty(try kit([:]).tracer) }),
      ("empty_span_unsampled", { empty(try kit(["OTEL_TRACES_SAMPLER": "always_off"]).tracer) }),
      ("empty_child_unsampled", { emptyChildren(try kit(["OTEL_TRACES_SAMPLER": "parentbased_always_off"]).tracer) }),
      ("empty_span_noop", { empty(NoOpTracer()) }),
      ("line", { lines(try kit([:])) }),
      ("line_with_metadata", { linesWithMetadata(Self.logger(try kit([:]))) }),
      ("line_with_metadata_noop", { linesWithMetadata(Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }) }),
    ]
  }

  /// A kit whose queues are long enough and whose exporters do not run.
  private static func kit(_ variables: [String: String]) throws -> Kit {
    var all = ["OTEL_BSP_MAX_QUEUE_SIZE": "1000000", "OTEL_BLRP_MAX_QUEUE_SIZE": "1000000", "OTEL_SERVICE_NAME": "bench", "OTEL_METRICS_EXPORTER": "none"]
    all.merge(variables) { $1 }
    return try Kit(KitSettings.fromEnvironment(all))
  }

  private static func logger(_ kit: Kit) -> Logger { Logger(label: "bench") { kit.logHandler(label: $0) } }

  private static func spans(_ tracer: some Tracer) -> (Int) -> Void {
    { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: .topLevel, ofKind: .server)
        set(span, number)
        span.end()
      }
    }
  }

  private static func children(_ tracer: some Tracer) -> (Int) -> Void {
    let parent = tracer.startSpan("parent", context: .topLevel)
    return { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: parent.context, ofKind: .server)
        set(span, number)
        span.end()
      }
    }
  }

  @inline(__always)
  private static func set(_ span: some Tracing.Span, _ number: Int) {
    span.attributes["http.request.method"] = "GET"
    span.attributes["url.path"] = "/cart"
    span.attributes["http.response.status_code"] = 200
    span.attributes["number"] = number
    span.attributes["is.cached"] = true
  }

  private static func spansAtOnce(_ tracer: some Tracer) -> (Int) -> Void {
    { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: .topLevel, ofKind: .server)
        span.updateAttributes { attributes in
          attributes["http.request.method"] = "GET"
          attributes["url.path"] = "/cart"
          attributes["http.response.status_code"] = 200
          attributes["number"] = number
          attributes["is.cached"] = true
        }
        span.end()
      }
    }
  }

  private static func empty(_ tracer: some Tracer) -> (Int) -> Void {
    { count in for _ in 0..<count { tracer.startSpan("GET /cart", context: .topLevel, ofKind: .server).end() } }
  }

  private static func emptyChildren(_ tracer: some Tracer) -> (Int) -> Void {
    let parent = tracer.startSpan("parent", context: .topLevel)
    return { count in for _ in 0..<count { tracer.startSpan("GET /cart", context: parent.context, ofKind: .server).end() } }
  }

  private static func lines(_ kit: Kit) -> (Int) -> Void {
    let log = logger(kit)
    return { count in for _ in 0..<count { log.info("the cart is shown") } }
  }

  private static func linesWithMetadata(_ log: Logger) -> (Int) -> Void {
    { count in for number in 0..<count { log.info("the cart is shown", metadata: ["user.id": "andrew", "number": .stringConvertible(number)]) } }
  }

  private static var processorNanoseconds: Double {
    var time = timespec()
    _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
  }

  private static func measured(_ make: Make, _ counter: AllocationCounter) throws -> Cost {
    var times: [Double] = []
    var allocations: Double?
    for _ in 0..<roundCount {
      let work = try make()
      work(1_000)
      let before = counter.count
      let begun = Self.processorNanoseconds
      work(operationCount)
      let took = Self.processorNanoseconds - begun
      if let before, let after = counter.count { allocations = Double(after - before) / Double(operationCount) }
      times.append(took / Double(operationCount))
    }
    return Cost(nanoseconds: times.sorted()[roundCount / 2], allocations: allocations)
  }
}

/// Counts calls of malloc and its kin where the library of `Benchmarks/kit.py` is loaded before the system's; else knows nothing.
private struct AllocationCounter {
  private typealias Function = @convention(c) () -> Int
  private let function: Function?

  init() {
    guard let address = unsafe dlsym(nil, "cairn_allocation_count") else {
      function = nil
      return
    }
    function = unsafe unsafeBitCast(address, to: Function.self)
  }

  var count: Int? { function?() }
}
