// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
import Synchronization
import Testing
import Tracing

@testable import CairnKit

struct MetricTests {
  private func values(_ factory: KitMetricsFactory, isDelta: Bool = false) -> [String: MetricValue] {
    Dictionary(factory.instruments.compactMap { instrument in instrument.read(isDelta: isDelta).map { (instrument.series.name, $0) } }) { $1 }
  }

  @Test func aSampledSpanIsTheExampleOfItsBucket() throws {
    let factory = KitMetricsFactory { _ in }
    let tracer = Kit.testing(InMemoryExporter()).tracer
    let timer = factory.makeTimer(label: "http.server.request.duration", dimensions: [])
    let trace = tracer.withSpan("GET /") { span in
      timer.recordNanoseconds(20_000_000)
      return span.traceContext?.traceID
    }
    guard case .histogram(let value)? = values(factory)["http.server.request.duration"] else {
      Issue.record("no histogram")
      return
    }
    let example = try #require(value.exemplars.values.first)
    #expect(example.context?.traceID == trace && example.value == 0.02)
    #expect(value.bounds == KitMetricsFactory.secondBounds)
  }

  @Test func unitsComeFromTheKindOrFromADimension() {
    let factory = KitMetricsFactory { _ in }
    _ = factory.makeTimer(label: "a", dimensions: [])
    _ = factory.makeCounter(label: "b", dimensions: [("unit", "{request}"), ("route", "/")])
    #expect(factory.instruments.map(\.series.unit) == ["s", "{request}"])
    #expect(factory.instruments.last?.series.dimensions == [WireField("route", .string("/"))])
  }

  @Test func theProcessTellsOfItself() throws {
    let factory = KitMetricsFactory { _ in }
    let losses = LossCounter()
    let runtime = RuntimeMetrics(factory: factory, losses: losses)
    losses.loss("otlp traces").add(3)
    let found = values(factory)
    for name in ["process.cpu.time", "process.memory.usage", "process.thread.count", "process.unix.file_descriptor.count", "process.uptime"] {
      switch found[name] {
      case .gauge(let value)?: #expect(value > 0, "\(name)")
      case .sum(let value)?: #expect(value >= 0, "\(name)")
      default: Issue.record("\(name) is not there")
      }
    }
    guard case .sum(3)? = found["cairn.kit.lost"] else {
      Issue.record("the losses are not told")
      return
    }
    runtime.close()
  }

  @Test func aCounterThatIsResetBeginsAnew() async throws {
    let factory = KitMetricsFactory { _ in }
    let whole = try #require(factory.makeCounter(label: "whole", dimensions: []) as? KitCounter)
    let fractions = try #require(factory.makeFloatingPointCounter(label: "fraction", dimensions: []) as? KitFloatingPointCounter)
    whole.increment(by: 5)
    fractions.increment(by: 5)
    _ = values(factory, isDelta: true)
    let before = DefaultTracerClock.now.nanosecondsSinceEpoch
    whole.reset()
    fractions.reset()
    guard case .integerSum(0)? = values(factory, isDelta: true)["whole"], case .sum(0)? = values(factory, isDelta: true)["fraction"] else {
      Issue.record("what was reset is told as a difference")
      return
    }
    whole.increment(by: 2)
    guard case .integerSum(2)? = values(factory, isDelta: true)["whole"] else {
      Issue.record("what came after is not told")
      return
    }
    // A sum that became smaller has a new start.
    #expect(whole.resetUnixNanoseconds >= before && fractions.resetUnixNanoseconds >= before)
    let told = Mutex<[MetricReading]>([])
    let reader = MetricReader(factory: factory, interval: .seconds(1), temporality: .cumulative) { readings in told.withLock { $0 = readings } }
    whole.reset()
    await reader.drain()
    #expect(told.withLock { $0 }.first { $0.series.name == "whole" }?.startUnixNanoseconds == whole.resetUnixNanoseconds)
  }

  @Test func whatDoesNotFitIsToldWithoutItsDimensions() throws {
    let told = Told(), losses = LossCounter()
    let factory = KitMetricsFactory(loss: losses.loss("metric series"), warn: told.warn)
    for number in 0..<KitMetricsFactory.seriesCountMax { _ = factory.makeCounter(label: "known", dimensions: [("n", "\(number)")]) }
    for number in 0..<3 {
      factory.makeCounter(label: "requests", dimensions: [("path", "/\(number)")]).increment(by: 2)
      factory.makeTimer(label: "duration", dimensions: [("path", "/\(number)")]).recordNanoseconds(1_000_000)
    }
    factory.makeCounter(label: "known", dimensions: [("n", "7")]).increment(by: 1)
    let overflow = factory.instruments.filter { $0.series.dimensions == [WireField("otel.metric.overflow", .boolean(true))] }
    try #require(overflow.map(\.series.name) == ["duration", "requests"])
    guard case .histogram(let durations)? = overflow[0].read(isDelta: false), case .integerSum(6)? = overflow[1].read(isDelta: false) else {
      Issue.record("values are missing")
      return
    }
    #expect(durations.count == 3 && overflow[0].series.unit == "s")
    #expect(losses.counts == ["metric series": 6] && told.texts.count == 1)
    // Whoever has one of them destroys it for nobody else.
    factory.destroyCounter(factory.makeCounter(label: "requests", dimensions: [("path", "/x")]))
    factory.makeCounter(label: "requests", dimensions: [("path", "/y")]).increment(by: 1)
    guard case .integerSum(7)? = overflow[1].read(isDelta: false) else {
      Issue.record("the series is gone")
      return
    }
    for number in 0..<2 * KitMetricsFactory.overflowCountMax { factory.makeCounter(label: "name \(number)", dimensions: []).increment(by: 1) }
    #expect(factory.instruments.count <= KitMetricsFactory.seriesCountMax + KitMetricsFactory.overflowCountMax)
  }

  @Test func differencesAreToldOnce() {
    let factory = KitMetricsFactory { _ in }
    factory.observe("seconds", unit: "s", isCounter: true) { 5 }
    guard case .sum(5)? = values(factory, isDelta: true)["seconds"], case .sum(0)? = values(factory, isDelta: true)["seconds"] else {
      Issue.record("the difference is wrong")
      return
    }
  }
}
