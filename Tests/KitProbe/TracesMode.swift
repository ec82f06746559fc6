// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnKit
import Tracing

/// Traces of known number: each a root with a child, every eighth with an error; and as many below a caller that records, whose ids it chose.
enum TracesMode {
  static func run(count: Int) async throws {
    let kit = try Kit.bootstrap()
    let service = Task { try await kit.run() }
    for number in 0..<count {
      trace(kit.tracer, "own", .topLevel, hasFailed: number.isMultiple(of: 8))
      trace(kit.tracer, "called", caller(kit.tracer), hasFailed: number.isMultiple(of: 8))
    }
    service.cancel()
    _ = await service.result
    Probe.say { $0.member("lost", counts: kit.lostCounts) }
  }

  private static func trace(_ tracer: KitTracer, _ name: String, _ context: ServiceContext, hasFailed: Bool) {
    let root = tracer.startSpan(name, context: context, ofKind: .server)
    let child = tracer.startSpan("\(name)-work", context: root.context)
    if hasFailed { child.setStatus(SpanStatus(code: .error)) }
    child.end()
    root.end()
  }

  private static func caller(_ tracer: KitTracer) -> ServiceContext {
    func digits(_ number: UInt64) -> String {
      let text = String(number, radix: 16)
      return String(repeating: "0", count: 16 - text.count) + text
    }
    let id = digits(.random(in: 1...UInt64.max)) + digits(.random(in: 1...UInt64.max))
    var context = ServiceContext.topLevel
    tracer.extract("00-\(id)-00f067aa0ba902b7-01", into: &context, using: TraceParent())
    return context
  }

  private struct TraceParent: Extractor {
    func extract(key: String, from carrier: String) -> String? { key == "traceparent" ? carrier : nil }
  }
}
