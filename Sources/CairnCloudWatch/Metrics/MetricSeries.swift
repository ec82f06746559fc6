// SPDX-License-Identifier: Apache-2.0

/// Values of a metric, or of what is calculated from metrics, at the starts of periods.
public struct MetricSeries: Sendable, Hashable {
  public var label: String
  public var periodSeconds: Int64
  /// Unix seconds, ascending, each once.
  public var times: [Int64]
  /// As many as `times`, all finite.
  public var values: [Double]

  public init(label: String, periodSeconds: Int64, times: [Int64] = [], values: [Double] = []) {
    self.label = label
    self.periodSeconds = periodSeconds
    self.times = times
    self.values = values
  }

  /// The same times with other values; a time whose value is no number any more has none.
  func map(_ change: (_ time: Int64, _ value: Double) -> Double?) -> MetricSeries {
    var changed = MetricSeries(label: label, periodSeconds: periodSeconds)
    for (time, value) in zip(times, values) { if let value = change(time, value) { changed.append(time, value) } }
    return changed
  }

  /// Adds a value behind all others; one that is no number is left out.
  public mutating func append(_ time: Int64, _ value: Double) {
    guard value.isFinite else { return }
    times.append(time)
    values.append(value)
  }

  /// The times that both have, with what `combine` makes of both values.
  func joined(with other: MetricSeries, _ combine: (Double, Double) -> Double) -> MetricSeries {
    var joined = MetricSeries(label: label, periodSeconds: max(periodSeconds, other.periodSeconds))
    var (left, right) = (0, 0)
    while left < times.count, right < other.times.count {
      if times[left] == other.times[right] { joined.append(times[left], combine(values[left], other.values[right])) }
      let isLeftBehind = times[left] <= other.times[right]
      if other.times[right] <= times[left] { right += 1 }
      if isLeftBehind { left += 1 }
    }
    return joined
  }

  func value(at time: Int64) -> Double? {
    var (low, high) = (0, times.count)
    while low < high {
      let middle = (low + high) / 2
      if times[middle] < time { low = middle + 1 } else { high = middle }
    }
    return low < times.count && times[low] == time ? values[low] : nil
  }

  /// One number of all values; nil where there are none.
  func reduced(_ reduction: MetricReduction) -> Double? { reduction.value(values[...]) }

  /// At each time that any of them has, one number of the values of all.
  static func reduced(_ all: [MetricSeries], _ reduction: MetricReduction) -> MetricSeries {
    var byTime: [Int64: [Double]] = [:]
    for series in all { for (time, value) in zip(series.times, series.values) { byTime[time, default: []].append(value) } }
    var reduced = MetricSeries(label: reduction.rawValue, periodSeconds: all.map(\.periodSeconds).max() ?? 60)
    for (time, values) in byTime.sorted(by: { $0.key < $1.key }) {
      if let value = reduction.value(values[...]) { reduced.append(time, value) }
    }
    return reduced
  }
}

/// What makes one number of many.
enum MetricReduction: String, Sendable, Hashable {
  case average = "AVG"
  case minimum = "MIN"
  case maximum = "MAX"
  case sum = "SUM"
  case deviation = "STDDEV"
  case count = "DATAPOINT_COUNT"

  /// nil where there is nothing to reduce; a count is 0 then.
  func value(_ values: ArraySlice<Double>) -> Double? {
    if self == .count { return Double(values.count) }
    guard !values.isEmpty else { return nil }
    let sum = values.reduce(0, +)
    let mean = sum / Double(values.count)
    switch self {
    case .average: return mean
    case .minimum: return values.min()
    case .maximum: return values.max()
    case .sum: return sum
    case .deviation: return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    case .count: return Double(values.count)
    }
  }
}
