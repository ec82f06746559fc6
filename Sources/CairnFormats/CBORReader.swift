// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

// One CBOR value, as the protocol Smithy RPC v2 has it, read into the tree of a JSON document.
//
// head    major type (3 bits), argument (5 bits): 0-23 itself, 24-27 for 1, 2, 4 or 8 bytes behind the head, 31 for no length
//         0 integer   1 integer below 0   2 bytes   3 text   4 array   5 map   6 tag   7 false, true, null, undefined, float, end
//
// A tag is read over: a time is its seconds. Bytes become Base64, and what is no finite number the text that AWS has for it in JSON.
// Nothing is reserved for a count that the bytes left cannot hold. Source: RFC 8949, and the specification of Smithy RPC v2 CBOR.

extension JSONValue {
  /// Reads a whole value. Takes up to some 40 times the bytes, so the caller bounds those; recurses once a level, to `depthMax` at most.
  public init(cbor bytes: RawSpan, depthMax: Int = JSONReader.depthMaxDefault) throws(DecodeError) {
    var reader = CBORReader()
    self = try reader.value(bytes, depthMax)
    guard reader.offset == bytes.byteCount else { throw DecodeError(.syntax(expected: "nothing behind the value"), at: reader.offset) }
  }
}

private struct CBORReader {
  var offset = 0
  private static let noLength: UInt8 = 31
  private static let end: UInt8 = 0xff

  mutating func value(_ bytes: RawSpan, _ depthLeft: Int) throws(DecodeError) -> JSONValue {
    guard depthLeft > 0 else { throw DecodeError(.tooDeep, at: offset) }
    let head = try byte(bytes)
    let low = head & 31
    switch head >> 5 {
    case 0:
      let number = try argument(bytes, low)
      return Int64(exactly: number).map { .integer($0) } ?? .double(Double(number))
    case 1:
      let number = try argument(bytes, low)
      return Int64(exactly: number).map { .integer(-1 - $0) } ?? .double(-1 - Double(number))
    case 2: return .string(Base64.text(try content(bytes, low, major: 2)))
    case 3: return .string(try text(bytes, low))
    case 4: return .array(try array(bytes, low, depthLeft - 1))
    case 5: return .object(try map(bytes, low, depthLeft - 1))
    case 6:
      _ = try argument(bytes, low)
      return try value(bytes, depthLeft - 1)
    default: return try simple(bytes, low)
    }
  }

  private mutating func array(_ bytes: RawSpan, _ low: UInt8, _ depthLeft: Int) throws(DecodeError) -> [JSONValue] {
    var items: [JSONValue] = []
    var left = try count(bytes, low)
    while try goesOn(bytes, &left) { items.append(try value(bytes, depthLeft)) }
    return items
  }

  private mutating func map(_ bytes: RawSpan, _ low: UInt8, _ depthLeft: Int) throws(DecodeError) -> [JSONMember] {
    var members: [JSONMember] = []
    var left = try count(bytes, low)
    while try goesOn(bytes, &left) {
      let head = try byte(bytes)
      guard head >> 5 == 3 else { throw DecodeError(.syntax(expected: "a text as the name of a member"), at: offset &- 1) }
      let name = try text(bytes, head & 31)
      members.append(JSONMember(name, try value(bytes, depthLeft)))
    }
    return members
  }

  /// How many items follow; nil where an end follows them.
  private mutating func count(_ bytes: RawSpan, _ low: UInt8) throws(DecodeError) -> Int? {
    if low == Self.noLength { return nil }
    let count = try argument(bytes, low)
    guard count <= UInt64(bytes.byteCount &- offset) else { throw DecodeError(.badLength, at: offset) }
    return Int(count)
  }

  /// Counts an item down, or looks for the end.
  private mutating func goesOn(_ bytes: RawSpan, _ left: inout Int?) throws(DecodeError) -> Bool {
    if let number = left {
      left = number &- 1
      return number > 0
    }
    guard offset < bytes.byteCount else { throw DecodeError(.truncated, at: offset) }
    guard loadByte(bytes, offset) == Self.end else { return true }
    offset &+= 1
    return false
  }

  private mutating func text(_ bytes: RawSpan, _ low: UInt8) throws(DecodeError) -> String {
    let start = offset
    guard let text = String(validating: try content(bytes, low, major: 3), as: UTF8.self) else { throw DecodeError(.invalidUTF8, at: start) }
    return text
  }

  /// The bytes of a text or of bytes, in one piece or in several.
  private mutating func content(_ bytes: RawSpan, _ low: UInt8, major: UInt8) throws(DecodeError) -> [UInt8] {
    guard low == Self.noLength else {
      let range = try take(bytes, try argument(bytes, low))
      return range.map { loadByte(bytes, $0) }
    }
    var all: [UInt8] = []
    while true {
      let head = try byte(bytes)
      if head == Self.end { return all }
      guard head >> 5 == major, head & 31 != Self.noLength else { throw DecodeError(.syntax(expected: "a piece of a text"), at: offset &- 1) }
      for index in try take(bytes, try argument(bytes, head & 31)) { all.append(loadByte(bytes, index)) }
    }
  }

  private mutating func simple(_ bytes: RawSpan, _ low: UInt8) throws(DecodeError) -> JSONValue {
    switch low {
    case 20, 21: return .boolean(low == 21)
    case 22, 23: return .null
    case 25: return number(half(UInt16(truncatingIfNeeded: try argument(bytes, low))))
    case 26: return number(Double(Float(bitPattern: UInt32(truncatingIfNeeded: try argument(bytes, low)))))
    case 27: return number(Double(bitPattern: try argument(bytes, low)))
    default: throw DecodeError(.syntax(expected: "a value that CBOR has"), at: offset &- 1)
    }
  }

  private func number(_ value: Double) -> JSONValue {
    if value.isFinite { return .double(value) }
    return .string(value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity")
  }

  private func half(_ bits: UInt16) -> Double {
    let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
    let size: Double =
      switch exponent {
      case 0: Double(sign: .plus, exponent: -24, significand: fraction)
      case 31: fraction == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 25, significand: 1024 + fraction)
      }
    return bits >> 15 == 0 ? size : -size
  }

  private mutating func argument(_ bytes: RawSpan, _ low: UInt8) throws(DecodeError) -> UInt64 {
    switch low {
    case 0..<24: return UInt64(low)
    case 24...27: return bigEndian(bytes, try take(bytes, 1 << UInt64(low - 24)))
    default: throw DecodeError(.syntax(expected: "a length that CBOR has"), at: offset &- 1)
    }
  }

  private mutating func byte(_ bytes: RawSpan) throws(DecodeError) -> UInt8 {
    let range = try take(bytes, 1)
    return loadByte(bytes, range.lowerBound)
  }

  private mutating func take(_ bytes: RawSpan, _ byteCount: UInt64) throws(DecodeError) -> Range<Int> {
    guard byteCount <= UInt64(bytes.byteCount &- offset) else { throw DecodeError(.truncated, at: offset) }
    let start = offset
    offset &+= Int(byteCount)
    return start..<offset
  }
}
