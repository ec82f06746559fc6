// SPDX-License-Identifier: Apache-2.0
public import Instrumentation

/// What the task-local context holds of the kit's: where work stands, and what travels with it. One entry and not two, since each of
/// them is paid for whenever a span is made.
struct ContextEntry: Sendable {
  /// nil outside any trace.
  var place: Place?
  var baggage = Baggage()

  /// A local span itself, or what came from another process.
  enum Place: Sendable {
    case local(SpanRecording)
    case bare(BareContext)
  }
}

extension ContextEntry.Place {
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
      var entry = entry ?? ContextEntry()
      entry.baggage = newValue
      set(entry)
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

  mutating func set(_ entry: ContextEntry) {
    let isNothing = entry.place == nil && entry.baggage.isEmpty
    self[ContextEntryKey.self] = isNothing ? nil : entry
  }

  /// The same with this entry. Most contexts hold nothing else, and one that is made anew costs less than a copy that is changed.
  func with(_ entry: ContextEntry) -> InstrumentationContext {
    var context = count > 1 || (count == 1 && self.entry == nil) ? self : .topLevel
    context.set(entry)
    return context
  }
}
