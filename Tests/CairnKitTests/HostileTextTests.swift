// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import TestSupport
import Testing
import Tracing

@testable import CairnKit

/// Headers, answers and settings made of good ones by damage: reading them never traps, and what is read can be written again.
struct HostileTextTests {
  private static let trace = "0af7651916cd43dd8448eb211c80319c"
  private static let span = "b7ad6b7169203331"
  private static let headers: [(name: String, values: [String])] = [
    ("traceparent", ["00-\(trace)-\(span)-01", "cc-\(trace)-\(span)-01-more"]), ("tracestate", ["vendor=1,other=2", String(repeating: "a=b,", count: 200)]),
    ("baggage", ["user.id=u%201;prop=1, city=K%C3%B6ln ,k=v", String(repeating: "n=v,", count: 3_000)]),
    ("b3", ["\(trace)-\(span)-1-05e3ac9a4f6e3b90", "0"]), ("x-b3-traceid", [trace, String(trace.prefix(16))]), ("x-b3-spanid", [span]), ("x-b3-sampled", ["1", "d"]),
    ("x-amzn-trace-id", ["Self=1-67891234-12456789abcdef012345678;Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=\(span);Sampled=?;Lineage=a:1|b:5;Mine=x"]),
    ("uber-trace-id", ["\(trace):\(span):0:1", "\(trace)%3A\(span)%3A0%3A3"]),
  ]
  private static let propagators: [any Propagator] = [
    TraceContextPropagator(), BaggagePropagator(), B3Propagator(form: .single), B3Propagator(form: .multiple), XRayPropagator(), JaegerPropagator(),
  ]

  @Test func noHeaderTraps() {
    for (name, values) in Self.headers {
      for mutant in Mutants(of: values.map { Array($0.utf8) }, words: ["-", ";", "=", ",", "%", ":", "\u{0}", "Root=", " "], count: 3_000) {
        // Text as a server gives it: bytes that are not UTF-8 have been replaced.
        let text = String(decoding: mutant, as: UTF8.self)
        for propagator in Self.propagators { check(propagator, name, text) }
      }
    }
  }

  /// What was found comes back as it went.
  private func check(_ propagator: any Propagator, _ name: String, _ text: String) {
    var context = ServiceContext.topLevel
    propagator.extract(from: { $0 == name ? text : nil }, into: &context)
    let written = Dictionary(propagator.headers(of: context).map { ($0.name, $0.value) }) { $1 }
    #expect(written.values.allSatisfy { $0.utf8.count <= 9_000 && !$0.utf8.contains(0x0a) && !$0.utf8.contains(0x0d) }, "\(text.debugDescription)")
    var again = ServiceContext.topLevel
    propagator.extract(from: { written[$0] }, into: &again)
    #expect(Dictionary(propagator.headers(of: again).map { ($0.name, $0.value) }) { $1 } == written, "\(text.debugDescription)")
    guard let found = context.traceContext, found.span != 0 else { return }
    #expect(again.traceContext?.trace == found.trace && again.traceContext?.span == found.span, "\(text.debugDescription)")
  }

  /// As AWS's own clients: a rule is not applied to what it does not mean.
  @Test func rulesThatLookAtWhatNobodyKnowsAreNotFollowed() throws {
    for (more, isFollowed) in [
      ("", true), (#","ResourceARN":"*","Attributes":{}"#, true), (#","ResourceARN":"arn:aws:ecs:x""#, false), (#","Attributes":{"tier":"gold"}"#, false), (#","Version":2"#, false),
    ] {
      let rule = XRayRule(try JSONValue(parsing: Array(#"{"RuleName":"r","Priority":1,"FixedRate":0.5\#(more)}"#.utf8)))
      #expect((rule != nil) == isFollowed, "\(more)")
    }
  }

  @Test func noRuleOfSamplingTraps() {
    let good = [
      #"{"RuleName":"r","Priority":1,"FixedRate":0.5,"ReservoirSize":5,"ServiceName":"s*","ServiceType":"?","Host":"*.x","HTTPMethod":"G*T","URLPath":"/a/*","Version":1}"#,
      #"{"RuleName":"r","FixedRate":1e308,"ReservoirQuota":9223372036854775807,"ReservoirQuotaTTL":1.8e9,"Priority":-5,"Interval":10}"#,
    ]
    let hints = SamplingHints(host: "h", method: "GET", path: "/a/b")
    var context = ServiceContext.topLevel
    context.samplingHints = hints
    for mutant in Mutants(of: good.map { Array($0.utf8) }, words: ["*", "?", "1e999", "-1", "null"], count: 5_000) {
      guard let json = try? JSONValue(parsing: mutant), var rule = XRayRule(json) else { continue }
      rule.apply(json)
      _ = rule.matches(.init(serviceName: "shop", serviceType: "*", name: "GET /a/b", context: context))
      for second in [0, 1, UInt64.max] { _ = rule.take(second, .init(high: 1, low: UInt64.max)) }
      var writer = JSONWriter()
      rule.write(&writer, clientID: "c", unixSeconds: 1)
    }
  }

  @Test func noAnswerTraps() async {
    let answers = [#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"x"}}"#, #"{"rejectedLogEventsInfo":{"tooNewLogEventStartIndex":1,"tooOldLogEventEndIndex":1e300}}"#]
    var protobuf = ProtobufWriter()
    protobuf.message(1) { message in
      message.varint(1, .max)
      message.text(2, "too old")
    }
    for mutant in Mutants(of: answers.map { Array($0.utf8) } + [protobuf.bytes], count: 5_000) {
      _ = ExportAnswer(mutant)
      _ = ExportAnswer(json: mutant)
      if let json = try? JSONValue(parsing: mutant), let info = json["rejectedLogEventsInfo"] {
        #expect((0...7).contains(CloudWatchExporter.rejectedCount(info, of: 7)))
      }
      let text = String(decoding: mutant, as: UTF8.self)
      if let seconds = RetryPolicy.retryAfterSeconds(text, nowUnixSeconds: .max) { #expect(seconds >= 0) }
    }
    for mutant in Mutants(of: ["120", "Sun, 06 Nov 1994 08:49:37 GMT"].map { Array($0.utf8) }, words: ["9999", " ", ":", "-"], count: 5_000) {
      if let seconds = RetryPolicy.retryAfterSeconds(String(decoding: mutant, as: UTF8.self), nowUnixSeconds: .min / 4) { #expect(seconds >= 0) }
    }
  }

  @Test func noSettingTraps() {
    let good: [String: String] = [
      "OTEL_RESOURCE_ATTRIBUTES": "a=b,c=%20d", "OTEL_PROPAGATORS": "b3,xray", "OTEL_TRACES_SAMPLER": "tail", "OTEL_TRACES_SAMPLER_ARG": "10", "CAIRN_TAIL_SLOW_MS": "5",
      "OTEL_BSP_SCHEDULE_DELAY": "86400000", "OTEL_BSP_MAX_QUEUE_SIZE": "10000000", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://u:p@[::1]:4318/x", "OTEL_EXPORTER_OTLP_HEADERS": "a=b",
      "AWS_XRAY_DAEMON_ADDRESS": "tcp:a:1 udp:b:2", "CAIRN_SHARED_ATTRIBUTES": "user.id,tenant:integer", "OTEL_EXPORTER_OTLP_TIMEOUT": "0", "OTEL_SPAN_EVENT_COUNT_LIMIT": "1000000",
    ]
    for (name, value) in good {
      for mutant in Mutants(of: [Array(value.utf8)], words: [",", "=", ":", "://", "%", "-"], count: 150) {
        var variables = good
        variables[name] = String(decoding: mutant, as: UTF8.self)
        do {
          _ = try KitSettings.fromEnvironment(variables)
        } catch {
          #expect(!error.problem.isEmpty && (good[error.variable] != nil || error.variable == "OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), "\(error)")
        }
      }
    }
  }
}
