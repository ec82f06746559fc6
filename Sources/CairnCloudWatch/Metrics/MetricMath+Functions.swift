// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import Glibc

// Source: the table of functions in "Using math expressions with CloudWatch metrics" of the CloudWatch user guide. `S` is a number, `TS` a
// series, `TS[]` several.
//
//   ABS CEIL FLOOR LOG LOG10                          TS > TS, TS[] > TS[], S > S
//   MINUTE HOUR DAY DATE MONTH YEAR EPOCH             TS > TS: of the time, in UTC; Monday is day 1
//   DIFF DIFF_TIME RATE RUNNING_SUM                   TS > TS, TS[] > TS[]
//   AVG MAX MIN SUM STDDEV DATAPOINT_COUNT            TS > S, TS[] > TS
//   FILL(TS | TS[], S | TS | REPEAT | LINEAR)         > TS, TS[]
//   IF(S | TS, S | TS[, S | TS])                      > TS, S
//   METRICS(["text in the id"]) SEARCH(…)             > TS[]
//   METRIC_COUNT(TS[]) PERIOD(TS)                     > S
//   FIRST LAST(TS[])                                  > TS
//   REMOVE_EMPTY SLICE SORT(TS[], …)                  > TS[]
//   TIME_SERIES(S)                                    > TS

extension MetricMath {
  static let functions: Set<String> = [
    "ABS", "AVG", "CEIL", "DATAPOINT_COUNT", "DATE", "DAY", "DIFF", "DIFF_TIME", "EPOCH", "FILL", "FIRST", "FLOOR", "HOUR", "IF", "LAST", "LOG",
    "LOG10", "MAX", "METRICS", "METRIC_COUNT", "MIN", "MINUTE", "MONTH", "PERIOD", "RATE", "REMOVE_EMPTY", "RUNNING_SUM", "SEARCH", "SLICE", "SORT",
    "STDDEV", "SUM", "TIME_SERIES", "YEAR",
  ]

  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

  /// Functions of single values and of their times.
  static let ofValues: [String: @Sendable (_ time: Int64, _ value: Double) -> Double] = [
    "ABS": { $1.magnitude }, "CEIL": { $1.rounded(.up) }, "FLOOR": { $1.rounded(.down) }, "LOG": { log($1) }, "LOG10": { log10($1) },
  ]

  static let ofTimes: [String: @Sendable (_ time: Int64) -> Int64] = [
    "EPOCH": { $0 }, "MINUTE": { $0 / 60 % 60 }, "HOUR": { $0 / 3600 % 24 }, "DAY": { ($0 / 86_400 + 3) % 7 + 1 },
    "DATE": { CivilDate.date(daysSince1970: $0 / 86_400).day }, "MONTH": { CivilDate.date(daysSince1970: $0 / 86_400).month },
    "YEAR": { CivilDate.date(daysSince1970: $0 / 86_400).year },
  ]

  /// Functions of a value and the one before it.
  static let ofNeighbours: [String: @Sendable (_ seconds: Int64, _ difference: Double) -> Double] = [
    "DIFF": { $1 }, "DIFF_TIME": { seconds, _ in Double(seconds) }, "RATE": { $1 / Double($0) },
  ]
}

extension MetricMathSheet {
  mutating func call(_ name: String, _ arguments: [MetricMath.Node]) throws(MetricMathError) -> MetricMathValue {
    if let function = MetricMath.ofValues[name] {
      return try ofEach(name, arguments, number: { function(0, $0) }) { $0.map(function) }
    }
    if let function = MetricMath.ofTimes[name] {
      return try ofEach(name, arguments) { series in series.map { time, _ in Double(function(time)) } }
    }
    if let function = MetricMath.ofNeighbours[name] { return try ofEach(name, arguments) { Self.neighbours($0, function) } }
    if let reduction = MetricReduction(rawValue: name) { return try reduce(name, reduction, arguments) }
    switch name {
    case "RUNNING_SUM":
      return try ofEach(name, arguments) { series in
        var sum = 0.0
        return series.map { _, value in
          sum += value
          return sum
        }
      }
    case "METRICS":
      guard arguments.count <= 1 else { throw Self.wrongCount(name) }
      guard let first = arguments.first else { return .list(metrics(containing: "")) }
      guard case .text(let text) = first else { throw MetricMathError("METRICS takes a text.") }
      return .list(metrics(containing: text))
    case "SEARCH":
      guard let texts = MetricMath.search(arguments) else {
        throw MetricMathError("SEARCH takes a search in quotes, a statistic in quotes and, if wanted, a period.")
      }
      return .list(found(by: try MetricSearch(texts.pattern, statistic: texts.statistic, periodSeconds: texts.period)))
    case "FILL": return try fill(arguments)
    case "IF": return try choose(arguments)
    default: return try ofLists(name, arguments)
    }
  }

  static func wrongCount(_ name: String) -> MetricMathError { MetricMathError("\(name) has the wrong number of arguments.") }

  /// A function of one argument, for each series of it.
  private mutating func ofEach(
    _ name: String, _ arguments: [MetricMath.Node], number: ((Double) -> Double)? = nil, _ change: (MetricSeries) -> MetricSeries
  ) throws(MetricMathError) -> MetricMathValue {
    guard arguments.count == 1 else { throw Self.wrongCount(name) }
    switch try evaluate(arguments[0]) {
    case .number(let value):
      guard let number else { throw MetricMathError("\(name) takes metrics, not a number.") }
      return .number(number(value))
    case .series(let series): return .series(change(series))
    case .list(let all): return .list(all.map(change))
    }
  }

  private static func neighbours(_ series: MetricSeries, _ function: (Int64, Double) -> Double) -> MetricSeries {
    var changed = MetricSeries(label: series.label, periodSeconds: series.periodSeconds)
    for index in series.times.indices.dropFirst() {
      changed.append(
        series.times[index], function(series.times[index] - series.times[index - 1], series.values[index] - series.values[index - 1]))
    }
    return changed
  }

  private mutating func reduce(
    _ name: String, _ reduction: MetricReduction, _ arguments: [MetricMath.Node]
  ) throws(MetricMathError) -> MetricMathValue {
    guard arguments.count == 1 else { throw Self.wrongCount(name) }
    switch try evaluate(arguments[0]) {
    case .number: throw MetricMathError("\(name) takes metrics, not a number.")
    // Of no values a number is none: it makes what it is combined with have none.
    case .series(let series): return .number(series.reduced(reduction) ?? .nan)
    case .list(let all): return .series(MetricSeries.reduced(all, reduction))
    }
  }

  // MARK: Lists

  private mutating func ofLists(_ name: String, _ arguments: [MetricMath.Node]) throws(MetricMathError) -> MetricMathValue {
    guard let first = arguments.first, name == "SLICE" || name == "SORT" || arguments.count == 1 else { throw Self.wrongCount(name) }
    if name == "TIME_SERIES" {
      guard case .number(let value) = try evaluate(first) else { throw MetricMathError("TIME_SERIES takes a number.") }
      return .series(constant(value))
    }
    let all = try series(first)
    switch name {
    case "METRIC_COUNT": return .number(Double(all.count))
    case "PERIOD": return .number(Double(all.first?.periodSeconds ?? periodSeconds))
    case "FIRST": return .series(all.first ?? MetricSeries(label: name, periodSeconds: periodSeconds))
    case "LAST": return .series(all.last ?? MetricSeries(label: name, periodSeconds: periodSeconds))
    case "REMOVE_EMPTY": return .list(all.filter { !$0.times.isEmpty })
    case "SLICE": return .list(try slice(all, arguments))
    default: return .list(try sort(all, arguments))
    }
  }

  private mutating func whole(_ node: MetricMath.Node) throws(MetricMathError) -> Int {
    guard case .number(let value) = try evaluate(node), let whole = Int(exactly: value), whole >= 0 else {
      throw MetricMathError("A whole number is needed here.")
    }
    return whole
  }

  private mutating func slice(_ all: [MetricSeries], _ arguments: [MetricMath.Node]) throws(MetricMathError) -> [MetricSeries] {
    guard arguments.count == 2 || arguments.count == 3 else { throw Self.wrongCount("SLICE") }
    let start = min(all.count, try whole(arguments[1]))
    let end = arguments.count == 3 ? min(all.count, try whole(arguments[2])) : all.count
    return start < end ? Array(all[start..<end]) : []
  }

  /// `SORT(TS[], AVG | MIN | MAX | SUM[, ASC | DESC[, count]])`; series without values come last.
  private mutating func sort(_ all: [MetricSeries], _ arguments: [MetricMath.Node]) throws(MetricMathError) -> [MetricSeries] {
    guard (2...4).contains(arguments.count) else { throw Self.wrongCount("SORT") }
    guard case .id(let function) = arguments[1], let reduction = MetricReduction(rawValue: function), reduction != .count else {
      throw MetricMathError("SORT orders by AVG, MIN, MAX or SUM.")
    }
    var isDescending = false
    if arguments.count > 2 {
      guard case .id(let order) = arguments[2], order == "ASC" || order == "DESC" else { throw MetricMathError("SORT's order is ASC or DESC.") }
      isDescending = order == "DESC"
    }
    let count = arguments.count > 3 ? try whole(arguments[3]) : all.count
    let keyed = all.enumerated().map { (key: $1.reduced(reduction), place: $0, series: $1) }
    let sorted = keyed.sorted { left, right in
      guard let leftKey = left.key, let rightKey = right.key else { return left.key != nil || (right.key == nil && left.place < right.place) }
      if leftKey == rightKey { return left.place < right.place }
      return isDescending ? leftKey > rightKey : leftKey < rightKey
    }
    return sorted.prefix(count).map(\.series)
  }
}
