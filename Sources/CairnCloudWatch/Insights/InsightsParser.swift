// SPDX-License-Identifier: Apache-2.0
internal import CairnPatterns

/// Reads an Insights query by recursive descent; `InsightsQuery` has the grammar.
///
/// Bounds: `queryLengthMax` characters, `depthMax` levels of parentheses, operators and inner queries.
struct InsightsParser {
  static let queryLengthMax = 10_000
  static let depthMax = 64
  static let commandCountMax = 200

  var lexer: InsightsLexer
  var token: InsightsToken
  /// The end of the token before `token`.
  var lastEnd = 0
  var depth = 0
  /// Inside `stats` statistics may be called.
  var allowsAggregates = false

  init(_ text: String) throws(InsightsError) {
    guard text.unicodeScalars.count <= Self.queryLengthMax else {
      throw InsightsError("a query is at most \(Self.queryLengthMax) characters long", 0, text.unicodeScalars.count)
    }
    lexer = InsightsLexer(text)
    token = try lexer.next()
  }

  // MARK: Tokens

  mutating func advance() throws(InsightsError) {
    lastEnd = token.end
    token = try lexer.next()
  }

  func error(_ message: String) -> InsightsError { InsightsError(message, token.start, token.end) }

  /// True if the token is the unquoted word, in any case.
  func isWord(_ word: String) -> Bool {
    guard case .name(let name, false) = token.kind else { return false }
    return name.lowercased() == word
  }

  func isMark(_ mark: String) -> Bool { token.kind == .mark(mark) }

  mutating func takeWord(_ word: String) throws(InsightsError) -> Bool {
    guard isWord(word) else { return false }
    try advance()
    return true
  }

  mutating func takeMark(_ mark: String) throws(InsightsError) -> Bool {
    guard isMark(mark) else { return false }
    try advance()
    return true
  }

  /// A word, or the mark that means the same.
  mutating func take(_ word: String, orMark mark: String) throws(InsightsError) -> Bool {
    guard isWord(word) || isMark(mark) else { return false }
    try advance()
    return true
  }

  mutating func expectMark(_ mark: String) throws(InsightsError) {
    guard try takeMark(mark) else { throw error("expected '\(mark)' and found \(token.shown)") }
  }

  mutating func expectWord(_ word: String) throws(InsightsError) {
    guard try takeWord(word) else { throw error("expected '\(word)' and found \(token.shown)") }
  }

  /// A name of a field; `what` says what for.
  mutating func expectName(_ what: String) throws(InsightsError) -> String {
    guard case .name(let name, _) = token.kind else { throw error("expected \(what) and found \(token.shown)") }
    try advance()
    return name
  }

  mutating func deeper() throws(InsightsError) {
    depth += 1
    if depth > Self.depthMax { throw error("the query is nested more than \(Self.depthMax) levels deep") }
  }

  // MARK: Queries

  mutating func query() throws(InsightsError) -> InsightsQuery {
    let query = try innerQuery()
    guard token.kind == .end else { throw error("unexpected \(token.shown)") }
    return query
  }

  /// A query that ends at whatever no command can take.
  mutating func innerQuery() throws(InsightsError) -> InsightsQuery {
    var query = InsightsQuery()
    if isWord("source") {
      query.source = try source()
      if token.kind == .end || isMark(")") { return query }
      try expectMark("|")
    } else {
      _ = try takeMark("|")
    }
    if token.kind == .end { return query }
    repeat {
      query.commands.append(contentsOf: try command())
      if query.commands.count > Self.commandCountMax { throw error("a query has at most \(Self.commandCountMax) commands") }
    } while try takeMark("|")
    return query
  }

  private mutating func source() throws(InsightsError) -> InsightsSource {
    try advance()
    var source = InsightsSource()
    if isWord("loggroups") {
      try advance()
      try expectMark("(")
      source.prefixes = []
      while !isMark(")") {
        let keyStart = token.start
        let key = try expectName("namePrefix, class or accountIdentifiers")
        try expectMark(":")
        let values = try strings()
        switch key.lowercased() {
        case "nameprefix", "nameprefixes": source.prefixes = values
        case "class", "loggroupclass": source.classes = values.map { $0.uppercased() }
        case "accountidentifier", "accountidentifiers": break
        default: throw InsightsError("logGroups has no '\(key)': namePrefix, class and accountIdentifiers", keyStart, lastEnd)
        }
        if try !takeMark(",") { break }
      }
      try expectMark(")")
    } else {
      repeat {
        switch token.kind {
        case .string(let name), .name(let name, _): source.names.append(name)
        default: throw error("SOURCE needs the name of a log group or dataset in quotation marks, or logGroups(…)")
        }
        try advance()
      } while try takeMark(",")
    }
    while isWord("start") || isWord("end") {
      let isStart = isWord("start")
      try advance()
      try expectMark("=")
      let instant = try self.instant()
      if isStart { source.startMilliseconds = instant } else { source.endMilliseconds = instant }
    }
    return source
  }

  /// Unix seconds or milliseconds, or a period before the end of the query.
  private mutating func instant() throws(InsightsError) -> Int64 {
    let isNegative = try takeMark("-")
    let value: Int64
    switch token.kind {
    case .integer(let number): value = number < 100_000_000_000 && number <= Int64.max / 1000 ? number * 1000 : number
    case .period(let count, let unit):
      guard let length = InsightsTime.Period(count, unit)?.milliseconds else { throw error("\(token.shown) is not a length of time") }
      value = length
    default: throw error("expected a time in Unix seconds or milliseconds and found \(token.shown)")
    }
    try advance()
    return isNegative ? -value : value
  }

  private mutating func strings() throws(InsightsError) -> [String] {
    let isList = try takeMark("[")
    var values: [String] = []
    repeat {
      if isList, isMark("]") { break }
      switch token.kind {
      case .string(let text): values.append(text)
      case .name(let text, _): values.append(text)
      case .integer(let number): values.append(String(number))
      default: throw error("expected a string and found \(token.shown)")
      }
      try advance()
      guard isList else { break }
    } while try takeMark(",")
    if isList { try expectMark("]") }
    return values
  }

  // MARK: Items

  /// Expressions with their names: `as name`, or their own text.
  mutating func items() throws(InsightsError) -> [InsightsItem] {
    var items: [InsightsItem] = []
    repeat { items.append(try item()) } while try takeMark(",")
    return items
  }

  mutating func item() throws(InsightsError) -> InsightsItem {
    let start = token.start
    let expression = try expression()
    var name = lexer.source(start, lastEnd)
    if case .field(let field) = expression { name = field }
    if try takeWord("as") { name = try expectName("a name after 'as'") }
    return InsightsItem(expression: expression, name: name)
  }

  mutating func names() throws(InsightsError) -> [String] {
    var names: [String] = []
    repeat { names.append(try expectName("a name")) } while try takeMark(",")
    return names
  }
}
