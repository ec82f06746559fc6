// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CoreMetrics
import Logging
import Testing
import Tracing

@testable import CairnKit

/// The traced client; that its context reaches the called service, Tests/e2e/test_kit.py says.
struct ClientTests {
  @Test(arguments: [
    ("https://user:hush@shop.example/a?token=hush&n=1", "https://REDACTED:REDACTED@shop.example/a?token=REDACTED&n=1"),
    ("http://shop.example/a?X-Amz-Signature=hush", "http://shop.example/a?X-Amz-Signature=REDACTED"), ("http://shop.example", "http://shop.example/"),
    ("http://[::1]:8080/a?sig=", "http://[::1]:8080/a?sig=REDACTED"), ("/a?token=hush", "/a?token=REDACTED"), ("", "/"), ("?&&=", "/?="), ("http://@/?token", "http://REDACTED:REDACTED@/?token=REDACTED"),
    ("https://shop.example/a?n=1#access_token=hush", "https://shop.example/a?n=1"), ("http://shop.example#/a?b", "http://shop.example/"),
    ("/a?t%6fken=hush&pass%77ord=hush&n%61=1", "/a?t%6fken=REDACTED&pass%77ord=REDACTED&n%61=1"), ("/a?pass%zzword=hush&%ff=hush", "/a?pass%zzword=REDACTED&%ff=REDACTED"),
  ]) func secretsOfAURLAreNotWrittenDown(url: String, written: String) {
    #expect(TracedHTTPClient.redacted(url, parameters: ["token", "sig", "X-Amz-Signature"]) == written)
  }

  @Test func aCallThatFailsIsAnErrorOfItsSpan() async throws {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory)
    // Nobody listens at port 9.
    await #expect(throws: (any Error).self) {
      try await TracedHTTPClient(HTTPClient.shared, kit: kit).execute(HTTPClientRequest(url: "http://127.0.0.1:9/x?token=hush"), timeoutSeconds: 2, resendCount: 1)
    }
    let span = try #require(memory.spans.first)
    #expect(span.name == "GET" && span.kind == .client && span.status?.code == .error)
    #expect(span.attributes.get("url.full") == .string("http://127.0.0.1:9/x?token=REDACTED") && span.attributes.get("server.port") == .int64(9))
    #expect(span.attributes.get("http.request.resend_count") == .int64(1) && span.events.first?.name == "exception")
    #expect(kit.metrics.instruments.first?.series.name == "http.client.request.duration" && kit.metrics.instruments.first?.series.unit == "s")
  }

  @Test func aTestSeesErrorsOfLinesAndMetrics() throws {
    let memory = InMemoryExporter()
    let kit = Kit.testing(memory)
    Logger(label: "shop") { kit.logHandler(label: $0) }.error("it broke", error: CancellationError())
    #expect(memory.logs.map(\.errorType) == ["Swift.CancellationError"] && memory.logs.first?.errorMessage?.isEmpty == false)
    kit.metrics.makeCounter(label: "orders", dimensions: [("shop", "a")]).increment(by: 3)
    kit.metrics.makeTimer(label: "checkout.duration", dimensions: []).recordNanoseconds(2_000_000_000)
    let orders = try #require(memory.metrics.first { $0.name == "orders" }), duration = try #require(memory.metrics.first { $0.name == "checkout.duration" })
    #expect(orders.value == 3 && orders.count == 0 && orders.dimensions == ["shop": "a"])
    #expect(duration.value == 2 && duration.count == 1 && duration.unit == "s")
  }

  @Test func theConsoleShowsSpansLinesAndMetrics() throws {
    let said = Told()
    let console = ConsoleExporter(write: said.warn)
    let tracer = KitTracer(core: TracerCore(sampler: AlwaysOnSampler(), limits: RecordLimits(), propagators: [], sinks: [console]))
    let span = tracer.startSpan("checkout")
    span.attributes["n"] = 3
    span.end()
    let core = LogCore(level: .info, limits: RecordLimits(), sinks: [console])
    KitLogHandler(label: "shop", core: core, metadataProvider: nil)
      .log(event: .init(level: .warning, message: "slow", metadata: ["ms": "12"], source: nil, file: "Shop/Cart.swift", function: "f()", line: 3))
    console.accept(
      MetricReading(series: MetricSeries(label: "requests", dimensions: [("route", "/")]), value: .integerSum(2), startUnixNanoseconds: 1, unixNanoseconds: 2, isDelta: false))
    KitLogHandler(label: "shop", core: core, metadataProvider: nil)
      .log(event: .init(level: .error, message: "two\nlines", error: CancellationError(), metadata: nil, source: nil, file: "f", function: "f", line: 1))
    let last = try #require(said.texts.last)
    #expect(said.texts.count == 4 && last.contains("ERROR shop: two\\nlines") && last.contains("exception.type=Swift.CancellationError"), "\(last)")
    #expect(said.texts[0].hasPrefix("span  \(span.traceContext?.traceID ?? "-")") && said.texts[0].hasSuffix("checkout  n=3"))
    #expect(said.texts[1].contains("WARN shop: slow") && said.texts[1].hasSuffix("ms=12"))
    #expect(said.texts[2] == "metric requests 2  route=/")
  }
}
