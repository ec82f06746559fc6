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

  /// What few spans have is behind one word, so that the others neither make nor end it.
  struct State {
    var name: String
    /// What was set by the kit's own ways, until generic code asks for the dictionary; from then on that has all.
    var fields: SpanFields
    var status: SpanStatus?
    var endUnixNanoseconds: UInt64 = 0
    var hasEnded = false
    private var dictionary: SpanAttributes?
    private var extras: Boxed<SpanExtras>?
    /// What exporters say of the dictionary and the extras; nil before the span has ended, and where it has neither.
    fileprivate(set) var described: DescribedSpan?

    init(name: String, fields: SpanFields) {
      self.name = name
      self.fields = fields
    }

    var attributes: SpanAttributes {
      get { dictionary ?? [:] }
      _modify {
        var taken = takeDictionary()
        defer { dictionary = taken.isEmpty ? nil : taken }
        yield &taken
      }
    }

    mutating func takeDictionary() -> SpanAttributes {
      defer { dictionary = nil }
      return attributes
    }

    mutating func putBack(_ taken: SpanAttributes) { dictionary = dictionary.map { taken.merged(with: $0) } ?? taken }

    /// There is a dictionary.
    var hasDictionary: Bool { dictionary != nil }

    var extra: SpanExtras {
      get { extras?.value ?? SpanExtras() }
      _modify {
        var taken = extra
        extras = nil
        defer { extras = Boxed(taken) }
        yield &taken
      }
    }

    /// There is something in `extra`.
    var hasExtra: Bool { extras != nil }

    mutating func set(_ name: String, _ value: WireValue) {
      if hasDictionary { attributes.set(name, value: value.attribute) } else { fields.set(name, value) }
    }

    func attribute(_ name: String) -> SpanAttribute? { fields[name]?.attribute ?? attributes.get(name) }

    /// What exporters get of the attributes, once the span has ended: in the order in which they were set where that is known, else in
    /// the order of their names.
    var endedFields: [WireField] { described?.fields ?? fields.entries }

    var droppedFieldCount: Int { described?.droppedFieldCount ?? fields.droppedCount }

    /// Status error.
    var hasFailed: Bool {
      if case .error? = status?.code { true } else { false }
    }

    /// All of them as a dictionary.
    var allAttributes: SpanAttributes {
      var all = attributes
      for entry in fields.entries { all.set(entry.name, value: entry.value.attribute) }
      return all
    }

    mutating func edit(_ change: (inout SpanFields) -> Void) {
      change(&fields)
      if hasDictionary { moveToDictionary(capacity: 0) }
    }

    mutating func moveToDictionary(capacity: Int) {
      if !hasDictionary { dictionary = SpanAttributes([String: SpanAttribute](minimumCapacity: capacity)) }
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
      if state.hasDictionary { state.attributes.set(name, value: nil) }
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
      if !state.hasDictionary || !state.fields.isEmpty { state.moveToDictionary(capacity: attributeCapacity) }
      return state.takeDictionary()
    }
  }

  /// Another task may have set something meanwhile: that stays.
  func putBack(_ attributes: SpanAttributes) {
    state.withLock { state in
      guard !state.hasEnded else { return }
      state.putBack(attributes)
    }
  }

  /// Ends the span; what it is then, or nil if it had ended before.
  func end(unixNanoseconds: UInt64, name: String? = nil, _ change: (inout SpanFields) -> Void = { _ in }) -> EndedSpan? {
    let isPlain = state.withLock { state -> Bool? in
      guard !state.hasEnded else { return nil }
      if let name { state.name = name }
      state.edit(change)
      state.hasEnded = true
      state.endUnixNanoseconds = max(unixNanoseconds, startUnixNanoseconds)
      state.fields.settle(lengthMax: tracer.limits.attributeValueLength)
      return !state.hasDictionary && !state.hasExtra
    }
    guard let isPlain else { return nil }
    if !isPlain { describe() }
    return EndedSpan(self)
  }

  /// Values of the program's own types are asked what they are called, which must not happen while a queue or the span is locked.
  private func describe() {
    let described = DescribedSpan(read { $0 }, tracer.limits)
    state.withLock { $0.described = described }
  }

  /// Its name and its attributes within their limits, ended or not.
  var soFar: (name: String, fields: [WireField]) {
    let state = read { $0 }
    return (state.name, state.described?.fields ?? DescribedSpan(state, tracer.limits).fields)
  }
}

/// What few spans have.
struct SpanExtras: Sendable {
  var events: [SpanEvent] = []
  var links: [SpanLink] = []
  var droppedEvents = 0
  var droppedLinks = 0
  /// Names of attributes that are X-Ray's metadata in a namespace of their own.
  var metadata: [XRayMetadata] = []
  /// The errors that were recorded, for those exporters that make items of them.
  var errors: [RecordedError] = []
}

/// A value behind one word.
final class Boxed<Value: Sendable>: Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
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
