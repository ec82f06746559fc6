// SPDX-License-Identifier: Apache-2.0
import CoreMetrics
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

  @Test func differencesAreToldOnce() {
    let factory = KitMetricsFactory { _ in }
    factory.observe("seconds", unit: "s", isCounter: true) { 5 }
    guard case .sum(5)? = values(factory, isDelta: true)["seconds"], case .sum(0)? = values(factory, isDelta: true)["seconds"] else {
      Issue.record("the difference is wrong")
      return
    }
  }
}
