// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
internal import CairnPlan

extension FilterExpression {
  /// The longest expression, in bytes of UTF-8.
  public static let byteCountMax = 16_384
  /// The most terms of an expression, and how deep they may be nested.
  public static let termCountMax = 500
  public static let depthMax = 48

  /// Reads an expression; an empty one passes every trace. Cost: O(bytes).
  public init(parsing text: String) throws(FilterSyntaxError) {
    guard text.utf8.count <= Self.byteCountMax else {
      throw FilterSyntaxError(column: 1, reason: "the expression is longer than \(Self.byteCountMax) bytes")
    }
    var parser = FilterParser(text)
    self = try parser.whole()
  }
}

extension ServiceSelector {
  /// Reads what selects the entity of a time series: `service("name")`, `service(id(...))`, `edge(a, b)`.
  public static func entity(parsing text: String) throws(FilterSyntaxError) -> (source: ServiceSelector?, target: ServiceSelector) {
    switch try FilterExpression(parsing: text) {
    case .service(let target, nil): return (nil, target)
    case .edge(let source, let target, nil): return (source, target)
    default: throw FilterSyntaxError(column: 1, reason: "expected service(...) or edge(..., ...) and nothing else")
    }
  }
}

/// Where the parser is: braces change which keywords have a meaning.
private enum FilterPlace: Equatable {
  case trace
  case service
  case edge
  case rootCause(RootCauseKind, RootCausePart)

  /// Why a keyword means nothing here; nil where it means something. A filter that can find nothing is no filter: it is refused.
  ///
  /// Source: X-Ray developer guide, "Use filter expressions": elements of an enumerated list; entities of response time root causes only.
  func objection(_ flag: FilterFlag) -> String? {
    switch flag {
    case .first, .last: isList ? nil : "\(flag.rawValue) stands inside the braces of service(...) or rootcause.…"
    default: nil
    }
  }

  func objection(_ number: FilterNumber) -> String? {
    switch number {
    case .index: isList ? nil : "index stands inside the braces of service(...) or rootcause.…"
    case .coverage: self == .rootCause(.responseTime, .entity) ? nil : "coverage stands inside the braces of rootcause.responsetime.entity"
    default: nil
    }
  }

  private var isList: Bool { self != .trace && self != .edge }
}

/// Recursive descent over the grammar at `FilterExpression`; depth and number of terms are bounded.
private struct FilterParser {
  private var lexer: FilterLexer
  private var depth = 0
  private var termCount = 0

  init(_ text: String) { lexer = FilterLexer(text) }

  mutating func whole() throws(FilterSyntaxError) -> FilterExpression {
    guard lexer.peek() != nil else { return .everything }
    let expression = try disjunction(.trace)
    guard lexer.peek() == nil else { throw lexer.error("expected AND, OR or the end") }
    return expression
  }

  private mutating func disjunction(_ place: FilterPlace) throws(FilterSyntaxError) -> FilterExpression {
    depth += 1
    defer { depth -= 1 }
    guard depth <= FilterExpression.depthMax else { throw lexer.error("nested deeper than \(FilterExpression.depthMax) levels") }
    var parts = [try conjunction(place)]
    while takeWord("or") { parts.append(try conjunction(place)) }
    return parts.count == 1 ? parts[0] : .any(parts)
  }

  private mutating func conjunction(_ place: FilterPlace) throws(FilterSyntaxError) -> FilterExpression {
    var parts = [try term(place)]
    while true {
      if takeWord("and") {
        parts.append(try term(place))
        continue
      }
      guard let next = lexer.peek(), next != 0x29, next != 0x7d, next != 0x2c, lexer.peekWord() != "or" else { break }
      parts.append(try term(place))
    }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  private mutating func takeWord(_ word: String) -> Bool {
    guard lexer.peekWord() == word else { return false }
    lexer.skip(word)
    return true
  }

  private mutating func term(_ place: FilterPlace) throws(FilterSyntaxError) -> FilterExpression {
    var isNegated = false
    while lexer.take("!") { isNegated.toggle() }
    let term = try positive(place)
    return isNegated ? .not(term) : term
  }

  private mutating func positive(_ place: FilterPlace) throws(FilterSyntaxError) -> FilterExpression {
    termCount += 1
    guard termCount <= FilterExpression.termCountMax else { throw lexer.error("more than \(FilterExpression.termCountMax) terms") }
    if lexer.take("(") {
      let inner = try disjunction(place)
      guard lexer.take(")") else { throw lexer.error("expected )") }
      return inner
    }
    let word = lexer.peekWord()
    let start = lexer.position
    guard !word.isEmpty else { throw lexer.error("expected a keyword") }
    if let flag = FilterFlag(rawValue: word) {
      if let objection = place.objection(flag) { throw lexer.error(objection) }
      lexer.skip(word)
      return try self.flag(flag)
    }
    if let number = FilterNumber(rawValue: word) {
      if let objection = place.objection(number) { throw lexer.error(objection) }
      lexer.skip(word)
      return try self.number(number)
    }
    if let text = FilterText(rawValue: word) {
      lexer.skip(word)
      return .text(text, try textTest())
    }
    if let field = fieldKey(word) { return try self.field(field, place) }
    switch word {
    case "service" where place == .trace:
      lexer.skip(word)
      return try service()
    case "edge" where place == .trace:
      lexer.skip(word)
      return try edge()
    case "group.name", "group.arn":
      lexer.skip(word)
      return .group(try group(word))
    case _ where word.hasPrefix("rootcause."):
      lexer.skip(word)
      return try rootCause(word, at: start)
    case "service", "edge": throw lexer.error("\(word)(...) does not stand inside braces")
    default: throw lexer.error("'\(word.prefix(60))' is no keyword")
    }
  }

  // MARK: Keywords with values

  private mutating func flag(_ flag: FilterFlag) throws(FilterSyntaxError) -> FilterExpression {
    let start = lexer.position
    guard let found = lexer.testOperator() else { return .flag(flag) }
    guard case .compare(let comparison) = found, comparison == .equal || comparison == .notEqual else {
      throw lexer.error("\(flag.rawValue) takes = or !=", at: start)
    }
    guard let truth = truth() else { throw lexer.error("expected true or false") }
    return truth == (comparison == .equal) ? .flag(flag) : .not(.flag(flag))
  }

  private mutating func truth() -> Bool? {
    for (word, value) in [("true", true), ("false", false)] where takeWord(word) { return value }
    return nil
  }

  private mutating func number(_ number: FilterNumber) throws(FilterSyntaxError) -> FilterExpression {
    let start = lexer.position
    guard let found = lexer.testOperator() else { throw lexer.error("expected a comparison after \(number.rawValue)") }
    guard case .compare(let comparison) = found else { throw lexer.error("\(number.rawValue) takes = != < <= > >=", at: start) }
    guard let value = try lexer.number() else { throw lexer.error("expected a number") }
    return .number(number, comparison, value)
  }

  private mutating func textTest() throws(FilterSyntaxError) -> FilterTest {
    let start = lexer.position
    switch lexer.testOperator() {
    case nil: return .isSet
    case .match(let match): return .match(match, try lexer.string())
    case .compare(let comparison):
      guard comparison == .equal || comparison == .notEqual else {
        throw lexer.error("a text takes = != CONTAINS BEGINSWITH ENDSWITH", at: start)
      }
      return .compare(comparison, .string(try lexer.string()))
    }
  }

  private func fieldKey(_ word: String) -> FilterField? {
    FilterField.allCases.first { word == $0.rawValue || word.hasPrefix($0.rawValue + ".") }
  }

  private mutating func field(_ field: FilterField, _ place: FilterPlace) throws(FilterSyntaxError) -> FilterExpression {
    guard place == .trace else { throw lexer.error("\(field.rawValue) does not stand inside braces") }
    lexer.skip(field.rawValue)
    let key: String
    if lexer.take(".") {
      key = lexer.key()
    } else if lexer.take("[") {
      key = try lexer.bracketedKey()
    } else {
      throw lexer.error("expected .KEY or [KEY] after \(field.rawValue)")
    }
    guard !key.isEmpty else { throw lexer.error("the key is empty") }
    return .field(field, key: key, try fieldTest())
  }

  private mutating func fieldTest() throws(FilterSyntaxError) -> FilterTest {
    switch lexer.testOperator() {
    case nil: return .isSet
    case .match(let match): return .match(match, try lexer.string())
    case .compare(let comparison):
      if let truth = truth() { return .compare(comparison, .boolean(truth)) }
      if let next = lexer.peek(), next == 0x22 || next == 0x27 { return .compare(comparison, .string(try lexer.string())) }
      guard let number = try lexer.number() else { throw lexer.error("expected a text in quotes, a number, true or false") }
      return .compare(comparison, Int64(exactly: number).map { .integer($0) } ?? .float(number))
    }
  }

  // MARK: Services and edges

  private mutating func service() throws(FilterSyntaxError) -> FilterExpression {
    guard lexer.take("(") else { throw lexer.error("expected ( after service") }
    var selector = ServiceSelector.any
    if lexer.peek() != 0x29 { selector = try self.selector() }
    guard lexer.take(")") else { throw lexer.error("expected )") }
    return .service(selector, try braces(.service))
  }

  private mutating func edge() throws(FilterSyntaxError) -> FilterExpression {
    guard lexer.take("(") else { throw lexer.error("expected ( after edge") }
    let source = try selector()
    guard lexer.take(",") else { throw lexer.error("expected , between the two services of an edge") }
    let target = try selector()
    guard lexer.take(")") else { throw lexer.error("expected )") }
    return .edge(source, target, try braces(.edge))
  }

  private mutating func selector() throws(FilterSyntaxError) -> ServiceSelector {
    guard takeWord("id") else { return ServiceSelector(name: try lexer.string()) }
    guard lexer.take("(") else { throw lexer.error("expected ( after id") }
    var selector = ServiceSelector.any
    while !lexer.take(")") {
      let word = lexer.peekWord()
      guard ["name", "type", "account.id"].contains(word) else { throw lexer.error("expected name, type, account.id or )") }
      lexer.skip(word)
      guard lexer.take(":") || lexer.take("=") else { throw lexer.error("expected : after \(word)") }
      let value = try lexer.string()
      switch word {
      case "name": selector.name = value
      case "type": selector.type = value
      default: selector.accountID = value
      }
      guard lexer.take(",") || lexer.peek() == 0x29 else { throw lexer.error("expected , or )") }
    }
    return selector
  }

  /// `{ expression }`, or nil; empty braces ask for nothing.
  private mutating func braces(_ place: FilterPlace) throws(FilterSyntaxError) -> FilterExpression? {
    guard lexer.take("{") else { return nil }
    if lexer.take("}") { return nil }
    let inner = try disjunction(place)
    guard lexer.take("}") else { throw lexer.error("expected }") }
    return inner
  }

  // MARK: Groups and root causes

  private mutating func group(_ word: String) throws(FilterSyntaxError) -> GroupReference {
    guard case .compare(.equal) = lexer.testOperator() else { throw lexer.error("\(word) takes =") }
    let value = try lexer.string()
    return word == "group.name" ? .name(value) : .arn(value)
  }

  private mutating func rootCause(_ word: String, at start: Int) throws(FilterSyntaxError) -> FilterExpression {
    if word == "rootcause.json" {
      guard case .compare(.equal) = lexer.testOperator() else { throw lexer.error("rootcause.json takes =") }
      guard lexer.take("#"), lexer.peek() != nil else { throw lexer.error("expected # and JSON") }
      return .rootCauseJSON(try lexer.json())
    }
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let kind = RootCauseKind(rawValue: String(parts[1])), let part = RootCausePart(rawValue: String(parts[2])),
      kind != .responseTime || part != .exception
    else {
      throw lexer.error("expected rootcause.(fault|error|responsetime).(service|entity|exception)", at: start)
    }
    return .rootCause(kind, part, try braces(.rootCause(kind, part)))
  }
}
