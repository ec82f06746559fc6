// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import Tracing

/// A span of CairnKit's tracer; one that is not recorded costs no memory of its own.
public struct KitSpan: Tracing.Span {
  /// Where it started.
  let outer: InstrumentationContext
  @usableFromInline let role: Role

  /// Three words, so that a span fits into an existential without a box.
  @usableFromInline
  enum Role: Sendable {
    case recorded(SpanRecording)
    /// Found in a context that has it already.
    case active(SpanRecording)
    /// A new trace that nobody records: its ids follow from these two, if anybody asks for them. Errors are told to the tracer.
    case dropped(seed: UInt64, unixSeconds: UInt32, tracer: UInt16)
    /// Decided for this one span.
    case bare(BareContext, tracer: UInt16)
    /// Below one that is not recorded, and needs no ids of its own.
    case inherited(Unrecorded)
  }

  /// The context for what is done inside the span; made when it is asked for.
  public var context: InstrumentationContext {
    switch role {
    case .inherited, .active: outer
    case .recorded(let recording): outer.with(.local(recording))
    case .bare(let bare, _): outer.with(.bare(bare))
    case .dropped(let seed, let unixSeconds, _): outer.with(.bare(BareContext(IDs.context(seed, unixSeconds), baggage: outer.baggage)))
    }
  }

  @inlinable var recording: SpanRecording? {
    switch role {
    case .recorded(let recording), .active(let recording): recording
    case .dropped, .bare, .inherited: nil
    }
  }

  public var isRecording: Bool { recording?.read { !$0.hasEnded } ?? false }

  /// The ids of the span.
  public var traceContext: TraceContext? {
    switch role {
    case .recorded(let recording), .active(let recording): recording.context
    case .bare(let bare, _): bare.context
    case .dropped(let seed, let unixSeconds, _): IDs.context(seed, unixSeconds)
    case .inherited: outer.traceContext
    }
  }

  public var operationName: String {
    get { recording?.read(\.name) ?? "" }
    nonmutating set { recording?.update { $0.name = newValue } }
  }

  @inlinable public var attributes: KitAttributes { KitAttributes(recording: recording) }

  /// What generic code sees. Setting one attribute changes the span's own dictionary in place.
  @_implements(Tracing.Span, attributes) @_disfavoredOverload
  public var attributesAsDictionary: SpanAttributes {
    get { recording?.read(\.allAttributes) ?? [:] }
    nonmutating _modify {
      guard let recording else {
        var ignored = SpanAttributes()
        yield &ignored
        return
      }
      var taken = recording.takeAttributes()
      defer { recording.putBack(taken) }
      yield &taken
    }
  }

  /// Several attributes at once; the closure is not called where nobody records.
  public func updateAttributes(_ update: (inout SpanAttributes) -> Void) {
    guard let recording else { return }
    var taken = recording.takeAttributes()
    defer { recording.putBack(taken) }
    update(&taken)
  }

  /// The same without a dictionary, for the kit's own middleware.
  package func edit(_ change: (inout SpanFields) -> Void) { recording?.edit(change) }

  /// Ended or not.
  package var isRecorded: Bool { recording != nil }

  /// When it began; nil where nobody records.
  package var startUnixNanoseconds: UInt64? { recording?.startUnixNanoseconds }

  /// The last words and the end in one. Where nobody records, they are asked for only if an error waits to be told with them.
  package func end(_ unixNanoseconds: UInt64, name: String?, _ change: (inout SpanFields) -> Void) {
    guard let recording else { return endUnrecorded(name, change) }
    if let ended = recording.end(unixNanoseconds: unixNanoseconds, name: name, change) { recording.tracer.ended(ended) }
  }

  public func setStatus(_ status: SpanStatus) {
    recording?.update { state in
      // Ok is final, as the specification has it.
      if let before = state.status, case .ok = before.code { return }
      state.status = status
    }
  }

  public func addEvent(_ event: SpanEvent) {
    guard let recording else { return }
    let limit = recording.tracer.limits.eventCount
    recording.update { state in
      if state.extra.events.count < limit { state.extra.events.append(event) } else { state.extra.droppedEvents += 1 }
    }
  }

  public func addLink(_ link: SpanLink) {
    guard let recording else { return }
    let limit = recording.tracer.limits.linkCount
    recording.update { state in
      if state.extra.links.count < limit { state.extra.links.append(link) } else { state.extra.droppedLinks += 1 }
    }
  }

  /// Adds the event `exception` with type, message and stack, and sets the status to error; exporters of errors make an item of it, also
  /// where nobody records the span. Where a span inside has told of the same error already, the event says so (`exception.repeated`).
  public func recordError(_ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> some TracerInstant) {
    guard let recording else { return tellError(error, attributes) { instant().nanosecondsSinceEpoch } }
    var recorded = ErrorDescription.record(error, unixNanoseconds: instant().nanosecondsSinceEpoch)
    (recorded.id, recorded.isRepeated) = recording.tracer.errors.note(recorded, in: recording, number: recording.read(\.extra.errors.count))
    var described = attributes
    if recorded.isRepeated { described["exception.repeated"] = true }
    described["exception.type"] = recorded.type
    described["exception.message"] = recorded.message
    if !recorded.stackTrace.isEmpty { described["exception.stacktrace"] = recorded.stackTrace }
    addEvent(SpanEvent(name: "exception", at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: recorded.unixNanoseconds), attributes: described))
    var isKept = false
    recording.update { state in
      isKept = state.extra.errors.count < ErrorDescription.errorsPerSpanMax
      if isKept { state.extra.errors.append(recorded) }
      if state.status == nil { state.status = SpanStatus(code: .error, message: recorded.message) }
      if state.attribute("error.type") == nil { state.set("error.type", .string(recorded.type)) }
    }
    guard isKept, !recorded.isRepeated, let sink = recording.tracer.errorSink else { return }
    sink.accept(recorded, recording.tracer.fields(attributes), in: .local(recording))
  }

  public func end(at instant: @autoclosure () -> some TracerInstant) {
    if let recording { end(recording, instant().nanosecondsSinceEpoch) } else { endUnrecorded() }
  }

  func end(_ recording: SpanRecording, _ unixNanoseconds: UInt64) {
    if let ended = recording.end(unixNanoseconds: unixNanoseconds) { recording.tracer.ended(ended) }
  }
}
