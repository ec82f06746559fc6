// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
internal import Tracing

/// Reads all instruments at an interval and hands the readings on; the last time when the kit stops.
final class MetricReader: KitWorker {
  private let factory: KitMetricsFactory
  private let interval: Duration
  private let isDelta: Bool
  private let export: @Sendable ([MetricReading]) async -> Void
  private let lastUnixNanoseconds: Mutex<UInt64>
  private let startUnixNanoseconds: UInt64
  private let closing = Gate()

  init(factory: KitMetricsFactory, interval: Duration, isDelta: Bool, export: @escaping @Sendable ([MetricReading]) async -> Void) {
    self.factory = factory
    self.interval = interval
    self.isDelta = isDelta
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
    let start = lastUnixNanoseconds.withLock { last in
      defer { last = now }
      return isDelta ? last : startUnixNanoseconds
    }
    return factory.instruments.compactMap { instrument in
      instrument.read(isDelta: isDelta).map {
        MetricReading(series: instrument.series, value: $0, startUnixNanoseconds: start, unixNanoseconds: now, isDelta: isDelta)
      }
    }
  }
}
