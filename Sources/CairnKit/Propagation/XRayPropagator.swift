// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Instrumentation

/// AWS X-Ray: `X-Amzn-Trace-Id: Root=1-8hex-24hex;Parent=16hex;Sampled=1`. Unknown parts are kept and passed on; a load balancer's
/// `Self` and `Lineage` are not.
struct XRayPropagator: Propagator {
  static let headerName = "x-amzn-trace-id"
  private static let extrasLengthMax = 256

  func extract(from header: (String) -> String?, into context: inout InstrumentationContext) {
    if let text = header(Self.headerName), let found = Self.parse(text) { context.setRemote(found) }
  }

  func headers(of context: InstrumentationContext) -> [(name: String, value: String)] {
    guard let own = context.traceContext else { return [] }
    let sampled = own.isUndecided ? "?" : own.isSampled ? "1" : "0"
    let parent = own.span == 0 ? "" : ";Parent=\(own.spanID)"
    return [(Self.headerName, "Root=\(own.xrayTraceID)\(parent);Sampled=\(sampled)" + own.xrayExtras)]
  }

  /// nil without a good root. A header without a parent (a load balancer's) starts the trace at the next span.
  static func parse(_ text: String) -> TraceContext? {
    var found = TraceContext(trace: TraceID(high: 0, low: 0), span: 0, isSampled: true, isRemote: true)
    found.isUndecided = true
    for part in text.split(separator: ";") {
      let pair = part.split(separator: "=", maxSplits: 1)
      guard pair.count == 2 else { continue }
      let name = pair[0].filter { $0 != " " }
      switch name {
      case "Root":
        guard let trace = TraceID(String(pair[1])), !trace.isZero else { return nil }
        found.trace = trace
      case "Parent": found.span = nonzeroHex(pair[1], digitCount: 16).flatMap(parseHex) ?? 0
      case "Sampled":
        found.isUndecided = pair[1] != "0" && pair[1] != "1"
        found.isSampled = pair[1] != "0"
      case "Self", "Lineage": break
      default:
        if !name.isEmpty, isPrintable(part), found.xrayExtras.utf8.count + part.utf8.count < extrasLengthMax { found.xrayExtras += ";\(name)=\(pair[1])" }
      }
    }
    return found.trace.isZero ? nil : found
  }
}
