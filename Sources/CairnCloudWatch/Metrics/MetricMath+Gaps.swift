// SPDX-License-Identifier: Apache-2.0

/// `FILL`, `IF` and `TIME_SERIES`: what makes values where a series has none, and what chooses between series.
extension MetricMathSheet {
  /// The starts of periods of the asked time; none where there would be too many.
  private func grid(_ periodSeconds: Int64) -> StrideTo<Int64> {
    let start = startUnixSeconds / periodSeconds * periodSeconds
    let end = (endUnixSeconds - start) / periodSeconds <= Self.pointCountMax ? endUnixSeconds : start
    return stride(from: start, to: end, by: Int(periodSeconds))
  }

  func constant(_ value: Double) -> MetricSeries {
    var series = MetricSeries(label: "TIME_SERIES", periodSeconds: periodSeconds)
    for time in grid(periodSeconds) { series.append(time, value) }
    return series
  }

  mutating func fill(_ arguments: [MetricMath.Node]) throws(MetricMathError) -> MetricMathValue {
    guard arguments.count == 2 else { throw Self.wrongCount("FILL") }
    let source = try evaluate(arguments[0])
    let change: (MetricSeries) -> MetricSeries
    let sheet = self
    if case .id("REPEAT") = arguments[1] {
      change = { sheet.repeated($0) }
    } else if case .id("LINEAR") = arguments[1] {
      change = { sheet.interpolated($0) }
    } else {
      switch try evaluate(arguments[1]) {
      case .number(let value): change = { sheet.filled($0) { _ in value } }
      case .series(let other): change = { sheet.filled($0) { other.value(at: $0) } }
      case .list: throw MetricMathError("FILL takes a number, one metric, REPEAT or LINEAR.")
      }
    }
    switch source {
    case .number: throw MetricMathError("FILL takes metrics, not a number.")
    case .series(let series): return .series(change(series))
    case .list(let all): return .list(all.map(change))
    }
  }

  private func filled(_ series: MetricSeries, _ value: (Int64) -> Double?) -> MetricSeries {
    var filled = MetricSeries(label: series.label, periodSeconds: series.periodSeconds)
    for time in grid(series.periodSeconds) { if let value = series.value(at: time) ?? value(time) { filled.append(time, value) } }
    return filled
  }

  private func repeated(_ series: MetricSeries) -> MetricSeries {
    var next = 0
    return filled(series) { time in
      while next < series.times.count, series.times[next] < time { next += 1 }
      return next > 0 ? series.values[next - 1] : nil
    }
  }

  /// Between two values a straight line; before the first and behind the last nothing.
  private func interpolated(_ series: MetricSeries) -> MetricSeries {
    var next = 0
    return filled(series) { time in
      while next < series.times.count, series.times[next] < time { next += 1 }
      guard next > 0, next < series.times.count else { return nil }
      let (from, to) = (series.times[next - 1], series.times[next])
      let part = Double(time - from) / Double(to - from)
      return series.values[next - 1] + (series.values[next] - series.values[next - 1]) * part
    }
  }

  /// `IF(condition, value[, otherwise])`: where the condition is a series, at each of its times; without `otherwise` there is none.
  mutating func choose(_ arguments: [MetricMath.Node]) throws(MetricMathError) -> MetricMathValue {
    guard arguments.count == 2 || arguments.count == 3 else { throw Self.wrongCount("IF") }
    let condition = try evaluate(arguments[0])
    let value = try evaluate(arguments[1])
    let otherwise: MetricMathValue? = arguments.count == 3 ? try evaluate(arguments[2]) : nil
    for value in [condition, value, otherwise] {
      if case .list? = value { throw MetricMathError("IF takes numbers and single metrics.") }
    }
    switch condition {
    case .list: return condition
    case .number(let number):
      if number != 0 { return value }
      return otherwise ?? .series(MetricSeries(label: "IF", periodSeconds: periodSeconds))
    case .series(let series):
      return .series(series.map { time, number in Self.value(number != 0 ? value : otherwise, at: time) })
    }
  }

  private static func value(_ value: MetricMathValue?, at time: Int64) -> Double? {
    switch value {
    case .number(let number): number
    case .series(let series): series.value(at: time)
    case .list, nil: nil
    }
  }
}
