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
    guard case .local(let recording) = context.entry else { return nil }
    return KitSpan(context: context, recording: recording)
  }

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
  func accept(_ span: SpanRecording)
  func wake()
}

/// What all spans share.
final class TracerCore: Sendable {
  let sampler: any Sampler
  let limits: RecordLimits
  let propagators: [any Propagator]
  let sinks: [any SpanSink]
  private let shared: [SharedAttributeName]
  private let ids = IDGenerator()
  // Asked of the sampler once: these are on the shortest ways through `startSpan`.
  private let decidesForChildren: Bool
  private let dropsRoots: Bool

  init(
    sampler: any Sampler, limits: RecordLimits, propagators: [any Propagator], sinks: [any SpanSink], shared: [SharedAttributeName] = []
  ) {
    self.shared = shared
    decidesForChildren = sampler.decidesForChildren
    dropsRoots = sampler.dropsRoots
    self.sampler = sampler
    self.limits = limits
    self.propagators = propagators
    self.sinks = sinks
  }

  func startSpan(_ name: String, _ context: InstrumentationContext, _ kind: SpanKind, _ start: () -> UInt64) -> KitSpan {
    guard let entry = context.entry else { return startRoot(name, context, kind, start) }
    if context.isSuppressed { return KitSpan(context: context, recording: nil) }
    // A child of what nobody records is not recorded either, and needs no ids of its own.
    if entry.isDropped, !decidesForChildren { return KitSpan(context: context, recording: nil) }
    return self.start(name, context, entry.context, kind, start)
  }

  private func startRoot(_ name: String, _ context: InstrumentationContext, _ kind: SpanKind, _ start: () -> UInt64) -> KitSpan {
    guard dropsRoots else { return self.start(name, context, nil, kind, start) }
    var inner = context
    inner[ContextEntryKey.self] = .bare(BareContext(droppedBy: ids))
    return KitSpan(context: inner, recording: nil)
  }

  private func start(
    _ name: String, _ context: InstrumentationContext, _ parent: TraceContext?, _ kind: SpanKind, _ start: () -> UInt64
  ) -> KitSpan {
    let seconds = CoarseClock.unixSeconds
    let trace = parent?.trace ?? ids.traceID(unixSeconds: seconds)
    let question = SamplingQuestion(trace: trace, parent: parent, name: name, kind: kind, context: context, unixSeconds: seconds)
    let decision = sampler.decide(question)
    var own = TraceContext(trace: trace, span: ids.spanID(), isSampled: decision.isSampled, traceState: parent?.traceState ?? "")
    own.xrayExtras = parent?.xrayExtras ?? ""
    var inner = context
    guard decision.isRecorded else {
      inner[ContextEntryKey.self] = .bare(BareContext(own))
      return KitSpan(context: inner, recording: nil)
    }
    let recording = SpanRecording(
      name: name, context: own, parent: parent?.span ?? 0, isParentRemote: parent?.isRemote ?? false, kind: kind, startUnixNanoseconds: start(),
      sampleRate: decision.sampleRate, tracer: self)
    if !decision.attributes.isEmpty { recording.putBack(decision.attributes) }
    // One entry is the parent's span: no baggage to look for.
    if context.count > 1 || parent == nil && context.count == 1 { shareAttributes(context, recording) }
    inner[ContextEntryKey.self] = .local(recording)
    return KitSpan(context: inner, recording: recording)
  }

  private func shareAttributes(_ context: InstrumentationContext, _ recording: SpanRecording) {
    guard !shared.isEmpty else { return }
    let baggage = context.baggage
    for attribute in shared {
      guard let text = baggage[attribute.name] else { continue }
      recording.update { $0.attributes.set(attribute.name, value: attribute.attribute(text)) }
    }
  }

  func ended(_ recording: SpanRecording) {
    for sink in sinks { sink.accept(recording) }
  }
}
