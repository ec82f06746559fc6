// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

// tracestate: `ot=th:<hex>;…,other=…`. The threshold's hex digits, filled up with zeros to 14, are T of 2⁵⁶: a span is kept where its
// randomness is at least T, so it stands for 2⁵⁶ / (2⁵⁶ - T) spans. A rate below 100 that is not whole is rounded up or down with the
// right odds, decided by the span id so that a replay decides alike.
// Source: OpenTelemetry specification, tracestate probability sampling; Honeycomb's mapping.

/// The adjusted count that the trace state tells; 1 where it tells none.
func sampleRate(fromTraceState range: Range<Int>, _ bytes: RawSpan, spanID: UInt64) -> Int64 {
  guard !range.isEmpty else { return 1 }
  for member in text(bytes, range).split(separator: ",") {
    let pair = member.split(separator: "=", maxSplits: 1)
    guard pair.count == 2, pair[0].filter({ $0 != " " }) == "ot" else { continue }
    for part in pair[1].split(separator: ";") where part.hasPrefix("th:") {
      return sampleRate(threshold: part.dropFirst(3), spanID: spanID)
    }
  }
  return 1
}

private func sampleRate(threshold digits: Substring, spanID: UInt64) -> Int64 {
  guard digits.utf8.count <= 14, let value = parseHex(Array(digits.utf8)[...]) else { return 1 }
  let scaled = value << UInt64(4 * (14 - digits.utf8.count))
  let whole = Double(1 &<< UInt64(56))
  let count = whole / (whole - Double(scaled))
  guard count.isFinite, count >= 1 else { return 1 }
  guard count < 100 else { return Int64(min(count.rounded(), 1e15)) }
  let floor = count.rounded(.down)
  let chance = Double(mix(spanID, 0x9e37_79b9_7f4a_7c15) >> 11) / Double(1 &<< UInt64(53))
  return Int64(floor) + (chance < count - floor ? 1 : 0)
}
