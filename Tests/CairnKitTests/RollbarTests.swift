// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import Logging
import Testing
import Tracing

@testable import CairnKit

/// A program that tells Rollbar of its errors, and what Rollbar got.
struct RollbarProgram {
  let kit: Kit
  let transport = FakeTransport(.success(IncomingResponse(status: 200)))
  var tracer: KitTracer { kit.tracer }
  var log: Logger { Logger(label: "shop") { kit.logHandler(label: $0) } }
  var exporter: RollbarExporter? { kit.rollbar }

  init(_ variables: [String: String] = [:]) throws {
    var all = ["OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "ROLLBAR_ACCESS_TOKEN": "token"]
    all.merge(variables) { $1 }
    kit = Kit(try KitSettings.fromEnvironment(all), transports: Transports(transport), clock: ContinuousClock())
  }

  /// What was sent by now, without waiting for what waits for its request's end.
  func sent() async throws -> [JSONValue] {
    await exporter?.sendReady()
    return try transport.requests.compactMap { try JSONValue(parsing: $0.bodyBytes)["data"] }
  }
}

extension JSONValue {
  /// Of an item.
  fileprivate var errorType: String? { self["body"]?["trace_chain"]?.array?.first?["exception"]?["class"]?.string }
}

private struct NoStock: Error {}

struct RollbarTests {
  private static let unsampledParent = ["traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"]

  private struct Headers: Extractor {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
  }

  @Test func anErrorThatIsRecordedAndLoggedIsOneItem() async throws {
    let program = try RollbarProgram()
    program.log.info("before")
    try? program.tracer.withSpan("POST /cart", ofKind: .server) { _ in
      let error = ShopError(reason: "no stock")
      program.log.error("failed", error: error)
      throw error
    }
    let items = try await program.sent()
    try #require(items.count == 1)
    #expect(items[0].errorType == "CairnKitTests.ShopError" && items[0]["language"] == .string("swift") && items[0]["context"] == .string("POST /cart"))
    #expect(items[0]["body"]?["telemetry"]?.array?.count == 1)
    #expect(program.transport.requests[0].url == "https://api.rollbar.com/api/1/item/")
    #expect(program.transport.requests[0].headers.contains { $0.name == "x-rollbar-access-token" && $0.value == "token" })
  }

  @Test func anItemHasTheRequestItHappenedInAndNotTheOneThatWentOut() async throws {
    let program = try RollbarProgram()
    try? program.tracer.withSpan("POST /cart", ofKind: .server) { request in
      request.attributes["user.id"] = "u1"
      request.attributes["http.request.method"] = "POST"
      request.attributes["url.path"] = "/cart"
      try program.tracer.withSpan("pay") { _ in
        try program.tracer.withSpan("GET", ofKind: .client) { call in
          call.attributes["http.request.method"] = "GET"
          call.attributes["url.full"] = "https://bank.example/pay"
          call.attributes["api_token"] = "hush"
          defer { call.attributes["http.response.status_code"] = 503 }
          throw ShopError(reason: "x")
        }
      }
    }
    let items = try await program.sent()
    try #require(items.count == 1)
    #expect(items[0]["request"]?["url"] == .string("http://localhost/cart") && items[0]["request"]?["method"] == .string("POST"))
    #expect(items[0]["person"]?["id"] == .string("u1") && items[0]["context"] == .string("POST /cart"))
    // Of the span in which it happened, as it was at its end.
    #expect(items[0]["custom"]?["url.full"] == .string("https://bank.example/pay") && items[0]["custom"]?["http.response.status_code"] == .integer(503))
    #expect(items[0]["custom"]?["api_token"] == .string("********"))
  }

  @Test func aRequestBelowASpanOfTheProgramIsARequestOfItsOwn() async throws {
    let program = try RollbarProgram()
    try await program.tracer.withSpan("main") { _ in
      for path in ["/one", "/two"] {
        try? program.tracer.withSpan("GET \(path)", ofKind: .server) { request in
          request.attributes["http.request.method"] = "GET"
          request.attributes["url.path"] = path
          try program.tracer.withSpan("work") { _ in throw ShopError(reason: path) }
        }
      }
      let items = try await program.sent()
      #expect(items.map { $0["request"]?["url"] } == [.string("http://localhost/one"), .string("http://localhost/two")])
    }
  }

  @Test func anErrorOfAJobHasNoRequest() async throws {
    let program = try RollbarProgram()
    try? program.tracer.withSpan("nightly") { job in
      job.attributes["http.request.method"] = "GET"
      try program.tracer.withSpan("GET", ofKind: .client) { call in
        call.attributes["http.request.method"] = "GET"
        throw ShopError(reason: "x")
      }
    }
    let items = try await program.sent()
    #expect(items.count == 1 && items[0]["request"] == nil && items[0]["context"] == .string("nightly"))
  }

  @Test(arguments: [
    ["OTEL_TRACES_SAMPLER": "always_off"], ["OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"],
    ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"], ["OTEL_TRACES_SAMPLER": "honeycomb", "OTEL_TRACES_SAMPLER_ARG": "1000000"],
    ["OTEL_TRACES_SAMPLER": "tail", "OTEL_TRACES_SAMPLER_ARG": "0"],
  ])
  func whatIsNotSampledTellsItsErrorsToo(variables: [String: String]) async throws {
    let program = try RollbarProgram(variables), tracer = program.tracer
    var ids: [String?] = []
    try? tracer.withSpan("typed", ofKind: .server) { outer in
      ids.append(outer.traceContext?.traceID)
      try tracer.withSpan("inner") { _ in throw ShopError(reason: "x") }
    }
    let any: any Tracer = tracer
    try? await any.withAnySpan("generic") { (span: any Tracing.Span) async throws in
      ids.append(span.context.traceContext?.traceID)
      throw NoStock()
    }
    tracer.withSpan("recorded") { span in
      ids.append(span.traceContext?.traceID)
      tracer.activeSpan(identifiedBy: .current ?? .topLevel)?.recordError(ShopError(reason: "y"))
      program.log.error("a line")
    }
    let items = try await program.sent()
    #expect(items.map(\.errorType) == ["CairnKitTests.ShopError", "CairnKitTests.NoStock", "CairnKitTests.ShopError", nil])
    #expect(items.map { $0["custom"]?["trace_id"]?.string } == ids + ids.suffix(1))
    for item in items.dropLast() { #expect(item["body"]?["trace_chain"]?.array?.first?["frames"]?.array?.isEmpty == false) }
  }

  @Test func whatUpstreamDidNotSampleTellsItsErrorsWithTheUser() async throws {
    let program = try RollbarProgram(), tracer = program.tracer
    var outer = ServiceContext.topLevel
    tracer.extract(Self.unsampledParent, into: &outer, using: Headers())
    outer.setUser("u1")
    try? tracer.withSpan("GET /cart", context: outer, ofKind: .server) { _ in
      try tracer.withSpan("inner") { span in
        span.recordError(ShopError(reason: "x"), attributes: ["rollbar.fingerprint": "mine", "n": 1])
        throw NoStock()
      }
    }
    let items = try await program.sent()
    #expect(items.map(\.errorType) == ["CairnKitTests.ShopError", "CairnKitTests.NoStock"])
    #expect(items.allSatisfy { $0["person"]?["id"] == .string("u1") && $0["custom"]?["trace_id"] == .string("0af7651916cd43dd8448eb211c80319c") })
    #expect(items[0]["fingerprint"] == .string("mine") && items[0]["custom"]?["n"] == .integer(1))
  }

  /// Several requests of one trace that upstream did not sample, at the same time.
  @Test func unsampledRequestsOfOneTraceAreNotMixed() async throws {
    let program = try RollbarProgram(), tracer = program.tracer
    let spans = (0..<2).map { _ in
      var outer = ServiceContext.topLevel
      tracer.extract(Self.unsampledParent, into: &outer, using: Headers())
      return tracer.startSpan("GET", context: outer, ofKind: .server)
    }
    for (number, span) in spans.enumerated() { try? tracer.withSpan("work", context: span.context) { _ in throw ShopError(reason: "\(number)") } }
    for (number, span) in spans.enumerated().reversed() {
      span.end(1, name: "GET /\(number)") { $0.set("http.request.method", "GET"); $0.set("url.path", "/\(number)") }
    }
    let items = try await program.sent()
    #expect(items.map { $0["request"]?["url"]?.string } == ["http://localhost/1", "http://localhost/0"])
    #expect(items.map { $0["body"]?["trace_chain"]?.array?.first?["exception"]?["message"]?.string?.contains("\"1\"") } == [true, false])
  }

  @Test func anItemWaitsForItsRequestWithinBounds() async throws {
    let program = try RollbarProgram(), tracer = program.tracer
    let request = tracer.startSpan("GET /", ofKind: .server)
    for number in 0..<WaitingItems.countMax + 1 {
      try? tracer.withSpan("work", context: request.context) { _ in throw ShopError(reason: "\(number)") }
    }
    #expect(try await program.sent().count == 1)
    program.exporter?.releaseOld(nanoseconds: SteadyClock.nanoseconds)
    #expect(try await program.sent().count == 1)
    request.attributes["http.request.method"] = "GET"
    program.exporter?.releaseOld(nanoseconds: SteadyClock.nanoseconds + WaitingItems.nanosecondsMax)
    let items = try await program.sent()
    #expect(items.count == WaitingItems.countMax + 1)
    // What was known by then.
    #expect(items.last?["request"]?["method"] == .string("GET"))
    request.end()
    #expect(try await program.sent().count == items.count)
  }

  @Test func whatStillWaitsIsSentAtTheStop() async throws {
    for sampler in ["always_on", "always_off"] {
      let variables = ["OTEL_TRACES_SAMPLER": sampler, "CAIRN_SHUTDOWN_TIMEOUT": "60000"]
      let program = try RollbarProgram(variables), tracer = program.tracer
      let service = Task { try await program.kit.run() }
      let request = tracer.startSpan("GET /", ofKind: .server)
      try? tracer.withSpan("work", context: request.context) { _ in throw ShopError(reason: "x") }
      service.cancel()
      try await service.value
      #expect(program.transport.requests.count == 1)
      withExtendedLifetime(request) {}
    }
  }

  @Test func aTaskThatOutlivesItsRequestStillHasIt() async throws {
    let program = try RollbarProgram(), tracer = program.tracer
    let request = tracer.startSpan("GET /", ofKind: .server)
    request.attributes["http.request.method"] = "GET"
    request.end()
    try? tracer.withSpan("later", context: request.context) { _ in throw ShopError(reason: "x") }
    let items = try await program.sent()
    #expect(items.count == 1 && items[0]["request"]?["method"] == .string("GET"))
  }

  @Test func secretsAreScrubbedAtAnyDepthAndInQueries() async throws {
    let program = try RollbarProgram()
    try? program.tracer.withSpan("GET /", ofKind: .server) { request in
      request.attributes["http.request.method"] = "GET"
      request.attributes["url.full"] = "http://shop/cart?api_key=hush&n=1#end"
      request.attributes["url.query"] = "n=1&Access_Token=hush&flag"
      program.log.error(
        "line",
        metadata: [
          "user": .dictionary(["name": "ann", "password": "hush", "cards": .array([.dictionary(["card_number": "hush", "kind": "v"])])]),
          "headers": .array([.dictionary(["authorization": "hush"])]), "url.query": "secret=hush", "next": "https://shop/x?token=hush&m=2", "text": "why? token=kept",
        ])
      throw ShopError(reason: "x")
    }
    let items = try await program.sent()
    try #require(items.count == 2)
    for request in program.transport.requests { #expect(!String(decoding: request.bodyBytes, as: UTF8.self).contains("hush")) }
    #expect(items[0]["request"]?["url"] == .string("http://shop/cart?api_key=********&n=1#end"))
    #expect(items[0]["request"]?["query_string"] == .string("n=1&Access_Token=********&flag"))
    let custom = items.first { $0["body"]?["message"] != nil }?["custom"]
    #expect(custom?["user"]?["name"] == .string("ann") && custom?["user"]?["cards"]?.array?.first?["kind"] == .string("v"))
    #expect(custom?["next"] == .string("https://shop/x?token=********&m=2") && custom?["text"] == .string("why? token=kept"))
  }

  @Test func aSpanStillFitsIntoAnExistential() { #expect(MemoryLayout<KitSpan>.size <= 24) }

  @Test func uuidsHaveTheirForm() {
    let uuid = RollbarExporter.randomUUID()
    #expect(uuid.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    #expect(uuid.split(separator: "-")[2].first == "4")
  }
}
