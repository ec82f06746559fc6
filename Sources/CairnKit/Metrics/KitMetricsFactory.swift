// SPDX-License-Identifier: Apache-2.0
public import CoreMetrics
internal import Synchronization

/// swift-metrics' way into the kit. Series are kept until they are destroyed; the same label with the same dimensions is one series.
///
/// At most `seriesCountMax` series: values of a further one go into its name's series `otel.metric.overflow`, each time that it is asked
/// for is counted as a loss, and the log says so once. Names beyond `overflowCountMax` of those go nowhere.
public final class KitMetricsFactory: MetricsFactory {
  /// Bounds for timers, in seconds: the semantic conventions' for durations of HTTP requests.
  static let secondBounds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
  /// OpenTelemetry's default bounds.
  static let valueBounds: [Double] = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]
  static let seriesCountMax = 10_000
  static let overflowCountMax = 1_000

  private let registry = Mutex(Registry())
  private let warn: @Sendable (String) -> Void
  private let aggregation: HistogramAggregation
  private let filter: ExemplarFilter
  private let loss: Loss

  private struct Registry {
    var instruments: [Key: any Instrument] = [:]
    var overflowing: [Key: any Instrument] = [:]
  }

  private struct Key: Hashable {
    var series: MetricSeries
    var kind: Kind
  }

  private enum Kind: Hashable {
    case counter
    case floatingPointCounter
    case meter
    case gauge
    case recorder
    case timer
    case observed
  }

  init(aggregation: HistogramAggregation = .explicit, filter: ExemplarFilter = .traceBased, loss: Loss = Loss(name: "metric series"),
    warn: @escaping @Sendable (String) -> Void
  ) {
    self.aggregation = aggregation
    self.filter = filter
    self.loss = loss
    self.warn = warn
  }

  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    instrument(.counter, MetricSeries(label: label, dimensions: dimensions)) { KitCounter(series: $0) }
  }

  public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
    instrument(.floatingPointCounter, MetricSeries(label: label, dimensions: dimensions)) { KitFloatingPointCounter(series: $0) }
  }

  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    instrument(.meter, MetricSeries(label: label, dimensions: dimensions)) { KitMeter(series: $0) }
  }

  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    let series = MetricSeries(label: label, dimensions: dimensions)
    guard aggregate else { return instrument(.gauge, series) { KitMeter(series: $0) } }
    return instrument(.recorder, series) { KitHistogram(series: $0, empty(Self.valueBounds)) }
  }

  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    instrument(.timer, MetricSeries(label: label, dimensions: dimensions, unit: "s")) { KitHistogram(series: $0, empty(Self.secondBounds)) }
  }

  /// A histogram for a middleware, which knows the span of what it measures; in seconds (`s`) with the bounds of durations.
  package func spanHistogram(label: String, unit: String, dimensions: [(String, String)]) -> SpanHistogram {
    let series = MetricSeries(label: label, dimensions: dimensions, unit: unit)
    let isDuration = unit == "s"
    let histogram = instrument(isDuration ? .timer : .recorder, series) { KitHistogram(series: $0, empty(isDuration ? Self.secondBounds : Self.valueBounds)) }
    return SpanHistogram(histogram: histogram)
  }

  private func empty(_ bounds: [Double]) -> HistogramValue { HistogramValue(bounds: bounds, aggregation: aggregation, filter: filter) }

  /// A series whose value is asked for when metrics are read.
  func observe(
    _ label: String, unit: String, dimensions: [(String, String)] = [], isCounter: Bool = false, _ value: @escaping @Sendable () -> Double?
  ) {
    let series = MetricSeries(label: label, dimensions: dimensions, unit: unit)
    _ = instrument(.observed, series) { ObservedInstrument(series: $0, isCounter: isCounter, value: value) }
  }

  public func destroyCounter(_ handler: any CounterHandler) { forget(handler as? any Instrument) }
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler as? any Instrument) }
  public func destroyMeter(_ handler: any MeterHandler) { forget(handler as? any Instrument) }
  public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler as? any Instrument) }
  public func destroyTimer(_ handler: any TimerHandler) { forget(handler as? any Instrument) }

  /// All instruments by name and dimensions.
  var instruments: [any Instrument] {
    registry.withLock { Array($0.instruments.values) + Array($0.overflowing.values) }.sorted { left, right in
      left.series.name == right.series.name
        ? left.series.dimensions.map(\.value.text).lexicographicallyPrecedes(right.series.dimensions.map(\.value.text))
        : left.series.name < right.series.name
    }
  }

  private func instrument<Made: Instrument>(_ kind: Kind, _ series: MetricSeries, _ make: (MetricSeries) -> Made) -> Made {
    let key = Key(series: series, kind: kind)
    let made = registry.withLock { registry -> Made? in
      if let known = registry.instruments[key] as? Made { return known }
      guard registry.instruments.count < Self.seriesCountMax else { return nil }
      let made = make(series)
      registry.instruments[key] = made
      return made
    }
    return made ?? overflowing(Key(series: series.overflowing, kind: kind), make)
  }

  private func overflowing<Made: Instrument>(_ key: Key, _ make: (MetricSeries) -> Made) -> Made {
    if loss.add(1) == 1 { warn("metrics: more than \(Self.seriesCountMax) series; further ones are told as otel.metric.overflow of their name, and counted") }
    return registry.withLock { registry in
      if let known = registry.overflowing[key] as? Made { return known }
      let made = make(key.series)
      if registry.overflowing.count < Self.overflowCountMax { registry.overflowing[key] = made }
      return made
    }
  }

  private func forget(_ handler: (any Instrument)?) {
    guard let handler else { return }
    registry.withLock { registry in registry.instruments = registry.instruments.filter { $0.value !== handler } }
  }
}

/// A histogram whose examples are the spans that it is told.
package struct SpanHistogram: Sendable {
  let histogram: KitHistogram

  package func record(_ value: Double, in span: KitSpan, unixNanoseconds: UInt64) {
    histogram.record(value, span.recording?.context, unixNanoseconds)
  }
}
