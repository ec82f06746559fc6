// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes

/// Writes JSON (RFC 8259) to the end of a byte array, without white space; sets the commas itself.
///
/// ```
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.member("name", "api")
/// writer.key("spans")
/// writer.beginArray()
/// …
/// ```
/// The caller opens, names and closes in the right order (checked by `assert` and, for the count of open containers, by `finish`).
/// Text is escaped where JSON asks for it, and U+2028 and U+2029 too, so that the bytes are also a JavaScript literal; with
/// `.markup` also `<`, `>` and `&`, so that they may stand inside a page. Invalid UTF-8 is repaired (U+FFFD).
/// One owner. Cost: O(bytes written), no allocation but growth, save for doubles of more than 15 digits.
public struct JSONWriter: Sendable {
  /// What is escaped beyond JSON's own rules and the two line separators.
  public enum Escaping: Sendable, Hashable {
    case json
    case markup
  }

  /// What was written so far.
  public internal(set) var bytes: [UInt8]
  /// How many arrays and objects are open.
  public private(set) var depth = 0
  private let escaping: Escaping
  private var needsComma = false

  /// A writer that reserves `byteCount` bytes.
  public init(reserving byteCount: Int = 256, escaping: Escaping = .json) {
    bytes = []
    bytes.reserveCapacity(byteCount)
    self.escaping = escaping
  }

  /// A writer that goes on behind `bytes`, which it takes over.
  public init(appendingTo bytes: consuming [UInt8], escaping: Escaping = .json) {
    self.bytes = bytes
    self.escaping = escaping
  }

  /// Drops what was written and keeps the memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    depth = 0
    needsComma = false
  }

  /// The finished document; every array and object must be closed.
  public consuming func finish() -> [UInt8] {
    precondition(depth == 0, "every JSON array and object is closed before the document is used")
    return bytes
  }

  /// Opens an object; names and values follow in turn.
  public mutating func beginObject() { open(0x7b) }
  /// Closes the object that is open.
  public mutating func endObject() { close(0x7d) }
  /// Opens an array; values follow.
  public mutating func beginArray() { open(0x5b) }
  /// Closes the array that is open.
  public mutating func endArray() { close(0x5d) }

  /// A member's name; a value follows.
  public mutating func key(_ name: String) {
    separate()
    appendQuoted(name)
    bytes.append(0x3a)
    needsComma = false
  }

  /// A member's name from UTF-8.
  public mutating func key(utf8 name: RawSpan) {
    separate()
    appendQuoted(utf8: name)
    bytes.append(0x3a)
    needsComma = false
  }

  /// A string.
  public mutating func string(_ text: String) {
    separate()
    appendQuoted(text)
  }

  /// A string from UTF-8, such as an entry of a dictionary.
  public mutating func string(utf8 text: RawSpan) {
    separate()
    appendQuoted(utf8: text)
  }

  /// An integer, exactly; JavaScript reads those beyond 2^53 rounded.
  public mutating func integer(_ value: Int64) {
    separate()
    appendInteger(value)
  }

  /// An integer, exactly.
  public mutating func integer(_ value: Int) { integer(Int64(value)) }

  /// The shortest decimal that reads back as the same double, always with a fraction or an exponent; null for NaN and infinities.
  public mutating func double(_ value: Double) {
    separate()
    appendDouble(value)
  }

  /// true or false.
  public mutating func boolean(_ value: Bool) {
    separate()
    append(ascii: value ? "true" : "false")
  }

  /// null.
  public mutating func null() {
    separate()
    append(ascii: "null")
  }

  /// A value that is JSON already, as it is; the caller answers for it.
  public mutating func raw(_ json: RawSpan) {
    separate()
    append(json, 0..<json.byteCount)
  }

  /// A value that is JSON already, as it is; the caller answers for it.
  public mutating func raw(_ json: [UInt8]) {
    separate()
    bytes.append(contentsOf: json)
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    depth += 1
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    precondition(depth > 0, "a JSON array or object is open before it is closed")
    depth -= 1
    bytes.append(bracket)
    needsComma = true
  }

  @inline(__always)
  private mutating func separate() {
    if needsComma { bytes.append(0x2c) }
    needsComma = true
  }

  private mutating func appendQuoted(_ text: String) {
    var text = text
    text.withUTF8 { (utf8) in
      bytes.append(0x22)
      unsafe appendEscaped(RawSpan(_unsafeElements: utf8), escaping)
      bytes.append(0x22)
    }
  }

  private mutating func appendQuoted(utf8 text: RawSpan) {
    guard isValidUTF8(text) else {
      return appendQuoted(unsafe text.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
    }
    bytes.append(0x22)
    appendEscaped(text, escaping)
    bytes.append(0x22)
  }
}
