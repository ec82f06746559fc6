// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import Tracing

/// Reads all instruments at an interval and hands the readings on; the last time when the kit stops.
final class MetricReader: KitWorker {
  private let factory: KitMetricsFactory
  private let interval: Duration
  private let temporality: Temporality
  private let export: @Sendable ([MetricReading]) async -> Void
  private let lastUnixNanoseconds: Mutex<UInt64>
  private let startUnixNanoseconds: UInt64
  private let closing = Gate()

  init(factory: KitMetricsFactory, interval: Duration, temporality: Temporality, export: @escaping @Sendable ([MetricReading]) async -> Void) {
    self.factory = factory
    self.interval = interval
    self.temporality = temporality
    self.export = export
    startUnixNanoseconds = DefaultTracerClock.now.nanosecondsSinceEpoch
    lastUnixNanoseconds = Mutex(startUnixNanoseconds)
  }

  func run(_ clock: any Clock<Duration>) async {
    while !Task.isCancelled {
      await closing.sleep(for: interval, clock)
      await drain()
      if closing.isOpen { return }
    }
  }

  func drain() async {
    let readings = read()
    if !readings.isEmpty { await export(readings) }
  }

  func close() { closing.open() }

  private func read() -> [MetricReading] {
    let now = DefaultTracerClock.now.nanosecondsSinceEpoch
    let before = lastUnixNanoseconds.withLock { last in
      defer { last = now }
      return last
    }
    return factory.instruments.compactMap { instrument in
      let isDelta = isDelta(instrument)
      return instrument.read(isDelta: isDelta).map {
        MetricReading(
          series: instrument.series, value: $0,
          startUnixNanoseconds: max(isDelta ? before : startUnixNanoseconds, min(instrument.resetUnixNanoseconds, now)), unixNanoseconds: now, isDelta: isDelta)
      }
    }
  }

  private func isDelta(_ instrument: any Instrument) -> Bool {
    switch temporality {
    case .cumulative: false
    case .delta: true
    case .lowmemory: !instrument.isObserved
    }
  }
}
