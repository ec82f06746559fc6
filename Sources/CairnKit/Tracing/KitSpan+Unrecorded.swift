// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import Tracing

/// What a span that nobody records still knows: to whom its errors are told.
@usableFromInline
struct Unrecorded: Sendable {
  /// Of the tracer, where it tells of errors; else 0.
  var tracer: UInt16
  /// It answers a request or a message.
  var isIncoming: Bool
}

extension SpanKind {
  var isIncoming: Bool { self == .server || self == .consumer }
}

// Errors of what is not recorded are told all the same: who keeps one trace in a hundred wants all errors. They come without what only a
// recording knows, the span's name and attributes, but with what the request carries and with what a middleware says of it at its end.

extension KitSpan {
  /// nil where it is recorded.
  private var unrecorded: Unrecorded? {
    switch role {
    case .recorded, .active: nil
    case .dropped(_, _, let tracer): Unrecorded(tracer: tracer, isIncoming: true)
    case .bare(let bare, let tracer): Unrecorded(tracer: tracer, isIncoming: bare.work == nil)
    case .inherited(let unrecorded): unrecorded
    }
  }

  /// Where errors happen in it.
  private var barePlace: BareContext? {
    switch role {
    case .recorded, .active: return nil
    case .dropped(let seed, let unixSeconds, _): return BareContext(IDs.context(seed, unixSeconds), baggage: outer.baggage)
    case .bare(let bare, _): return bare
    case .inherited:
      guard case .bare(let bare)? = outer.entry?.place else { return nil }
      return bare
    }
  }

  /// Tells of an error that happened in a span which nobody records.
  func tellError(_ error: any Error, _ attributes: SpanAttributes, _ unixNanoseconds: () -> UInt64) {
    guard let number = unrecorded?.tracer, number != 0, let tracer = NumberedTracers[number], let sink = tracer.errorSink, let place = barePlace else { return }
    let recorded = ErrorDescription.record(error, unixNanoseconds: unixNanoseconds())
    sink.accept(recorded, tracer.sharedFields(outer.baggage) + tracer.fields(attributes), in: .bare(place))
  }

  /// The end of a span that nobody records: of interest only where an error waits for it.
  @inline(__always)
  func endUnrecorded(_ name: String? = nil, _ change: (inout SpanFields) -> Void = { _ in }) {
    guard let unrecorded, unrecorded.tracer != 0, unrecorded.isIncoming, NumberedTracers.waitingCount.load(ordering: .relaxed) > 0 else { return }
    tellEnd(unrecorded, name, change)
  }

  @inline(never)
  private func tellEnd(_ unrecorded: Unrecorded, _ name: String?, _ change: (inout SpanFields) -> Void) {
    guard let tracer = NumberedTracers[unrecorded.tracer], let sink = tracer.errorSink, let place = barePlace else { return }
    // A request below one of this process's own spans shares its context with others: whose end it is cannot be told.
    if case .inherited = role, !place.context.isRemote { return }
    var fields = SpanFields(countMax: tracer.limits.attributeCount)
    change(&fields)
    sink.ended(.unrecorded(place), as: EndedWork(name: name, fields: fields.settled, isRequest: !fields.isEmpty))
  }
}
