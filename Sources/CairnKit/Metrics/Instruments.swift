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

/// A histogram: `counts` has one more than `bounds`, bucket b holding values up to and with `bounds[b]`; or exponential buckets alone.
struct HistogramValue: Sendable, Hashable {
  var bounds: [Double]
  var counts: [UInt64]
  /// Set where bounds follow the values; `bounds` and `counts` are empty then.
  var exponential: ExponentialBuckets?
  let filter: ExemplarFilter
  var sum = 0.0
  var count: UInt64 = 0
  var minimum = Double.infinity
  var maximum = -Double.infinity
  /// The newest value of each bucket that the filter lets through; with exponential buckets the newest few.
  var exemplars: [Int: Exemplar] = [:]
  private static let exemplarCountMax: UInt64 = 20

  struct Exemplar: Sendable, Hashable {
    var value: Double
    var unixNanoseconds: UInt64
    /// nil where no span was there.
    var context: TraceContext?
  }

  init(bounds: [Double], aggregation: HistogramAggregation = .explicit, filter: ExemplarFilter = .traceBased) {
    self.filter = filter
    let isExplicit = aggregation == .explicit
    self.bounds = isExplicit ? bounds : []
    counts = isExplicit ? [UInt64](repeating: 0, count: bounds.count + 1) : []
    exponential = isExplicit ? nil : ExponentialBuckets()
  }

  /// The same without its values.
  var emptied: HistogramValue { HistogramValue(bounds: bounds, aggregation: exponential == nil ? .explicit : .exponential, filter: filter) }

  mutating func record(_ value: Double, _ context: TraceContext?, _ now: () -> UInt64) {
    guard value.isFinite else { return }
    var bucket = 0
    if exponential == nil {
      while bucket < bounds.count, value > bounds[bucket] { bucket += 1 }
      counts[bucket] += 1
    } else {
      exponential?.record(value)
      bucket = Int(count % Self.exemplarCountMax)
    }
    count += 1
    sum += value
    minimum = min(minimum, value)
    maximum = max(maximum, value)
    if isExample(context) { exemplars[bucket] = Exemplar(value: value, unixNanoseconds: now(), context: context) }
  }

  private func isExample(_ context: TraceContext?) -> Bool {
    switch filter {
    case .traceBased: context?.isSampled ?? false
    case .alwaysOn: true
    case .alwaysOff: false
    }
  }
}

/// One series: a name with its dimensions.
protocol Instrument: AnyObject, Sendable {
  var series: MetricSeries { get }
  /// What was recorded: since the start, or since the last read where the reader wants differences. nil where there is nothing to tell.
  func read(isDelta: Bool) -> MetricValue?
  /// True if somebody else keeps its value, and it is only asked for.
  var isObserved: Bool { get }
  /// When its value began anew; 0 if it never did.
  var resetUnixNanoseconds: UInt64 { get }
}

extension Instrument {
  var isObserved: Bool { false }
  var resetUnixNanoseconds: UInt64 { 0 }
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

  /// Where values go whose own series does not fit any more, as OpenTelemetry has it: one for each name.
  var overflowing: MetricSeries {
    var series = self
    series.dimensions = [WireField("otel.metric.overflow", .boolean(true))]
    return series
  }
}
