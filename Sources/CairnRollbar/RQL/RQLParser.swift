// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// Reads a statement by recursive descent; depth and length are bounded.
public struct RQLParser {
  private var tokens: [RQLToken]
  private var position = 0
  private var depth = 0
  private static let lengthMax = 16_384
  private static let depthMax = 64
  private static let tokenCountMax = 2_000

  /// Parses a whole statement.
  public static func parse(_ text: String) throws(RQLError) -> RQLStatement {
    guard text.utf8.count <= lengthMax else { throw RQLError("the query is longer than \(lengthMax) bytes") }
    let tokens = try RQLToken.all(of: text)
    // A chain of operators is as deep as it is long.
    guard tokens.count <= tokenCountMax else { throw RQLError("the query has more than \(tokenCountMax) words") }
    var parser = RQLParser(tokens: tokens)
    return try parser.statement()
  }

  private init(tokens: [RQLToken]) { self.tokens = tokens }

  // MARK: Statement

  private mutating func statement() throws(RQLError) -> RQLStatement {
    try expect("select")
    var selections: [RQLStatement.Selection]? = nil
    if !take(symbol: "*") {
      var list: [RQLStatement.Selection] = []
      repeat { list.append(try selection()) } while take(symbol: ",")
      selections = list
    }
    try expect("from")
    guard case .word(let name)? = next(), let table = RQLStatement.Table(rawValue: name.lowercased()) else {
      throw RQLError("FROM takes item_occurrence or deploy")
    }
    var statement = RQLStatement(selections: selections, table: table)
    if take(word: "where") {
      let condition = try expression()
      guard !condition.hasAggregate else { throw RQLError("WHERE takes no aggregate") }
      statement.condition = condition
    }
    if take(word: "group") {
      try expect("by")
      repeat { statement.groups.append(try group(statement)) } while take(symbol: ",")
    }
    if take(word: "order") {
      try expect("by")
      repeat { statement.orders.append(try order(statement)) } while take(symbol: ",")
    }
    if take(word: "limit") { try readLimit(&statement) }
    _ = take(symbol: ";")
    guard position == tokens.count else { throw RQLError("'\(tokens[position].text)' is not expected there") }
    if statement.selections == nil, !statement.groups.isEmpty { throw RQLError("SELECT * does not go with GROUP BY") }
    return statement
  }

  private mutating func selection() throws(RQLError) -> RQLStatement.Selection {
    let start = position
    let expression = try expression()
    let written = tokens[start..<position].map(\.text).joined()
    guard take(word: "as") else { return RQLStatement.Selection(expression: expression, name: written) }
    guard case .word(let name)? = next() else { throw RQLError("AS needs a name") }
    return RQLStatement.Selection(expression: expression, name: name)
  }

  private mutating func group(_ statement: RQLStatement) throws(RQLError) -> RQLExpression {
    switch try expression() {
    case .column(let path):
      if let named = statement.selections?.first(where: { $0.name == path }) { return named.expression }
      return .column(path)
    case .literal(.integer(let index)):
      guard let selections = statement.selections, index >= 1, index <= selections.count else {
        throw RQLError("GROUP BY \(index) names no column of the list")
      }
      let expression = selections[Int(index) - 1].expression
      guard !expression.hasAggregate else { throw RQLError("GROUP BY \(index) names an aggregate") }
      return expression
    default: throw RQLError("GROUP BY takes columns and indexes; give a function its index")
    }
  }

  private mutating func order(_ statement: RQLStatement) throws(RQLError) -> RQLStatement.Order {
    var key = try expression()
    if case .literal(.integer(let index)) = key, let selections = statement.selections, index >= 1, index <= selections.count {
      key = selections[Int(index) - 1].expression
    } else if case .column(let name) = key, let named = statement.selections?.first(where: { $0.name == name }) {
      key = named.expression
    }
    if take(word: "desc") { return RQLStatement.Order(expression: key, isDescending: true) }
    _ = take(word: "asc")
    return RQLStatement.Order(expression: key, isDescending: false)
  }

  private mutating func readLimit(_ statement: inout RQLStatement) throws(RQLError) {
    let first = try count()
    if take(symbol: ",") {
      statement.offset = first
      statement.limit = min(try count(), RQLStatement.rowCountMax)
    } else {
      statement.limit = min(first, RQLStatement.rowCountMax)
    }
  }

  private mutating func count() throws(RQLError) -> Int {
    guard case .number(.integer(let value))? = next(), value >= 0, value <= 1_000_000 else { throw RQLError("LIMIT takes counts") }
    return Int(value)
  }

  // MARK: Expressions, from the loosest to the tightest

  private mutating func expression() throws(RQLError) -> RQLExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else { throw RQLError("the query is nested too deep") }
    var left = try conjunction()
    while take(word: "or") { left = .binary("or", left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(RQLError) -> RQLExpression {
    var left = try negation()
    while take(word: "and") { left = .binary("and", left, try negation()) }
    return left
  }

  private mutating func negation() throws(RQLError) -> RQLExpression {
    var isNegated = false
    while take(word: "not") { isNegated.toggle() }
    let inner = try comparison()
    return isNegated ? .not(inner) : inner
  }

  private mutating func comparison() throws(RQLError) -> RQLExpression {
    let left = try sum()
    for symbol in ["=", "!=", "<>", "<=", ">=", "<", ">"] where take(symbol: symbol) {
      return .binary(symbol == "<>" ? "!=" : symbol, left, try sum())
    }
    if take(word: "is") {
      let isNot = take(word: "not")
      if take(word: "null") { return .isNull(left, isNot: isNot) }
      return isNot ? .binary("!=", left, try sum()) : .binary("=", left, try sum())
    }
    let isNot = take(word: "not")
    if take(word: "in") {
      guard take(symbol: "(") else { throw RQLError("IN needs a list in parentheses") }
      var list: [RQLExpression] = []
      repeat { list.append(try expression()) } while take(symbol: ",")
      guard take(symbol: ")") else { throw RQLError("the list of IN is not closed") }
      return .among(left, list, isNot: isNot)
    }
    if take(word: "between") {
      let low = try sum()
      try expect("and")
      return .between(left, low, try sum(), isNot: isNot)
    }
    if take(word: "like") { return .like(left, try sum(), isNot: isNot) }
    guard !isNot else { throw RQLError("NOT goes with IN, BETWEEN and LIKE there") }
    return left
  }

  private mutating func sum() throws(RQLError) -> RQLExpression {
    var left = try product()
    while true {
      if take(symbol: "+") { left = .binary("+", left, try product()) } else if take(symbol: "-") { left = .binary("-", left, try product()) } else { return left }
    }
  }

  private mutating func product() throws(RQLError) -> RQLExpression {
    var left = try unary()
    while true {
      if take(symbol: "*") {
        left = .binary("*", left, try unary())
      } else if take(symbol: "/") {
        left = .binary("/", left, try unary())
      } else if take(word: "div") {
        left = .binary("div", left, try unary())
      } else if take(word: "mod") || take(symbol: "%") {
        left = .binary("mod", left, try unary())
      } else {
        return left
      }
    }
  }

  private mutating func unary() throws(RQLError) -> RQLExpression {
    var isNegative = false
    while take(symbol: "-") { isNegative.toggle() }
    let inner = try primary()
    return isNegative ? .negated(inner) : inner
  }

  private mutating func primary() throws(RQLError) -> RQLExpression {
    switch next() {
    case .number(let value)?, .string(let value)?: return .literal(value)
    case .symbol("(")?:
      let inner = try expression()
      guard take(symbol: ")") else { throw RQLError("a parenthesis is not closed") }
      return inner
    case .quoted(let path)?: return .column(path)
    case .word(let word)?:
      if take(symbol: "(") { return try call(word.lowercased()) }
      switch word.lowercased() {
      case "null": return .literal(.null)
      case "true": return .literal(.boolean(true))
      case "false": return .literal(.boolean(false))
      case "distinct": throw RQLError("DISTINCT is not part of RQL; use count_distinct or GROUP BY")
      case "having": throw RQLError("HAVING is not part of RQL")
      default: return .column(word)
      }
    case let other?: throw RQLError("'\(other.text)' is not expected there")
    case nil: throw RQLError("the query ends too early")
    }
  }

  private mutating func call(_ name: String) throws(RQLError) -> RQLExpression {
    if name == "count", take(symbol: "*") {
      guard take(symbol: ")") else { throw RQLError("count(*) is not closed") }
      return .countAll
    }
    var arguments: [RQLExpression] = []
    if !take(symbol: ")") {
      repeat { arguments.append(try expression()) } while take(symbol: ",")
      guard take(symbol: ")") else { throw RQLError("\(name)(…) is not closed") }
    }
    if RQLExpression.aggregates.contains(name) {
      guard arguments.count == 1, !arguments[0].hasAggregate else { throw RQLError("\(name) takes one column") }
    } else if let range = RQLExpression.functions[name] {
      guard range.contains(arguments.count) else { throw RQLError("\(name) does not take \(arguments.count) values") }
    } else {
      throw RQLError("there is no function \(name)")
    }
    return .call(name, arguments)
  }

  // MARK: Tokens

  private mutating func next() -> RQLToken? {
    guard position < tokens.count else { return nil }
    position += 1
    return tokens[position - 1]
  }

  private mutating func take(symbol: String) -> Bool {
    guard position < tokens.count, case .symbol(symbol) = tokens[position] else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard position < tokens.count, case .word(let found) = tokens[position], found.lowercased() == word else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ word: String) throws(RQLError) {
    guard take(word: word) else { throw RQLError("\(word.uppercased()) is expected \(position < tokens.count ? "at '\(tokens[position].text)'" : "at the end")") }
  }
}
