// SPDX-License-Identifier: Apache-2.0
internal import CoreMetrics
internal import Synchronization
internal import Tracing

/// swift-metrics' counter.
final class KitCounter: CounterHandler, Instrument {
  let series: MetricSeries
  private let total = Atomic<Int64>(0)
  private let reported = Atomic<Int64>(0)

  init(series: MetricSeries) { self.series = series }

  private let resetAt = Atomic<UInt64>(0)
  var resetUnixNanoseconds: UInt64 { resetAt.load(ordering: .relaxed) }

  func increment(by amount: Int64) { total.wrappingAdd(amount, ordering: .relaxed) }

  func reset() {
    resetAt.store(DefaultTracerClock.now.nanosecondsSinceEpoch, ordering: .relaxed)
    total.store(0, ordering: .relaxed)
    reported.store(0, ordering: .relaxed)
  }

  func read(isDelta: Bool) -> MetricValue? {
    let now = total.load(ordering: .relaxed)
    let before = reported.exchange(now, ordering: .relaxed)
    // A reset at the same time may leave what was reported before it.
    return .integerSum(isDelta ? max(0, now &- before) : now)
  }
}

/// swift-metrics' counter of fractions.
final class KitFloatingPointCounter: FloatingPointCounterHandler, Instrument {
  let series: MetricSeries
  private let state = Mutex((total: 0.0, reported: 0.0, resetUnixNanoseconds: UInt64(0)))
  var resetUnixNanoseconds: UInt64 { state.withLock(\.resetUnixNanoseconds) }

  init(series: MetricSeries) { self.series = series }

  func increment(by amount: Double) {
    guard amount.isFinite else { return }
    state.withLock { $0.total += amount }
  }

  func reset() { state.withLock { $0 = (0, 0, DefaultTracerClock.now.nanosecondsSinceEpoch) } }

  func read(isDelta: Bool) -> MetricValue? {
    state.withLock { state in
      defer { state.reported = state.total }
      return .sum(isDelta ? state.total - state.reported : state.total)
    }
  }
}

/// swift-metrics' meter, and its recorder without aggregation: the last value counts.
final class KitMeter: MeterHandler, RecorderHandler, Instrument {
  let series: MetricSeries
  private let value = Mutex<Double?>(nil)

  init(series: MetricSeries) { self.series = series }

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLock { $0 = value } }
  func increment(by amount: Double) { value.withLock { $0 = ($0 ?? 0) + amount } }
  func decrement(by amount: Double) { increment(by: -amount) }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }

  func read(isDelta: Bool) -> MetricValue? { value.withLock { $0.map { .gauge($0) } } }
}

/// swift-metrics' recorder and timer: a histogram. Timers tell seconds.
final class KitHistogram: RecorderHandler, TimerHandler, Instrument {
  let series: MetricSeries
  private let state: Mutex<HistogramValue>

  init(series: MetricSeries, _ empty: HistogramValue) {
    self.series = series
    state = Mutex(empty)
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let context = InstrumentationContext.current?.traceContext
    state.withLock { $0.record(value, context) { DefaultTracerClock.now.nanosecondsSinceEpoch } }
  }

  func record(_ value: Double, _ context: TraceContext?, _ unixNanoseconds: UInt64) {
    state.withLock { $0.record(value, context) { unixNanoseconds } }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func read(isDelta: Bool) -> MetricValue? {
    state.withLock { state in
      guard state.count > 0 else { return nil }
      let value = state
      if isDelta { state = state.emptied } else { state.exemplars = [:] }
      return .histogram(value)
    }
  }
}

/// A value that somebody else keeps: a sum that only grows, or a level.
final class ObservedInstrument: Instrument {
  let series: MetricSeries
  var isObserved: Bool { true }
  private let isCounter: Bool
  private let value: @Sendable () -> Double?
  private let reported = Mutex(0.0)

  init(series: MetricSeries, isCounter: Bool, value: @escaping @Sendable () -> Double?) {
    self.series = series
    self.isCounter = isCounter
    self.value = value
  }

  func read(isDelta: Bool) -> MetricValue? {
    guard let now = value() else { return nil }
    guard isCounter else { return .gauge(now) }
    return reported.withLock { reported in
      defer { reported = now }
      return .sum(isDelta ? now - reported : now)
    }
  }
}
