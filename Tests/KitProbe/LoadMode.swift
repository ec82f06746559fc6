// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnKit
import Logging
import Tracing

/// Spans and lines at a rate, and what they cost the program while the exporters do whatever they do.
enum LoadMode {
  static func run(rate: Int, seconds: Double) async throws {
    let kit = try Kit.bootstrap()
    let service = Task { try await kit.run() }
    let log = Logger(label: "load")
    let clock = ContinuousClock()
    let start = clock.now
    let perTick = max(1, rate / 100)
    var costs: [Int64] = []
    // So many operations, however long a busy machine takes for them.
    let count = Int(Double(rate) * seconds)
    costs.reserveCapacity(count + perTick)
    var residentAfterStart = 0, tick = 0
    while costs.count < count {
      for number in 0..<perTick {
        let begun = clock.now
        operation(kit, log, number)
        costs.append((clock.now - begun).nanosecondCount)
      }
      tick += 1
      if tick == 50 { residentAfterStart = Probe.residentByteCount() }
      try await clock.sleep(until: start + .milliseconds(10 * tick))
    }
    let residentAtEnd = Probe.residentByteCount()
    let stopping = clock.now
    service.cancel()
    _ = await service.result
    let stopped = clock.now - stopping
    costs.sort()
    Probe.say { writer in
      writer.member("operations", costs.count)
      writer.member("mean_ns", Double(costs.reduce(0, +)) / Double(max(1, costs.count)))
      writer.member("p50_ns", Int(percentile(costs, 50)))
      writer.member("p99_ns", Int(percentile(costs, 99)))
      writer.member("resident_early", residentAfterStart)
      writer.member("resident_late", residentAtEnd)
      writer.member("lost", counts: kit.lostCounts)
      writer.member("stop_ms", Int(stopped.nanosecondCount / 1_000_000))
    }
  }

  private static func operation(_ kit: Kit, _ log: Logger, _ number: Int) {
    kit.tracer.withSpan("load", ofKind: .server) { span in
      span.attributes["http.request.method"] = "GET"
      span.attributes["url.path"] = "/load"
      span.attributes["http.response.status_code"] = 200
      span.attributes["user.id"] = "user"
      span.attributes["number"] = number
      log.info("load line", metadata: ["number": .stringConvertible(number)])
    }
  }

  private static func percentile(_ sorted: [Int64], _ percent: Int) -> Int64 {
    sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, sorted.count * percent / 100)]
  }
}

extension Duration {
  var nanosecondCount: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }
}
