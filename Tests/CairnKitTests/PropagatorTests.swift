// SPDX-License-Identifier: Apache-2.0
import Testing
import Tracing

@testable import CairnKit

private let trace = "0af7651916cd43dd8448eb211c80319c"
private let span = "b7ad6b7169203331"

private struct FromDictionary: Extractor {
  func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}

private struct ToDictionary: Injector {
  func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }
}

struct PropagatorTests {
  private func extracted(_ propagator: any Propagator, _ headers: [String: String]) -> TraceContext? {
    var context = ServiceContext.topLevel
    propagator.extract(from: { headers[$0] }, into: &context)
    return context.traceContext
  }

  private func injected(_ propagator: any Propagator, _ found: TraceContext) -> [String: String] {
    var context = ServiceContext.topLevel
    context.setRemote(found)
    return Dictionary(propagator.headers(of: context).map { ($0.name, $0.value) }) { $1 }
  }

  @Test func traceparentComesBackAsItWent() throws {
    let headers = ["traceparent": "00-\(trace)-\(span)-01", "tracestate": "vendor=1,other=2"]
    let found = try #require(extracted(TraceContextPropagator(), headers))
    #expect(found.traceID == trace)
    #expect(found.spanID == span)
    #expect(found.isSampled && found.isRemote)
    #expect(injected(TraceContextPropagator(), found) == headers)
  }

  @Test(arguments: [
    "", "00", "00-\(trace)-\(span)", "00-\(trace)-\(span)-01-extra", "ff-\(trace)-\(span)-01", "00-00000000000000000000000000000000-\(span)-01",
    "00-\(trace)-0000000000000000-01", "00-0AF7651916CD43DD8448EB211C80319C-\(span)-01", "00-\(trace)-\(span)-0x", "00-\(trace.dropLast())-\(span)-01",
    "zz-\(trace)-\(span)-01", "----", "00-\(trace)\u{0}-\(span)-01",
  ]) func aBrokenTraceparentIsNone(text: String) { #expect(extracted(TraceContextPropagator(), ["traceparent": text]) == nil) }

  @Test(arguments: [",,,", "a", "=", "=1", "a=", "A=1", "a =1", "a=1=2", "a=1,b", "a=\u{e9}", "a=1\n", (0..<33).map { "k\($0)=v" }.joined(separator: ",")])
  func aBrokenTracestateIsNone(text: String) throws {
    let found = try #require(extracted(TraceContextPropagator(), ["traceparent": "00-\(trace)-\(span)-01", "tracestate": text]))
    #expect(found.traceState.isEmpty)
  }

  @Test(arguments: ["a=1", "a=1, b=2,", " t@v_-*/0=x:;!y ,,0=1", (0..<32).map { "k\($0)=v" }.joined(separator: ",")])
  func aGoodTracestateGoesOnAsItCame(text: String) throws {
    let found = try #require(extracted(TraceContextPropagator(), ["traceparent": "00-\(trace)-\(span)-01", "tracestate": text]))
    #expect(found.traceState == text)
  }

  /// What a caller sends does not keep the program from sending on what it set.
  @Test(arguments: [(0..<64).map { "k\($0)=v" }.joined(separator: ","), "k=" + String(repeating: "v", count: 8_190)])
  func aProgramsOwnBaggageIsNotDisplaced(text: String) throws {
    var context = ServiceContext.topLevel
    BaggagePropagator().extract(from: { $0 == "baggage" ? text : nil }, into: &context)
    #expect(BaggagePropagator().headers(of: context).first?.value == text)
    context.baggage["user.id"] = "u"
    let sent = try #require(BaggagePropagator().headers(of: context).first?.value)
    #expect(sent == "user.id=u" || sent.hasSuffix(",user.id=u"))
    #expect(sent.utf8.count <= 8_192 && sent.split(separator: ",").count <= 64)
  }

  @Test func aLaterVersionIsReadAsFarAsItIsKnown() {
    #expect(extracted(TraceContextPropagator(), ["traceparent": "cc-\(trace)-\(span)-01-what-ever"])?.traceID == trace)
  }

  @Test func xrayHeaderKeepsWhatItDoesNotKnow() throws {
    let text = "Self=1-67891234-12456789abcdef012345678;Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=\(span);Sampled=1;Lineage=a87bd80c:1|68fd508a:5;Mine=x"
    let found = try #require(extracted(XRayPropagator(), ["x-amzn-trace-id": text]))
    #expect(found.traceID == trace)
    #expect(injected(XRayPropagator(), found)["x-amzn-trace-id"] == "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=\(span);Sampled=1;Mine=x")
  }

  @Test func anUndecidedXRayHeaderLeavesTheDecisionToTheSampler() throws {
    let found = try #require(extracted(XRayPropagator(), ["x-amzn-trace-id": "Root=1-0af76519-16cd43dd8448eb211c80319c;Sampled=?"]))
    #expect(found.isUndecided)
  }

  @Test(arguments: ["", "Root=", "Root=1-2-3", "Parent=\(span)", ";;;", "Root=1-00000000-000000000000000000000000"])
  func aBrokenXRayHeaderIsNone(text: String) { #expect(extracted(XRayPropagator(), ["x-amzn-trace-id": text]) == nil) }

  /// As through a kit that is switched off.
  @Test func whatNobodyDecidedGoesOnUndecided() throws {
    let header = "Root=1-0af76519-16cd43dd8448eb211c80319c;Sampled=?"
    let xray = try #require(extracted(XRayPropagator(), ["x-amzn-trace-id": header]))
    #expect(injected(XRayPropagator(), xray) == ["x-amzn-trace-id": header])
    // Where a span is asked for and there is none, nothing is better than zeros.
    for propagator in [TraceContextPropagator(), B3Propagator(form: .single), B3Propagator(form: .multiple), JaegerPropagator()] as [any Propagator] {
      #expect(injected(propagator, xray).isEmpty)
    }
    let b3 = try #require(extracted(B3Propagator(form: .single), ["b3": "\(trace)-\(span)"]))
    #expect(injected(B3Propagator(form: .single), b3) == ["b3": "\(trace)-\(span)"])
    #expect(injected(B3Propagator(form: .multiple), b3) == ["x-b3-traceid": trace, "x-b3-spanid": span])
  }

  @Test(arguments: [true, false]) func aKitThatIsSwitchedOffHandsOnWhatCame(isSampled: Bool) throws {
    var settings = KitSettings()
    settings.isDisabled = true
    let kit = try Kit(settings)
    let headers = ["traceparent": "00-\(trace)-\(span)-0\(isSampled ? 1 : 0)", "tracestate": "vendor=1", "baggage": "user.id=u"]
    var context = ServiceContext.topLevel
    kit.tracer.extract(headers, into: &context, using: FromDictionary())
    var sent: [String: String] = [:]
    kit.tracer.withSpan("outer", context: context) { _ in
      kit.tracer.withSpan("call", ofKind: .client) { span in
        #expect(!span.isRecording)
        kit.tracer.inject(span.context, into: &sent, using: ToDictionary())
      }
    }
    #expect(sent == headers)
    kit.tracer.withSpan("root", context: .topLevel) { #expect($0.traceContext == nil) }
  }

  @Test func jaegersHeaderComesBackAsItWent() throws {
    for text in ["\(trace):\(span):0:1", "\(trace)%3A\(span)%3A0%3A1", "\(trace.dropFirst()):\(span):\(span):3"] {
      let found = try #require(extracted(JaegerPropagator(), ["uber-trace-id": text]))
      #expect(found.traceID == trace && found.spanID == span && found.isSampled)
      #expect(injected(JaegerPropagator(), found) == ["uber-trace-id": "\(trace):\(span):0:1"])
    }
    #expect(extracted(JaegerPropagator(), ["uber-trace-id": "\(trace):\(span):0:0"])?.isSampled == false)
  }

  @Test(arguments: ["", ":::", "\(trace):\(span):0", "\(trace):0:0:1", "0:\(span):0:1", "\(trace)0:\(span):0:1", "\(trace):\(span):0:x", "%zz"])
  func aBrokenHeaderOfJaegerIsNone(text: String) { #expect(extracted(JaegerPropagator(), ["uber-trace-id": text]) == nil) }

  @Test func bothFormsOfB3AreRead() {
    let single = extracted(B3Propagator(form: .multiple), ["b3": "\(trace)-\(span)-1-05e3ac9a4f6e3b90"])
    let multiple = extracted(B3Propagator(form: .single), ["x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "1"])
    #expect(single == multiple)
    #expect(single?.traceID == trace)
    #expect(extracted(B3Propagator(form: .single), ["b3": "a3ce929d0e0e4736-\(span)-0"])?.isSampled == false)
  }

  /// `b3: 0` of a caller that has no trace itself.
  @Test(arguments: [["b3": "0"], ["x-b3-sampled": "0"], ["x-b3-sampled": "false"]]) func whatACallerDeniesIsNotRecorded(headers: [String: String]) throws {
    var settings = KitSettings()
    settings.propagators = [.b3, .tracecontext, .xray, .jaeger]
    let memory = InMemoryExporter()
    let parts = KitParts.make(settings, transports: Transports(FakeTransport()), clock: InstantClock()).tracer
    let tracer = KitTracer(core: TracerCore(sampler: parts.sampler, limits: RecordLimits(), propagators: parts.propagators, sinks: [memory]))
    var context = ServiceContext.topLevel, sent: [String: String] = [:]
    tracer.extract(headers, into: &context, using: FromDictionary())
    tracer.withSpan("GET /", context: context, ofKind: .server) { _ in
      tracer.withSpan("GET", ofKind: .client) { tracer.inject($0.context, into: &sent, using: ToDictionary()) }
    }
    #expect(memory.spans.isEmpty)
    // Whoever is called next hears of it, in the format that it reads.
    let readers: [any Propagator] = [TraceContextPropagator(), B3Propagator(form: .multiple), XRayPropagator(), JaegerPropagator()]
    let found = readers.map { extracted($0, sent) }
    #expect(found.allSatisfy { $0 != nil && $0?.isSampled == false && $0?.isUndecided == false } && Set(found.map { $0?.trace }).count == 1, "\(sent)")
  }

  @Test(arguments: [["b3": "1"], ["b3": "d"], ["x-b3-sampled": "1"], ["x-b3-flags": "1"]]) func whatACallerWantsIsRecorded(headers: [String: String]) throws {
    let memory = InMemoryExporter()
    let tracer = KitTracer(
      core: TracerCore(sampler: ParentBasedSampler(root: AlwaysOffSampler()), limits: RecordLimits(), propagators: [B3Propagator(form: .single)], sinks: [memory]))
    var context = ServiceContext.topLevel
    tracer.extract(headers, into: &context, using: FromDictionary())
    tracer.withSpan("GET /", context: context, ofKind: .server) { _ in }
    #expect(memory.spans.map(\.parentSpanID) == [nil])
  }

  @Test(arguments: [["b3": ""], ["b3": "2"], ["x-b3-sampled": "maybe"], ["x-b3-traceid": trace, "x-b3-sampled": "0"], [:]])
  func abrokenDecisionOfB3IsNone(headers: [String: String]) { #expect(extracted(B3Propagator(form: .single), headers) == nil) }

  /// A load balancer, or AWS's SDK, that decided against a trace in which it has no segment.
  @Test func aDenialOfXRayWithoutAParentGoesOnInEveryFormat() throws {
    let denied = try #require(extracted(XRayPropagator(), ["x-amzn-trace-id": "Root=1-0af76519-16cd43dd8448eb211c80319c;Sampled=0"]))
    #expect(injected(XRayPropagator(), denied)["x-amzn-trace-id"] == "Root=1-0af76519-16cd43dd8448eb211c80319c;Sampled=0")
    let named = String(trace.suffix(16))
    #expect(injected(TraceContextPropagator(), denied) == ["traceparent": "00-\(trace)-\(named)-00"])
    #expect(injected(B3Propagator(form: .single), denied) == ["b3": "\(trace)-\(named)-0"])
    #expect(injected(B3Propagator(form: .multiple), denied) == ["x-b3-traceid": trace, "x-b3-spanid": named, "x-b3-sampled": "0"])
    #expect(injected(JaegerPropagator(), denied) == ["uber-trace-id": "\(trace):\(named):0:0"])
  }

  /// One that was not decided goes on in the formats that have a word for it: 00 would be a decision.
  @Test func formatsThatMustDecideSayNothingOfWhatIsUndecided() throws {
    let found = try #require(extracted(XRayPropagator(), ["x-amzn-trace-id": "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=\(span);Sampled=?"]))
    #expect(injected(TraceContextPropagator(), found).isEmpty && injected(JaegerPropagator(), found).isEmpty)
    #expect(injected(B3Propagator(form: .single), found) == ["b3": "\(trace)-\(span)"])
  }

  @Test func baggageIsDecodedAndBounded() {
    var context = ServiceContext.topLevel
    let header = "user.id=u%201;prop=1, city=K%C3%B6ln ,broken,=x," + (0..<100).map { "k\($0)=v" }.joined(separator: ",")
    BaggagePropagator().extract(from: { $0 == "baggage" ? header : nil }, into: &context)
    #expect(context.baggage["user.id"] == "u 1")
    #expect(context.baggage["city"] == "Köln")
    #expect(context.baggage.entries.count <= Baggage.entryCountMax)
    let written = BaggagePropagator().headers(of: context)
    #expect(written.first?.value.hasPrefix("user.id=u%201;prop=1,city=K%C3%B6ln,") == true)
  }

  @Test func theFirstPropagatorThatFindsAContextWins() {
    var context = ServiceContext.topLevel
    let headers = ["traceparent": "00-\(trace)-\(span)-01", "b3": "11111111111111111111111111111111-2222222222222222-1"]
    for propagator in [TraceContextPropagator(), B3Propagator(form: .single)] as [any Propagator] {
      propagator.extract(from: { headers[$0] }, into: &context)
    }
    #expect(context.traceContext?.traceID == trace)
  }
}
