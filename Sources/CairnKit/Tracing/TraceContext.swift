// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import Instrumentation

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

/// What the task-local context holds: a local span itself, or what came from another process.
enum ContextEntry: Sendable {
  case local(SpanRecording)
  case bare(BareContext)
}

extension ContextEntry {
  var context: TraceContext {
    switch self {
    case .local(let recording): recording.context
    case .bare(let bare): bare.context
    }
  }

  /// The trace is not recorded, and that was decided.
  var isDropped: Bool {
    switch self {
    case .local(let recording): !recording.context.isSampled
    case .bare(let bare): bare.isDropped
    }
  }
}

/// A context without a recording; a class, so that it fits the context's storage without a box.
@usableFromInline
final class BareContext: Sendable {
  let context: TraceContext
  /// The trace is not recorded, and that was decided.
  let isDropped: Bool

  init(_ context: TraceContext) {
    self.context = context
    isDropped = !context.isSampled && !context.isUndecided
  }
}

enum ContextEntryKey: InstrumentationContextKey {
  typealias Value = ContextEntry
  static var nameOverride: String? { "cairn-trace" }
}

extension InstrumentationContext {
  /// The trace and span that work in this context belongs to; nil outside any trace.
  public var traceContext: TraceContext? {
    entry?.context
  }

  /// An empty context is not worth looking into, and in one of a few entries going through them costs less than hashing.
  var entry: ContextEntry? {
    let count = count
    guard count > 0 else { return nil }
    guard count < 4 else { return self[ContextEntryKey.self] }
    var found: ContextEntry?
    forEach { _, value in
      if let entry = Self.entry(value) { found = entry }
    }
    return found
  }

  /// What is an entry, out of its box: a cast by the runtime costs as much as all else here.
  private static func entry<Value: Sendable>(_ value: Value) -> ContextEntry? {
    guard Value.self == ContextEntry.self else { return nil }
    return unsafe unsafeBitCast(value, to: ContextEntry.self)
  }
}
