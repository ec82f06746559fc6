// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPatterns
public import CairnPlan

// The grammar of filter patterns, as FilterLogEvents, metric filters, subscription filters and live tails share it:
//
//   PATTERN  := blank                                                 every line
//             | TERM+                                                 text: see TextPattern
//             | "{" CONDITION "}"                                     JSON lines: see JSONPattern
//             | "[" FIELD ("," FIELD)* "]"                            lines of fields between blanks: see FieldsPattern
//
// Source: "Filter pattern syntax" of the CloudWatch Logs user guide.

/// A filter pattern, read once and asked of many lines. Takes linear time on any line.
public struct FilterPattern: Sendable, Hashable {
  enum Form: Sendable, Hashable {
    case everything
    case text(TextPattern)
    case json(JSONPattern)
    case fields(FieldsPattern)
  }
  /// As it was written.
  public let text: String
  let form: Form

  public static let byteCountMax = 1_024
  /// A pattern may hold so many regular expressions.
  static let expressionCountMax = 2

  /// Reads a pattern; throws `InvalidParameterException` for what is none.
  public init(_ text: String) throws(LogsError) {
    guard text.utf8.count <= Self.byteCountMax else {
      throw .constraint(text, at: "filterPattern", "have length less than or equal to 1024")
    }
    self.text = text
    var cursor = PatternCursor(text)
    cursor.skipBlanks()
    switch cursor.peek {
    case nil: form = .everything
    case 0x7b: form = .json(try JSONPattern(&cursor))
    case 0x5b: form = .fields(try FieldsPattern(&cursor))
    default:
      let terms = try TextPattern(&cursor)
      form = terms.isEmpty ? .everything : .text(terms)
    }
    guard cursor.expressionCount <= Self.expressionCountMax else {
      throw LogsError(
        .invalidParameter, "Invalid filter pattern: at most \(Self.expressionCountMax) regular expressions are allowed.")
    }
  }

  /// True if the line matches.
  public func matches(_ line: String) -> Bool {
    var line = line
    return line.withUTF8 { (utf8) in unsafe matches(RawSpan(_unsafeElements: utf8)) }
  }

  /// True if the line matches; UTF-8.
  public func matches(_ line: RawSpan) -> Bool {
    switch form {
    case .everything: true
    case .text(let pattern): pattern.matches(line)
    case .json(let pattern): pattern.matches(line)
    case .fields(let pattern): pattern.matches(line) != nil
    }
  }

  /// What the pattern takes out of a line that matches, by selector (`$.a.b`, `$name`); nil where it does not match.
  public func extract(_ line: String) -> [String: String]? {
    switch form {
    case .everything: return [:]
    case .text: return matches(line) ? [:] : nil
    case .json(let pattern): return pattern.extract(line)
    case .fields(let pattern): return Array(line.utf8).withBytes { pattern.matches($0) }
    }
  }

  /// True for the forms that say where values are, so that metrics can have values and dimensions from lines.
  public var hasSelectors: Bool {
    switch form {
    case .json, .fields: true
    case .everything, .text: false
    }
  }

  // MARK: In the store

  /// A filter that every matching line passes; where `isExactInStore`, no other does.
  public var filter: Filter {
    switch form {
    case .everything: .everything
    case .text(let pattern): pattern.filter
    case .json(let pattern): pattern.filter
    case .fields(let pattern): pattern.filter
    }
  }

  public var isExactInStore: Bool {
    switch form {
    case .everything, .text: true
    case .json, .fields: false
    }
  }
}

extension [UInt8] {
  /// Lends the bytes.
  func withBytes<Result>(_ body: (RawSpan) -> Result) -> Result { unsafe body(span.bytes) }
}
