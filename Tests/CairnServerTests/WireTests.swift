// SPDX-License-Identifier: Apache-2.0
import NIOCore
import Synchronization
import Testing

@testable import CairnServer

@Suite struct WireTests {
  private func post(_ path: String, _ body: String, _ extra: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func answersPipelinedRequestsInOrder() async throws {
    try await withServer { (live) async throws in
      let text = post("/v1/traces", "{}") + post("/v1/nothing", "{}") + post("/v1/logs", "{}", "Connection: close\r\n")
      let reply = try await RawConnection.exchange(try live.endpoint(.http), text)
      let statuses = reply.ranges(of: "HTTP/1.1 ").map { reply[$0.upperBound...].prefix(3) }
      #expect(statuses == ["200", "404", "200"])
    }
  }

  @Test func speaksBothVersionsOnEveryPort() async throws {
    try await withServer { (live) async throws in
      for role in ListenerRole.allCases {
        #expect(try await live.client(role).send("GET", "/healthz").status == 200)
        let path = role == .xray ? "/GetSamplingRules" : "/v1/traces"
        let reply = try await RawCall.send(
          try live.endpoint(role), path, headers: [("content-type", "application/json")], body: ByteBuffer(string: "{}"))
        #expect(reply.status == 200)
      }
    }
  }

  @Test func refusesBodiesOverTheLimit() async throws {
    var limits = WireLimits.patient
    limits.bodyBytesMax = 1000
    try await withServer(limits: limits) { (live) async throws in
      let endpoint = try live.endpoint(.otlpHTTP)
      let announced = try await RawConnection.exchange(
        endpoint, post("/v1/traces", String(repeating: "x", count: 1001), "Connection: close\r\n"))
      #expect(announced.hasPrefix("HTTP/1.1 413"))
      let chunk = String(repeating: "y", count: 600)
      let chunked =
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "258\r\n\(chunk)\r\n258\r\n\(chunk)\r\n0\r\n\r\n"
      #expect(try await RawConnection.exchange(endpoint, chunked).hasPrefix("HTTP/1.1 413"))
      let asks =
        "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 5000\r\n\r\n"
      #expect(try await RawConnection.exchange(endpoint, asks).hasPrefix("HTTP/1.1 413"))
      #expect(live.store.log.withLock { $0.ingested.isEmpty })
      #expect(live.server.state.held.current == 0)
    }
  }

  @Test func cutsSlowClientsOff() async throws {
    var limits = WireLimits.patient
    limits.headTimeout = .milliseconds(500)
    limits.idleTimeout = .milliseconds(500)
    try await withServer(limits: limits) { (live) async throws in
      let endpoint = try live.endpoint(.http)
      #expect(try await RawConnection.exchange(endpoint, "") == "")
      #expect(try await RawConnection.exchange(endpoint, "GET /healthz HT") == "")
    }
    // Whole heads have all the time that a busy machine needs.
    limits.headTimeout = WireLimits.patient.headTimeout
    limits.bodyTimeout = .milliseconds(500)
    try await withServer(limits: limits) { (live) async throws in
      let endpoint = try live.endpoint(.http)
      let slow = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nabc"
      #expect(try await RawConnection.exchange(endpoint, slow).hasPrefix("HTTP/1.1 408"))
      let idle = try await RawConnection.exchange(endpoint, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(idle.hasPrefix("HTTP/1.1 200"))
    }
  }

  @Test func refusesWhatTheMemoryCannotHold() async throws {
    var limits = WireLimits.patient
    limits.heldBytesMax = 10
    try await withServer(limits: limits) { (live) async throws in
      let reply = try await RawConnection.exchange(
        try live.endpoint(.otlpHTTP), post("/v1/traces", "{\"a\": \"0123456789\"}", "Connection: close\r\n"))
      #expect(reply.hasPrefix("HTTP/1.1 503"))
      #expect(reply.contains("retry-after: 2"))
      #expect(live.server.state.held.current == 0)
    }
  }

  @Test func answersRubbishAndCloses() async throws {
    try await withServer { (live) async throws in
      let reply = try await RawConnection.exchange(try live.endpoint(.otlpHTTP), "\u{1}\u{2} rubbish\r\n\r\n")
      #expect(reply.hasPrefix("HTTP/1.1 400"))
      #expect(live.server.state.ledger.snapshot(for: .operators).rejections.first?.status == 400)
    }
  }

  @Test func stopsAQuestionWhoseAskerLeft() async throws {
    var script = FakeStore.Script()
    script.isGateClosed = true
    try await withServer(script) { (live) async throws in
      let client = try live.client()
      let asking = Task { try await client.send("POST", "/api/cairn/query", body: Array("{}".utf8)) }
      try await until { live.store.log.withLock { !$0.plans.isEmpty } }
      asking.cancel()
      try await until { live.store.log.withLock { $0.cancelledCount == 1 } }
    }
  }

  @Test func finishesWhatItBeganBeforeItStops() async throws {
    var script = FakeStore.Script()
    script.isGateClosed = true
    try await withServer(script) { (live) async throws in
      let client = try live.client()
      let asking = Task { try await client.send("POST", "/api/cairn/query", body: Array("{}".utf8)) }
      try await until { live.store.log.withLock { !$0.plans.isEmpty } }
      let stopping = Task { await live.server.stop(within: 5) }
      try await until { live.server.state.isDraining }
      live.store.script.withLock { $0.isGateClosed = false }
      #expect(try await asking.value.status == 200)
      await stopping.value
      await #expect(throws: ClientError.self) { try await client.send("GET", "/healthz") }
    }
  }
}
