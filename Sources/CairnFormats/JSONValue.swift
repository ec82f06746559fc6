// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// A JSON document as a tree: for small bodies of control planes, not for events.
public indirect enum JSONValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int64)
  /// Every other number, integers above `Int64.max` included.
  case double(Double)
  case string(String)
  case array([JSONValue])
  /// Members in the order of the document, repeated names included.
  case object([JSONMember])

  /// An object's member; of repeated ones the last, as most readers do. nil in anything but an object.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.name == name }?.value
  }

  /// The text of a string; nil for anything else.
  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  /// The value as an integer; doubles without a fraction count, as JSON does not tell `1` from `1.0`.
  public var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  /// The value as a double; integers beyond 2^53 are rounded.
  public var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// The value of a boolean; nil for anything else.
  public var boolean: Bool? {
    guard case .boolean(let value) = self else { return nil }
    return value
  }

  /// The items of an array; nil for anything else.
  public var array: [JSONValue]? {
    guard case .array(let values) = self else { return nil }
    return values
  }

  /// The members of an object in the order of the document; nil for anything else.
  public var members: [JSONMember]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// Reads a whole document; see `JSONReader` for what is refused.
  ///
  /// Takes up to some 40 times the document's bytes, so the caller bounds those. Recurses once a level, to `depthMax` at most.
  public init(parsing bytes: RawSpan, depthMax: Int = JSONReader.depthMaxDefault) throws(DecodeError) {
    var reader = JSONReader(depthMax: depthMax)
    self = try Self.read(try reader.next(bytes), &reader, bytes)
    _ = try reader.next(bytes)
  }

  /// Reads a whole document; see `JSONReader` for what is refused.
  public init(parsing bytes: [UInt8], depthMax: Int = JSONReader.depthMaxDefault) throws(DecodeError) {
    try unsafe self.init(parsing: bytes.span.bytes, depthMax: depthMax)
  }

  /// Reads a whole document; see `JSONReader` for what is refused.
  public init(parsing text: String, depthMax: Int = JSONReader.depthMaxDefault) throws(DecodeError) {
    try self.init(parsing: Array(text.utf8), depthMax: depthMax)
  }

  /// The document's bytes, without white space.
  public var bytes: [UInt8] {
    var writer = JSONWriter()
    writer.value(self)
    return writer.finish()
  }

  /// The value that starts with `token`, which the reader has just read: for decoders that want a part of a document as a tree.
  public static func read(
    _ token: JSONToken, _ reader: inout JSONReader, _ bytes: RawSpan
  ) throws(DecodeError) -> JSONValue {
    switch token {
    case .null: return .null
    case .boolean(let value): return .boolean(value)
    case .integer(let value): return .integer(value)
    case .unsigned(let value): return .double(Double(value))
    case .double(let value): return .double(value)
    case .string(let text): return .string(reader.string(text, bytes))
    case .arrayStart: return try readArray(&reader, bytes)
    case .objectStart: return try readObject(&reader, bytes)
    case .key, .objectEnd, .arrayEnd, .end: throw DecodeError(.syntax(expected: "a value"), at: reader.tokenOffset)
    }
  }

  private static func readArray(_ reader: inout JSONReader, _ bytes: RawSpan) throws(DecodeError) -> JSONValue {
    var values: [JSONValue] = []
    while true {
      let token = try reader.next(bytes)
      if token == .arrayEnd { return .array(values) }
      values.append(try read(token, &reader, bytes))
    }
  }

  private static func readObject(_ reader: inout JSONReader, _ bytes: RawSpan) throws(DecodeError) -> JSONValue {
    var members: [JSONMember] = []
    while true {
      guard case .key(let name) = try reader.next(bytes) else { return .object(members) }
      let text = reader.string(name, bytes)
      members.append(JSONMember(text, try read(try reader.next(bytes), &reader, bytes)))
    }
  }
}

/// A name and a value of an object.
public struct JSONMember: Sendable, Hashable {
  public var name: String
  public var value: JSONValue

  /// A member of that name and value.
  public init(_ name: String, _ value: JSONValue) {
    self.name = name
    self.value = value
  }
}
