// SPDX-License-Identifier: Apache-2.0
import Testing
import Tracing

@testable import CairnKit

extension SharedAttribute where Value == Int {
  fileprivate static var tenant: Self { Self("app.tenant") }
}

struct SharedAttributeTests {
  private let memory = InMemoryExporter()

  private func tracer(_ shared: [SharedAttributeName]) -> KitTracer {
    KitTracer(
      core: TracerCore(
        sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [TraceContextPropagator(), BaggagePropagator()], sinks: [memory], shared: shared))
  }

  @Test func theyAreOnTheSpanAroundAndOnAllBelow() async {
    let tracer = tracer([.init("user.id"), .init("app.tenant", .integer)])
    await tracer.withSpan("request") { _ in
      await tracer.with(.userID, "u 1") {
        await tracer.with(.tenant, 42) {
          tracer.withSpan("inside") { _ in }
          #expect(ServiceContext.current?[.tenant] == 42)
        }
      }
      tracer.withSpan("outside") { _ in }
    }
    let byName = Dictionary(memory.spans.map { ($0.name, $0.attributes) }) { $1 }
    #expect(byName["request"]?["user.id"]?.toSpanAttribute() == .string("u 1"))
    #expect(byName["inside"]?["user.id"]?.toSpanAttribute() == .string("u 1"))
    #expect(byName["inside"]?["app.tenant"]?.toSpanAttribute() == .int64(42))
    #expect(byName["outside"]?["user.id"] == nil)
  }

  @Test func aCalledServiceHasThemToo() async {
    let caller = tracer([]), called = tracer([.init("user.id"), .init("app.tenant", .integer)])
    var headers: [String: String] = [:]
    await caller.withSpan("call") { span in
      await caller.with(.userID, "Köln 1") {
        await caller.with(.tenant, 42) { caller.inject(ServiceContext.current ?? .topLevel, into: &headers, using: Carrier()) }
      }
    }
    #expect(headers["baggage"] == "user.id=K%C3%B6ln%201,app.tenant=42")
    var context = ServiceContext.topLevel
    called.extract(headers, into: &context, using: Carrier())
    called.withSpan("answer", context: context, ofKind: .server) { _ in }
    let answer = memory.spans.last
    #expect(answer?.attributes["user.id"]?.toSpanAttribute() == .string("Köln 1"))
    #expect(answer?.attributes["app.tenant"]?.toSpanAttribute() == .int64(42))
    #expect(answer?.traceID == memory.spans.first?.traceID)
  }

  @Test func whatATracedClientDoesIsToldOnce() {
    let tracer = tracer([])
    var headers: [String: String] = [:]
    tracer.withSpan("request") { span in
      let inner = tracer.startSpan("GET", context: span.context.suppressed(), ofKind: .client)
      tracer.inject(inner.context, into: &headers, using: Carrier())
      inner.end()
      #expect(inner.traceContext?.spanID == span.traceContext?.spanID)
    }
    #expect(memory.spans.map(\.name) == ["request"])
    #expect(headers.isEmpty)
  }

  @Test func settingsNameThemWithTheirKind() throws {
    let settings = try KitSettings.fromEnvironment(["CAIRN_SHARED_ATTRIBUTES": "user.id, app.tenant:integer"])
    #expect(settings.sharedAttributes == [SharedAttributeName("user.id"), SharedAttributeName("app.tenant", .integer)])
    let error = #expect(throws: ConfigurationError.self) { try KitSettings.fromEnvironment(["CAIRN_SHARED_ATTRIBUTES": "a:octet"]) }
    #expect(error?.variable == "CAIRN_SHARED_ATTRIBUTES")
  }

  @Test func whatIsNoNumberStaysText() { #expect(SharedAttributeName("n", .integer).attribute("x") == .string("x")) }
}

private struct Carrier: Injector, Extractor {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
  func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}
