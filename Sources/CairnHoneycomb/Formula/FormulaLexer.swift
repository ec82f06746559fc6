// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats

/// What is wrong with a formula, and where.
struct FormulaError: Error {
  var reason: String
  /// In characters from the start, 1 for the first.
  var position: Int

  /// For the field that holds the formula.
  var text: String { "\(reason) at character \(position)" }
}

/// The words of a formula.
enum FormulaToken: Equatable {
  case column(String)
  case literal(FieldValue?)
  /// A function's name, `AND` and `OR` among them.
  case name(String)
  /// `(`, `)`, `,` or an operator.
  case sign(String)
  case end
}

/// Cuts a formula into words.
///
/// ```
/// column   $name  $"a name"  $`a name`      name: letters, digits, _ . / : = + ? -
/// literal  12  1.5e3  .5  "text\n"  `raw`  true  false  null
/// name     [a-zA-Z][a-zA-Z0-9_]*
/// sign     ( ) , ! * / % + - < <= > >= = == !=
/// ```
/// Source: the grammar of Honeycomb's derived columns (HCDC).
struct FormulaLexer {
  private let characters: [Unicode.Scalar]
  private var at = 0
  /// Where the last word began.
  private(set) var start = 0

  init(_ text: String) { characters = Array(text.unicodeScalars) }

  private var next: Unicode.Scalar? { at < characters.count ? characters[at] : nil }

  func failure(_ reason: String) -> FormulaError { FormulaError(reason: reason, position: start + 1) }

  mutating func token() throws(FormulaError) -> FormulaToken {
    while let character = next, character.properties.isWhitespace { at += 1 }
    start = at
    guard let character = next else { return .end }
    at += 1
    switch character {
    case "$": return .column(try columnName())
    case "\"": return .literal(.string(try quoted()))
    case "`": return .literal(.string(try raw()))
    case "(", ")", ",", "*", "/", "%", "+", "-": return .sign(String(Character(character)))
    case "<", ">", "=", "!":
      guard next == "=" else { return .sign(String(Character(character))) }
      at += 1
      return .sign(character == "=" ? "=" : "\(character)=")
    case "0"..."9", ".": return try number()
    case "a"..."z", "A"..."Z": return word()
    default: throw failure("'\(character)' is not understood")
    }
  }

  private mutating func columnName() throws(FormulaError) -> String {
    if next == "\"" || next == "`" {
      at += 1
      return characters[at - 1] == "`" ? try raw() : try quoted()
    }
    var name = String.UnicodeScalarView()
    while let character = next, Self.isColumn(character) {
      name.append(character)
      at += 1
    }
    guard !name.isEmpty else { throw failure("a column's name is missing behind $") }
    return String(name)
  }

  private static func isColumn(_ character: Unicode.Scalar) -> Bool {
    character.properties.isAlphabetic || character.properties.numericType == .decimal || "_./:=+?-".unicodeScalars.contains(character)
  }

  private mutating func raw() throws(FormulaError) -> String {
    var text = String.UnicodeScalarView()
    while let character = next {
      at += 1
      if character == "`" { return String(text) }
      text.append(character)
    }
    throw failure("a text is not closed")
  }

  private mutating func quoted() throws(FormulaError) -> String {
    var text = String.UnicodeScalarView()
    while let character = next {
      at += 1
      switch character {
      case "\"": return String(text)
      case "\\": text.append(try escaped())
      default: text.append(character)
      }
    }
    throw failure("a text is not closed")
  }

  private static let escapes: [Unicode.Scalar: Unicode.Scalar] = [
    "a": "\u{7}", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t", "v": "\u{b}", "\\": "\\", "'": "'", "\"": "\"",
  ]

  private mutating func escaped() throws(FormulaError) -> Unicode.Scalar {
    guard let character = next else { throw failure("a text is not closed") }
    if let plain = Self.escapes[character] {
      at += 1
      return plain
    }
    let (skipped, count, radix) = switch character {
    case "x": (1, 2, 16)
    case "u": (1, 4, 16)
    case "U": (1, 8, 16)
    default: (0, 3, 8)
    }
    let first = at + skipped
    guard first + count <= characters.count, let code = UInt32(String(String.UnicodeScalarView(characters[first..<first + count])), radix: radix),
      let scalar = Unicode.Scalar(code)
    else { throw failure("a text has an escape that is not known") }
    at = first + count
    return scalar
  }

  private mutating func number() throws(FormulaError) -> FormulaToken {
    var text = String(Character(characters[start]))
    while let character = next {
      let isSign = (character == "+" || character == "-") && (text.hasSuffix("e") || text.hasSuffix("E"))
      guard ("0"..."9").contains(character) || character == "." || character == "e" || character == "E" || isSign else { break }
      text.unicodeScalars.append(character)
      at += 1
    }
    if let whole = Int64(text) { return .literal(.integer(whole)) }
    guard let number = Double(text.hasPrefix(".") ? "0" + text : text), number.isFinite else { throw failure("'\(text.prefix(40))' is not a number") }
    return .literal(.float(number))
  }

  private mutating func word() -> FormulaToken {
    while let character = next, character.isASCII, character.properties.isAlphabetic || ("0"..."9").contains(character) || character == "_" { at += 1 }
    let word = String(String.UnicodeScalarView(characters[start..<at]))
    switch word {
    case "true": return .literal(.boolean(true))
    case "false": return .literal(.boolean(false))
    case "null": return .literal(nil)
    default: return .name(word)
    }
  }
}
