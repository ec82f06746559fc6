// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

// TERM := ("?" | "-")? (WORD | quoted | "%" regular expression "%")
//
//   ERROR "two words"     lines with both           ?ERROR ?WARN      lines with one of them
//   ERROR -EXITING        with one, without another
//   %4\d\d%               lines in which the expression finds something
//
// A WORD is of letters, digits and underscores; anything else stands in quotes. Case counts. Where there are words that must be there,
// those with `?` say nothing more, as at AWS.

/// A pattern of words.
struct TextPattern: Sendable, Hashable {
  enum Term: Sendable, Hashable {
    case text(TextSearch)
    case expression(Pattern)
  }
  var required: [Term] = []
  var optional: [Term] = []
  var excluded: [Term] = []

  var isEmpty: Bool { required.isEmpty && optional.isEmpty && excluded.isEmpty }

  init(_ cursor: inout PatternCursor) throws(LogsError) {
    while true {
      cursor.skipBlanks()
      guard let byte = cursor.peek else { return }
      let isMarked = byte == 0x3f || byte == 0x2d
      if isMarked { cursor.position += 1 }
      let term = try Self.term(&cursor)
      if case .text(let search) = term, search.wanted.isEmpty { continue }
      switch byte {
      case 0x3f: optional.append(term)
      case 0x2d: excluded.append(term)
      default: required.append(term)
      }
    }
  }

  private static func term(_ cursor: inout PatternCursor) throws(LogsError) -> Term {
    switch cursor.peek {
    case 0x22: return .text(TextSearch(try cursor.quoted()))
    case 0x25: return .expression(try cursor.expression())
    default:
      let start = cursor.position
      while let byte = cursor.peek, !PatternCursor.isBlank(byte) { cursor.position += 1 }
      let word = cursor.bytes[start..<cursor.position]
      let text = String(decoding: word, as: UTF8.self)
      guard !word.isEmpty, word.allSatisfy(PatternCursor.isNameByte) else {
        throw LogsError(.invalidParameter, "Invalid character(s) in term '\(text)'")
      }
      return .text(TextSearch(text))
    }
  }

  func matches(_ line: RawSpan) -> Bool {
    if required.isEmpty, !optional.isEmpty {
      guard optional.contains(where: { Self.isIn(line, $0) }) else { return false }
    }
    return required.allSatisfy { Self.isIn(line, $0) } && !excluded.contains { Self.isIn(line, $0) }
  }

  private static func isIn(_ line: RawSpan, _ term: Term) -> Bool {
    switch term {
    case .text(let search): search.first(in: line, from: 0, to: line.byteCount) != nil
    case .expression(let pattern): pattern.matches(line)
    }
  }

  var filter: Filter {
    var parts = required.map(Self.filter)
    if required.isEmpty, !optional.isEmpty { parts.append(.any(optional.map(Self.filter))) }
    return .all(parts + excluded.map { .not(Self.filter($0)) })
  }

  private static func filter(_ term: Term) -> Filter {
    switch term {
    case .text(let search): .text(column: FieldName.body, .contains, String(decoding: search.wanted, as: UTF8.self))
    case .expression(let pattern): .matches(column: FieldName.body, pattern)
    }
  }
}
