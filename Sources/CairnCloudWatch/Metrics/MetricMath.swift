// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an expression over metrics.
public struct MetricMathError: Error, Sendable, Hashable {
  public let message: String
  init(_ message: String) { self.message = message }
}

/// What an expression comes to: a number, a series, or several series.
public enum MetricMathValue: Sendable, Hashable {
  case number(Double)
  case series(MetricSeries)
  case list([MetricSeries])
}

/// An expression over metrics, as GetMetricData and alarms calculate them.
///
/// ```
/// or       = and { ("||" | "OR") and }
/// and      = compared { ("&&" | "AND") compared }
/// compared = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum ]
/// sum      = product { ("+" | "-") product }
/// product  = signed { ("*" | "/") signed }
/// signed   = "-" signed | power
/// power    = primary [ "^" signed ]
/// primary  = number | text in quotes | "(" or ")" | "[" or { "," or } "]" | NAME "(" [ or { "," or } ] ")" | id
/// ```
/// Source: "Using math expressions with CloudWatch metrics" of the CloudWatch user guide.
public struct MetricMath: Sendable, Hashable {
  indirect enum Node: Sendable, Hashable {
    case number(Double)
    case text(String)
    /// The id of another query, or a word such as `REPEAT` where a function expects one.
    case id(String)
    case list([Node])
    case negated(Node)
    case binary(Operator, Node, Node)
    case call(String, [Node])
  }
  enum Operator: String, Sendable, Hashable, CaseIterable {
    case or = "||"
    case and = "&&"
    case equal = "=="
    case notEqual = "!="
    case lessOrEqual = "<="
    case greaterOrEqual = ">="
    case less = "<"
    case greater = ">"
    case plus = "+"
    case minus = "-"
    case times = "*"
    case divided = "/"
    case power = "^"
  }
  let root: Node
  /// Every `SEARCH` in it, to be answered before the expression is evaluated.
  public let searches: [MetricSearch]

  static let byteCountMax = 2048
  static let depthMax = 32
  /// Bounds how deep a chain such as `a + b + …` nests.
  static let operationCountMax = 256

  public init(_ text: String) throws(MetricMathError) {
    guard text.utf8.count <= Self.byteCountMax else { throw MetricMathError("An expression has at most 2048 characters.") }
    var parser = MetricMathParser(text)
    root = try parser.expression()
    var searches: [MetricSearch] = []
    for text in Self.searchTexts(root) { searches.append(try MetricSearch(text.pattern, statistic: text.statistic, periodSeconds: text.period)) }
    self.searches = searches
  }

  private static func searchTexts(_ node: Node) -> [(pattern: String, statistic: String, period: Int64?)] {
    switch node {
    case .number, .text, .id: return []
    case .list(let nodes): return nodes.flatMap { searchTexts($0) }
    case .negated(let node): return searchTexts(node)
    case .binary(_, let left, let right): return searchTexts(left) + searchTexts(right)
    case .call("SEARCH", let arguments): return search(arguments).map { [$0] } ?? []
    case .call(_, let arguments): return arguments.flatMap { searchTexts($0) }
    }
  }

  /// The texts of `SEARCH('{Namespace,Dimension} terms', 'Statistic'[, period])`; nil where they are something else.
  static func search(_ arguments: [Node]) -> (pattern: String, statistic: String, period: Int64?)? {
    guard arguments.count == 2 || arguments.count == 3, case .text(let pattern) = arguments[0], case .text(let statistic) = arguments[1]
    else { return nil }
    guard arguments.count == 3 else { return (pattern, statistic, nil) }
    guard case .number(let period) = arguments[2], let seconds = Int64(exactly: period), seconds >= 1 else { return nil }
    return (pattern, statistic, seconds)
  }
}
