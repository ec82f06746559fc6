// SPDX-License-Identifier: Apache-2.0
internal import CoreMetrics
internal import Synchronization

/// What the exporter reads of an instrument.
enum MetricValue: Sendable {
  /// A sum that only grows.
  case sum(Double)
  case integerSum(Int64)
  case gauge(Double)
  case histogram(HistogramValue)
}

/// A histogram: `counts` has one more than `bounds`, bucket b holding values up to and with `bounds[b]`.
struct HistogramValue: Sendable, Hashable {
  var bounds: [Double]
  var counts: [UInt64]
  var sum = 0.0
  var count: UInt64 = 0
  var minimum = Double.infinity
  var maximum = -Double.infinity
  /// The newest value of each bucket that was recorded inside a sampled span.
  var exemplars: [Int: Exemplar] = [:]

  struct Exemplar: Sendable, Hashable {
    var value: Double
    var unixNanoseconds: UInt64
    var context: TraceContext
  }

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = [UInt64](repeating: 0, count: bounds.count + 1)
  }

  mutating func record(_ value: Double, _ context: TraceContext?, _ now: () -> UInt64) {
    guard value.isFinite else { return }
    var bucket = 0
    while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
    counts[bucket] += 1
    count += 1
    sum += value
    minimum = min(minimum, value)
    maximum = max(maximum, value)
    if let context, context.isSampled { exemplars[bucket] = Exemplar(value: value, unixNanoseconds: now(), context: context) }
  }
}

/// One series: a name with its dimensions.
protocol Instrument: AnyObject, Sendable {
  var series: MetricSeries { get }
  /// What was recorded: since the start, or since the last read where the reader wants differences. nil where there is nothing to tell.
  func read(isDelta: Bool) -> MetricValue?
}

/// The identity of a series.
struct MetricSeries: Sendable, Hashable {
  var name: String
  var unit: String
  var dimensions: [WireField]

  /// Dimensions named `unit` and `description` are about the metric and not part of its identity.
  init(label: String, dimensions: [(String, String)], unit: String = "") {
    name = label
    self.unit = dimensions.first { $0.0 == "unit" }?.1 ?? unit
    self.dimensions = dimensions.filter { $0.0 != "unit" }.map { WireField($0.0, .string($0.1)) }.sorted { $0.name < $1.name }
  }
}
