// SPDX-License-Identifier: Apache-2.0

/// Cuts an Insights query into tokens, one at a time; a comment runs from `#` to the end of its line.
///
/// ```
/// name    [A-Za-z_@][A-Za-z0-9_@]*, parts joined by '.', a part being digits or `any text in backticks` too
/// string  "…" or '…' with \" \' \\ \n \t \r; other escapes keep their backslash
/// number  12  1.5  1e3        period  5m  300s
/// ```
/// A regular expression `/…/` is read by `pattern` where the parser expects an operand, since `/` is division elsewhere.
struct InsightsLexer {
  private let scalars: [Unicode.Scalar]
  private(set) var offset = 0

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// The source between two offsets, without space around it.
  func source(_ start: Int, _ end: Int) -> String {
    var range = max(0, start)..<max(0, min(end, scalars.count))
    while let first = range.first, scalars[first].properties.isWhitespace { range = first + 1..<range.upperBound }
    while let last = range.last, scalars[last].properties.isWhitespace { range = range.lowerBound..<last }
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalars[range])
    return String(text)
  }

  mutating func move(to offset: Int) { self.offset = offset }

  private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
    offset + ahead < scalars.count ? scalars[offset + ahead] : nil
  }

  private mutating func skipSpace() {
    while let scalar = peek() {
      if scalar == "#" {
        while let inside = peek(), inside != "\n" {
          offset += 1
          _ = inside
        }
      } else if scalar.properties.isWhitespace {
        offset += 1
      } else {
        return
      }
    }
  }

  mutating func next() throws(InsightsError) -> InsightsToken {
    skipSpace()
    let start = offset
    guard let scalar = peek() else { return InsightsToken(kind: .end, start: start, end: start) }
    let kind: InsightsToken.Kind
    if scalar == "\"" || scalar == "'" {
      kind = .string(try string(scalar))
    } else if isDigit(scalar) || (scalar == "." && peek(1).map(isDigit) == true) {
      kind = try number()
    } else if isNameStart(scalar) || scalar == "`" {
      kind = try name()
    } else {
      kind = try mark()
    }
    return InsightsToken(kind: kind, start: start, end: offset)
  }

  private func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.value >= 0x30 && scalar.value <= 0x39 }

  private func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar == "@" || scalar == "$" || scalar.properties.isAlphabetic
  }

  private mutating func name() throws(InsightsError) -> InsightsToken.Kind {
    var name = ""
    var isQuoted = false
    while true {
      if peek() == "`" {
        isQuoted = true
        name += try quotedName()
      } else {
        while let scalar = peek(), isNameStart(scalar) || isDigit(scalar) {
          name.unicodeScalars.append(scalar)
          offset += 1
        }
      }
      guard peek() == ".", let following = peek(1), isNameStart(following) || isDigit(following) || following == "`" else {
        return .name(name, isQuoted: isQuoted)
      }
      name += "."
      offset += 1
    }
  }

  private mutating func quotedName() throws(InsightsError) -> String {
    let start = offset
    offset += 1
    var name = ""
    while let scalar = peek() {
      offset += 1
      if scalar == "`" { return name }
      name.unicodeScalars.append(scalar)
    }
    throw InsightsError("a backtick opens a name that no backtick closes", start, offset)
  }

  private mutating func string(_ quote: Unicode.Scalar) throws(InsightsError) -> String {
    let start = offset
    offset += 1
    var text = ""
    while let scalar = peek() {
      offset += 1
      if scalar == quote { return text }
      guard scalar == "\\", let escaped = peek() else {
        text.unicodeScalars.append(scalar)
        continue
      }
      offset += 1
      switch escaped {
      case "\"", "'", "\\", "/": text.unicodeScalars.append(escaped)
      case "n": text += "\n"
      case "t": text += "\t"
      case "r": text += "\r"
      default:
        text += "\\"
        text.unicodeScalars.append(escaped)
      }
    }
    throw InsightsError("a quotation mark opens a string that none closes", start, offset)
  }

  private mutating func number() throws(InsightsError) -> InsightsToken.Kind {
    let start = offset
    var digits = ""
    var isWhole = true
    while let scalar = peek() {
      if scalar == "." {
        guard isWhole, peek(1).map(isDigit) == true else { break }
        isWhole = false
      } else if !isDigit(scalar) {
        break
      }
      digits.unicodeScalars.append(scalar)
      offset += 1
    }
    let isExponent =
      (peek() == "e" || peek() == "E")
      && (peek(1).map(isDigit) == true || ((peek(1) == "-" || peek(1) == "+") && peek(2).map(isDigit) == true))
    if isExponent {
      isWhole = false
      digits += "e"
      offset += 1
      while let scalar = peek(), isDigit(scalar) || ((scalar == "-" || scalar == "+") && digits.hasSuffix("e")) {
        digits.unicodeScalars.append(scalar)
        offset += 1
      }
    }
    var unit = ""
    while let scalar = peek(), isNameStart(scalar) || isDigit(scalar) {
      unit.unicodeScalars.append(scalar)
      offset += 1
    }
    if !unit.isEmpty {
      guard isWhole, let count = Int64(digits) else { throw InsightsError("'\(digits)\(unit)' is neither a number nor a period", start, offset) }
      return .period(count, unit)
    }
    if isWhole, let value = Int64(digits) { return .integer(value) }
    guard let value = Double(digits.hasPrefix(".") ? "0" + digits : digits), value.isFinite else {
      throw InsightsError("'\(digits)' is not a number", start, offset)
    }
    return .number(value)
  }

  private mutating func mark() throws(InsightsError) -> InsightsToken.Kind {
    let start = offset
    guard let first = peek() else { return .end }
    offset += 1
    if let second = peek() {
      let pair = "\(first)\(second)"
      if ["<=", ">=", "!=", "=~", "==", "<>", "&&", "||"].contains(pair) {
        offset += 1
        return .mark(pair)
      }
    }
    guard "|(),=<>+-*/%^[]:!.".unicodeScalars.contains(first) else {
      throw InsightsError("unexpected character '\(first)'", start, offset)
    }
    return .mark("\(first)")
  }

  /// The text of a regular expression whose opening `/` is at `start`; a `/` inside is written `\/`.
  mutating func pattern(at start: Int) throws(InsightsError) -> String {
    offset = start + 1
    var text = ""
    while let scalar = peek() {
      offset += 1
      if scalar == "/" { return text }
      if scalar == "\n" { break }
      if scalar == "\\", let escaped = peek() {
        offset += 1
        if escaped != "/" { text += "\\" }
        text.unicodeScalars.append(escaped)
        continue
      }
      text.unicodeScalars.append(scalar)
    }
    throw InsightsError("'/' opens a regular expression that no '/' closes", start, offset)
  }
}
