// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import Logging
import Testing
import Tracing

@testable import CairnKit

struct ShopError: Error, Equatable {
  var reason: String
}

struct WrappingError: Error {
  var cause: any Error
}

struct TracerTests {
  private let memory = InMemoryExporter()
  private var kit: Kit { Kit.testing(memory) }

  @Test func childrenShareTheTraceOfTheirParent() throws {
    let tracer = kit.tracer
    tracer.withSpan("outer") { _ in tracer.withSpan("inner", ofKind: .client) { $0.attributes["n"] = 1 } }
    let spans = memory.spans
    try #require(spans.map(\.name) == ["inner", "outer"])
    #expect(spans[0].traceID == spans[1].traceID)
    #expect(spans[0].parentSpanID == spans[1].spanID)
    #expect(spans[1].parentSpanID == nil)
    #expect(spans[0].kind == .client)
    #expect(spans[0].attributes["n"]?.toSpanAttribute() == .int64(1))
  }

  @Test func aThrownErrorIsRecordedWithItsCauseAndMarksTheSpan() throws {
    let tracer = kit.tracer
    #expect(throws: WrappingError.self) {
      try tracer.withSpan("checkout") { _ in throw WrappingError(cause: ShopError(reason: "no stock")) }
    }
    let span = try #require(memory.spans.first)
    #expect(span.status?.code == .error)
    let event = try #require(span.events.first)
    #expect(event.name == "exception")
    #expect(event.attributes["exception.type"]?.toSpanAttribute() == .string("CairnKitTests.WrappingError"))
    guard case .string(let stack)? = event.attributes["exception.stacktrace"]?.toSpanAttribute() else {
      Issue.record("no stack trace")
      return
    }
    // By name, not by an offset that the next build changes.
    #expect(stack.contains("TracerTests.aThrownErrorIsRecordedWithItsCauseAndMarksTheSpan"), "\(stack)")
    #expect(!stack.contains("recordError(") && !stack.contains("StackTrace.here("), "\(stack)")
    #expect(StackTrace.withoutOwn(["at a (x+0x1)", "at KitSpan.recordError(_:) (x+0x2)", "at user() (x+0x3)"]) == ["at user() (x+0x3)"])
    #expect(StackTrace.withoutOwn(["at x+0x1", "at x+0x2", "at x+0x3", "at x+0x4"]) == ["at x+0x4"])
    #expect(ErrorDescription.record(WrappingError(cause: ShopError(reason: "x")), unixNanoseconds: 1).causes.map(\.type) == ["CairnKitTests.ShopError"])
  }

  @Test func anErrorThatPassesThroughSpansIsToldAsNewOnce() throws {
    let tracer = kit.tracer
    try? tracer.withSpan("request") { _ in
      // Two tries of the same are two failures.
      for _ in 0..<2 { try? tracer.withSpan("try") { _ in throw ShopError(reason: "no stock") } }
      try tracer.withSpan("checkout") { _ in try tracer.withSpan("pay") { _ in throw ShopError(reason: "no money") } }
    }
    let repeated = memory.spans.map { span in (span.name, span.events.map { $0.attributes["exception.repeated"] != nil }) }
    #expect(repeated.map(\.0) == ["try", "try", "pay", "checkout", "request"])
    #expect(repeated.map(\.1) == [[false], [false], [false], [true], [true]])
  }

  @Test func nothingChangesAfterTheEnd() throws {
    let span = kit.tracer.startSpan("once")
    span.end()
    span.attributes["late"] = true
    span.operationName = "twice"
    span.addEvent("late")
    span.end()
    #expect(memory.spans.count == 1)
    let kept = try #require(memory.spans.first)
    #expect(kept.name == "once")
    #expect(kept.attributes.isEmpty && kept.events.isEmpty)
    #expect(!span.isRecording)
  }

  @Test func okIsFinal() throws {
    let span = kit.tracer.startSpan("fine")
    span.setStatus(.init(code: .ok))
    span.setStatus(.init(code: .error))
    span.end()
    #expect(memory.spans.first?.status?.code == .ok)
  }

  @Test func limitsDropAndCount() {
    var limits = RecordLimits()
    (limits.eventCount, limits.linkCount) = (2, 1)
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: limits, propagators: [], sinks: [memory]))
    let span = tracer.startSpan("many")
    for index in 0..<5 { span.addEvent(SpanEvent(name: "e\(index)")) }
    for _ in 0..<3 { span.addLink(SpanLink(context: span.context, attributes: [:])) }
    span.end()
    #expect(memory.spans.first?.events.count == 2)
    #expect(memory.spans.first?.links.count == 1)
    #expect(span.recording?.read(\.extra.droppedEvents) == 3)
    #expect(span.recording?.read(\.extra.droppedLinks) == 2)
  }

  @Test func manyTasksMayWriteToOneSpan() async {
    let span = kit.tracer.startSpan("busy")
    await withTaskGroup { group in
      for task in 0..<8 {
        group.addTask { for index in 0..<100 { span.updateAttributes { $0["t\(task)"] = index } } }
      }
    }
    span.attributes["last"] = true
    span.end()
    #expect(memory.spans.first?.attributes["last"] != nil)
  }

  @Test func logLinesKnowTheirSpan() throws {
    let kit = self.kit
    var handler = kit.logHandler(label: "shop")
    handler.metadata["request"] = "7"
    kit.tracer.withSpan("request") { span in
      handler.log(event: .init(level: .warning, message: "slow", metadata: ["ms": .stringConvertible(12)], source: nil, file: "Shop/Cart.swift", function: "f()", line: 3))
      #expect(memory.logs.first?.spanID == span.traceContext?.spanID)
    }
    let line = try #require(memory.logs.first)
    #expect(line.metadata == ["request": "7", "ms": "12"])
    #expect(line.traceID == memory.spans.first?.traceID)
  }
}

extension InMemoryExporter.FinishedSpan {
  /// What it says of how many it stands for.
  var sampleRate: Int? { if case .int64(let rate)? = attributes["SampleRate"]?.toSpanAttribute() { Int(rate) } else { nil } }
}

struct SamplerTests {
  private func spans(_ sampler: any Sampler, count: Int = 2_000, remote: TraceContext? = nil) -> [InMemoryExporter.FinishedSpan] {
    let memory = InMemoryExporter()
    let tracer = KitTracer(core: TracerCore(sampler: sampler, limits: RecordLimits(), propagators: [], sinks: [memory]))
    for _ in 0..<count {
      var context = ServiceContext.topLevel
      if let remote { context.setRemote(remote) }
      let root = tracer.startSpan("root", context: context)
      tracer.startSpan("child", context: root.context).end()
      root.end()
    }
    return memory.spans
  }

  @Test func theRatioIsAboutTheRatio() {
    let kept = spans(ParentBasedSampler(root: RatioSampler(ratio: 0.25)))
    #expect((800...1_200).contains(kept.count))
    #expect(kept.count.isMultiple(of: 2))
  }

  @Test func upstreamDecides() {
    let remote = TraceContext(trace: .init(high: 1, low: 2), span: 3, isSampled: false, isRemote: true)
    #expect(spans(ParentBasedSampler(root: AlwaysOnSampler()), count: 3, remote: remote).isEmpty)
    var sampled = remote
    sampled.isSampled = true
    #expect(spans(ParentBasedSampler(root: AlwaysOffSampler()), count: 3, remote: sampled).count == 6)
  }

  @Test func honeycombsDecisionIsItsOwn() {
    // SHA-1 of the trace id's text, first four bytes, as libhoney's deterministic samplers have it.
    #expect(firstWordOfSHA1("abc") == 0xa999_3e36)
    let kept = spans(HoneycombSampler(rate: 4))
    #expect((800...1_200).contains(kept.count))
  }

  /// Counts are sums of `SampleRate`: it has to be right on every span, whoever began the trace.
  @Test func honeycombsRateIsOnEverySpan() {
    let kept = spans(HoneycombSampler(rate: 4))
    #expect(kept.count { $0.name == "root" } == kept.count { $0.name == "child" })
    #expect(kept.allSatisfy { $0.sampleRate == 4 })
    #expect(spans(HoneycombSampler(rate: 1), count: 3).allSatisfy { $0.sampleRate == nil })
  }

  @Test(arguments: [true, false]) func honeycombsRateHoldsWhateverTheCallerDecided(isSampled: Bool) {
    let sampler = HoneycombSampler(rate: 4)
    for low in 0..<40 {
      let remote = TraceContext(trace: .init(high: 1, low: UInt64(low)), span: 3, isSampled: isSampled, isRemote: true)
      let isPicked = HoneycombSampler.determinant(remote.trace) <= UInt32.max / 4
      let kept = spans(sampler, count: 1, remote: remote)
      #expect(kept.count == (isPicked ? 2 : 0))
      #expect(kept.allSatisfy { $0.sampleRate == 4 })
    }
  }

  @Test func aProgramsOwnRateWinsAndTheLimitOfAttributesDoesNotHideIt() {
    let memory = InMemoryExporter()
    var limits = RecordLimits()
    limits.attributeCount = 1
    let tracer = KitTracer(core: TracerCore(sampler: HoneycombSampler(rate: 2), limits: limits, propagators: [], sinks: [memory]))
    for _ in 0..<100 {
      let span = tracer.startSpan("one", context: .topLevel)
      span.attributes["a"] = 1
      span.attributes["b"] = 2
      span.end()
      let own = tracer.startSpan("own", context: .topLevel)
      own.attributes["SampleRate"] = 7
      own.end()
    }
    #expect(Set(memory.spans.map { "\($0.name) \($0.sampleRate ?? 1)" }) == ["one 2", "own 7"])
  }

  @Test func theTailKeepsWholeTracesThatFailed() {
    let memory = InMemoryExporter()
    var rules = TailRules()
    rules.rate = 0
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [TailBuffer(rules: rules, sinks: [memory])]))
    for index in 0..<10 {
      let root = tracer.startSpan("root", context: .topLevel)
      let child = tracer.startSpan("child", context: root.context)
      if index == 3 { child.recordError(ShopError(reason: "boom")) }
      child.end()
      root.end()
    }
    #expect(memory.spans.map(\.name) == ["child", "root"])
  }

  /// What was kept for a reason stands for itself, one in so many of the rest for all of them.
  @Test func theTailsSpansSayForHowManyTheyStand() {
    let memory = InMemoryExporter()
    var rules = TailRules()
    rules.rate = 4
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [TailBuffer(rules: rules, sinks: [memory])]))
    for index in 0..<4_000 {
      let root = tracer.startSpan("root", context: .topLevel)
      let child = tracer.startSpan("child", context: root.context), late = tracer.startSpan("late", context: root.context)
      if index.isMultiple(of: 8) { child.recordError(ShopError(reason: "boom")) }
      child.end()
      root.end()
      late.end()
    }
    let rates = Dictionary(grouping: memory.spans) { $0.traceID }.values.map { trace in Set(trace.map(\.sampleRate)) }
    #expect(rates.count { $0 == [nil] } == 500)
    #expect(rates.allSatisfy { $0 == [nil] || $0 == [4] })
    #expect((10_000...14_000).contains(memory.spans.reduce(0) { $0 + ($1.sampleRate ?? 1) }))
  }

  @Test func theTailLeavesNothingBehindWhenItStops() {
    let memory = InMemoryExporter()
    var rules = TailRules()
    rules.rate = 1
    let buffer = TailBuffer(rules: rules, sinks: [memory])
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [buffer]))
    let root = tracer.startSpan("root", context: .topLevel)
    tracer.startSpan("child", context: root.context).end()
    #expect(memory.spans.isEmpty)
    buffer.close()
    #expect(memory.spans.map(\.name) == ["child"])
    tracer.startSpan("child of another", context: tracer.startSpan("root", context: .topLevel).context).end()
    #expect(memory.spans.count == 2)
  }

  @Test func theTailIsBounded() {
    let memory = InMemoryExporter()
    var rules = TailRules()
    (rules.rate, rules.spanCountMax) = (1, 100)
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [TailBuffer(rules: rules, sinks: [memory])]))
    // Roots that never end.
    for _ in 0..<1_000 { tracer.startSpan("child", context: tracer.startSpan("root", context: .topLevel).context).end() }
    #expect(memory.spans.count >= 900)
  }

  @Test func anXRayRuleTakesItsQuotaAndBorrowsBeforeIt() {
    var rule = XRayRule(name: "r", priority: 1, fixedRate: 0, reservoirSize: 5)
    let trace = SamplingQuestionTrace.any
    let first = rule.take(10, trace), second = rule.take(10, trace)
    #expect(first && !second)
    rule.quota = 3
    rule.quotaUnixSeconds = 20
    let inQuota = (0..<10).filter { _ in rule.take(11, trace) }.count
    let afterwards = (0..<10).filter { _ in rule.take(21, trace) }.count
    #expect(inQuota == 3 && afterwards == 1)
    #expect(rule.borrowCount == 2)
  }
}

enum SamplingQuestionTrace {
  static let any = TraceContext(trace: .init(high: 1, low: .max), span: 1, isSampled: true).trace
}

/// Errors of asynchronous code: who waited is in the stack, also after a wait, when the thread's own stack begins anew.
struct AsyncStackTests {
  @inline(never) private func handler(_ kit: Kit) async throws {
    try await kit.tracer.withSpan("inner") { _ in try await laterFailure() }
    withExtendedLifetime(kit) {}
  }

  @inline(never) private func laterFailure() async throws {
    await Task.yield()
    try await Task.sleep(for: .milliseconds(1))
    throw CancellationError()
  }

  @Test func theCallersThatWaitAreInTheStack() async throws {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory)
    try? await handler(kit)
    guard case .string(let stack)? = memory.spans.first?.events.first?.attributes["exception.stacktrace"]?.toSpanAttribute() else {
      Issue.record("no stack")
      return
    }
    let lines = stack.split(separator: "\n")
    #expect(lines.contains { $0.contains("AsyncStackTests") && $0.contains("(handler in ") }, "\(stack)")
    #expect(lines.contains { $0.contains("theCallersThatWaitAreInTheStack") }, "\(stack)")
    #expect(!stack.contains("partial function"))
  }
}
