// SPDX-License-Identifier: Apache-2.0
public import CairnPatterns

/// An expression of an Insights query, as it was written: fields by their names.
public indirect enum InsightsExpression: Sendable, Hashable {
  case field(String)
  case literal(InsightsValue)
  case negate(InsightsExpression)
  case not(InsightsExpression)
  case all([InsightsExpression])
  case any([InsightsExpression])
  case compare(InsightsComparison, InsightsExpression, InsightsExpression)
  case arithmetic(InsightsArithmetic, InsightsExpression, InsightsExpression)
  /// `like "text"`: the text occurs in the value.
  case contains(InsightsExpression, String)
  /// `like /…/` and `=~`.
  case matches(InsightsExpression, Pattern)
  case oneOf(InsightsExpression, [InsightsExpression])
  /// `in (…)` with a query inside: an index into the compiled query's inner queries once it is compiled.
  case oneOfQuery(InsightsExpression, InsightsQuery)
  case call(InsightsFunction, [InsightsExpression])
  /// `bin`, `datefloor` and `dateceil`.
  case floor(InsightsExpression, InsightsTime.Period)
  case ceiling(InsightsExpression, InsightsTime.Period)
  case aggregate(InsightsAggregate)
}

/// The six comparisons.
public enum InsightsComparison: Sendable, Hashable {
  case equal
  case notEqual
  case less
  case lessOrEqual
  case greater
  case greaterOrEqual

  /// Whether it holds; where a side is absent only `!=` does, as it is the negation of `=`.
  func holds(_ left: InsightsValue, _ right: InsightsValue) -> Bool {
    switch self {
    case .equal: InsightsValue.areEqual(left, right)
    case .notEqual: !InsightsValue.areEqual(left, right)
    case .less: InsightsValue.order(left, right).map { $0 < 0 } ?? false
    case .lessOrEqual: InsightsValue.order(left, right).map { $0 <= 0 } ?? false
    case .greater: InsightsValue.order(left, right).map { $0 > 0 } ?? false
    case .greaterOrEqual: InsightsValue.order(left, right).map { $0 >= 0 } ?? false
    }
  }
}

/// The six arithmetic operators.
public enum InsightsArithmetic: Sendable, Hashable {
  case add
  case subtract
  case multiply
  case divide
  case remainder
  case power

  /// The result, absent where a side is no number or the result is none (a division by zero).
  func apply(_ left: InsightsValue, _ right: InsightsValue) -> InsightsValue {
    if case .integer(let left) = left, case .integer(let right) = right, let exact = integers(left, right) { return .integer(exact) }
    guard let left = left.number, let right = right.number else { return .absent }
    let result: Double =
      switch self {
      case .add: left + right
      case .subtract: left - right
      case .multiply: left * right
      case .divide: left / right
      case .remainder: left.truncatingRemainder(dividingBy: right)
      case .power: InsightsFunction.power(left, right)
      }
    return result.isFinite ? .number(result) : .absent
  }

  private func integers(_ left: Int64, _ right: Int64) -> Int64? {
    let (result, overflow) =
      switch self {
      case .add: left.addingReportingOverflow(right)
      case .subtract: left.subtractingReportingOverflow(right)
      case .multiply: left.multipliedReportingOverflow(by: right)
      case .remainder: left.remainderReportingOverflow(dividingBy: right)
      case .divide, .power: (0, true)
      }
    return overflow ? nil : result
  }
}

/// A statistic inside `stats`.
public struct InsightsAggregate: Sendable, Hashable {
  public enum Function: Sendable, Hashable {
    case count
    case countDistinct
    case sum
    case average
    case minimum
    case maximum
    case standardDeviation
    /// The rank in per cent.
    case percentile(Double)
    case earliest
    case latest
    case sortsFirst
    case sortsLast
  }
  public var function: Function
  /// nil for `count(*)`.
  public var argument: InsightsExpression?

  public init(_ function: Function, _ argument: InsightsExpression?) {
    self.function = function
    self.argument = argument
  }
}

extension InsightsExpression {
  /// The expressions directly inside.
  var parts: [InsightsExpression] {
    switch self {
    case .field, .literal: []
    case .negate(let part), .not(let part), .contains(let part, _), .matches(let part, _), .floor(let part, _), .ceiling(let part, _),
      .oneOfQuery(let part, _):
      [part]
    case .all(let parts), .any(let parts), .call(_, let parts): parts
    case .compare(_, let left, let right), .arithmetic(_, let left, let right): [left, right]
    case .oneOf(let part, let list): [part] + list
    case .aggregate(let aggregate): aggregate.argument.map { [$0] } ?? []
    }
  }

  /// Every field that it names, inner queries left out.
  var fieldNames: [String] {
    if case .field(let name) = self { return [name] }
    return parts.flatMap(\.fieldNames)
  }

  /// True where a statistic occurs in it.
  var hasAggregate: Bool {
    if case .aggregate = self { return true }
    return parts.contains { $0.hasAggregate }
  }

  /// The same with every part, from the inside out, put through `change`.
  func mapped<Failure: Error>(
    _ change: (InsightsExpression) throws(Failure) -> InsightsExpression
  ) throws(Failure) -> InsightsExpression {
    func each(_ list: [InsightsExpression]) throws(Failure) -> [InsightsExpression] {
      var result: [InsightsExpression] = []
      for item in list { result.append(try item.mapped(change)) }
      return result
    }
    let inner: InsightsExpression
    switch self {
    case .field, .literal: inner = self
    case .negate(let part): inner = .negate(try part.mapped(change))
    case .not(let part): inner = .not(try part.mapped(change))
    case .all(let parts): inner = .all(try each(parts))
    case .any(let parts): inner = .any(try each(parts))
    case .compare(let comparison, let left, let right): inner = .compare(comparison, try left.mapped(change), try right.mapped(change))
    case .arithmetic(let operation, let left, let right):
      inner = .arithmetic(operation, try left.mapped(change), try right.mapped(change))
    case .contains(let part, let text): inner = .contains(try part.mapped(change), text)
    case .matches(let part, let pattern): inner = .matches(try part.mapped(change), pattern)
    case .oneOf(let part, let list): inner = .oneOf(try part.mapped(change), try each(list))
    case .oneOfQuery(let part, let query): inner = .oneOfQuery(try part.mapped(change), query)
    case .call(let function, let arguments): inner = .call(function, try each(arguments))
    case .floor(let part, let period): inner = .floor(try part.mapped(change), period)
    case .ceiling(let part, let period): inner = .ceiling(try part.mapped(change), period)
    case .aggregate(let aggregate):
      var argument: InsightsExpression?
      if let inside = aggregate.argument { argument = try inside.mapped(change) }
      inner = .aggregate(InsightsAggregate(aggregate.function, argument))
    }
    return try change(inner)
  }
}
