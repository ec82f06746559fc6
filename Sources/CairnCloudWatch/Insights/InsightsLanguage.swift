// SPDX-License-Identifier: Apache-2.0

/// The words of the query language, for editors that complete.
public enum InsightsLanguage {
  public static let commands = InsightsParser.commandNames
  /// Functions of a row, with those that take a period.
  public static let functions = (InsightsFunction.names.map(\.name) + ["bin", "datefloor", "dateceil", "dateadd"]).sorted()
  public static let statistics = [
    "count", "count_distinct", "sum", "avg", "min", "max", "pct", "stddev", "earliest", "latest", "sortsFirst", "sortsLast", "median",
  ]
  /// Fields that every line has, and those that Insights finds in Lambda's lines.
  public static let fields =
    ["@timestamp", "@message", "@logStream", "@log", "@ingestionTime", "@ptr"] + LambdaLine.fields.sorted()
}
