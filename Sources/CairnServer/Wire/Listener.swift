// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

/// One bound port.
final class Listener: Sendable {
  let role: ListenerRole
  /// `host:port` with the port that was really bound; the host as it was asked for.
  let address: String
  private let server: any Channel

  private init(role: ListenerRole, address: String, server: any Channel) {
    self.role = role
    self.address = address
    self.server = server
  }

  /// Binds and begins to accept. Port 0 takes any free port.
  static func bind(_ endpoint: Endpoint, wire: WireContext, group: any EventLoopGroup) async throws(ServerError) -> Listener {
    let connections = wire.connections
    let bootstrap = ServerBootstrap(group: group)
      // As long as the system lets it be: where it is full, clients wait for seconds before they try again.
      .serverChannelOption(.backlog, value: 8192)
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
        role: wire.role, address: Endpoint(host: endpoint.host, port: port).text, server: server)
    } catch {
      throw .cannotListen(endpoint.text, wire.role, error)
    }
  }

  /// Takes no more connections; those that are open stay.
  func stopAccepting() async { try? await server.close().get() }
}
