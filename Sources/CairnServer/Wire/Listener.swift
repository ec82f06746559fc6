// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// One bound port with its connections.
final class Listener: Sendable {
  let role: ListenerRole
  /// `host:port` with the port that was really bound; the host as it was asked for.
  let address: String
  private let server: any Channel
  private let connections: Connections

  private init(role: ListenerRole, address: String, server: any Channel, connections: Connections) {
    self.role = role
    self.address = address
    self.server = server
    self.connections = connections
  }

  /// Binds and begins to accept. Port 0 takes any free port.
  static func bind(_ endpoint: Endpoint, wire: WireContext, group: any EventLoopGroup) async throws(ServerError) -> Listener {
    let connections = Connections(limit: wire.limits.connectionCountMax)
    let bootstrap = ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 2048, initial: 8192, maximum: 256 << 10)
      )
      .childChannelInitializer { channel in
        guard connections.add(channel) else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(ProtocolSniffer(wire: wire))
        }
      }
    do {
      let server = try await bootstrap.bind(host: endpoint.host, port: endpoint.port).get()
      let port = server.localAddress?.port ?? endpoint.port
      return Listener(
        role: wire.role, address: Endpoint(host: endpoint.host, port: port).text, server: server, connections: connections)
    } catch {
      throw .cannotListen(endpoint.text, reason: "\(error)")
    }
  }

  /// Takes no more connections and asks those that are open to finish.
  func quiesce() async {
    try? await server.close().get()
    connections.quiesce()
  }

  /// Returns when no connection is left.
  func waitUntilIdle() async { await connections.waitUntilIdle() }

  /// Cuts what is left.
  func closeAll() { connections.closeAll() }

  var connectionCount: Int { connections.count }
}

/// The open connections of a listener.
private final class Connections: Sendable {
  private struct State {
    var open: [ObjectIdentifier: any Channel] = [:]
    var waiters: [CheckedContinuation<Void, Never>] = []
  }
  private let state = Mutex(State())
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  var count: Int { state.withLock { $0.open.count } }

  /// Takes the connection in until it closes, or answers false where there are too many.
  func add(_ channel: any Channel) -> Bool {
    let key = ObjectIdentifier(channel)
    let isAdded = state.withLock { state in
      guard state.open.count < limit else { return false }
      state.open[key] = channel
      return true
    }
    if isAdded { channel.closeFuture.whenComplete { [self] _ in remove(key) } }
    return isAdded
  }

  private func remove(_ key: ObjectIdentifier) {
    let waiters = state.withLock { state in
      state.open[key] = nil
      guard state.open.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  func quiesce() {
    for channel in state.withLock({ Array($0.open.values) }) {
      channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    }
  }

  func closeAll() {
    for channel in state.withLock({ Array($0.open.values) }) { channel.close(promise: nil) }
  }

  func waitUntilIdle() async {
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.open.isEmpty { return true }
        state.waiters.append(continuation)
        return false
      }
      if isIdle { continuation.resume() }
    }
  }
}
