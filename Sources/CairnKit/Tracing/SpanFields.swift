// SPDX-License-Identifier: Apache-2.0
public import Tracing

/// Attributes in the order in which they were set: setting one costs an append. A name that was set again is settled when somebody reads.
package struct SpanFields: Sendable {
  /// The most names, as the span's limits have it.
  let countMax: Int
  private(set) var entries: [WireField] = []
  /// Names that did not fit.
  private(set) var droppedCount = 0

  /// `room` is for how many there will be, in one allocation.
  init(countMax: Int, room: Int = 8) {
    self.countMax = countMax
    self.room = room
  }

  private let room: Int

  var isEmpty: Bool { entries.isEmpty }

  package mutating func set(_ name: String, _ text: String) { set(name, WireValue.string(text)) }

  package mutating func set(_ name: String, _ number: Int64) { set(name, WireValue.integer(number)) }

  package mutating func set(_ name: String, _ number: Double) { set(name, WireValue.double(number)) }

  mutating func set(_ name: consuming String, _ value: consuming WireValue) {
    if entries.isEmpty { entries.reserveCapacity(room) }
    // A program that sets one name for ever must not fill the memory.
    if entries.count >= countMax, entries.count - countMax >= countMax {
      entries = settled
      guard entries.count < countMax || entries.contains(where: { $0.name == name }) else { return droppedCount += 1 }
    }
    entries.append(WireField(name, value))
  }

  mutating func remove(_ name: String) { entries.removeAll { $0.name == name } }

  /// The value that was set last.
  subscript(_ name: String) -> WireValue? { entries.last { sameName($0.name, name) }?.value }

  /// Each name once, where it was set first, with the value that was set last.
  var settled: [WireField] {
    guard hasRepeats else { return entries }
    var once: [WireField] = []
    once.reserveCapacity(entries.count)
    for entry in entries {
      if let index = once.firstIndex(where: { sameName($0.name, entry.name) }) { once[index].value = entry.value } else { once.append(entry) }
    }
    return once
  }

  /// Each name once, no more of them than may be, and texts no longer than so many characters.
  mutating func settle(lengthMax: Int?) {
    if hasRepeats { entries = settled }
    if entries.count > countMax {
      droppedCount += entries.count - countMax
      entries.removeLast(entries.count - countMax)
    }
    if lengthMax != nil { for index in entries.indices { entries[index].value = entries[index].value.limited(to: lengthMax) } }
  }

  /// Most names of a span differ in their length, so that a bit for each length sees most of them apart.
  private var hasRepeats: Bool {
    var lengths: UInt64 = 0
    for index in entries.indices {
      let bit: UInt64 = 1 << UInt64(entries[index].name.utf8.count & 63)
      if lengths & bit != 0, entries[..<index].contains(where: { sameName($0.name, entries[index].name) }) { return true }
      lengths |= bit
    }
    return false
  }
}

/// Whether two names are the same; most that are not differ in their length, which costs nothing to see.
func sameName(_ one: String, _ other: String) -> Bool { one.utf8.count == other.utf8.count && one == other }

/// The attributes of a span of the kit. Setting one where nobody records costs nothing, elsewhere an append.
///
/// swift-distributed-tracing's own `SpanAttributes`, a dictionary, is what generic code over `some Span` sees of the same attributes.
public struct KitAttributes: Sendable {
  @usableFromInline let recording: SpanRecording?

  @inlinable init(recording: SpanRecording?) { self.recording = recording }

  public subscript(_ name: String) -> String? {
    get { if case .string(let value)? = get(name) { value } else { nil } }
    @inlinable nonmutating set { if let recording { recording.setText(name, newValue) } }
  }

  public subscript(_ name: String) -> Int? {
    get { if case .int64(let value)? = get(name) { Int(exactly: value) } else { nil } }
    @inlinable nonmutating set { if let recording { recording.setInteger(name, newValue) } }
  }

  public subscript(_ name: String) -> Double? {
    get { if case .double(let value)? = get(name) { value } else { nil } }
    @inlinable nonmutating set { if let recording { recording.setNumber(name, newValue) } }
  }

  public subscript(_ name: String) -> Bool? {
    get { if case .bool(let value)? = get(name) { value } else { nil } }
    @inlinable nonmutating set { if let recording { recording.setFlag(name, newValue) } }
  }

  /// nil where it is not set, or is of another type; setting nil takes the attribute away.
  public subscript<Value: SpanAttributeConvertible>(_ name: String) -> Value? {
    get { get(name).flatMap { Self.read($0) } }
    nonmutating set {
      guard let recording else { return }
      recording.set(name, newValue?.toSpanAttribute())
    }
  }

  public func set(_ name: String, value: SpanAttribute?) { recording?.set(name, value) }

  public func get(_ name: String) -> SpanAttribute? { recording?.attribute(name) }

  /// Sets all of them.
  public func merge(_ other: SpanAttributes) {
    guard let recording else { return }
    other.forEach { recording.set($0, $1) }
  }

  public var isEmpty: Bool { recording?.read { $0.fields.isEmpty && $0.attributes.isEmpty } ?? true }

  private static func read<Value>(_ attribute: SpanAttribute) -> Value? {
    if let whole = attribute as? Value { return whole }
    switch attribute {
    case .int64(let value): return value as? Value ?? Int(exactly: value) as? Value ?? Int32(exactly: value) as? Value
    case .int32(let value): return value as? Value
    case .double(let value): return value as? Value ?? Float(value) as? Value
    case .stringArray(let values): return values as? Value
    case .int64Array(let values): return values as? Value
    case .doubleArray(let values): return values as? Value
    case .boolArray(let values): return values as? Value
    default: return nil
    }
  }
}
