// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// Reads one MessagePack value token by token, without building anything.
///
/// ```
/// fixint  0xxxxxxx | 111xxxxx     fixmap 1000nnnn   fixarray 1001nnnn   fixstr 101nnnnn
/// c0 nil  c2 false  c3 true       c4-c6 bin 8-32    c7-c9 ext 8-32      ca-cb float 32-64
/// cc-cf uint 8-64   d0-d3 int 8-64   d4-d8 fixext 1-16   d9-db str 8-32   dc-dd array 16-32   de-df map 16-32
/// ```
/// The reader keeps offsets only, so the same bytes are handed to every call. Maps and arrays may be inside one another up to
/// `depthMax` (`.tooDeep`); nothing recurses. A count that the bytes left cannot hold is `.badLength` at once, so nobody reserves
/// memory for a lie. Names of members that are neither strings nor binary are errors. After an error the reader is to be reset.
/// Source: the MessagePack specification at github.com/msgpack/msgpack.
public struct MessagePackReader: ~Copyable {
  /// The greatest depth that can be asked for.
  public static let depthMaxLimit = 64

  /// Behind the last token.
  public private(set) var offset: Int
  /// How many maps and arrays are open.
  public private(set) var depth = 0
  private let depthMax: Int
  /// Values and names that are still to come at each level; for maps twice the members.
  private var rest = InlineArray<64, Int>(repeating: 0)
  /// One bit a level: set where the open container is a map.
  private var maps: UInt64 = 0
  private var isOver = false

  /// A reader that starts at `offset`.
  public init(depthMax: Int = depthMaxLimit, at offset: Int = 0) {
    precondition(depthMax >= 1 && depthMax <= Self.depthMaxLimit, "a MessagePack depth is 1 to 64")
    precondition(offset >= 0, "a MessagePack value starts inside the bytes")
    self.depthMax = depthMax
    self.offset = offset
  }

  /// Starts again with a new value.
  public mutating func reset(at offset: Int = 0) {
    precondition(offset >= 0, "a MessagePack value starts inside the bytes")
    self.offset = offset
    depth = 0
    isOver = false
  }

  /// Reads the next token.
  public mutating func next(_ bytes: RawSpan) throws(DecodeError) -> MessagePackToken {
    guard depth > 0 else {
      if !isOver {
        isOver = true
        return try readValue(bytes)
      }
      guard offset == bytes.byteCount else { throw DecodeError(.syntax(expected: "nothing behind the value"), at: offset) }
      return .end
    }
    let level = depth &- 1
    let isMap = maps >> UInt64(level) & 1 == 1
    if rest[level] == 0 {
      depth = level
      return isMap ? .mapEnd : .arrayEnd
    }
    rest[level] &-= 1
    return isMap && rest[level] & 1 == 1 ? try readKey(bytes) : try readValue(bytes)
  }

  /// Reads one value and drops it, a map or array with all that it holds.
  public mutating func skipValue(_ bytes: RawSpan) throws(DecodeError) {
    let outside = depth
    repeat { _ = try next(bytes) } while depth > outside
  }

  private mutating func readKey(_ bytes: RawSpan) throws(DecodeError) -> MessagePackToken {
    let start = offset
    switch try readValue(bytes) {
    case .string(let range), .binary(let range): return .key(range)
    default: throw DecodeError(.syntax(expected: "a string as the name of a member"), at: start)
    }
  }

  private mutating func readValue(_ bytes: RawSpan) throws(DecodeError) -> MessagePackToken {
    guard offset < bytes.byteCount else { throw DecodeError(.truncated, at: offset) }
    let head = loadByte(bytes, offset)
    offset &+= 1
    switch head {
    case 0x00...0x7f: return .integer(Int64(head))
    case 0x80...0x8f: return try open(bytes, Int(head & 15), mapBit: 1)
    case 0x90...0x9f: return try open(bytes, Int(head & 15), mapBit: 0)
    case 0xa0...0xbf: return .string(try take(bytes, Int(head & 31)))
    case 0xc0: return .null
    case 0xc2, 0xc3: return .boolean(head == 0xc3)
    case 0xc4...0xc6: return .binary(try takeCounted(bytes, 1 << Int(head &- 0xc4)))
    case 0xc7...0xc9: return try takeOther(bytes, Int(try readBigEndian(bytes, 1 << Int(head &- 0xc7))))
    case 0xca: return .double(Double(Float(bitPattern: UInt32(truncatingIfNeeded: try readBigEndian(bytes, 4)))))
    case 0xcb: return .double(Double(bitPattern: try readBigEndian(bytes, 8)))
    case 0xcc...0xcf:
      let value = try readBigEndian(bytes, 1 << Int(head &- 0xcc))
      return Int64(exactly: value).map { .integer($0) } ?? .unsigned(value)
    case 0xd0...0xd3:
      let byteCount = 1 << Int(head &- 0xd0)
      let shift = Int64(64 - 8 * byteCount)
      return .integer((Int64(bitPattern: try readBigEndian(bytes, byteCount)) &<< shift) &>> shift)
    case 0xd4...0xd8: return try takeOther(bytes, 1 << Int(head &- 0xd4))
    case 0xd9...0xdb: return .string(try takeCounted(bytes, 1 << Int(head &- 0xd9)))
    case 0xdc, 0xdd: return try open(bytes, Int(try readBigEndian(bytes, head == 0xdc ? 2 : 4)), mapBit: 0)
    case 0xde, 0xdf: return try open(bytes, Int(try readBigEndian(bytes, head == 0xde ? 2 : 4)), mapBit: 1)
    case 0xe0...0xff: return .integer(Int64(Int8(bitPattern: head)))
    default: throw DecodeError(.syntax(expected: "a type that MessagePack has"), at: offset &- 1)
    }
  }

  private mutating func open(_ bytes: RawSpan, _ count: Int, mapBit: UInt64) throws(DecodeError) -> MessagePackToken {
    guard depth < depthMax else { throw DecodeError(.tooDeep, at: offset) }
    let itemCount = mapBit == 1 ? count &* 2 : count
    guard itemCount <= bytes.byteCount &- offset else { throw DecodeError(.badLength, at: offset) }
    rest[depth] = itemCount
    maps = maps & ~(1 &<< UInt64(depth)) | mapBit &<< UInt64(depth)
    depth &+= 1
    return mapBit == 1 ? .mapStart(count: count) : .arrayStart(count: count)
  }

  private mutating func takeCounted(_ bytes: RawSpan, _ prefixByteCount: Int) throws(DecodeError) -> Range<Int> {
    try take(bytes, Int(try readBigEndian(bytes, prefixByteCount)))
  }

  private mutating func takeOther(_ bytes: RawSpan, _ byteCount: Int) throws(DecodeError) -> MessagePackToken {
    let type = Int8(truncatingIfNeeded: try readBigEndian(bytes, 1))
    return .other(type: type, try take(bytes, byteCount))
  }

  private mutating func take(_ bytes: RawSpan, _ byteCount: Int) throws(DecodeError) -> Range<Int> {
    guard byteCount <= bytes.byteCount &- offset else { throw DecodeError(.truncated, at: offset) }
    let start = offset
    offset &+= byteCount
    return start..<offset
  }

  private mutating func readBigEndian(_ bytes: RawSpan, _ byteCount: Int) throws(DecodeError) -> UInt64 {
    let range = try take(bytes, byteCount)
    return bigEndian(bytes, range)
  }
}
