// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnKitHummingbird
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing
import Tracing

@testable import CairnKit

/// What Rollbar gets of requests, sampled and not.
struct RequestErrorTests {
  private final class Rollbar: HTTPTransport {
    private let kept = Mutex<[OutgoingRequest]>([])
    var items: [JSONValue] {
      get throws { try kept.withLock { $0 }.compactMap { try JSONValue(parsing: Array($0.body.readableBytesView))["data"] } }
    }

    func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
      kept.withLock { $0.append(request) }
      return IncomingResponse(status: 200)
    }

    func close() async {}
  }

  @Test(arguments: [["OTEL_TRACES_SAMPLER": "always_off"], ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"], [:]])
  func anErrorHasItsRequestWhetherOrNotItIsSampled(variables: [String: String]) async throws {
    let rollbar = Rollbar()
    var all = ["OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "ROLLBAR_ACCESS_TOKEN": "token"]
    all.merge(variables) { $1 }
    let kit = Kit(try KitSettings.fromEnvironment(all), transports: Transports(rollbar), clock: ContinuousClock())
    let router = Router()
    router.add(middleware: InstrumentationMiddleware(kit))
    router.get("/broken/:user") { _, context -> String in
      try await kit.tracer.with(.userID, try context.parameters.require("user")) {
        try kit.tracer.withSpan("work") { _ in throw Broken() }
      }
    }
    // Nobody hears of it here, and the request goes well.
    router.get("/mended") { _, _ -> String in
      try? kit.tracer.withSpan("GET", ofKind: .client) { _ in throw Broken() }
      return "well"
    }
    try await Application(router: router).test(.router) { client in
      let headers: HTTPFields = [.userAgent: "curl/8"]
      try await client.execute(uri: "/broken/u1?token=hush&n=1", method: .get, headers: headers) { #expect($0.status == .internalServerError) }
      try await client.execute(uri: "/mended", method: .get) { #expect($0.status == .ok) }
    }
    await kit.rollbar?.sendReady()
    let items = try rollbar.items
    try #require(items.count == 2)
    #expect(items[0]["request"]?["url"]?.string?.hasSuffix("/broken/u1") == true && items[0]["request"]?["method"] == .string("GET"))
    #expect(items[0]["request"]?["query_string"]?.string?.hasSuffix("&n=1") == true && items[0]["request"]?["query_string"]?.string?.contains("hush") == false)
    #expect(items[0]["request"]?["headers"]?["User-Agent"] == .string("curl/8"))
    #expect(items[0]["context"] == .string("GET /broken/{user}") && items[0]["person"]?["id"] == .string("u1"))
    #expect(items[1]["context"] == .string("GET /mended"))
    for item in items { #expect(item["body"]?["trace_chain"]?.array?.first?["exception"]?["class"] == .string("CairnKitHummingbirdTests.Broken")) }
  }
}
