// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns

/// `or` binds least, then `and`, `not`, the comparisons, `+ -`, `* / %`, `^` (to the right), the sign.
extension InsightsParser {
  mutating func expression() throws(InsightsError) -> InsightsExpression {
    try deeper()
    defer { depth -= 1 }
    var parts = [try conjunction()]
    while try take("or", orMark: "||") { parts.append(try conjunction()) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func conjunction() throws(InsightsError) -> InsightsExpression {
    var parts = [try negation()]
    while try take("and", orMark: "&&") { parts.append(try negation()) }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func negation() throws(InsightsError) -> InsightsExpression {
    var isNegated = false
    while try take("not", orMark: "!") { isNegated.toggle() }
    let condition = try comparison()
    return isNegated ? .not(condition) : condition
  }

  private mutating func comparison() throws(InsightsError) -> InsightsExpression {
    let left = try operand()
    let isNegated = try takeWord("not")
    if try takeWord("like") {
      let condition = try like(left)
      return isNegated ? .not(condition) : condition
    }
    if try takeMark("=~") {
      guard !isNegated else { throw error("'not' stands before 'like' and 'in'") }
      return try like(left)
    }
    if try takeWord("in") {
      let condition = try list(left)
      return isNegated ? .not(condition) : condition
    }
    if isNegated { throw error("expected 'like' or 'in' after 'not' and found \(token.shown)") }
    let operators: [(String, InsightsComparison)] = [
      ("=", .equal), ("==", .equal), ("!=", .notEqual), ("<>", .notEqual), ("<", .less), ("<=", .lessOrEqual), (">", .greater),
      (">=", .greaterOrEqual),
    ]
    for (mark, comparison) in operators where isMark(mark) {
      try advance()
      return .compare(comparison, left, try operand())
    }
    return left
  }

  private mutating func like(_ left: InsightsExpression) throws(InsightsError) -> InsightsExpression {
    if isMark("/") { return .matches(left, try pattern()) }
    guard case .string(let text) = token.kind else {
      throw error("like needs a string or a regular expression between '/', and found \(token.shown)")
    }
    try advance()
    return .contains(left, text)
  }

  private mutating func list(_ left: InsightsExpression) throws(InsightsError) -> InsightsExpression {
    let isBracket = isMark("[")
    guard isBracket || isMark("(") else { throw error("in needs a list in brackets and found \(token.shown)") }
    try advance()
    if !isBracket, case .name(let name, false) = token.kind,
      name.lowercased() == "source" || Self.commandNames.contains(where: { $0.lowercased() == name.lowercased() })
    {
      try deeper()
      defer { depth -= 1 }
      let query = try innerQuery()
      try expectMark(")")
      return .oneOfQuery(left, query)
    }
    var values: [InsightsExpression] = []
    let closing = isBracket ? "]" : ")"
    if !isMark(closing) {
      repeat { values.append(try operand()) } while try takeMark(",")
    }
    try expectMark(closing)
    return .oneOf(left, values)
  }

  /// The regular expression whose `/` is the token.
  mutating func pattern() throws(InsightsError) -> Pattern {
    let start = token.start
    let text = try lexer.pattern(at: start)
    lastEnd = lexer.offset
    let end = lexer.offset
    token = try lexer.next()
    do throws(PatternError) {
      return try Pattern(Self.namingGroups(text))
    } catch {
      throw InsightsError("the regular expression is wrong: \(error.reason)", start, end)
    }
  }

  /// `(?<name>` as `(?P<name>`, which every version of the library reads.
  private static func namingGroups(_ text: String) -> String {
    var result = ""
    var rest = Substring(text)
    while let first = rest.first {
      if first == "\\" {
        result += rest.prefix(2)
        rest = rest.dropFirst(2)
      } else if rest.hasPrefix("(?<"), let following = rest.dropFirst(3).first, following != "=", following != "!" {
        result += "(?P<"
        rest = rest.dropFirst(3)
      } else {
        result.append(first)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  // MARK: Arithmetic

  mutating func operand() throws(InsightsError) -> InsightsExpression {
    try deeper()
    defer { depth -= 1 }
    var left = try product()
    while isMark("+") || isMark("-") {
      let operation: InsightsArithmetic = isMark("+") ? .add : .subtract
      try advance()
      left = .arithmetic(operation, left, try product())
      try bound(left)
    }
    return left
  }

  private mutating func product() throws(InsightsError) -> InsightsExpression {
    var left = try power()
    while isMark("*") || isMark("/") || isMark("%") {
      let operation: InsightsArithmetic = isMark("*") ? .multiply : isMark("/") ? .divide : .remainder
      try advance()
      left = .arithmetic(operation, left, try power())
      try bound(left)
    }
    return left
  }

  /// A chain such as `1 + 1 + 1 …` leans to the left without a call: its depth counts as well, for whoever walks it.
  private func bound(_ expression: InsightsExpression) throws(InsightsError) {
    var height = 0
    var at = expression
    while case .arithmetic(_, let left, _) = at {
      height += 1
      at = left
    }
    if height > Self.depthMax { throw error("more than \(Self.depthMax) operators in a row") }
  }

  private mutating func power() throws(InsightsError) -> InsightsExpression {
    let base = try sign()
    guard isMark("^") else { return base }
    try advance()
    try deeper()
    defer { depth -= 1 }
    return .arithmetic(.power, base, try power())
  }

  private mutating func sign() throws(InsightsError) -> InsightsExpression {
    var isNegative = false
    while isMark("-") || isMark("+") {
      if isMark("-") { isNegative.toggle() }
      try advance()
    }
    let value = try primary()
    guard isNegative else { return value }
    switch value {
    case .literal(.integer(let number)): return .literal(.integer(-number))
    case .literal(.number(let number)): return .literal(.number(-number))
    default: return .negate(value)
    }
  }

  /// A field, a value, a call or something in parentheses.
  mutating func primary() throws(InsightsError) -> InsightsExpression {
    let start = token
    switch token.kind {
    case .string(let text):
      try advance()
      return .literal(.text(text))
    case .integer(let value):
      try advance()
      return .literal(.integer(value))
    case .number(let value):
      try advance()
      return .literal(.number(value))
    case .mark("("):
      try advance()
      let inner = try expression()
      try expectMark(")")
      return inner
    case .name(let name, let isQuoted):
      try advance()
      if !isQuoted, isMark("(") { return try call(name, start) }
      if !isQuoted, name == "true" || name == "false" { return .literal(.boolean(name == "true")) }
      if !isQuoted, name.lowercased() == "null" { return .literal(.absent) }
      return .field(name)
    default: throw error("expected a field, a value or a function and found \(token.shown)")
    }
  }
}
