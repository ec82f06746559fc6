// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization
internal import Tracing

/// Holds the spans of each trace until this process's part of it ends, then keeps the whole of it if anything failed or was slow, and
/// one in `rate` of the others. Spans of those say that they stand for `rate`, those of the former for themselves alone.
///
/// At most `spanCountMax` spans wait; beyond that the oldest traces are decided on with what they have, and so are all when the kit
/// stops. A span that ends after its trace was decided follows that decision as long as it is remembered.
final class TailBuffer: SpanSink {
  private let rules: TailRules
  private let sinks: [any SpanSink]
  private let state = Mutex(State())

  private struct State {
    var waiting: [TraceID: Waiting] = [:]
    /// Traces in the order in which their first span ended.
    var order: [TraceID] = []
    var head = 0
    var spanCount = 0
    /// For how many a span of the trace stands; 0 where it is not kept.
    var decided: [TraceID: Int] = [:]
    var decidedOrder: [TraceID] = []
    /// Nothing waits any more.
    var isClosed = false
  }

  private struct Waiting {
    var spans: [EndedSpan] = []
    var isInteresting = false
  }

  init(rules: TailRules, sinks: [any SpanSink]) {
    self.rules = rules
    self.sinks = sinks
  }

  func accept(_ span: EndedSpan) {
    let released = state.withLock { state in add(span, &state) }
    for span in released { for sink in sinks { sink.accept(span) } }
  }

  func wake() { for sink in sinks { sink.wake() } }

  /// What waits for the end of its trace would wait in vain.
  func close() {
    let released = state.withLock { state -> [EndedSpan] in
      state.isClosed = true
      return state.order[state.head...].flatMap { decide($0, &state) }
    }
    for span in released { for sink in sinks { sink.accept(span) } }
  }

  private func add(_ span: EndedSpan, _ state: inout State) -> [EndedSpan] {
    let trace = span.recording.context.trace
    if let sampleRate = state.decided[trace] { return Self.kept([span], sampleRate) }
    if state.waiting[trace] == nil { state.order.append(trace) }
    state.waiting[trace, default: Waiting()].spans.append(span)
    state.spanCount += 1
    if rules.isInteresting(span) { state.waiting[trace]?.isInteresting = true }
    var released: [EndedSpan] = []
    let isLocalRoot = span.recording.parent == 0 || span.recording.isParentRemote
    if isLocalRoot || state.isClosed { released += decide(trace, &state) }
    while state.spanCount > rules.spanCountMax, state.head < state.order.count {
      let oldest = state.order[state.head]
      state.head += 1
      released += decide(oldest, &state)
    }
    compact(&state)
    return released
  }

  private func decide(_ trace: TraceID, _ state: inout State) -> [EndedSpan] {
    guard let waiting = state.waiting.removeValue(forKey: trace) else { return [] }
    state.spanCount -= waiting.spans.count
    let sampleRate = waiting.isInteresting ? 1 : rules.isPicked(trace) ? rules.rate : 0
    state.decided[trace] = sampleRate
    state.decidedOrder.append(trace)
    return Self.kept(waiting.spans, sampleRate)
  }

  private static func kept(_ spans: [EndedSpan], _ sampleRate: Int) -> [EndedSpan] {
    switch sampleRate {
    case 0: []
    case 1: spans
    default: spans.map { EndedSpan($0, sampleRate: sampleRate) }
    }
  }

  /// Forgets what is long decided.
  private func compact(_ state: inout State) {
    if state.decidedOrder.count > 2 * rules.decisionCountMax {
      for trace in state.decidedOrder.prefix(rules.decisionCountMax) { state.decided.removeValue(forKey: trace) }
      state.decidedOrder.removeFirst(rules.decisionCountMax)
    }
    guard state.order.count > 1024, state.order.count > 4 * state.waiting.count else { return }
    state.order = state.order[state.head...].filter { state.waiting[$0] != nil }
    state.head = 0
  }
}

/// Which traces a tail buffer keeps.
struct TailRules: Sendable {
  /// A span that takes longer makes its trace worth keeping.
  var slowNanoseconds: UInt64 = 1_000_000_000
  /// One in so many of the others is kept; 0 for none.
  var rate = 10
  var spanCountMax = 10_000
  var decisionCountMax = 2_000

  func isInteresting(_ span: EndedSpan) -> Bool {
    span.recording.read { $0.hasFailed || $0.endUnixNanoseconds - span.recording.startUnixNanoseconds > slowNanoseconds }
  }

  func isPicked(_ trace: TraceID) -> Bool { rate > 0 && trace.low % UInt64(rate) == 0 }
}
