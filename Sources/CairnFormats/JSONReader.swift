// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// Reads one JSON document (RFC 8259) token by token, without building anything.
///
/// ```
/// var reader = JSONReader()
/// while true {
///   switch try reader.next(body) {
///   case .key(let name): if reader.matches(name, body, "traceId") { … } else { try reader.skipValue(body) }
///   case .end: return
///   …
/// ```
/// The reader keeps offsets only, so the same bytes are handed to every call; with other bytes the answers are useless but nothing
/// is read outside them. It checks the whole grammar: every document that ends with `.end` is valid JSON.
/// - Depth: arrays and objects inside one another up to `depthMax` (`.tooDeep`); nothing recurses, whatever the input.
/// - Numbers: integers are exact over the range of `Int64` and `UInt64`, `-0` is the integer 0; other numbers are rounded to the
///   nearest double, down to zero where they are too small. Beyond the range of a double, or longer than 4096 bytes: `.value`.
/// - Strings: invalid UTF-8 is an error. Half of a surrogate pair in `\u` form is read as U+FFFD, as JavaScript clients send cut
///   strings that way and the rest of their event is good.
/// - Names: a name may occur twice in an object; the caller sees both.
/// - A byte order mark, comments, trailing commas, NaN and the like are errors.
/// After an error the reader is to be reset. One owner; memory is the size of the longest string with escapes, kept by `reset`.
public struct JSONReader: ~Copyable {
  /// What may come next.
  enum State {
    case value
    case firstElement
    case firstKey
    case separator
    case finished
  }

  /// The depth of arrays and objects where the caller names none.
  public static let depthMaxDefault = 64
  /// The greatest depth that can be asked for.
  public static let depthMaxLimit = 512

  /// Behind the last token.
  public internal(set) var offset: Int
  /// Where the last token starts.
  public private(set) var tokenOffset: Int
  /// How many arrays and objects are open.
  public private(set) var depth = 0
  /// The text that `unescape` made last.
  public internal(set) var scratch = GrowableBuffer<UInt8>(capacity: 64)
  private let depthMax: Int
  private var state = State.value
  /// One bit a level: set where the open container is an object.
  private var objects = InlineArray<8, UInt64>(repeating: 0)

  /// A reader that starts at `offset`.
  public init(depthMax: Int = depthMaxDefault, at offset: Int = 0) {
    precondition(depthMax >= 1 && depthMax <= Self.depthMaxLimit, "a JSON depth is 1 to 512")
    precondition(offset >= 0, "a JSON document starts inside the bytes")
    self.depthMax = depthMax
    self.offset = offset
    tokenOffset = offset
  }

  /// Starts again with a new document.
  public mutating func reset(at offset: Int = 0) {
    precondition(offset >= 0, "a JSON document starts inside the bytes")
    self.offset = offset
    tokenOffset = offset
    depth = 0
    state = .value
  }

  /// Reads the next token.
  public mutating func next(_ bytes: RawSpan) throws(DecodeError) -> JSONToken {
    let byte = skipSpace(bytes)
    switch state {
    case .value: return try readValue(bytes, byte)
    case .separator: return try readBehindValue(bytes, byte)
    case .firstElement: return byte == 0x5d ? close(.arrayEnd) : try readValue(bytes, byte)
    case .firstKey: return byte == 0x7d ? close(.objectEnd) : try readKey(bytes, byte)
    case .finished:
      guard offset >= bytes.byteCount else { throw DecodeError(.syntax(expected: "nothing behind the document"), at: offset) }
      return .end
    }
  }

  /// Reads one value and drops it, an array or object with all that it holds; still checks every byte of it.
  ///
  /// Where the next token ends the container instead, that is what is read.
  public mutating func skipValue(_ bytes: RawSpan) throws(DecodeError) {
    let outside = depth
    repeat { _ = try next(bytes) } while depth > outside
  }

  /// Reads on behind the end of the array or object that is open, to where `depth` is one less.
  public mutating func skipRest(_ bytes: RawSpan) throws(DecodeError) {
    precondition(depth > 0, "there is an open array or object to leave")
    let outside = depth &- 1
    repeat { _ = try next(bytes) } while depth > outside
  }

  /// Moves over white space and returns the byte there, or 0 at the end (which no token starts with).
  @inline(__always)
  private mutating func skipSpace(_ bytes: RawSpan) -> UInt8 {
    let end = bytes.byteCount
    var position = offset
    var byte: UInt8 = 0
    while position < end {
      byte = loadByte(bytes, position)
      if byte > 0x20 || (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) { break }
      position &+= 1
    }
    offset = position
    tokenOffset = position
    return position < end ? byte : 0
  }

  private mutating func readBehindValue(_ bytes: RawSpan, _ byte: UInt8) throws(DecodeError) -> JSONToken {
    let isInObject = objects[(depth &- 1) >> 6] >> UInt64((depth &- 1) & 63) & 1 == 1
    if byte == 0x2c {
      offset &+= 1
      let next = skipSpace(bytes)
      return isInObject ? try readKey(bytes, next) : try readValue(bytes, next)
    }
    if isInObject {
      guard byte == 0x7d else { throw failure(bytes, "a comma or the end of the object") }
      return close(.objectEnd)
    }
    guard byte == 0x5d else { throw failure(bytes, "a comma or the end of the array") }
    return close(.arrayEnd)
  }

  private mutating func readKey(_ bytes: RawSpan, _ byte: UInt8) throws(DecodeError) -> JSONToken {
    guard byte == 0x22 else { throw failure(bytes, "a name in quotes") }
    let name = try readText(bytes)
    let start = tokenOffset
    guard skipSpace(bytes) == 0x3a else { throw failure(bytes, "a colon behind the name") }
    offset &+= 1
    tokenOffset = start
    state = .value
    return .key(name)
  }

  private mutating func readValue(_ bytes: RawSpan, _ byte: UInt8) throws(DecodeError) -> JSONToken {
    switch byte {
    case 0x22:
      let text = try readText(bytes)
      leaveValue()
      return .string(text)
    case 0x2d, 0x30...0x39:
      let number = try readNumber(bytes)
      leaveValue()
      return number
    case 0x7b: return try open(.objectStart, objectBit: 1)
    case 0x5b: return try open(.arrayStart, objectBit: 0)
    case 0x74: return try readWord(bytes, "true", .boolean(true))
    case 0x66: return try readWord(bytes, "false", .boolean(false))
    case 0x6e: return try readWord(bytes, "null", .null)
    default: throw failure(bytes, "a value")
    }
  }

  private mutating func open(_ token: JSONToken, objectBit: UInt64) throws(DecodeError) -> JSONToken {
    guard depth < depthMax else { throw DecodeError(.tooDeep, at: offset) }
    let bit = UInt64(depth & 63)
    objects[depth >> 6] = objects[depth >> 6] & ~(1 &<< bit) | objectBit &<< bit
    depth &+= 1
    offset &+= 1
    state = objectBit == 1 ? .firstKey : .firstElement
    return token
  }

  private mutating func close(_ token: JSONToken) -> JSONToken {
    depth &-= 1
    offset &+= 1
    leaveValue()
    return token
  }

  @inline(__always) private mutating func leaveValue() { state = depth == 0 ? .finished : .separator }

  private mutating func readWord(_ bytes: RawSpan, _ word: StaticString, _ token: JSONToken) throws(DecodeError) -> JSONToken {
    let start = offset
    for index in 0..<word.utf8CodeUnitCount {
      guard start + index < bytes.byteCount else { throw DecodeError(.truncated, at: bytes.byteCount) }
      guard unsafe loadByte(bytes, start + index) == word.utf8Start[index] else {
        throw DecodeError(.syntax(expected: "true, false or null"), at: start)
      }
    }
    offset = start + word.utf8CodeUnitCount
    leaveValue()
    return token
  }

  /// The error at `offset`: what was expected there, or that the bytes end.
  @inline(never)
  private func failure(_ bytes: RawSpan, _ expected: StaticText) -> DecodeError {
    DecodeError(offset < bytes.byteCount ? .syntax(expected: expected) : .truncated, at: offset)
  }
}
