// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPatterns
internal import CairnPlan

/// Reads a formula of Honeycomb's language.
///
/// ```
/// or       and { OR and }
/// and      equal { AND equal }
/// equal    compare { (= | !=) compare }
/// compare  plus { (< | <= | > | >=) plus }
/// plus     times { (+ | -) times }
/// times    not { (* | / | %) not }
/// not      ! not | - number | primary
/// primary  ( or ) | NAME ( [ or { , or } [,] ] ) | column | literal
/// ```
/// Bounds: 4,095 characters, `depthMax` pairs of parentheses, a tree of `treeDepthMax` levels: whoever works it out goes down all of them. A chain
/// of `+`, `*`, `AND` or `OR` is one level.
struct FormulaParser {
  static let characterCountMax = 4095
  private static let depthMax = 40
  private static let treeDepthMax = 100
  private var lexer: FormulaLexer
  private var token = FormulaToken.end
  private var depth = 0

  static func parse(_ text: String) throws(FormulaError) -> Formula {
    guard text.unicodeScalars.count <= characterCountMax else { throw FormulaError(reason: "is longer than \(characterCountMax) characters", position: characterCountMax) }
    var parser = FormulaParser(lexer: FormulaLexer(text))
    try parser.advance()
    let formula = try parser.level(0)
    guard parser.token == .end else { throw parser.lexer.failure("something follows that does not belong here") }
    guard formula.depth <= treeDepthMax else { throw FormulaError(reason: "it is nested too deeply, or has too many operators in a row,", position: 1) }
    return formula
  }

  private init(lexer: FormulaLexer) { self.lexer = lexer }

  private mutating func advance() throws(FormulaError) { token = try lexer.token() }

  private mutating func expect(_ sign: String) throws(FormulaError) {
    guard token == .sign(sign) else { throw lexer.failure("'\(sign)' is missing") }
    try advance()
  }

  private static let levels: [[(FormulaToken, FormulaFunction)]] = [
    [(.name("OR"), .or)], [(.name("AND"), .and)], [(.sign("="), .equals), (.sign("!="), .not)],
    [(.sign("<"), .less), (.sign("<="), .lessOrEqual), (.sign(">"), .greater), (.sign(">="), .greaterOrEqual)],
    [(.sign("+"), .sum), (.sign("-"), .subtract)], [(.sign("*"), .multiply), (.sign("/"), .divide), (.sign("%"), .modulo)],
  ]

  /// Operators of one level, from the left.
  private mutating func level(_ index: Int) throws(FormulaError) -> Formula {
    guard index < Self.levels.count else { return try prefixed() }
    depth += 1
    defer { depth -= 1 }
    // Each pair of parentheses costs a level for each kind of operator.
    guard depth <= Self.depthMax * (Self.levels.count + 1) else { throw lexer.failure("it is nested too deeply") }
    var left = try level(index + 1)
    while let found = Self.levels[index].first(where: { $0.0 == token }) {
      try advance()
      let right = try level(index + 1)
      left = Self.joined(left, found.1, right)
    }
    return left
  }

  private static let chained: Set<FormulaFunction> = [.or, .and, .sum, .multiply]

  private static func joined(_ left: Formula, _ function: FormulaFunction, _ right: Formula) -> Formula {
    if function == .not { return .call(.not, [.call(.equals, [left, right])]) }
    if case .call(function, let arguments) = left, chained.contains(function) { return .call(function, arguments + [right]) }
    return .call(function, [left, right])
  }

  private mutating func prefixed() throws(FormulaError) -> Formula {
    if token == .sign("!") {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.depthMax * (Self.levels.count + 1) else { throw lexer.failure("it is nested too deeply") }
      try advance()
      return .call(.not, [try prefixed()])
    }
    guard token == .sign("-") else { return try primary() }
    try advance()
    guard case .literal(let value) = token else { throw lexer.failure("a number is missing behind -") }
    try advance()
    switch value {
    case .integer(let number): return .constant(.integer(0 - number))
    case .float(let number): return .constant(.float(-number))
    default: throw lexer.failure("a number is missing behind -")
    }
  }

  private mutating func primary() throws(FormulaError) -> Formula {
    switch token {
    case .sign("("):
      try advance()
      let inner = try level(0)
      try expect(")")
      return inner
    case .column(let name):
      try advance()
      return .column(name)
    case .literal(let value):
      try advance()
      return .constant(value)
    case .name(let name):
      let failure = lexer.failure("'\(name.prefix(40))' is not a function that is known")
      try advance()
      return try call(name, failure)
    case .sign(let sign): throw lexer.failure("'\(sign)' does not belong here")
    case .end: throw lexer.failure("it ends too early")
    }
  }

  private static let unsupported = ["UNIX_TIMESTAMP", "INGEST_TIMESTAMP", "FORMAT_TIME", "LAST", "SUMMARIZE", "INCREASE", "RATE"]

  private mutating func call(_ name: String, _ unknown: FormulaError) throws(FormulaError) -> Formula {
    if Self.unsupported.contains(name) { throw FormulaError(reason: "\(name) is not supported", position: unknown.position) }
    try expect("(")
    var arguments: [Formula] = []
    while token != .sign(")") {
      arguments.append(try level(0))
      if token == .sign(",") { try advance() } else { break }
    }
    try expect(")")
    let counted = { (allowed: ClosedRange<Int>) throws(FormulaError) in
      guard allowed.contains(arguments.count) else {
        let isOpen = allowed.upperBound >= 200
        let words = allowed.count == 1 ? "\(allowed.lowerBound)" : !isOpen ? "\(allowed.lowerBound) to \(allowed.upperBound)"
          : arguments.count > allowed.upperBound ? "at most \(allowed.upperBound)" : "at least \(allowed.lowerBound)"
        throw FormulaError(reason: "\(name) takes \(words) argument\(words == "1" ? "" : "s"), not \(arguments.count),", position: unknown.position)
      }
    }
    if name == "EVENT_TIMESTAMP" {
      try counted(0...0)
      return .eventTime
    }
    if let use = Formula.PatternUse(rawValue: name) {
      try counted(2...2)
      guard case .constant(.string(let text)) = arguments[1] else { throw FormulaError(reason: "\(name) needs a regular expression as a text", position: unknown.position) }
      do throws(PatternError) {
        return .pattern(use, arguments[0], try Pattern(text))
      } catch {
        throw FormulaError(reason: "the regular expression cannot be read: \(error.reason)", position: unknown.position)
      }
    }
    guard let function = FormulaFunction(rawValue: name) else { throw unknown }
    try counted(function.argumentCounts)
    return .call(function, arguments)
  }
}
