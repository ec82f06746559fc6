// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import CairnServer

/// Who gives way when there are more connections than there may be.
@Suite struct ConnectionTests {
  private func add(_ connections: Connections) -> EmbeddedChannel? {
    let channel = EmbeddedChannel()
    return connections.add(channel) ? channel : nil
  }

  @Test func theLongestIdleGiveWayAndTheBusyStay() throws {
    let connections = Connections(limit: 3)
    let busy = try #require(add(connections))
    let first = try #require(add(connections))
    #expect(add(connections) != nil)
    connections.enter(busy)
    connections.enter(first)
    connections.leave(first)
    let next = try #require(add(connections))
    connections.enter(first)
    connections.enter(next)
    #expect(add(connections) == nil, "all are busy")
    let figures = connections.figures
    #expect((figures.openCount, figures.acceptedCount, figures.displacedCount, figures.refusedCount) == (3, 4, 1, 1))
    connections.leave(busy)
    #expect(add(connections) != nil)
  }

  @Test func aClosedOneLeavesItsPlace() throws {
    let connections = Connections(limit: 1)
    let first = try #require(add(connections))
    connections.enter(first)
    #expect(add(connections) == nil)
    _ = try first.finish(acceptAlreadyClosed: true)
    #expect(connections.figures.openCount == 0)
    #expect(add(connections) != nil)
  }

  @Test func idleConnectionsNeverKeepOthersOut() async throws {
    var limits = WireLimits.patient
    limits.connectionCountMax = 16
    try await withServer(limits: limits) { (live) async throws in
      let endpoint = try live.endpoint(.http)
      var idle: [any Channel] = []
      for _ in 0..<60 {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        idle.append(try await bootstrap.connect(host: endpoint.host, port: endpoint.port).get())
        let others = live.server.state.connections.figures
        #expect(others.openCount <= 16)
        if idle.count % 10 == 0 { #expect(try await live.client().send("GET", "/healthz").status == 200) }
      }
      try await until { live.server.state.connections.figures.displacedCount >= 40 }
      #expect(live.server.state.connections.figures.refusedCount == 0)
      for channel in idle { channel.close(promise: nil) }
    }
  }

  @Test func aBodyThatTricklesIsCut() async throws {
    var limits = WireLimits.patient
    limits.bodyGrace = .milliseconds(200)
    limits.bodyBytesPerSecondMin = 1_000_000
    try await withServer(limits: limits) { (live) async throws in
      let slow = "POST /v1/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\nabc"
      #expect(try await RawConnection.exchange(try live.endpoint(.http), slow).hasPrefix("HTTP/1.1 408"))
      #expect(live.server.state.connections.figures.openCount <= 1)
    }
  }

  /// Its window for answers is nothing, and its connection stays: only the stream may go.
  @Test func anAnswerThatNobodyTakesEndsItsStream() async throws {
    var limits = WireLimits.patient
    limits.idleTimeout = .milliseconds(200)
    limits.bodyTimeout = .milliseconds(200)
    try await withServer(limits: limits) { (live) async throws in
      var bytes = ByteBuffer(string: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
      bytes.writeBytes([0, 0, 6, 4, 0, 0, 0, 0, 0] + [0, 4, 0, 0, 0, 0])
      // GET http://localhost/healthz, as HPACK's table and literals write it.
      let head: [UInt8] = [0x82, 0x86, 0x01, 9] + "localhost".utf8 + [0x04, 8] + "/healthz".utf8
      bytes.writeBytes([0, 0, UInt8(head.count), 1, 5, 0, 0, 0, 1] + head)
      let answer = try await RawConnection.exchange(try live.endpoint(.http), bytes)
      let reset: [UInt8] = [0, 0, 4, 3, 0, 0, 0, 0, 1]
      #expect(Array(answer.utf8).split(separator: reset, maxSplits: 1).count == 2)
      #expect(live.server.state.connections.figures.openCount == 0)
    }
  }
}
