// SPDX-License-Identifier: Apache-2.0
// Leaf reads over bytes that came from outside. Free functions on `RawSpan`: every load is bounds-checked, and the unaligned
// loads that Swift counts as unsafe stand here and nowhere else.

/// Why bytes could not be read, and where: cheap to make, no text is built before somebody asks.
public struct DecodeError: Error, Sendable, Hashable {
  /// What was wrong.
  public enum Reason: Sendable, Hashable {
    case truncated
    case badVarint
    case badTag
    case badLength
    case tooDeep
    case tooManyFields
    case invalidUTF8
    case syntax(expected: StaticText)
    case value(StaticText)
  }
  public var reason: Reason
  /// Offset into the decoded body, in bytes; 0 where it is the whole that is wrong, which words do not tell as a place.
  public var offset: Int

  @inlinable public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// The reason in words, for the caller's protocol.
  public var message: String {
    let place = offset > 0 ? ", at byte \(offset)" : ""
    return switch reason {
    case .truncated: "the body ends in the middle of a field\(place)"
    case .badVarint: "a varint is longer than 10 bytes\(place)"
    case .badTag: "a field has a wire type that protobuf does not know\(place)"
    case .badLength: "a length points beyond its message\(place)"
    case .tooDeep: "values are nested too deep\(place)"
    case .tooManyFields: "an event has too many fields\(place)"
    case .invalidUTF8: "a string is not valid UTF-8\(place)"
    case .syntax(let expected): "expected \(expected.text)\(place)"
    case .value(let text): "\(text.text)\(place)"
    }
  }
}

/// A text that is known when the program is compiled: a reason can carry it without an allocation.
public struct StaticText: Sendable, Hashable, ExpressibleByStringLiteral {
  @usableFromInline let literal: StaticString

  @inlinable public init(stringLiteral value: StaticString) { literal = value }

  public var text: String { "\(literal)" }

  public static func == (left: StaticText, right: StaticText) -> Bool { left.text == right.text }

  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// The byte at `offset`; traps outside the span, so callers check first.
@inlinable @inline(__always)
public func loadByte(_ bytes: RawSpan, _ offset: Int) -> UInt8 {
  unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
}

/// Eight bytes from `offset`, little-endian; traps unless all eight lie inside.
@inlinable @inline(__always)
public func loadWord(_ bytes: RawSpan, _ offset: Int) -> UInt64 {
  unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
}

/// Four bytes from `offset`, little-endian; traps unless all four lie inside.
@inlinable @inline(__always)
public func loadHalf(_ bytes: RawSpan, _ offset: Int) -> UInt32 {
  unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
}

/// The `count` (1 to 7) bytes from `offset` as a little-endian integer: one masked load unless the span ends here.
@inlinable @inline(__always)
public func loadTail(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt64 {
  if offset &+ 8 <= bytes.byteCount { return loadWord(bytes, offset) & ((1 &<< UInt64(count &* 8)) &- 1) }
  return loadTailAtEnd(bytes, offset, count)
}

@inlinable @inline(never)
func loadTailAtEnd(_ bytes: RawSpan, _ offset: Int, _ count: Int) -> UInt64 {
  var value: UInt64 = 0
  for index in 0..<count { value |= UInt64(loadByte(bytes, offset + index)) << UInt64(8 * index) }
  return value
}

/// Appends a varint, seven bits a byte, the lowest first.
@inlinable
public func appendVarint(_ value: UInt64, to bytes: inout [UInt8]) {
  var rest = value
  while rest >= 0x80 {
    bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
    rest >>= 7
  }
  bytes.append(UInt8(truncatingIfNeeded: rest))
}

/// A base-128 varint; `offset` moves behind it.
@inlinable @inline(__always)
public func readVarint(_ bytes: RawSpan, _ offset: inout Int, _ end: Int) throws(DecodeError) -> UInt64 {
  guard offset < end else { throw DecodeError(.truncated, at: offset) }
  let first = loadByte(bytes, offset)
  offset &+= 1
  if first < 0x80 { return UInt64(first) }
  return try readVarintRest(bytes, &offset, end, UInt64(first & 0x7f))
}

@inlinable @inline(never)
func readVarintRest(_ bytes: RawSpan, _ offset: inout Int, _ end: Int, _ first: UInt64) throws(DecodeError) -> UInt64 {
  var value = first
  var shift: UInt64 = 7
  while offset < end, shift < 64 {
    let next = loadByte(bytes, offset)
    offset &+= 1
    value |= UInt64(next & 0x7f) &<< shift
    if next < 0x80 { return value }
    shift &+= 7
  }
  throw DecodeError(offset < end ? .badVarint : .truncated, at: offset)
}

/// A length prefix that fits between itself and `end`; `offset` moves behind the prefix.
@inlinable @inline(__always)
public func readLength(_ bytes: RawSpan, _ offset: inout Int, _ end: Int) throws(DecodeError) -> Int {
  let raw = try readVarint(bytes, &offset, end)
  guard raw <= UInt64(end &- offset) else { throw DecodeError(.badLength, at: offset) }
  return Int(truncatingIfNeeded: raw)
}

/// Skips the value of a protobuf field whose tag has been read; groups are followed to their end, without recursion.
@inlinable @inline(never)
public func skipField(_ bytes: RawSpan, _ offset: inout Int, _ end: Int, tag: UInt64) throws(DecodeError) {
  var openGroups = 0
  var tag = tag
  repeat {
    switch tag & 7 {
    case 0: _ = try readVarint(bytes, &offset, end)
    case 1: try advance(&offset, by: 8, end)
    case 2:
      let count = try readLength(bytes, &offset, end)
      offset &+= count
    case 3: openGroups &+= 1
    case 4:
      openGroups &-= 1
      guard openGroups >= 0 else { throw DecodeError(.badTag, at: offset) }
    case 5: try advance(&offset, by: 4, end)
    default: throw DecodeError(.badTag, at: offset)
    }
    if openGroups > 0 { tag = try readVarint(bytes, &offset, end) }
  } while openGroups > 0
}

/// Moves `offset` forward, but not beyond `end`.
@inlinable @inline(__always)
public func advance(_ offset: inout Int, by count: Int, _ end: Int) throws(DecodeError) {
  guard end &- offset >= count else { throw DecodeError(.truncated, at: offset) }
  offset &+= count
}
