// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Instrumentation

/// Zipkin's B3: one header `b3: trace-span-sampled-parent`, or one header a part. Both forms are read, the configured one is written. A
/// decision may come without ids (`b3: 0`, `x-b3-sampled: 0`). Source: openzipkin/b3-propagation, README.
struct B3Propagator: Propagator {
  enum Form: Sendable {
    case single
    case multiple
  }
  let form: Form

  func extract(from header: (String) -> String?, into context: inout InstrumentationContext) {
    if let text = header("b3"), let found = parse(text.split(separator: "-", omittingEmptySubsequences: false)) { return context.setRemote(found) }
    let ids = (trace: header("x-b3-traceid"), span: header("x-b3-spanid"))
    var parts: [Substring] = []
    if let trace = ids.trace, let span = ids.span { parts = [Substring(trace), Substring(span)] } else if ids != (nil, nil) { return }
    if header("x-b3-flags") == "1" { parts.append("d") } else if let sampled = header("x-b3-sampled") { parts.append(Substring(sampled)) }
    if let found = parse(parts) { context.setRemote(found) }
  }

  /// The ids and the decision, the ids alone, or the decision alone: that of a caller without a trace, for one that begins here.
  private func parse(_ parts: [Substring]) -> TraceContext? {
    if parts.count == 1, let isSampled = Self.decision(parts[0]) {
      let trace = IDs.traceID(IDs.seed(), unixSeconds: CoarseClock.unixSeconds)
      return TraceContext(trace: trace, span: 0, isSampled: isSampled, isRemote: true)
    }
    guard parts.count >= 2, let trace = TraceID(String(parts[0])), !trace.isZero, parts[0].utf8.count != 35 else { return nil }
    guard let digits = nonzeroHex(parts[1], digitCount: 16), let span = parseHex(digits) else { return nil }
    let decision = parts.count > 2 ? Self.decision(parts[2]) : nil
    var found = TraceContext(trace: trace, span: span, isSampled: decision ?? true, isRemote: true)
    found.isUndecided = decision == nil
    return found
  }

  private static func decision(_ text: Substring) -> Bool? {
    switch text.lowercased() {
    case "1", "d", "true": true
    case "0", "false": false
    default: nil
    }
  }

  func headers(of context: InstrumentationContext) -> [(name: String, value: String)] {
    guard let own = context.traceContext?.namingSpan else { return [] }
    let sampled = own.isUndecided ? nil : own.isSampled ? "1" : "0"
    switch form {
    case .single: return [("b3", "\(own.traceID)-\(own.spanID)" + (sampled.map { "-" + $0 } ?? ""))]
    case .multiple:
      let ids = [(name: "x-b3-traceid", value: own.traceID), (name: "x-b3-spanid", value: own.spanID)]
      return ids + (sampled.map { [(name: "x-b3-sampled", value: $0)] } ?? [])
    }
  }
}
