// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnPlan
import Synchronization
import Testing

@testable import CairnServer

@Suite struct OTLPDoorTests {
  private static let protobuf = "application/x-protobuf"

  @Test(arguments: Signal.otlp) func answersInTheRequestsOwnType(_ signal: Signal) async throws {
    try await withServer { (live) async throws in
      for (type, body) in [(Self.protobuf, ""), ("application/protobuf", ""), ("application/json", "{}")] {
        for (role, path) in [(ListenerRole.http, signal.path), (.otlpHTTP, signal.path + "/")] {
          let reply = try await live.client(role).send("POST", path, headers: [("content-type", type)], body: [1])
          #expect(reply.status == 200)
          #expect(reply.headers["content-type"] == type)
          #expect(String(decoding: reply.body, as: UTF8.self) == body)
        }
      }
      let formats = live.store.log.withLock { $0.ingested.map(\.header.format) }
      #expect(Set(formats) == [signal.protobufFormat, signal.jsonFormat])
    }
  }

  @Test func takesTheEncodingsOneAtATime() async throws {
    try await withServer { (live) async throws in
      let cases: [(String, RequestEncoding?)] = [
        ("gzip", .gzip), ("GZIP", .gzip), ("deflate", .deflate), ("zstd", .zstd), ("identity", .identity), ("br", nil),
        ("gzip, gzip", nil), ("gzip, identity", nil),
      ]
      for (name, encoding) in cases {
        let headers = [("content-type", Self.protobuf), ("content-encoding", name)]
        let reply = try await live.client(.otlpHTTP).send("POST", "/v1/traces", headers: headers, body: [1])
        #expect(reply.status == (encoding == nil ? 415 : 200))
        if let encoding { #expect(live.store.log.withLock { $0.ingested.last?.header.encoding } == encoding) }
      }
      let twice = [("content-type", Self.protobuf), ("content-encoding", "gzip"), ("content-encoding", "gzip")]
      #expect(try await live.client().send("POST", "/v1/traces", headers: twice, body: [1]).status == 415)
    }
  }

  struct StatusCase: Sendable {
    var error: IngestError
    var status: Int
    var retryAfter: String?
  }

  @Test(arguments: [
    StatusCase(error: .malformed(reason: "bad"), status: 400), StatusCase(error: .tooLarge(limitBytes: 5), status: 413),
    StatusCase(error: .unsupported(reason: "odd"), status: 415),
    StatusCase(error: .unavailable(reason: "full", retryAfterSeconds: 4), status: 503, retryAfter: "4"),
  ])
  func mapsErrorsToStatuses(_ entry: StatusCase) async throws {
    var script = FakeStore.Script()
    script.outcome = .failure(entry.error)
    try await withServer(script) { (live) async throws in
      let json = try await live.client().send("POST", "/v1/logs", headers: [("content-type", "application/json")], body: [1])
      #expect(json.status == entry.status)
      #expect(json.headers["retry-after"] == entry.retryAfter)
      #expect(json.headers["content-type"] == "application/json")
      #expect(try JSONValue(parsing: json.body)["message"]?.string?.isEmpty == false)
      let binary = try await live.client().send("POST", "/v1/logs", headers: [("content-type", Self.protobuf)], body: [1])
      #expect(binary.headers["content-type"] == Self.protobuf)
      #expect(binary.body == RPCStatus(Refusal(entry.error)).protobuf)
    }
  }

  @Test func aCommitThatFailsIsNoSuccess() async throws {
    var script = FakeStore.Script()
    script.commit = .unavailable(reason: "disk", retryAfterSeconds: 1)
    try await withServer(script) { (live) async throws in
      #expect(
        try await live.client().send("POST", "/v1/traces", headers: [("content-type", Self.protobuf)], body: [1]).status == 503)
      #expect(live.server.state.ledger.snapshot(for: .operators).arrivals.isEmpty)
    }
  }

  @Test func reportsPartialSuccess() async throws {
    var script = FakeStore.Script()
    script.outcome = .success(IngestOutcome(acceptedCount: 1, rejectedCount: 2, rejectionReason: "too old"))
    try await withServer(script) { (live) async throws in
      let reply = try await live.client().send("POST", "/v1/metrics", headers: [("content-type", "application/json")], body: [1])
      #expect(
        String(decoding: reply.body, as: UTF8.self) == #"{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"too old"}}"#)
    }
  }

  @Test func refusesWrongMethodsTypesAndPaths() async throws {
    try await withServer { (live) async throws in
      let get = try await live.client().send("GET", "/v1/traces")
      #expect(get.status == 405)
      #expect(get.headers["allow"] == "POST")
      #expect(
        try await live.client().send("POST", "/v1/traces", headers: [("content-type", "text/xml")], body: [1]).status == 415)
      #expect(try await live.client().send("POST", "/v1/traces", body: [1]).status == 415)
      let astray = try await live.client(.otlpHTTP).send(
        "POST", "/v1/trace", headers: [("content-type", "application/json")], body: [1])
      #expect(astray.status == 404)
      #expect(String(decoding: astray.body, as: UTF8.self).contains("This path is /v1/traces."))
      #expect(try await live.client(.otlpHTTP).send("GET", "/api/cairn/status").status == 404)
      let rejections = live.server.state.ledger.snapshot(for: .operators).rejections
      #expect(Set(rejections.map(\.status)) == [404, 405, 415])
    }
  }

  @Test func letsNamedOriginsSendEventsAndNobodyElse() async throws {
    var settings = freePorts()
    settings.ingestOrigins = ["https://shop.example"]
    try await withServer(settings: settings) { (live) async throws in
      for (origin, isAllowed) in [("https://shop.example", true), ("https://evil.example", false), ("null", false)] {
        let ask = [
          ("origin", origin), ("access-control-request-method", "POST"), ("access-control-request-headers", "content-type"),
        ]
        let preflight = try await live.client(.otlpHTTP).send("OPTIONS", "/v1/traces", headers: ask)
        #expect(preflight.status == (isAllowed ? 204 : 403))
        #expect(preflight.headers["access-control-allow-origin"] == (isAllowed ? origin : nil))
        let headers = [("content-type", "application/json"), ("origin", origin)]
        let post = try await live.client(.otlpHTTP).send("POST", "/v1/traces", headers: headers, body: [1])
        #expect(post.status == (isAllowed ? 200 : 403))
        #expect(post.headers["access-control-allow-origin"] == (isAllowed ? origin : nil))
        let query = try await live.client().send(
          "POST", "/api/cairn/query", headers: [("origin", origin)], body: Array("{}".utf8))
        #expect(query.status == 403)
      }
    }
  }
}
