// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Where a piece of work stands: its trace, its span, and whether anybody records it. What propagators carry from process to process.
///
/// X-Ray's id of a trace and W3C's are two spellings of the same 128 bits.
public struct TraceContext: Sendable, Hashable {
  var trace: TraceID
  var span: UInt64
  /// The trace is recorded.
  public var isSampled: Bool
  /// W3C's `tracestate`, as it came; empty where there is none.
  public var traceState: String
  /// True if it came from another process.
  public var isRemote: Bool
  /// Sampling has not been decided upstream (X-Ray's `Sampled=?`, or no decision in B3).
  var isUndecided = false
  /// Further parts of X-Ray's header, kept and passed on.
  var xrayExtras = ""

  init(trace: TraceID, span: UInt64, isSampled: Bool, traceState: String = "", isRemote: Bool = false) {
    self.trace = trace
    self.span = span
    self.isSampled = isSampled
    self.traceState = traceState
    self.isRemote = isRemote
  }

  /// For formats that cannot do without a span's id. nil where it would have to be that of a span which records; where nobody records,
  /// any will do, and it is the trace's, as that of a first span of Zipkin is.
  var namingSpan: TraceContext? {
    guard span == 0 else { return self }
    guard !isSampled, !isUndecided else { return nil }
    var named = self
    named.span = trace.low == 0 ? trace.high : trace.low
    return named
  }

  /// The same for formats that cannot leave the decision to whoever is called: nil where it was not taken, as 0 would be one.
  var decided: TraceContext? { isUndecided ? nil : namingSpan }

  /// 32 lower-case hex digits, as W3C writes it.
  public var traceID: String { trace.hex }
  /// 16 lower-case hex digits.
  public var spanID: String { hexText(span) }
  /// `1-8hex-24hex`, as X-Ray writes it.
  public var xrayTraceID: String { trace.xrayText }
  /// `Root=` and that, as it stands in a header.
  package var xrayHeader: String {
    var text = "Root="
    text += trace.xrayText
    return text
  }
}
