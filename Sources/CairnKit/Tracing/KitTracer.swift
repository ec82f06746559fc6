// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization
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
    guard let entry = context.entry else { return nil }
    if case .local(let recording)? = entry.place { return KitSpan(outer: context, role: .active(recording)) }
    // So that errors are told to it.
    return entry.isDropped ? KitSpan(outer: context, role: .inherited(Unrecorded(tracer: core.number, isIncoming: false))) : nil
  }

  /// True if the sampler looks at host, method and path: `setSamplingHints` is worth its cost then.
  package var usesSamplingHints: Bool { core.sampler.usesHints }

  /// There are no spans; what came from a caller goes on as it came.
  package var isDisabled: Bool { core.isDisabled }

  /// Errors are told of what nobody records too.
  package var tellsErrors: Bool { core.errorSink != nil }

  /// Wakes the exporters; does not wait.
  public func forceFlush() {
    core.sinks.forEach { $0.wake() }
    core.errorSink?.wake()
  }

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
  let errorSink: (any ErrorSink)?
  /// By which spans that are not recorded find the error sink; 0 where there is none.
  var number: UInt16 { numbered.load(ordering: .relaxed) }
  private let numbered = Atomic<UInt16>(0)
  private let shared: [SharedAttributeName]
  // Asked of the sampler once: these are on the shortest ways through `startSpan`.
  private let decidesForChildren: Bool
  private let overrulesCallers: Bool
  private let dropsRoots: Bool
  /// There are no spans, and what came from a caller goes on as it came.
  let isDisabled: Bool

  init(
    sampler: any Sampler, limits: RecordLimits, propagators: [any Propagator], sinks: [any SpanSink], shared: [SharedAttributeName] = [],
    isDisabled: Bool = false, errorSink: (any ErrorSink)? = nil
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
    self.errorSink = errorSink
    if errorSink != nil { numbered.store(NumberedTracers.add(self), ordering: .relaxed) }
  }

  deinit { if number != 0 { NumberedTracers.remove(number) } }

  @inline(__always)
  func startSpan(_ name: String, _ context: InstrumentationContext, _ kind: SpanKind, _ start: () -> UInt64) -> KitSpan {
    if isDisabled { return KitSpan(outer: context, role: .inherited(Unrecorded(tracer: 0, isIncoming: false))) }
    guard let entry = context.entry else { return startRoot(name, context, Baggage(), kind, start) }
    // A child of what nobody records is not recorded either, and needs no ids of its own.
    if !decidesForChildren, entry.isDropped, !(overrulesCallers && entry.isRemote) {
      return KitSpan(outer: context, role: .inherited(Unrecorded(tracer: number, isIncoming: kind.isIncoming)))
    }
    guard let place = entry.place else { return startRoot(name, context, entry.baggage, kind, start) }
    if context.isSuppressed { return KitSpan(outer: context, role: .inherited(Unrecorded(tracer: 0, isIncoming: false))) }
    if !decidesForChildren, case .local(let parent) = place { return child(of: parent, name, context, entry.baggage, kind, start) }
    return self.start(name, context, place, entry.baggage, kind, start)
  }

  private func startRoot(
    _ name: String, _ context: InstrumentationContext, _ baggage: Baggage, _ kind: SpanKind, _ start: () -> UInt64
  ) -> KitSpan {
    let seed = IDs.seed(), seconds = CoarseClock.unixSeconds
    let dropped = KitSpan.Role.dropped(seed: seed, unixSeconds: seconds, tracer: number)
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
        sampleRate: parent.sampleRate, baggage: baggage, tracer: self, work: parent.work ?? parent), context)
  }

  private func start(
    _ name: String, _ context: InstrumentationContext, _ place: ContextEntry.Place, _ baggage: Baggage, _ kind: SpanKind, _ start: () -> UInt64
  ) -> KitSpan {
    let parent = place.context
    let decision = sampler.decide(
      SamplingQuestion(
        trace: parent.trace, parent: parent, name: name, kind: kind, context: context, unixSeconds: UInt64(CoarseClock.unixSeconds)))
    var own = TraceContext(trace: parent.trace, span: IDs.spanID(), isSampled: decision.isSampled, traceState: parent.traceState)
    own.xrayExtras = parent.xrayExtras
    guard decision.isRecorded else {
      let work: BareContext? = if case .bare(let bare) = place, !kind.isIncoming, !parent.isRemote { bare.work ?? bare } else { nil }
      return KitSpan(outer: context, role: .bare(BareContext(own, baggage: baggage, work: work), tracer: number))
    }
    let work: SpanRecording? = if case .local(let recording) = place { recording.work ?? recording } else { nil }
    return recorded(
      SpanRecording(
        name: name, context: own, parent: parent.span, isParentRemote: parent.isRemote, kind: kind, startUnixNanoseconds: start(),
        sampleRate: decision.sampleRate, baggage: baggage, tracer: self, work: work), context)
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

  /// The shared attributes that travel with a request.
  func sharedFields(_ baggage: Baggage) -> [WireField] {
    guard !baggage.isEmpty else { return [] }
    return shared.compactMap { attribute in baggage[attribute.name].map { WireField(attribute.name, WireValue(attribute.attribute($0))) } }
  }

  /// Attributes within the limits.
  func fields(_ attributes: SpanAttributes) -> [WireField] {
    attributes.isEmpty ? [] : WireFields(attributes, countMax: limits.attributeCount, lengthMax: limits.attributeValueLength).fields
  }

  func ended(_ span: EndedSpan) {
    for sink in sinks { sink.accept(span) }
    guard let errorSink, span.recording.work == nil, NumberedTracers.waitingCount.load(ordering: .relaxed) > 0 else { return }
    errorSink.ended(.recorded(span.recording), as: EndedWork(span.recording))
  }
}
