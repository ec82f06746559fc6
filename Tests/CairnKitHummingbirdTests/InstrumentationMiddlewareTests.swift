// SPDX-License-Identifier: Apache-2.0
import CairnKitHummingbird
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing
import Tracing

@testable import CairnKit

struct Broken: Error {}

/// Remembers what the middleware inside it threw.
private struct Outside<Context: RequestContext>: RouterMiddleware {
  let seen: @Sendable (any Error) -> Void

  func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      seen(error)
      throw error
    }
  }
}

struct InstrumentationMiddlewareTests {
  private let memory = InMemoryExporter()

  private func served(_ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void) async throws {
    let kit = Kit.testing(memory)
    let router = Router()
    router.add(middleware: InstrumentationMiddleware(kit))
    router.get("/items/:id") { _, context in
      kit.tracer.withSpan("work") { _ in "item \(context.parameters.get("id") ?? "")" }
    }
    router.get("/unwell") { _, _ -> Response in Response(status: .serviceUnavailable) }
    router.get("/broken") { _, _ -> String in throw Broken() }
    router.get("/gone") { _, _ -> String in throw HTTPError(.gone, message: "it was sold") }
    try await Application(router: router).test(.router, test)
  }

  @Test func aRequestIsASpanALineAndAnAnswerWithItsTrace() async throws {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    try await served { client in
      let headers: HTTPFields = [try #require(HTTPField.Name("traceparent")): parent]
      let traceHeader = try #require(HTTPField.Name("x-amzn-trace-id"))
      try await client.execute(uri: "/items/7?token=hush&Password=hush&pass%77ord=hush&n=1", method: .get, headers: headers) { response in
        #expect(response.status == .ok)
        #expect(response.headers[traceHeader] == "Root=1-0af76519-16cd43dd8448eb211c80319c")
      }
    }
    let spans = memory.spans
    try #require(spans.count == 2)
    let server = try #require(spans.first { $0.kind == .server })
    #expect(server.name == "GET /items/{id}")
    #expect(server.parentSpanID == "b7ad6b7169203331")
    #expect(server.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(200))
    #expect(server.attributes["url.query"]?.toSpanAttribute() == .string("token=REDACTED&Password=REDACTED&pass%77ord=REDACTED&n=1"))
    #expect(server.status == nil)
    #expect(spans.first { $0.name == "work" }?.parentSpanID == server.spanID)
    let line = try #require(memory.logs.first)
    #expect(line.message == "GET /items/7 200")
    #expect(line.traceID == "0af7651916cd43dd8448eb211c80319c")
    #expect(line.metadata["duration_ms"] != nil)
  }

  @Test func aKitThatIsSwitchedOffChangesNothingButTheContext() async throws {
    let kit = try Kit(KitSettings.fromEnvironment(["OTEL_SDK_DISABLED": "true"]))
    let router = Router()
    let seen = Mutex<[any Error]>([])
    router.add(middleware: Outside { error in seen.withLock { $0.append(error) } })
    router.add(middleware: InstrumentationMiddleware(kit))
    router.get("/caller") { _, _ in ServiceContext.current?.traceContext?.traceID ?? "nobody" }
    router.get("/broken") { _, _ -> String in throw Broken() }
    let caller: HTTPFields = [try #require(HTTPField.Name("traceparent")): "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"]
    let traceHeader = try #require(HTTPField.Name("x-amzn-trace-id"))
    try await Application(router: router).test(.router) { client in
      for (headers, text) in [(caller, "0af7651916cd43dd8448eb211c80319c"), ([:], "nobody")] {
        try await client.execute(uri: "/caller", method: .get, headers: headers) { response in
          #expect(String(buffer: response.body) == text)
          #expect(response.headers[traceHeader] == nil)
        }
      }
      try await client.execute(uri: "/broken", method: .get) { #expect($0.status == .internalServerError) }
    }
    #expect(seen.withLock { $0.map { $0 is Broken } } == [true])
  }

  @Test func aMethodThatHTTPDoesNotKnowIsOther() async throws {
    try await served { client in
      let method = try #require(HTTPRequest.Method("BREW"))
      try await client.execute(uri: "/items/7", method: method) { _ in }
    }
    let server = try #require(memory.spans.first)
    #expect(server.name == "HTTP")
    #expect(server.attributes.get("http.request.method") == .string("_OTHER"))
    #expect(server.attributes.get("http.request.method_original") == .string("BREW"))
    #expect(memory.logs.first?.message == "BREW /items/7 404")
  }

  @Test func aReturnedFiveHundredIsAnError() async throws {
    try await served { try await $0.execute(uri: "/unwell", method: .get) { _ in } }
    #expect(memory.spans.first?.status?.code == .error)
    #expect(memory.spans.first?.attributes["error.type"]?.toSpanAttribute() == .string("503"))
  }

  @Test func aThrownErrorIsRecorded() async throws {
    try await served { try await $0.execute(uri: "/broken", method: .get) { _ in } }
    let span = try #require(memory.spans.first)
    #expect(span.events.first?.name == "exception")
    #expect(span.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(500))
  }

  @Test(arguments: [("/broken", 500, ""), ("/gone", 410, #"{"error":{"message":"it was sold"}}"#), ("/unwell", 503, "")])
  func everyAnswerNamesItsTrace(path: String, status: Int, body: String) async throws {
    try await served { client in
      let traceHeader = try #require(HTTPField.Name("x-amzn-trace-id"))
      try await client.execute(uri: path, method: .get) { response in
        #expect(Int(response.status.code) == status && String(buffer: response.body) == body)
        #expect(response.headers[traceHeader]?.hasPrefix("Root=1-") == true)
        #expect(response.headers[traceHeader]?.replacing("-", with: "") == memory.spans.first.map { "Root=1\($0.traceID)" })
      }
    }
  }

  @Test func aMiddlewareAroundFindsTheErrorItself() async throws {
    let found = Mutex<(any Error)?>(nil)
    let router = Router()
    router.add(middleware: Outside { error in found.withLock { $0 = error } })
    router.add(middleware: InstrumentationMiddleware(Kit.testing(memory)))
    router.get("/broken") { _, _ -> String in throw Broken() }
    try await Application(router: router).test(.router) { client in try await client.execute(uri: "/broken", method: .get) { #expect($0.status == .internalServerError) } }
    let error = found.withLock { $0 }
    #expect((error as? TracedError)?.underlying is Broken)
    #expect("\(error.map { "\($0)" } ?? "")" == "Broken()")
  }

  @Test func anErrorThatEscapesSaysSo() async throws {
    try await served { try await $0.execute(uri: "/broken", method: .get) { _ in } }
    #expect(memory.spans.first?.events.first?.attributes["exception.escaped"]?.toSpanAttribute() == .bool(true))
  }

  @Test func oneRequestIsOneLineAndEachMeasureHasItsUnit() async throws {
    let kit = Kit.testing(memory)
    let router = Router()
    router.add(middleware: InstrumentationMiddleware(kit))
    router.post("/items/:id") { _, _ in "made" }
    try await Application(router: router).test(.router) { client in
      try await client.execute(uri: "/items/7", method: .post, headers: [.contentLength: "3"], body: ByteBuffer(string: "abc")) { #expect($0.status == .ok) }
    }
    #expect(memory.logs.map(\.message) == ["POST /items/7 200"])
    let series = Dictionary(kit.metrics.instruments.map { ($0.series.name, $0.series) }) { $1 }
    #expect(series.mapValues(\.unit) == [
      "http.server.request.duration": "s", "http.server.active_requests": "{request}", "http.server.request.body.size": "By", "http.server.response.body.size": "By",
    ])
    let names = series["http.server.request.duration"]?.dimensions.map { "\($0.name)=\($0.value.text)" }
    #expect(names == ["http.request.method=POST", "http.response.status_code=200", "http.route=/items/{id}", "url.scheme=http"])
  }

  @Test func whatIsNotFoundIsNobodysFault() async throws {
    try await served { try await $0.execute(uri: "/nowhere", method: .get) { _ in } }
    #expect(memory.spans.allSatisfy { $0.status == nil })
  }
}
