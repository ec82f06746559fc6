// SPDX-License-Identifier: Apache-2.0
internal import CRE2

/// A regular expression that takes linear time on any text: RE2's syntax (no look-around, no back references), over UTF-8.
///
/// A value: two patterns are equal where text and options are. Compiling costs some ten microseconds and at most
/// `programByteCountMax` of memory; a pattern that would need more is refused. May be used from any thread.
///
/// Source: RE2's syntax page; the behaviour is that of its leftmost-first mode.
public struct Pattern: Sendable, Hashable {
  /// The most memory that a compiled pattern and its automaton may take.
  public static let programByteCountMax = 8 << 20
  /// Longer texts are refused before they are compiled.
  public static let textByteCountMax = 16_384

  /// How a text is read.
  public enum Mode: Sendable, Hashable {
    case exact
    case ignoringCase
  }

  /// The pattern as it was written.
  public let text: String
  public let mode: Mode
  let program: Program

  /// Compiles; throws where the text is not a pattern or would need too much memory.
  public init(_ text: String, _ mode: Mode = .exact) throws(PatternError) {
    guard text.utf8.count <= Self.textByteCountMax else {
      throw PatternError(reason: "a pattern is at most \(Self.textByteCountMax) bytes long")
    }
    self.text = text
    self.mode = mode
    program = try Program(text, mode)
  }

  public static func == (left: Pattern, right: Pattern) -> Bool { left.text == right.text && left.mode == right.mode }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(text)
    hasher.combine(mode)
  }

  /// The number of groups in parentheses.
  public var groupCount: Int { program.groupCount }

  /// The names of the groups, nil for those without; group 1 is at index 0.
  public var groupNames: [String?] { program.groupNames }

  /// True if the pattern matches somewhere in the text.
  public func matches(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { (utf8) in unsafe matches(RawSpan(_unsafeElements: utf8)) }
  }

  /// True if the pattern matches somewhere in the bytes.
  public func matches(_ bytes: RawSpan) -> Bool {
    var none: [cre2_range] = []
    return program.find(bytes, from: 0, &none)
  }

  /// The first match at or after `start`: the whole first, then the groups, nil for those that took no part. Offsets in bytes.
  public func firstMatch(in bytes: RawSpan, from start: Int = 0) -> [Range<Int>?]? {
    guard start >= 0, start <= bytes.byteCount else { return nil }
    var groups = [cre2_range](repeating: cre2_range(start: -1, end: -1), count: groupCount + 1)
    guard program.find(bytes, from: start, &groups) else { return nil }
    return groups.map { $0.start < 0 ? nil : $0.start..<$0.end }
  }

  /// The same for a text, in texts.
  public func firstMatch(in text: String) -> [String?]? {
    var text = text
    return text.withUTF8 { (utf8) -> [String?]? in
      let bytes = unsafe RawSpan(_unsafeElements: utf8)
      return firstMatch(in: bytes)?.map { (range) in
        guard let range else { return nil }
        return unsafe bytes.extracting(range).withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
      }
    }
  }

  /// For texts that lie end to end in `bytes`: calls `mark` with the index of each that has a match. `ends` never falls and ends within
  /// the bytes.
  public func forEachMatch(in bytes: [UInt8], ends: [UInt32], _ mark: (Int) -> Void) {
    precondition(ends.isEmpty || Int(ends[ends.count - 1]) <= bytes.count, "texts lie within their bytes")
    for (index, flag) in program.flags(bytes, ends).enumerated() where flag != 0 { mark(index) }
  }

  /// A pattern that finds exactly this text.
  public static func quoting(_ text: String) -> String {
    var quoted = ""
    for character in text.unicodeScalars {
      let isPlain = character.value > 127 || character.properties.isAlphabetic || (character.value >= 48 && character.value <= 57)
      if !isPlain, character != "_" { quoted.unicodeScalars.append("\\") }
      quoted.unicodeScalars.append(character)
    }
    return quoted
  }
}
