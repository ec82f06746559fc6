// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnKit
import CoreMetrics
import Logging
import Tracing

/// An error with a cause.
struct ProbeError: Error {
  var mark: String
  var cause: any Error
}

/// The cause.
struct OutOfStock: Error {}

/// One request that says everything the kit can say.
enum SendMode {
  static func run(mark: String) async throws {
    let kit = try Kit.bootstrap()
    let service = Task { try await kit.run() }
    let trace = await request(kit, mark)
    kit.reportToRollbar("probe message \(mark)", level: "warning", custom: ["mark": mark], fingerprint: "probe-\(mark)")
    let isDeployed = Probe.variable("PROBE_DEPLOY") == nil ? false : await kit.reportDeploy(revision: "r-\(mark)", localUser: "probe", comment: "by a test")
    let clock = ContinuousClock()
    let took = await clock.measure {
      service.cancel()
      _ = await service.result
    }
    Probe.say { writer in
      writer.member("trace_id", trace?.traceID ?? "")
      writer.member("xray_trace_id", trace?.xrayTraceID ?? "")
      writer.member("deployed", isDeployed)
      writer.member("lost", counts: kit.lostCounts)
      writer.member("stop_ms", Int(took / .milliseconds(1)))
    }
  }

  private static func request(_ kit: Kit, _ mark: String) async -> TraceContext? {
    let log = Logger(label: "probe")
    let tracer = kit.tracer
    var trace: TraceContext?
    try? await tracer.with(.userID, "user-\(mark)") {
      try tracer.withSpan("GET /probe", ofKind: .server) { span in
        trace = span.traceContext
        span.updateAttributes { attributes in
          attributes["http.request.method"] = "GET"
          attributes["url.path"] = "/probe/\(mark)"
          attributes["url.scheme"] = "http"
          attributes["server.address"] = "probe.example"
          attributes["http.response.status_code"] = 500
          attributes["probe.mark"] = mark
        }
        tracer.withSpan("probe-work", ofKind: .client) { work in
          work.attributes["peer.service"] = "stock"
          work.annotate("mark", mark)
          work.addMetadata("size", 3, namespace: "results")
          log.info("probe line \(mark)", metadata: ["mark": .string(mark), "count": .stringConvertible(3)])
        }
        CoreMetrics.Timer(label: "probe.duration", dimensions: [("mark", mark)]).recordMilliseconds(20)
        Counter(label: "probe.requests", dimensions: [("mark", mark), ("unit", "{request}")]).increment(by: 2)
        throw ProbeError(mark: mark, cause: OutOfStock())
      }
    }
    return trace
  }
}
