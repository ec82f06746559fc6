// SPDX-License-Identifier: Apache-2.0
import Testing
import Tracing

@testable import CairnKit

struct SpanFieldsTests {
  private let memory = InMemoryExporter()

  private func generic(_ span: some Tracing.Span) {
    span.attributes["b"] = 2
    span.updateAttributes { $0["c"] = "three" }
  }

  @Test func theLastValueOfANameHoldsInTheOrderOfTheFirst() {
    var fields = SpanFields(countMax: 128)
    for (name, value) in [("a", 1), ("b", 2), ("a", 3)] { fields.set(name, Int64(value)) }
    #expect(fields.settled.map(\.name) == ["a", "b"])
    #expect(fields["a"] == .integer(3))
  }

  @Test func oneNameSetForEverTakesNoMemory() {
    var fields = SpanFields(countMax: 4)
    for number in 0..<10_000 { fields.set("n\(number % 3)", Int64(number)) }
    #expect(fields.entries.count <= 8)
    #expect(fields.settled.count == 3 && fields.droppedCount == 0)
    for number in 0..<10_000 { fields.set("m\(number)", .boolean(true)) }
    #expect(fields.entries.count <= 8 && fields.droppedCount > 9_000)
  }

  @Test func bothWaysToSetAttributesMeanTheSame() throws {
    let span = Kit.testing(memory).tracer.startSpan("mixed")
    span.attributes["a"] = "one"
    generic(span)
    span.attributes["b"] = 4
    span.attributes["gone"] = true
    span.attributes["gone"] = nil as Bool?
    let read: Int? = span.attributes["b"]
    let text: String? = span.attributes["c"]
    #expect(read == 4 && text == "three")
    span.end()
    let kept = try #require(memory.spans.first?.attributes)
    #expect(kept.get("a") == .string("one") && kept.get("b") == .int64(4) && kept.get("c") == .string("three") && kept.get("gone") == nil)
  }

  @Test func nothingIsDoneWhereNobodyRecords() {
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOffSampler(), limits: RecordLimits(), propagators: [], sinks: [memory]))
    let span = tracer.startSpan("off", context: .topLevel)
    span.attributes["a"] = 1
    span.updateAttributes { _ in Issue.record("called for a span that nobody records") }
    #expect(!span.isRecording && span.attributes.isEmpty)
    // The ids that are passed on and those of the log lines are the same.
    #expect(span.context.traceContext == span.traceContext && span.traceContext?.isSampled == false)
    let child = tracer.startSpan("child", context: span.context)
    #expect(child.traceContext == span.traceContext && !child.isRecording)
    span.end()
    #expect(memory.spans.isEmpty)
  }

  @Test func aContextIsFoundAmongOthers() {
    let tracer = Kit.testing(memory).tracer
    let span = tracer.startSpan("root", context: .topLevel)
    var context = span.context
    for name in ["a", "b", "c"] { context.baggage[name] = "x" }
    context.setSamplingHints(host: "h", method: "GET", path: "/")
    #expect(tracer.startSpan("child", context: context).recording?.parent == span.recording?.context.span)
    #expect(tracer.activeSpan(identifiedBy: context)?.traceContext == span.traceContext)
  }
}
