// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import Tracing

/// The one tracer: it makes spans, asks the sampler once a trace, and hands what has ended to every exporter.
public struct KitTracer: Tracer {
  let core: TracerCore

  public func startSpan(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> some TracerInstant, function: String, file fileID: String, line: UInt
  ) -> KitSpan {
    core.startSpan(operationName, context(), kind) { instant().nanosecondsSinceEpoch }
  }

  public func startAnySpan(
    _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> some TracerInstant, function: String, file fileID: String, line: UInt
  ) -> any Tracing.Span {
    core.startSpan(operationName, context(), kind) { instant().nanosecondsSinceEpoch }
  }

  public func activeSpan(identifiedBy context: InstrumentationContext) -> KitSpan? {
    guard case .local(let recording)? = context.entry?.place else { return nil }
    return KitSpan(outer: context, role: .active(recording))
  }

  /// True if the sampler looks at host, method and path: `setSamplingHints` is worth its cost then.
  package var usesSamplingHints: Bool { core.sampler.usesHints }

  /// Wakes the exporters; does not wait.
  public func forceFlush() { core.sinks.forEach { $0.wake() } }

  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    for propagator in core.propagators { propagator.extract(from: { extractor.extract(key: $0, from: carrier) }, into: &context) }
  }

  public func inject<Carrier, Inject: Injector>(
    _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    guard !context.isSuppressed else { return }
    for propagator in core.propagators {
      for (name, value) in propagator.headers(of: context) { injector.inject(value, forKey: name, into: &carrier) }
    }
  }
}

/// Where spans go that have ended.
protocol SpanSink: Sendable {
  func accept(_ span: EndedSpan)
  func wake()
}

/// What all spans share.
final class TracerCore: Sendable {
  let sampler: any Sampler
  let limits: RecordLimits
  let propagators: [any Propagator]
  let sinks: [any SpanSink]
  let errors = ErrorMemory()
  private let shared: [SharedAttributeName]
  // Asked of the sampler once: these are on the shortest ways through `startSpan`.
  private let decidesForChildren: Bool
  private let overrulesCallers: Bool
  private let dropsRoots: Bool
  /// There are no spans, and what came from a caller goes on as it came.
  private let isDisabled: Bool

  init(
    sampler: any Sampler, limits: RecordLimits, propagators: [any Propagator], sinks: [any SpanSink], shared: [SharedAttributeName] = [],
    isDisabled: Bool = false
  ) {
    self.isDisabled = isDisabled
    self.shared = shared
    decidesForChildren = sampler.decidesForChildren
    overrulesCallers = sampler.overrulesCallers
    dropsRoots = sampler.dropsRoots
    self.sampler = sampler
    self.limits = limits
    self.propagators = propagators
    self.sinks = sinks
  }

  @inline(__always)
  func startSpan(_ name: String, _ context: InstrumentationContext, _ kind: SpanKind, _ start: () -> UInt64) -> KitSpan {
    if isDisabled { return KitSpan(outer: context, role: .inherited) }
    guard let entry = context.entry else { return startRoot(name, context, Baggage(), kind, start) }
    // A child of what nobody records is not recorded either, and needs no ids of its own.
    if !decidesForChildren, entry.isDropped, !(overrulesCallers && entry.isRemote) { return KitSpan(outer: context, role: .inherited) }
    guard let place = entry.place else { return startRoot(name, context, entry.baggage, kind, start) }
    if context.isSuppressed { return KitSpan(outer: context, role: .inherited) }
    if !decidesForChildren, case .local(let parent) = place { return child(of: parent, name, context, entry.baggage, kind, start) }
    return self.start(name, context, place.context, entry.baggage, kind, start)
  }

  private func startRoot(
    _ name: String, _ context: InstrumentationContext, _ baggage: Baggage, _ kind: SpanKind, _ start: () -> UInt64
  ) -> KitSpan {
    let seed = IDs.seed(), seconds = CoarseClock.unixSeconds
    let dropped = KitSpan.Role.dropped(seed: seed, unixSeconds: seconds)
    if dropsRoots { return KitSpan(outer: context, role: dropped) }
    let trace = IDs.traceID(seed, unixSeconds: seconds)
    let decision = sampler.decide(
      SamplingQuestion(trace: trace, parent: nil, name: name, kind: kind, context: context, unixSeconds: UInt64(seconds)))
    guard decision.isRecorded else { return KitSpan(outer: context, role: dropped) }
    let own = TraceContext(trace: trace, span: IDs.spanID(seed), isSampled: decision.isSampled)
    return recorded(
      SpanRecording(
        name: name, context: own, parent: 0, isParentRemote: false, kind: kind, startUnixNanoseconds: start(), sampleRate: decision.sampleRate,
        baggage: baggage, tracer: self), context)
  }

  /// Below a span that is recorded, where nobody is asked again.
  private func child(
    of parent: SpanRecording, _ name: String, _ context: InstrumentationContext, _ baggage: Baggage, _ kind: SpanKind, _ start: () -> UInt64
  ) -> KitSpan {
    var own = parent.context
    own.span = IDs.spanID()
    own.isRemote = false
    return recorded(
      SpanRecording(
        name: name, context: own, parent: parent.context.span, isParentRemote: false, kind: kind, startUnixNanoseconds: start(),
        sampleRate: parent.sampleRate, baggage: baggage, tracer: self), context)
  }

  private func start(
    _ name: String, _ context: InstrumentationContext, _ parent: TraceContext, _ baggage: Baggage, _ kind: SpanKind, _ start: () -> UInt64
  ) -> KitSpan {
    let decision = sampler.decide(
      SamplingQuestion(
        trace: parent.trace, parent: parent, name: name, kind: kind, context: context, unixSeconds: UInt64(CoarseClock.unixSeconds)))
    var own = TraceContext(trace: parent.trace, span: IDs.spanID(), isSampled: decision.isSampled, traceState: parent.traceState)
    own.xrayExtras = parent.xrayExtras
    guard decision.isRecorded else { return KitSpan(outer: context, role: .bare(BareContext(own, baggage: baggage))) }
    return recorded(
      SpanRecording(
        name: name, context: own, parent: parent.span, isParentRemote: parent.isRemote, kind: kind, startUnixNanoseconds: start(),
        sampleRate: decision.sampleRate, baggage: baggage, tracer: self), context)
  }

  private func recorded(_ recording: SpanRecording, _ context: InstrumentationContext) -> KitSpan {
    if !recording.baggage.isEmpty { shareAttributes(recording) }
    return KitSpan(outer: context, role: .recorded(recording))
  }

  private func shareAttributes(_ recording: SpanRecording) {
    for attribute in shared {
      guard let text = recording.baggage[attribute.name] else { continue }
      recording.set(attribute.name, attribute.attribute(text))
    }
  }

  func ended(_ span: EndedSpan) {
    for sink in sinks { sink.accept(span) }
  }
}
