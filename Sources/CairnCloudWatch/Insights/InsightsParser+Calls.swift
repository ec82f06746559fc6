// SPDX-License-Identifier: Apache-2.0

extension InsightsParser {
  /// A call; its opening parenthesis is the token.
  mutating func call(_ name: String, _ start: InsightsToken) throws(InsightsError) -> InsightsExpression {
    try advance()
    let lower = name.lowercased()
    switch lower {
    case "bin":
      let period = try period()
      try expectMark(")")
      return .floor(.field("@timestamp"), period)
    case "datefloor", "dateceil":
      let time = try expression()
      try expectMark(",")
      let period = try period()
      try expectMark(")")
      return lower == "datefloor" ? .floor(time, period) : .ceiling(time, period)
    case "dateadd":
      let time = try expression()
      try expectMark(",")
      let isNegative = try takeMark("-")
      let period = try period()
      try expectMark(")")
      let count = Int64(isNegative ? -1 : 1)
      return .call(.dateAdd(period), [time, .literal(.integer(count))])
    default: break
    }
    if isMark("*"), lower == "count" {
      try advance()
      try expectMark(")")
      return try aggregate(lower, [], start)
    }
    var arguments: [InsightsExpression] = []
    let wasAllowed = allowsAggregates
    if InsightsFunction.aggregateNames.contains(lower) { allowsAggregates = false }
    if !isMark(")") {
      repeat { arguments.append(try expression()) } while try takeMark(",")
    }
    allowsAggregates = wasAllowed
    try expectMark(")")
    if InsightsFunction.aggregateNames.contains(lower) { return try aggregate(lower, arguments, start) }
    guard let function = InsightsFunction.named(lower) else {
      throw InsightsError("unknown function '\(name)'", start.start, start.end)
    }
    guard function.argumentCount.contains(arguments.count) else {
      throw InsightsError("'\(name)' does not take \(arguments.count) arguments", start.start, lastEnd)
    }
    return .call(function, arguments)
  }

  private mutating func period() throws(InsightsError) -> InsightsTime.Period {
    let start = token.start
    var count: Int64 = 1
    var unit = ""
    switch token.kind {
    case .period(let number, let name): (count, unit) = (number, name)
    case .name(let name, _): unit = name
    case .integer(let number):
      count = number
      try advance()
      guard case .name(let name, _) = token.kind else { throw error("expected a unit of time such as m and found \(token.shown)") }
      unit = name
    default: throw error("expected a period such as 5m and found \(token.shown)")
    }
    try advance()
    guard let period = InsightsTime.Period(count, unit) else {
      throw InsightsError("'\(lexer.source(start, lastEnd))' is not a period: a count and ms, s, m, h, d, w, mo, q or y", start, lastEnd)
    }
    return period
  }

  private func aggregate(
    _ name: String, _ arguments: [InsightsExpression], _ start: InsightsToken
  ) throws(InsightsError) -> InsightsExpression {
    guard allowsAggregates else {
      throw InsightsError("'\(name)' is a statistic and stands only in stats, not inside another", start.start, start.end)
    }
    let functions: [String: InsightsAggregate.Function] = [
      "count": .count, "count_distinct": .countDistinct, "sum": .sum, "avg": .average, "min": .minimum, "max": .maximum,
      "stddev": .standardDeviation, "earliest": .earliest, "latest": .latest, "sortsfirst": .sortsFirst, "sortslast": .sortsLast,
      "median": .percentile(50),
    ]
    if name == "pct" || name == "percentile" {
      guard arguments.count == 2, case .literal(let value) = arguments[1], let rank = value.number, rank >= 0, rank <= 100 else {
        throw InsightsError("pct takes a field and a number from 0 to 100", start.start, lastEnd)
      }
      return .aggregate(InsightsAggregate(.percentile(rank), arguments[0]))
    }
    guard let function = functions[name] else { throw InsightsError("unknown function '\(name)'", start.start, start.end) }
    if arguments.isEmpty, name == "count" { return .aggregate(InsightsAggregate(.count, nil)) }
    guard arguments.count == 1 else {
      throw InsightsError("'\(name)' takes one argument", start.start, lastEnd)
    }
    return .aggregate(InsightsAggregate(function, arguments[0]))
  }
}
