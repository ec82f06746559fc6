// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import Synchronization
internal import Tracing

/// A span that is recorded: the one object that a span costs. It is what the context carries, what the program writes to, and, once
/// ended, what the queues of the exporters hold.
@usableFromInline
final class SpanRecording: Sendable {
  let context: TraceContext
  /// 0 for the root of this process's part of the trace without one upstream.
  let parent: UInt64
  /// The parent is in another process.
  let isParentRemote: Bool
  let kind: SpanKind
  let startUnixNanoseconds: UInt64
  /// How many spans this one stands for; 1 without sampling.
  let sampleRate: Int
  /// What travelled with the request when it started.
  let baggage: Baggage
  let tracer: TracerCore
  /// The whole that it is a part of, a request, a message or a job; nil for one that is that itself.
  let work: SpanRecording?
  private let state: Mutex<State>

  struct State {
    var name: String
    /// What was set by the kit's own ways, until generic code asks for the dictionary; from then on that has all.
    var fields: SpanFields
    var attributes = SpanAttributes()
    var events: [SpanEvent] = []
    var links: [SpanLink] = []
    var status: SpanStatus?
    var droppedEvents = 0
    var droppedLinks = 0
    var endUnixNanoseconds: UInt64 = 0
    var hasEnded = false
    /// Names of attributes that are X-Ray's metadata in a namespace of their own.
    var metadata: [XRayMetadata] = []
    /// The errors that were recorded, for those exporters that make items of them.
    var errors: [RecordedError] = []

    mutating func set(_ name: String, _ value: WireValue) {
      if attributes.isEmpty { fields.set(name, value) } else { attributes.set(name, value: value.attribute) }
    }

    func attribute(_ name: String) -> SpanAttribute? { fields[name]?.attribute ?? attributes.get(name) }

    /// All of them as a dictionary.
    var allAttributes: SpanAttributes {
      var all = attributes
      for entry in fields.entries { all.set(entry.name, value: entry.value.attribute) }
      return all
    }

    mutating func edit(_ change: (inout SpanFields) -> Void) {
      change(&fields)
      if !attributes.isEmpty { moveToDictionary(capacity: 0) }
    }

    mutating func moveToDictionary(capacity: Int) {
      if attributes.isEmpty { attributes = SpanAttributes([String: SpanAttribute](minimumCapacity: capacity)) }
      guard !fields.isEmpty else { return }
      attributes = allAttributes
      fields = SpanFields(countMax: fields.countMax)
    }
  }

  /// What most spans have: those of requests have more.
  private static func room(_ kind: SpanKind) -> Int { kind == .server ? 16 : 8 }

  init(
    name: String, context: TraceContext, parent: UInt64, isParentRemote: Bool, kind: SpanKind, startUnixNanoseconds: UInt64, sampleRate: Int,
    baggage: Baggage, tracer: TracerCore, work: SpanRecording? = nil
  ) {
    self.context = context
    self.parent = parent
    self.isParentRemote = isParentRemote
    self.kind = kind
    self.startUnixNanoseconds = startUnixNanoseconds
    self.sampleRate = sampleRate
    self.baggage = baggage
    self.tracer = tracer
    self.work = kind.isIncoming ? nil : work
    state = Mutex(State(name: name, fields: SpanFields(countMax: tracer.limits.attributeCount, room: Self.room(kind))))
  }

  /// Changes the span unless it has ended.
  func update(_ change: (inout State) -> Void) {
    state.withLock { state in
      guard !state.hasEnded else { return }
      change(&state)
    }
  }

  func read<Result>(_ body: (State) -> Result) -> Result { state.withLock { body($0) } }

  /// Sets an attribute, or takes it away.
  func set(_ name: String, _ value: SpanAttribute?) { set(name, wire: value.map { WireValue($0) }) }

  func set(_ name: String, wire value: WireValue?) {
    update { state in
      if let value { return state.set(name, value) }
      state.fields.remove(name)
      state.attributes.set(name, value: nil)
    }
  }

  // The same, for code that is part of the program by inlining.

  @usableFromInline func setText(_ name: String, _ text: String?) { set(name, wire: text.map { .string($0) }) }
  @usableFromInline func setInteger(_ name: String, _ number: Int?) { set(name, wire: number.map { .integer(Int64($0)) }) }
  @usableFromInline func setNumber(_ name: String, _ number: Double?) { set(name, wire: number.map { .double($0) }) }
  @usableFromInline func setFlag(_ name: String, _ flag: Bool?) { set(name, wire: flag.map { .boolean($0) }) }

  func attribute(_ name: String) -> SpanAttribute? { read { $0.attribute(name) } }

  /// Sets several.
  func edit(_ change: (inout SpanFields) -> Void) { update { $0.edit(change) } }

  /// Room for a few attributes in one allocation; what comes from or goes to the network has more of them.
  private var attributeCapacity: Int { kind == .internal ? 6 : 12 }

  /// Takes the attributes out, so that changing them in place copies nothing; `putBack` returns them.
  func takeAttributes() -> SpanAttributes {
    state.withLock { state in
      guard !state.hasEnded else { return state.allAttributes }
      if state.attributes.isEmpty || !state.fields.isEmpty { state.moveToDictionary(capacity: attributeCapacity) }
      var taken = SpanAttributes()
      swap(&taken, &state.attributes)
      return taken
    }
  }

  /// Another task may have set something meanwhile: that stays.
  func putBack(_ attributes: SpanAttributes) {
    state.withLock { state in
      guard !state.hasEnded else { return }
      if state.attributes.isEmpty { state.attributes = attributes } else { state.attributes = attributes.merged(with: state.attributes) }
    }
  }

  /// Ends the span; what it is then, or nil if it had ended before.
  func end(unixNanoseconds: UInt64, name: String? = nil, _ change: (inout SpanFields) -> Void = { _ in }) -> EndedSpan? {
    let ended = state.withLock { state -> State? in
      guard !state.hasEnded else { return nil }
      if let name { state.name = name }
      state.edit(change)
      state.hasEnded = true
      state.endUnixNanoseconds = max(unixNanoseconds, startUnixNanoseconds)
      return state
    }
    // Handed on, where `map` would copy all it holds once more.
    guard let ended else { return nil }
    return EndedSpan(self, ended)
  }

  /// What it is now that it has ended.
  var ended: EndedSpan { EndedSpan(self, read { $0 }) }
}

/// An error as `recordError` got it.
struct RecordedError: Sendable {
  var type: String
  var message: String
  var stackTrace: String
  var unixNanoseconds: UInt64
  var causes: [Cause]
  /// Among the errors of its trace; those of its causes follow.
  var id: UInt64 = 0
  /// A span inside told of it already.
  var isRepeated = false

  /// An error below another one.
  struct Cause: Sendable {
    var type: String
    var message: String
  }
}

extension SpanAttributes {
  /// Both; the other's values win.
  func merged(with other: SpanAttributes) -> SpanAttributes {
    var merged = self
    merged.merge(other)
    return merged
  }
}
