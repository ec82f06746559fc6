// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
public import Tracing

/// A span of CairnKit's tracer; one that is not recorded costs no memory of its own.
public struct KitSpan: Tracing.Span {
  public let context: InstrumentationContext
  let recording: SpanRecording?

  public var isRecording: Bool { recording?.read { !$0.hasEnded } ?? false }

  /// The ids of the span.
  public var traceContext: TraceContext? { recording?.context ?? context.traceContext }

  public var operationName: String {
    get { recording?.read(\.name) ?? "" }
    nonmutating set { recording?.update { $0.name = newValue } }
  }

  /// Setting one attribute changes the span's own storage in place.
  public var attributes: SpanAttributes {
    get { recording?.read(\.attributes) ?? [:] }
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
      if state.events.count < limit { state.events.append(event) } else { state.droppedEvents += 1 }
    }
  }

  public func addLink(_ link: SpanLink) {
    guard let recording else { return }
    let limit = recording.tracer.limits.linkCount
    recording.update { state in
      if state.links.count < limit { state.links.append(link) } else { state.droppedLinks += 1 }
    }
  }

  /// Adds the event `exception` with type, message and stack, and sets the status to error; exporters of errors make an item of it.
  public func recordError(_ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> some TracerInstant) {
    guard let recording else { return }
    let recorded = ErrorDescription.record(error, unixNanoseconds: instant().nanosecondsSinceEpoch)
    var described = attributes
    described["exception.type"] = recorded.type
    described["exception.message"] = recorded.message
    if !recorded.stackTrace.isEmpty { described["exception.stacktrace"] = recorded.stackTrace }
    addEvent(SpanEvent(name: "exception", at: DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: recorded.unixNanoseconds), attributes: described))
    recording.update { state in
      if state.errors.count < ErrorDescription.errorsPerSpanMax { state.errors.append(recorded) }
      if state.status == nil { state.status = SpanStatus(code: .error, message: recorded.message) }
      if state.attributes["error.type"] == nil { state.attributes["error.type"] = recorded.type }
    }
  }

  public func end(at instant: @autoclosure () -> some TracerInstant) {
    guard let recording, recording.end(unixNanoseconds: instant().nanosecondsSinceEpoch) else { return }
    recording.tracer.ended(recording)
  }
}
