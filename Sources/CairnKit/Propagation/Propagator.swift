// SPDX-License-Identifier: Apache-2.0
internal import Instrumentation

/// One way to write a context into headers and to read it back. Names are lower case; carriers of HTTP do not tell cases apart.
///
/// Of several propagators the first that finds a trace context wins. Whatever a header holds, reading it never fails: what makes no
/// sense is as if it were not there.
protocol Propagator: Sendable {
  func extract(from header: (String) -> String?, into context: inout InstrumentationContext)
  func headers(of context: InstrumentationContext) -> [(name: String, value: String)]
}

extension InstrumentationContext {
  /// Sets what came from another process unless an earlier propagator did.
  mutating func setRemote(_ found: TraceContext) {
    let entry = entry
    guard entry?.place == nil else { return }
    set(.bare(BareContext(found, baggage: entry?.baggage ?? Baggage())))
  }
}

/// Whether a text may be passed on in a header as it came: other carriers than HTTP do not see to it.
func isPrintable(_ text: some StringProtocol) -> Bool { text.utf8.allSatisfy { (0x20...0x7e).contains($0) } }

/// The fixed-width hex digits of a header's part; nil for anything else, all zeros included.
func nonzeroHex(_ text: Substring, digitCount: Int) -> ArraySlice<UInt8>? {
  let digits = Array(text.utf8)
  guard digits.count == digitCount, digits.contains(where: { $0 != 0x30 }) else { return nil }
  return digits[...]
}
