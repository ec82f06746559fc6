// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnKit
import Glibc
import InMemoryTracing
import Logging
import Tracing

/// What one span and one line cost the program that makes them, from the call to the queue, beside the tracers of
/// swift-distributed-tracing. Nothing is exported meanwhile; queues have their default length, and are emptied off the clock each time
/// that they are nearly full, so that memory is used again as it is in a program that runs.
enum BenchMode {
  private static let chunkCount = 50
  /// Fits into the default queue.
  private static let chunkSize = 2_000
  private static let roundCount = 7

  static func run(only: String?) throws {
    let counter = AllocationCounter()
    var results: [(name: String, cost: Cost)] = []
    for (name, make) in cases() where only == nil || only == name { results.append((name, try measured(make, counter))) }
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

  /// What is measured.
  private struct Subject {
    var work: (_ count: Int) -> Void
    /// Done off the clock.
    var reset: () -> Void = {}
  }

  private typealias Make = () throws -> Subject

  private static func cases() -> [(String, Make)] {
    let off = ["OTEL_TRACES_SAMPLER": "always_off"], parentOff = ["OTEL_TRACES_SAMPLER": "parentbased_always_off"]
    let ratio = ["OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"]
    return [
      ("span_5_attributes", { try ofKit([:]) { typedSpans($0.tracer) } }),
      ("span_5_attributes_generic", { try ofKit([:]) { spans($0.tracer) } }),
      ("span_5_attributes_at_once", { try ofKit([:]) { spansAtOnce($0.tracer) } }),
      ("span_5_attributes_noop", { Subject(work: spans(NoOpTracer())) }),
      ("span_5_attributes_in_memory", { ofMemory { spans($0) } }),
      ("child_5_attributes", { try ofKit([:]) { children($0.tracer) } }),
      ("child_5_attributes_in_memory", { ofMemory { children($0) } }),
      ("unsampled_root", { try ofKit(off) { typedSpans($0.tracer) } }),
      ("unsampled_root_by_ratio", { try ofKit(ratio) { typedSpans($0.tracer) } }),
      ("unsampled_root_with_rollbar", { try ofKit(off.merging(["ROLLBAR_ACCESS_TOKEN": "t"]) { $1 }) { typedSpans($0.tracer) } }),
      ("unsampled_root_generic", { try ofKit(off) { spans($0.tracer) } }),
      ("unsampled_root_at_once", { try ofKit(off) { typedSpansAtOnce($0.tracer) } }),
      ("unsampled_child", { try ofKit(parentOff) { typedChildren($0.tracer) } }),
      ("unsampled_child_generic", { try ofKit(parentOff) { children($0.tracer) } }),
      ("empty_span", { try ofKit([:]) { empty($0.tracer) } }),
      ("empty_span_unsampled", { try ofKit(off) { empty($0.tracer) } }),
      ("empty_child_unsampled", { try ofKit(parentOff) { emptyChildren($0.tracer) } }),
      ("empty_span_noop", { Subject(work: empty(NoOpTracer())) }),
      ("dictionary_of_5", { Subject(work: dictionaries()) }),
      ("two_clocks", { Subject(work: clocks()) }),
      ("line", { try ofKit([:]) { lines($0) } }),
      ("line_with_metadata", { try ofKit([:]) { linesWithMetadata(logger($0)) } }),
      ("line_with_metadata_noop", { Subject(work: linesWithMetadata(Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })) }),
    ]
  }

  /// A kit whose exporters do not run.
  private static func ofKit(_ variables: [String: String], _ work: (Kit) -> (Int) -> Void) throws -> Subject {
    var all = ["OTEL_SERVICE_NAME": "bench", "OTEL_METRICS_EXPORTER": "none"]
    all.merge(variables) { $1 }
    let kit = try Kit(KitSettings.fromEnvironment(all))
    return Subject(work: work(kit), reset: { kit.discardQueued() })
  }

  private static func ofMemory(_ work: (InMemoryTracer) -> (Int) -> Void) -> Subject {
    let tracer = InMemoryTracer()
    return Subject(work: work(tracer), reset: { tracer.clearAll() })
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

  /// The same as a program that knows the type: `kit.tracer.withSpan { span in … }`.
  private static func typedSpans(_ tracer: KitTracer) -> (Int) -> Void {
    { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: .topLevel, ofKind: .server)
        setTyped(span, number)
        span.end()
      }
    }
  }

  private static func typedChildren(_ tracer: KitTracer) -> (Int) -> Void {
    let context = tracer.startSpan("parent", context: .topLevel).context
    return { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: context, ofKind: .server)
        setTyped(span, number)
        span.end()
      }
    }
  }

  private static func setTyped(_ span: KitSpan, _ number: Int) {
    span.attributes["http.request.method"] = "GET"
    span.attributes["url.path"] = "/cart"
    span.attributes["http.response.status_code"] = 200
    span.attributes["number"] = number
    span.attributes["is.cached"] = true
  }

  /// What one dictionary of five attributes costs by itself, with its memory set aside.
  private static func dictionaries() -> (Int) -> Void {
    { count in
      for number in 0..<count {
        var attributes = SpanAttributes([String: SpanAttribute](minimumCapacity: 6))
        attributes["http.request.method"] = "GET"
        attributes["url.path"] = "/cart"
        attributes["http.response.status_code"] = 200
        attributes["number"] = number
        attributes["is.cached"] = true
        precondition(attributes.count == 5)
      }
    }
  }

  private static func clocks() -> (Int) -> Void {
    { count in
      for _ in 0..<count { precondition(DefaultTracerClock.now.nanosecondsSinceEpoch <= DefaultTracerClock.now.nanosecondsSinceEpoch + 1_000_000_000) }
    }
  }

  private static func children(_ tracer: some Tracer) -> (Int) -> Void {
    let context = tracer.startSpan("parent", context: .topLevel).context
    return { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: context, ofKind: .server)
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

  /// The closure is not called where the type is known and nobody records.
  private static func typedSpansAtOnce(_ tracer: KitTracer) -> (Int) -> Void {
    { count in
      for number in 0..<count {
        let span = tracer.startSpan("GET /cart", context: .topLevel, ofKind: .server)
        span.updateAttributes { attributes in
          attributes["http.request.method"] = "GET"
          attributes["number"] = number
        }
        span.end()
      }
    }
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
    let context = tracer.startSpan("parent", context: .topLevel).context
    return { count in for _ in 0..<count { tracer.startSpan("GET /cart", context: context, ofKind: .server).end() } }
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
      let subject = try make()
      subject.work(chunkSize)
      var took = 0.0, allocated = 0
      for _ in 0..<chunkCount {
        subject.reset()
        let before = counter.count
        let begun = Self.processorNanoseconds
        subject.work(chunkSize)
        took += Self.processorNanoseconds - begun
        if let before, let after = counter.count { allocated += after - before }
      }
      let operationCount = Double(chunkCount * chunkSize)
      if counter.count != nil { allocations = Double(allocated) / operationCount }
      times.append(took / operationCount)
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
