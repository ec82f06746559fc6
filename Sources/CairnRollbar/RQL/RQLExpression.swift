// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A statement of Rollbar's query language, as it was parsed.
///
/// ```
/// SELECT list FROM item_occurrence | deploy [WHERE expr] [GROUP BY column | index, …] [ORDER BY expr ASC | DESC, …] [LIMIT [offset,] n]
/// ```
/// Source: rollbar.com's RQL documentation as of 2018 and later: no DISTINCT, HAVING, joins or subqueries; a function in GROUP BY only by its
/// index; `SELECT *` without GROUP BY only; at most 1,000 rows.
public struct RQLStatement: Sendable, Hashable {
  public enum Table: String, Sendable, Hashable, CaseIterable {
    case occurrences = "item_occurrence"
    case deploys = "deploy"
  }
  /// A result column.
  public struct Selection: Sendable, Hashable {
    public var expression: RQLExpression
    public var name: String
  }
  public struct Order: Sendable, Hashable {
    public var expression: RQLExpression
    public var isDescending: Bool
  }
  /// nil is `SELECT *`.
  public var selections: [Selection]?
  public var table: Table
  public var condition: RQLExpression?
  public var groups: [RQLExpression] = []
  public var orders: [Order] = []
  public var offset = 0
  public var limit = RQLStatement.rowCountMax

  public static let rowCountMax = 1_000

  /// Every column path that the statement names.
  public var paths: Set<String> {
    var found: Set<String> = []
    for selection in selections ?? [] { selection.expression.collect(&found) }
    condition?.collect(&found)
    for group in groups { group.collect(&found) }
    for order in orders { order.expression.collect(&found) }
    return found
  }

  /// True if it makes groups: by GROUP BY, or by an aggregate alone.
  public var isGrouped: Bool { !groups.isEmpty || (selections ?? []).contains { $0.expression.hasAggregate } }
}

/// An expression over the columns of a row. Missing values are NULL and behave as in SQL.
public indirect enum RQLExpression: Sendable, Hashable {
  case column(String)
  case literal(JSONValue)
  case negated(RQLExpression)
  case not(RQLExpression)
  case binary(String, RQLExpression, RQLExpression)
  case among(RQLExpression, [RQLExpression], isNot: Bool)
  case between(RQLExpression, RQLExpression, RQLExpression, isNot: Bool)
  case like(RQLExpression, RQLExpression, isNot: Bool)
  case isNull(RQLExpression, isNot: Bool)
  case call(String, [RQLExpression])
  /// `count(*)`
  case countAll

  static let aggregates: Set<String> = ["count", "count_distinct", "sum", "avg", "min", "max"]
  static let functions: [String: ClosedRange<Int>] = [
    "unix_timestamp": 0...0, "concat": 1...50, "concat_ws": 2...50, "lower": 1...1, "upper": 1...1, "left": 2...2, "right": 2...2,
    "substring": 2...3, "locate": 2...3, "char_length": 1...1, "length": 1...1,
  ]

  var parts: [RQLExpression] {
    switch self {
    case .column, .literal, .countAll: []
    case .negated(let inner), .not(let inner), .isNull(let inner, _): [inner]
    case .binary(_, let left, let right), .like(let left, let right, _): [left, right]
    case .among(let left, let list, _): [left] + list
    case .between(let value, let low, let high, _): [value, low, high]
    case .call(_, let arguments): arguments
    }
  }

  /// True if there is an aggregate anywhere inside.
  public var hasAggregate: Bool {
    switch self {
    case .countAll: true
    case .call(let name, _) where Self.aggregates.contains(name): true
    default: parts.contains(where: \.hasAggregate)
    }
  }

  func collect(_ found: inout Set<String>) {
    if case .column(let path) = self { found.insert(path) }
    for part in parts { part.collect(&found) }
  }
}

/// Why a statement cannot be run.
public struct RQLError: Error, Sendable, Hashable {
  public var reason: String

  public init(_ reason: String) { self.reason = reason }
}
