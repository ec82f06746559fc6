// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import Instrumentation

/// Jaeger's own header: `uber-trace-id: trace:span:parent:flags` in hex without leading zeros; bit 0 of the flags is sampled, bit 1 debug.
/// The third part has no use any more and is written as 0. Source: Jaeger's "Client Library Features", propagation format.
struct JaegerPropagator: Propagator {
  private static let headerName = "uber-trace-id"

  func extract(from header: (String) -> String?, into context: inout InstrumentationContext) {
    // Some clients write the colons as %3A.
    guard let text = header(Self.headerName), let found = Self.parse(percentDecoded(Substring(text)) ?? text) else { return }
    context.setRemote(found)
  }

  func headers(of context: InstrumentationContext) -> [(name: String, value: String)] {
    guard let own = context.traceContext?.decided else { return [] }
    return [(Self.headerName, "\(own.traceID):\(own.spanID):0:\(own.isSampled ? 1 : 0)")]
  }

  static func parse(_ text: String) -> TraceContext? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Array($0.utf8) }
    guard parts.count == 4, (1...32).contains(parts[0].count), let span = parseHex(parts[1][...]), span != 0 else { return nil }
    guard let low = parseHex(parts[0].suffix(16)), let high = parts[0].count > 16 ? parseHex(parts[0].dropLast(16)) : 0 else { return nil }
    let trace = TraceID(high: high, low: low)
    guard !trace.isZero, let flags = parseHex(parts[3][...]) else { return nil }
    return TraceContext(trace: trace, span: span, isSampled: flags & 3 != 0, isRemote: true)
  }
}
