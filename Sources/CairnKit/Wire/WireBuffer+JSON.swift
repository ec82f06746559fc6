// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// JSON (RFC 8259) at the end of the buffer, without white space; commas set themselves. Names that the program knows are written as
/// they stand. The caller opens, names and closes in the right order.
///
/// Where `isNested`, the document is itself the text of a string of JSON: its quotes are written `\"`.
extension WireBuffer {
  mutating func beginObject() { open(0x7b) }
  mutating func endObject() { close(0x7d) }
  mutating func beginArray() { open(0x5b) }
  mutating func endArray() { close(0x5d) }

  /// A member's name that needs no escapes; a value follows.
  @inline(__always)
  mutating func name(_ name: StaticString) {
    separate()
    quote()
    literal(name)
    quote()
    byte(0x3a)
    needsComma = false
  }

  /// A member's name from elsewhere.
  mutating func name(of name: String) {
    separate()
    quoted(name)
    byte(0x3a)
    needsComma = false
  }

  mutating func string(_ text: String) {
    separate()
    quoted(text)
  }

  /// One string of several parts, each written by `part`.
  @inline(__always)
  mutating func joined(_ parts: (inout WireBuffer) -> Void) {
    separate()
    quote()
    parts(&self)
    quote()
  }

  mutating func part(_ text: String) { escaped(text) }

  mutating func integer(_ value: Int64) {
    separate()
    decimal(value)
  }

  mutating func boolean(_ value: Bool) {
    separate()
    literal(value ? "true" : "false")
  }

  /// The shortest decimal that reads back as the same; null for what JSON has no word for.
  mutating func double(_ value: Double) {
    separate()
    guard value.isFinite else { return literal("null") }
    let magnitude = value.magnitude
    if magnitude >= 1e-3, magnitude < 1e9 {
      // Six decimals of such a number are an integer below 2 ^ 53; where the quotient is the number again, these digits are its
      // shortest form, as no other decimal of at most 15 digits reads back as it.
      let scaled = (magnitude * 1e6).rounded()
      if scaled / 1e6 == magnitude { return millionths(UInt64(scaled), isNegative: value < 0) }
    }
    text(value.description)
  }

  /// Nanoseconds as seconds, with all nine decimals.
  mutating func seconds(_ nanoseconds: UInt64) {
    separate()
    decimal(nanoseconds / 1_000_000_000)
    byte(0x2e)
    decimal(nanoseconds % 1_000_000_000, width: 9)
  }

  /// A string of 16 hex digits.
  mutating func hexString(_ value: UInt64) {
    separate()
    quote()
    hex(value)
    quote()
  }

  /// A trace's id as W3C writes it.
  mutating func hexString(_ id: TraceID) {
    separate()
    quote()
    hex(id.high)
    hex(id.low)
    quote()
  }

  /// A trace's id as X-Ray writes it: `1-8hex-24hex`.
  mutating func xrayString(_ id: TraceID) {
    separate()
    quote()
    literal("1-")
    let start = count
    hex(id.high)
    move(from: start + 8, by: 1)
    set(start + 8, 0x2d)
    hex(id.low)
    quote()
  }

  /// Any value; numbers that JSON has no word for become text.
  mutating func value(_ value: WireValue) {
    switch value {
    case .string(let text): string(text)
    case .integer(let number): integer(number)
    case .double(let number): if number.isFinite { double(number) } else { string(String(number)) }
    case .boolean(let flag): boolean(flag)
    case .array(let values):
      beginArray()
      for value in values { self.value(value) }
      endArray()
    case .map(let fields):
      beginObject()
      members(fields)
      endObject()
    }
  }

  /// Any value as text.
  mutating func text(of value: WireValue) { if case .string(let text) = value { string(text) } else { string(value.text) } }

  /// A name with its value.
  mutating func member(_ field: WireField) {
    name(of: field.name)
    value(field.value)
  }

  /// Several, one after the other.
  mutating func members(_ fields: [WireField]) {
    // A span lends its elements; a loop over the array would count each text twice.
    let fields = fields.span
    for index in fields.indices { member(fields[index]) }
  }

  /// The same text as a value of every kind.
  mutating func member(_ name: StaticString, _ text: String) {
    self.name(name)
    string(text)
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    byte(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    byte(bracket)
    needsComma = true
  }

  @inline(__always)
  mutating func separate() {
    if needsComma { byte(0x2c) }
    needsComma = true
  }

  @inline(__always)
  private mutating func quote() {
    if isNested { byte(0x5c) }
    byte(0x22)
  }

  private mutating func quoted(_ text: String) {
    quote()
    escaped(text)
    quote()
  }

  private mutating func escaped(_ text: String) {
    unsafe Self.withUTF8(text) { utf8 in
      var rest = unsafe utf8
      while true {
        let copied = unsafe copyPlain(rest)
        guard copied < rest.count else { break }
        unsafe escape(rest[copied])
        unsafe rest = UnsafeRawBufferPointer(rebasing: rest[(copied + 1)...])
      }
    }
  }

  /// The escape of a byte. Nested, its backslash has one more before it, and so has a quote or a backslash behind it.
  private mutating func escape(_ escaped: UInt8) {
    if isNested { byte(0x5c) }
    byte(0x5c)
    switch escaped {
    case 0x22, 0x5c:
      if isNested { byte(0x5c) }
      byte(escaped)
    case 0x0a: byte(0x6e)
    case 0x0d: byte(0x72)
    case 0x09: byte(0x74)
    default:
      literal("u00")
      for nibble in [escaped >> 4, escaped & 15] { byte(nibble &+ (nibble < 10 ? 48 : 87)) }
    }
  }

  /// A whole part, a point and one to six decimals.
  private mutating func millionths(_ millionths: UInt64, isNegative: Bool) {
    let (whole, fraction) = millionths.quotientAndRemainder(dividingBy: 1_000_000)
    if isNegative { byte(0x2d) }
    decimal(whole)
    byte(0x2e)
    var rest = fraction
    var unit: UInt64 = 100_000
    repeat {
      byte(48 &+ UInt8(truncatingIfNeeded: rest / unit))
      rest %= unit
      unit /= 10
    } while rest > 0
  }
}
