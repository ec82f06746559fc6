// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Instrumentation

/// Zipkin's B3: one header `b3: trace-span-sampled-parent`, or one header a part. Both forms are read, the configured one is written.
struct B3Propagator: Propagator {
  enum Form: Sendable {
    case single
    case multiple
  }
  let form: Form

  func extract(from header: (String) -> String?, into context: inout InstrumentationContext) {
    if let text = header("b3"), let found = parse(text.split(separator: "-", omittingEmptySubsequences: false)) { return context.setRemote(found) }
    guard let trace = header("x-b3-traceid"), let span = header("x-b3-spanid") else { return }
    var parts = [Substring(trace), Substring(span)]
    if header("x-b3-flags") == "1" { parts.append("d") } else if let sampled = header("x-b3-sampled") { parts.append(Substring(sampled)) }
    if let found = parse(parts) { context.setRemote(found) }
  }

  private func parse(_ parts: [Substring]) -> TraceContext? {
    guard parts.count >= 2, let trace = TraceID(String(parts[0])), !trace.isZero, parts[0].utf8.count != 35 else { return nil }
    guard let digits = nonzeroHex(parts[1], digitCount: 16), let span = parseHex(digits) else { return nil }
    var found = TraceContext(trace: trace, span: span, isSampled: true, isRemote: true)
    switch parts.count > 2 ? parts[2].lowercased() : "" {
    case "1", "d", "true": break
    case "0", "false": found.isSampled = false
    default: found.isUndecided = true
    }
    return found
  }

  func headers(of context: InstrumentationContext) -> [(name: String, value: String)] {
    guard let own = context.traceContext, own.span != 0 else { return [] }
    let sampled = own.isUndecided ? nil : own.isSampled ? "1" : "0"
    switch form {
    case .single: return [("b3", "\(own.traceID)-\(own.spanID)" + (sampled.map { "-" + $0 } ?? ""))]
    case .multiple:
      let ids = [(name: "x-b3-traceid", value: own.traceID), (name: "x-b3-spanid", value: own.spanID)]
      return ids + (sampled.map { [(name: "x-b3-sampled", value: $0)] } ?? [])
    }
  }
}
