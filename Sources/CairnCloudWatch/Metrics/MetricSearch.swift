// SPDX-License-Identifier: Apache-2.0

/// A search of metrics by their names: the first argument of `SEARCH`.
///
/// ```
/// search = [ "{" namespace { "," dimension } "}" ] or
/// or     = and { "OR" and }
/// and    = term { [ "AND" ] term }
/// term   = "NOT" term | "(" or ")" | [ property "=" ] ( word | "text" )
/// ```
/// In braces stand the namespace and the names of all dimensions that a metric has. A word is found inside any property in any case of
/// letters, a text in quotes is a property's whole value. Properties are `Namespace`, `MetricName` and the names of dimensions.
/// Source: "CloudWatch search expression syntax" of the CloudWatch user guide.
public struct MetricSearch: Sendable, Hashable {
  indirect enum Term: Sendable, Hashable {
    case word(property: String?, String)
    case exact(property: String?, String)
    case all([Term])
    case any([Term])
    case not(Term)
  }
  /// nil where no braces are given.
  public let namespace: String?
  private let dimensionNames: Set<String>?
  private let term: Term
  private let text: String
  public let statistic: String
  /// nil: that of the query.
  public let periodSeconds: Int64?

  /// More than these are not looked at, as at AWS.
  public static let seriesCountMax = 500

  init(_ text: String, statistic: String, periodSeconds: Int64?) throws(MetricMathError) {
    guard text.utf8.count <= 1024 else { throw MetricMathError("A search has at most 1024 characters.") }
    var reader = MetricSearchReader(text)
    let schema = try reader.schema()
    namespace = schema?.first
    dimensionNames = schema.map { Set($0.dropFirst()) }
    term = try reader.term()
    self.text = text
    self.statistic = statistic
    self.periodSeconds = periodSeconds
  }

  public func matches(namespace: String, name: String, dimensions: [String: String]) -> Bool {
    if let wanted = self.namespace, wanted != namespace { return false }
    if let dimensionNames, dimensionNames != Set(dimensions.keys) { return false }
    var properties = dimensions
    properties["Namespace"] = namespace
    properties["MetricName"] = name
    return Self.holds(term, properties)
  }

  private static func holds(_ term: Term, _ properties: [String: String]) -> Bool {
    switch term {
    case .all(let terms): return terms.allSatisfy { holds($0, properties) }
    case .any(let terms): return terms.contains { holds($0, properties) }
    case .not(let term): return !holds(term, properties)
    case .exact(let property?, let text): return value(property, properties) == text
    case .exact(nil, let text): return properties.contains { $0.key == text || $0.value == text }
    case .word(let property?, let word): return value(property, properties).map { contains($0, word) } ?? false
    case .word(nil, let word): return properties.contains { contains($0.value, word) || (!isOwn($0.key) && contains($0.key, word)) }
    }
  }

  private static func isOwn(_ property: String) -> Bool { property == "Namespace" || property == "MetricName" }

  private static func value(_ property: String, _ properties: [String: String]) -> String? {
    properties[property] ?? properties.first { $0.key.lowercased() == property.lowercased() }?.value
  }

  private static func contains(_ text: String, _ word: String) -> Bool { text.lowercased().contains(word.lowercased()) }
}

/// Reads a search from left to right; `MetricSearch` has the grammar.
struct MetricSearchReader {
  private var cursor: PatternCursor
  private var depth = 0
  private static let depthMax = 16

  init(_ text: String) { cursor = PatternCursor(text) }

  /// What stands in braces: the namespace, then names of dimensions; nil where there are none.
  mutating func schema() throws(MetricMathError) -> [String]? {
    cursor.skipBlanks()
    guard cursor.take("{") else { return nil }
    var names: [String] = []
    repeat { names.append(try word(ending: [0x2c, 0x7d]).text) } while cursor.take(",")
    guard cursor.take("}") else { throw MetricMathError("Invalid search: a closing brace is missing.") }
    return names
  }

  /// The whole rest as one term.
  mutating func term() throws(MetricMathError) -> MetricSearch.Term {
    let term = try any()
    guard cursor.isAtEnd else { throw MetricMathError("Invalid search: a bracket is closed that was not opened.") }
    return term
  }

  private mutating func any() throws(MetricMathError) -> MetricSearch.Term {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.depthMax else { throw MetricMathError("Invalid search: too many brackets inside each other.") }
    var terms = [try all()]
    while cursor.takeWord("OR") { terms.append(try all()) }
    return terms.count == 1 ? terms[0] : .any(terms)
  }

  private mutating func all() throws(MetricMathError) -> MetricSearch.Term {
    var terms: [MetricSearch.Term] = []
    cursor.skipBlanks()
    while let byte = cursor.peek, byte != 0x29, !isNext("OR") {
      _ = cursor.takeWord("AND")
      terms.append(try single())
      cursor.skipBlanks()
    }
    return terms.count == 1 ? terms[0] : .all(terms)
  }

  private func isNext(_ word: String) -> Bool {
    var ahead = cursor
    return ahead.takeWord(word)
  }

  private mutating func single() throws(MetricMathError) -> MetricSearch.Term {
    cursor.skipBlanks()
    if cursor.takeWord("NOT") {
      depth += 1
      defer { depth -= 1 }
      guard depth <= Self.depthMax else { throw MetricMathError("Invalid search: too many brackets inside each other.") }
      return .not(try single())
    }
    if cursor.take("(") {
      let term = try any()
      guard cursor.take(")") else { throw MetricMathError("Invalid search: a closing bracket is missing.") }
      return term
    }
    let first = try word(ending: [0x3d, 0x28, 0x29])
    guard cursor.take("=") else { return first.isQuoted ? .exact(property: nil, first.text) : .word(property: nil, first.text) }
    let value = try word(ending: [0x28, 0x29])
    return value.isQuoted ? .exact(property: first.text, value.text) : .word(property: first.text, value.text)
  }

  /// A text in quotes, or what stands up to a blank or one of these bytes.
  private mutating func word(ending: [UInt8]) throws(MetricMathError) -> (text: String, isQuoted: Bool) {
    cursor.skipBlanks()
    defer { cursor.skipBlanks() }
    if cursor.peek == 0x22 {
      guard let text = try? cursor.quoted() else { throw MetricMathError("Invalid search: a quotation mark is missing.") }
      return (text, true)
    }
    let start = cursor.position
    while let byte = cursor.peek, !PatternCursor.isBlank(byte), !ending.contains(byte) { cursor.position += 1 }
    guard cursor.position > start else { throw MetricMathError("Invalid search: a word is missing (at \(cursor.position)).") }
    return (String(decoding: cursor.bytes[start..<cursor.position], as: UTF8.self), false)
  }
}
