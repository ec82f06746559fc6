// SPDX-License-Identifier: Apache-2.0
import Foundation
import Hummingbird
import Logging
import OTel
import ServiceLifecycle
import Tracing

/// `kit-probe serve` with swift-otel and Hummingbird's own middleware: the same request, spans and lines. Configured by the environment;
/// PROBE_BARE=1 leaves the library out. Says its port as a line of JSON, and at the end that it has no losses to tell of.
@main
enum SwiftOTelProbe {
  static func main() async throws {
    let isBare = Environment().get("PROBE_BARE") != nil
    let observability: [any Service] = isBare ? [] : [try OTel.bootstrap()]
    let router = Router()
    let feed = try Feed()
    if isBare {
      router.get("/feed") { _, _ in try await feed.home() }
    } else {
      router.add(middleware: TracingMiddleware())
      router.add(middleware: MetricsMiddleware())
      router.add(middleware: LogRequestsMiddleware(.info))
      let log = Logger(label: "feed")
      router.get("/feed") { _, _ in try await feed.home(log, user: "andrew") }
    }
    var logger = Logger(label: "server")
    logger.logLevel = isBare ? .error : .info
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)), services: observability,
      onServerRunning: { channel in say("{\"port\":\(channel.localAddress?.port ?? 0)}") }, logger: logger)
    try await app.runService()
    say("{\"lost\":{}}")
  }

  private static func say(_ line: String) {
    print(line)
    fflush(nil)
  }
}
