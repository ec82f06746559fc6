// SPDX-License-Identifier: Apache-2.0
public import CairnPatterns

/// A Logs Insights query as it was written: a source and commands, each of which takes the rows of the one before.
///
/// ```
/// query    = [ source '|' ] [ command ] ( '|' command )*
/// source   = SOURCE ( string (',' string)* | logGroups '(' [ key ':' list (',' key ':' list)* ] ')' ) [ START=instant ] [ END=instant ]
/// command  = fields items | display items | filter condition | filterIndex condition | stats items [ by items ]
///          | sort item [asc|desc] (',' …)* | limit n | parse [ expr ] ( glob as names | /regex/ [ as names ] ) | dedup exprs
///          | pattern expr | diff [ period ] | anomaly | unnest expr into name | unmask items | accum expr [ as name ]
///          | lookup table key [ as field ] output column [ as name ] (',' …)*
///          | join [ type=inner|left ] left=name right=name where name.field = name.field (and …)* '(' query ')'
///          | addtotals [ fieldname=name ] [ row=bool ] [ col=bool ] [ fields ]
/// items    = expr [ as name ] (',' …)*
/// ```
/// Names of commands, functions and operators are read in any case; names of fields are not.
///
/// Source: the CloudWatch Logs User Guide, pages "CWL_QuerySyntax".
public struct InsightsQuery: Sendable, Hashable {
  public var source: InsightsSource?
  public var commands: [InsightsCommand]

  public init(source: InsightsSource? = nil, commands: [InsightsCommand] = []) {
    self.source = source
    self.commands = commands
  }

  /// Reads a query; what is wrong with it is told with its place.
  public init(parsing text: String) throws(InsightsError) {
    var parser = try InsightsParser(text)
    self = try parser.query()
  }
}

/// Where a query looks, if it says so itself.
public struct InsightsSource: Sendable, Hashable {
  /// Log groups and other datasets by name.
  public var names: [String] = []
  /// With `logGroups(…)`: the beginnings of the names, all of them where there is none.
  public var prefixes: [String]?
  /// With `logGroups(class: …)`: the log classes.
  public var classes: [String] = []
  /// Unix milliseconds, or less than 0 for so many before the query's end.
  public var startMilliseconds: Int64?
  public var endMilliseconds: Int64?
}

/// An expression with the name of its column.
public struct InsightsItem: Sendable, Hashable {
  public var expression: InsightsExpression
  public var name: String
}

/// One command.
public indirect enum InsightsCommand: Sendable, Hashable {
  case fields([InsightsItem])
  case display([InsightsItem])
  case filter(InsightsExpression)
  case stats([InsightsItem], by: [InsightsItem])
  case sort([InsightsSortKey])
  case limit(Int)
  case parse(InsightsExpression, InsightsParse, names: [String])
  case dedup([InsightsExpression])
  case pattern(InsightsExpression)
  case diff(InsightsDiff)
  case anomaly
  case unnest(InsightsExpression, into: String)
  case accumulate(InsightsItem)
  case lookup(InsightsLookup)
  case join(InsightsJoin)
  case addTotals(InsightsTotals)
}

/// One key of a `sort`.
public struct InsightsSortKey: Sendable, Hashable {
  public var expression: InsightsExpression
  public var isDescending: Bool
}

/// How `parse` takes a text apart.
public enum InsightsParse: Sendable, Hashable {
  /// The literal texts between the stars.
  case glob([String])
  case pattern(Pattern)
}

/// What `diff` compares the query's time with.
public enum InsightsDiff: Sendable, Hashable {
  /// The time of equal length right before.
  case previousPeriod
  /// The same time so many milliseconds, or so many months, earlier.
  case earlier(InsightsTime.Period)
}

/// `lookup`: columns of a table of reference data.
public struct InsightsLookup: Sendable, Hashable {
  public var table: String
  /// The column of the table and the field of the event that must be equal.
  public var keys: [(column: String, field: String)]
  public var outputs: [(column: String, name: String)]

  public static func == (left: InsightsLookup, right: InsightsLookup) -> Bool {
    left.table == right.table && left.keys.elementsEqual(right.keys, by: ==) && left.outputs.elementsEqual(right.outputs, by: ==)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(table)
    for output in outputs { hasher.combine(output.name) }
  }
}

/// `join` with the rows of another query.
public struct InsightsJoin: Sendable, Hashable {
  public var keepsUnmatched: Bool
  public var leftName: String
  public var rightName: String
  /// Fields that must be equal, without the sides' names.
  public var keys: [(left: String, right: String)]
  public var right: InsightsQuery

  public static func == (left: InsightsJoin, right: InsightsJoin) -> Bool {
    left.keepsUnmatched == right.keepsUnmatched && left.leftName == right.leftName && left.rightName == right.rightName
      && left.keys.elementsEqual(right.keys, by: ==) && left.right == right.right
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rightName)
    hasher.combine(right)
  }
}

/// `addtotals`.
public struct InsightsTotals: Sendable, Hashable {
  public var fieldName = "Total"
  public var addsColumn = true
  public var addsRow = false
  /// The fields to add; empty for all that hold numbers.
  public var fields: [String] = []
}
