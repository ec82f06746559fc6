// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import CairnKitHummingbird
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Synchronization
import Testing
import Tracing

@testable import CairnKit

/// Bodies of every kind through the middleware, over a real connection: what the client gets is what it gets without it, and the span
/// ends when the body does.
struct ResponseBodyTests {
  private let memory = InMemoryExporter()

  private static func router(_ kit: Kit?) -> Router<BasicRequestContext> {
    let router = Router(options: [.autoGenerateHeadEndpoints])
    if let kit { router.add(middleware: InstrumentationMiddleware(kit)) }
    router.get("/items/**") { _, context in "items" + context.parameters.getCatchAll().joined(separator: "|") }
    router.get("/item/:id") { _, context in context.parameters.get("id") ?? "none" }
    router.head("/sized") { _, _ in Response(status: .ok, body: ResponseBody(contentLength: 10) { try await $0.finish(nil) }) }
    router.get("/none") { _, _ in HTTPResponse.Status.noContent }
    router.get("/same") { _, _ in Response(status: .notModified, headers: [.eTag: "\"a\"", .contentLength: "17"]) }
    router.get("/stream") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          for number in 0..<5 { try await writer.write(ByteBuffer(string: "part \(number) ")) }
          try await writer.finish([.eTag: "end"])
        })
    }
    router.get("/long") { _, _ in Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(repeating: 0x61, count: 200_000))) }
    router.get("/breaks") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          try await writer.write(ByteBuffer(string: "begun"))
          throw Broken()
        })
    }
    router.get("/endless") { _, _ in
      Response(
        status: .ok,
        body: ResponseBody { writer in
          while true {
            try await writer.write(ByteBuffer(repeating: 0x61, count: 1_024))
            try await Task.sleep(for: .milliseconds(1))
          }
        })
    }
    return router
  }

  private func answer(_ client: any TestClientProtocol, _ uri: String, _ method: HTTPRequest.Method) async throws -> String {
    try await client.execute(uri: uri, method: method) { response in
      var headers = response.headers
      for name in [HTTPField.Name("x-amzn-trace-id"), .date].compactMap({ $0 }) { headers[name] = nil }
      return "\(response.status) \(headers) \(String(buffer: response.body).prefix(100)) \(response.trailerHeaders ?? [:])"
    }
  }

  @Test func theAnswerIsTheSameAsWithoutTheMiddleware() async throws {
    let requests: [(String, HTTPRequest.Method)] = [
      ("/items/a", .get), ("/items/a", .head), ("/sized", .head), ("/none", .get), ("/none", .head), ("/same", .get), ("/stream", .get), ("/stream", .head), ("/long", .get), ("/long", .head),
      ("/nowhere", .get), ("/items/%zz", .get), ("/item/%zz", .get), ("/items/%ff%00?a=%zz&&=", .get), ("/items/" + String(repeating: "long/", count: 1_000), .get),
      ("//items//a/../b", .get), ("/items/a?", .get), ("/items/a", .options), ("/items/a", .put),
    ]
    var answers: [[String]] = []
    for kit in [nil, Kit.testing(memory)] {
      let told = Mutex<[String]>([])
      try await Application(router: Self.router(kit)).test(.live) { client in
        for (uri, method) in requests {
          let answer = try await answer(client, uri, method)
          told.withLock { $0.append("\(method) \(uri.prefix(40)): \(answer)") }
        }
      }
      answers.append(told.withLock { $0 })
    }
    for (bare, instrumented) in zip(answers[0], answers[1]) { #expect(bare == instrumented) }
    #expect(memory.spans.count { $0.kind == .server } == requests.count && memory.logs.count == requests.count)
  }

  /// The span that ends when `path` is over, which the client may not live to see.
  private func span(of path: String, timeoutMilliseconds: Int64 = 5_000) async throws -> InMemoryExporter.FinishedSpan {
    let kit = Kit.testing(memory)
    try await Application(router: Self.router(kit)).test(.live) { client in
      let port = try #require(client.port)
      do {
        let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: "http://localhost:\(port)\(path)"), timeout: .milliseconds(timeoutMilliseconds))
        for try await _ in response.body { break }
      } catch {}
      for _ in 0..<500 where memory.spans.isEmpty { try await Task.sleep(for: .milliseconds(10)) }
    }
    #expect(memory.spans.count == 1 && memory.logs.count == 1)
    return try #require(memory.spans.first)
  }

  @Test func aBodyThatBreaksOffIsAnErrorOfItsRequest() async throws {
    let span = try await span(of: "/breaks")
    #expect(span.status?.code == .error && span.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(200))
    #expect(span.events.map(\.name) == ["exception"] && span.attributes["error.type"]?.toSpanAttribute() == .string("CairnKitHummingbirdTests.Broken"))
    let duration = try #require(memory.metrics.first { $0.name == "http.server.request.duration" })
    #expect(duration.dimensions["error.type"] == "CairnKitHummingbirdTests.Broken" && duration.dimensions["http.response.status_code"] == "200")
  }

  /// Whoever hangs up is no fault of the server's.
  @Test func aClientThatGoesAwayIsNoError() async throws {
    let span = try await span(of: "/endless", timeoutMilliseconds: 300)
    #expect(span.status == nil && span.events.isEmpty, "\(span)")
    #expect(span.name == "GET /endless" && span.attributes["http.response.status_code"]?.toSpanAttribute() == .int64(200))
  }
}
