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
