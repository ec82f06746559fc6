// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnPatterns

/// The six orderings that a filter or a having can ask for.
public enum Comparison: Sendable, Hashable, CaseIterable {
  case equal
  case notEqual
  case less
  case lessOrEqual
  case greater
  case greaterOrEqual

  /// Whether `left ? right` holds; NaN is unequal to everything and in no order.
  @inlinable public func holds<Value: Comparable>(_ left: Value, _ right: Value) -> Bool {
    switch self {
    case .equal: left == right
    case .notEqual: left != right
    case .less: left < right
    case .lessOrEqual: left <= right
    case .greater: left > right
    case .greaterOrEqual: left >= right
    }
  }
}

/// A test of one text value.
public enum TextMatch: Sendable, Hashable, CaseIterable {
  case startsWith
  case endsWith
  case contains
}

/// Which events a question keeps: a tree whose leaves look at one column each.
///
/// A leaf is false where the event lacks the column, except `.not` around it: as at Honeycomb, `!=`, `does-not-contain` and
/// `not-in` are the negations of their positive forms and so hold for events without the column.
/// Types are coerced: a number compares with a string column through the string's text, a string that reads as a number with a
/// numeric column through its value; booleans are `true` and `false`.
public indirect enum Filter: Sendable, Hashable {
  case all([Filter])
  case any([Filter])
  case not(Filter)
  case compare(column: String, Comparison, FieldValue)
  case text(column: String, TextMatch, String)
  case oneOf(column: String, [FieldValue])
  /// The value's text has a match of the regular expression; evaluated once for each distinct value of a piece.
  case matches(column: String, Pattern)
  case exists(column: String)

  /// Passes every event.
  public static let everything = Filter.all([])

  /// Passes spans: what has a duration, or would have one if its end were known. Span events, links and log lines have neither.
  public static let isTimed = Filter.any([
    .exists(column: FieldName.durationMilliseconds), .exists(column: FieldName.invalidDuration),
  ])

  /// The columns that the leaves name, in order, each once.
  public var columns: [String] {
    var found: [String] = []
    collect(&found)
    return found
  }

  private func collect(_ found: inout [String]) {
    switch self {
    case .all(let parts), .any(let parts): for part in parts { part.collect(&found) }
    case .not(let part): part.collect(&found)
    case .compare(let column, _, _), .text(let column, _, _), .oneOf(let column, _), .matches(let column, _),
      .exists(let column):
      if !found.contains(column) { found.append(column) }
    }
  }
}
