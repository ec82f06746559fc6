// SPDX-License-Identifier: Apache-2.0
public import Instrumentation

/// What the task-local context holds of the kit's: where work stands, and what travels with it. One entry and not two, and one word, since
/// it is paid for whenever a span is made.
enum ContextEntry: Sendable {
  /// Inside a span of this process; what travels is what the span was started with.
  case local(SpanRecording)
  /// Below what came from another process, or what nobody records.
  case bare(BareContext)
  /// Either, with something else that travels; or nothing but that.
  case carrying(Carrier)

  /// A local span itself, or what came from another process.
  enum Place: Sendable {
    case local(SpanRecording)
    case bare(BareContext)
  }

  final class Carrier: Sendable {
    let place: Place?
    let baggage: Baggage

    init(place: Place?, baggage: Baggage) {
      self.place = place
      self.baggage = baggage
    }
  }

  /// nil outside any trace.
  var place: Place? {
    switch self {
    case .local(let recording): .local(recording)
    case .bare(let bare): .bare(bare)
    case .carrying(let carrier): carrier.place
    }
  }

  /// The trace is not recorded, and that was decided. Asked for each span, so that it makes no `place` of the entry first.
  var isDropped: Bool {
    switch self {
    case .local(let recording): !recording.context.isSampled
    case .bare(let bare): bare.isDropped
    case .carrying(let carrier):
      switch carrier.place {
      case .local(let recording)?: !recording.context.isSampled
      case .bare(let bare)?: bare.isDropped
      case nil: false
      }
    }
  }

  /// It came from another process.
  var isRemote: Bool {
    switch place {
    case .bare(let bare)?: bare.context.isRemote
    case .local?, nil: false
    }
  }

  var baggage: Baggage {
    switch self {
    case .local(let recording): recording.baggage
    case .bare(let bare): bare.baggage
    case .carrying(let carrier): carrier.baggage
    }
  }
}

extension ContextEntry.Place {
  var context: TraceContext {
    switch self {
    case .local(let recording): recording.context
    case .bare(let bare): bare.context
    }
  }
}

/// A context without a recording; a class, so that it fits the context's storage without a box.
@usableFromInline
final class BareContext: Sendable {
  let context: TraceContext
  let baggage: Baggage
  /// The trace is not recorded, and that was decided.
  let isDropped: Bool
  /// The whole that it is a part of; nil for one that is that itself.
  let work: BareContext?

  init(_ context: TraceContext, baggage: Baggage, work: BareContext? = nil) {
    self.context = context
    self.baggage = baggage
    self.work = work
    isDropped = !context.isSampled && !context.isUndecided
  }
}

private enum ContextEntryKey: InstrumentationContextKey {
  typealias Value = ContextEntry
  static var nameOverride: String? { "cairn-kit" }
}

extension InstrumentationContext {
  /// The trace and span that work in this context belongs to; nil outside any trace.
  public var traceContext: TraceContext? { entry?.place?.context }

  /// What travels with the request; empty at first.
  public var baggage: Baggage {
    get { entry?.baggage ?? Baggage() }
    set {
      let place = entry?.place
      set(place == nil && newValue.isEmpty ? nil : .carrying(.init(place: place, baggage: newValue)))
    }
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

  mutating func set(_ entry: ContextEntry?) { self[ContextEntryKey.self] = entry }

  /// The same with this entry.
  func with(_ entry: ContextEntry) -> InstrumentationContext {
    var context = self
    context.set(entry)
    return context
  }
}
