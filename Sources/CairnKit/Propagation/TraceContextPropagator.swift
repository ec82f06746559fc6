// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Instrumentation

/// W3C Trace Context: `traceparent: 00-<32 hex>-<16 hex>-<2 hex>` and `tracestate`.
struct TraceContextPropagator: Propagator {
  private static let traceStateLengthMax = 512
  private static let traceStateCountMax = 32

  func extract(from header: (String) -> String?, into context: inout InstrumentationContext) {
    guard let text = header("traceparent"), var found = Self.parse(text) else { return }
    if let state = header("tracestate"), Self.isTraceState(state) { found.traceState = state }
    context.setRemote(found)
  }

  func headers(of context: InstrumentationContext) -> [(name: String, value: String)] {
    guard let own = context.traceContext?.decided else { return [] }
    let parent = ("traceparent", "00-\(own.traceID)-\(own.spanID)-\(own.isSampled ? "01" : "00")")
    return own.traceState.isEmpty ? [parent] : [parent, ("tracestate", own.traceState)]
  }

  /// Members `key=value` between commas, empty ones among them. A list with anything else is dropped as a whole, as the specification has it.
  private static func isTraceState(_ text: String) -> Bool {
    guard text.utf8.count <= traceStateLengthMax, isPrintable(text) else { return false }
    var count = 0
    for member in text.utf8.split(separator: 0x2c) {
      guard let first = member.firstIndex(where: { $0 != 0x20 }) else { continue }
      let member = member[first...]
      count += 1
      guard count <= traceStateCountMax, let equals = member.firstIndex(of: 0x3d), equals > first else { return false }
      guard isKeyStart(member[first]), member[first..<equals].allSatisfy(isKeyByte) else { return false }
      let value = member[member.index(after: equals)...]
      guard value.contains(where: { $0 != 0x20 }), !value.contains(0x3d) else { return false }
    }
    return count > 0
  }

  /// A lower-case letter or a digit.
  private static func isKeyStart(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) }

  /// Those and `_`, `-`, `*`, `/`, `@`.
  private static func isKeyByte(_ byte: UInt8) -> Bool { isKeyStart(byte) || [0x5f, 0x2d, 0x2a, 0x2f, 0x40].contains(byte) }

  /// nil for what the specification calls invalid; a later version's further parts are passed over.
  static func parse(_ text: String) -> TraceContext? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[0].utf8.count == 2, let version = parseHex(ArraySlice(parts[0].utf8)), version != 0xff else { return nil }
    guard version != 0 || parts.count == 4, !text.utf8.contains(where: { (65...90).contains($0) }) else { return nil }
    guard let traceDigits = nonzeroHex(parts[1], digitCount: 32), let spanDigits = nonzeroHex(parts[2], digitCount: 16) else { return nil }
    guard let high = parseHex(traceDigits.prefix(16)), let low = parseHex(traceDigits.suffix(16)), let span = parseHex(spanDigits) else { return nil }
    guard parts[3].utf8.count == 2, let flags = parseHex(ArraySlice(parts[3].utf8)) else { return nil }
    return TraceContext(trace: TraceID(high: high, low: low), span: span, isSampled: flags & 1 == 1, isRemote: true)
  }
}
