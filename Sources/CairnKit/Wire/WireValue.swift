// SPDX-License-Identifier: Apache-2.0
internal import Logging
internal import Tracing

/// A value as every exporter can write it.
enum WireValue: Sendable, Hashable {
  case string(String)
  case integer(Int64)
  case double(Double)
  case boolean(Bool)
  case array([WireValue])
  case map([WireField])

  init(_ attribute: SpanAttribute) {
    switch attribute {
    case .string(let value): self = .string(value)
    case .int32(let value): self = .integer(Int64(value))
    case .int64(let value): self = .integer(value)
    case .double(let value): self = .double(value)
    case .bool(let value): self = .boolean(value)
    case .stringArray(let values): self = .array(values.map { .string($0) })
    case .int32Array(let values): self = .array(values.map { .integer(Int64($0)) })
    case .int64Array(let values): self = .array(values.map { .integer($0) })
    case .doubleArray(let values): self = .array(values.map { .double($0) })
    case .boolArray(let values): self = .array(values.map { .boolean($0) })
    case .stringConvertible(let value): self = .string(String(describing: value))
    case .stringConvertibleArray(let values): self = .array(values.map { .string(String(describing: $0)) })
    default: self = .string("")
    }
  }

  init(_ metadata: Logger.MetadataValue) {
    switch metadata {
    case .string(let value): self = .string(value)
    case .stringConvertible(let value): self = Self.ofConvertible(value)
    case .array(let values): self = .array(values.map { WireValue($0) })
    case .dictionary(let members): self = .map(members.map { WireField($0.key, WireValue($0.value)) })
    }
  }

  /// Numbers and booleans stay what they are; the usual ones are found without a cast, which costs as much as all else of a field.
  private static func ofConvertible<Value: CustomStringConvertible>(_ value: Value) -> WireValue {
    if Value.self == Int.self { return .integer(Int64(unsafe unsafeBitCast(value, to: Int.self))) }
    if Value.self == Double.self { return .double(unsafe unsafeBitCast(value, to: Double.self)) }
    if Value.self == Bool.self { return .boolean(unsafe unsafeBitCast(value, to: Bool.self)) }
    if let value = value as? any BinaryInteger { return Int64(exactly: value).map { .integer($0) } ?? .string(value.description) }
    if let value = value as? Float { return .double(Double(value)) }
    return .string(value.description)
  }

  /// The value as one text.
  var text: String {
    switch self {
    case .string(let value): value
    case .integer(let value): String(value)
    case .double(let value): String(value)
    case .boolean(let value): String(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .map(let fields): "{" + fields.map { "\($0.name): \($0.value.text)" }.joined(separator: ", ") + "}"
    }
  }

  /// As swift-distributed-tracing has it; arrays are of what their first value is.
  var attribute: SpanAttribute {
    switch self {
    case .string(let value): return .string(value)
    case .integer(let value): return .int64(value)
    case .double(let value): return .double(value)
    case .boolean(let value): return .bool(value)
    case .map: return .string(text)
    case .array(let values):
      switch values.first {
      case .integer: return .int64Array(values.compactMap { if case .integer(let value) = $0 { value } else { nil } })
      case .double: return .doubleArray(values.compactMap { if case .double(let value) = $0 { value } else { nil } })
      case .boolean: return .boolArray(values.compactMap { if case .boolean(let value) = $0 { value } else { nil } })
      default: return .stringArray(values.map(\.text))
      }
    }
  }

  /// Texts cut to so many characters.
  func limited(to length: Int?) -> WireValue {
    guard let length else { return self }
    switch self {
    case .string(let value): return value.utf8.count > length ? .string(String(value.prefix(length))) : self
    case .array(let values): return .array(values.map { $0.limited(to: length) })
    default: return self
    }
  }
}

/// A name with its value.
struct WireField: Sendable, Hashable {
  var name: String
  var value: WireValue

  init(_ name: String, _ value: WireValue) {
    self.name = name
    self.value = value
  }

  /// Shorter names first, those of one length by their text: few of a span's have the same length, so that texts are hardly compared.
  static func order(_ fields: inout [WireField]) {
    guard fields.count > 1 else { return }
    guard fields.count <= 24 else { return fields.sort { isBefore($0.name, $1.name) } }
    for index in 1..<fields.count {
      var place = index
      while place > 0, isBefore(fields[place].name, fields[place - 1].name) {
        fields.swapAt(place, place - 1)
        place -= 1
      }
    }
  }

  private static func isBefore(_ one: String, _ other: String) -> Bool {
    let (count, otherCount) = (one.utf8.count, other.utf8.count)
    return count == otherCount ? one < other : count < otherCount
  }
}

/// Fields by name, within limits, and how many were left out.
struct WireFields: Sendable, Hashable {
  var fields: [WireField] = []
  var droppedCount = 0

  /// Attributes in an order that their names alone decide, so that what is exported does not depend on hashing.
  init(_ attributes: SpanAttributes, countMax: Int, lengthMax: Int?) {
    fields.reserveCapacity(attributes.count)
    attributes.forEach { name, value in fields.append(WireField(name, WireValue(value).limited(to: lengthMax))) }
    WireField.order(&fields)
    if fields.count > countMax {
      droppedCount = fields.count - countMax
      fields.removeLast(droppedCount)
    }
  }

  /// A span's, in the order in which they were set where the span knows it.
  init(_ state: SpanRecording.State, countMax: Int, lengthMax: Int?) {
    guard !state.hasDictionary else {
      self = WireFields(state.allAttributes, countMax: countMax, lengthMax: lengthMax)
      droppedCount += state.fields.droppedCount
      return
    }
    var settled = state.fields
    settled.settle(lengthMax: lengthMax)
    fields = settled.entries
    droppedCount = settled.droppedCount
  }

  subscript(_ name: String) -> WireValue? { fields.first { sameName($0.name, name) }?.value }
}
