// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#endif

/// The daemon's UDP port: reads many datagrams a system call, on a thread of its own, into the inbox.
final class DatagramListener: Sendable {
  let port: Int
  let inbox: DatagramInbox
  /// The bytes that the kernel holds for us while we are busy, as it granted them.
  let receiveBufferBytes: Int
  private let channel: any Channel
  private let group: MultiThreadedEventLoopGroup

  /// Asked for; the kernel's own bound may be lower unless the process may pass it.
  private static let receiveBufferBytesWanted = 32 << 20
  /// Datagrams a system call, and the most bytes of one.
  private static let vectorCount = 32
  private static let datagramBytesMax = 65_536

  private init(
    port: Int, inbox: DatagramInbox, receiveBufferBytes: Int, channel: any Channel, group: MultiThreadedEventLoopGroup
  ) {
    self.port = port
    self.inbox = inbox
    self.receiveBufferBytes = receiveBufferBytes
    self.channel = channel
    self.group = group
  }

  static func bind(_ endpoint: Endpoint) async throws(ServerError) -> DatagramListener {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let inbox = DatagramInbox()
    let bootstrap = DatagramBootstrap(group: group)
      .channelOption(.datagramVectorReadMessageCount, value: vectorCount)
      .channelOption(.maxMessagesPerRead, value: 16)
      .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: vectorCount * datagramBytesMax))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(DatagramHandler(inbox: inbox)) }
      }
    do {
      let channel = try await bootstrap.bind(host: endpoint.host, port: endpoint.port).get()
      let granted = await widen(channel)
      return DatagramListener(
        port: channel.localAddress?.port ?? endpoint.port, inbox: inbox, receiveBufferBytes: granted, channel: channel, group: group)
    } catch {
      try? await group.shutdownGracefully()
      throw .cannotListen("udp \(endpoint.text)", .xray, error)
    }
  }

  /// Asks for a large receive buffer, beyond the bound for ordinary processes where that is allowed; answers with what is granted.
  private static func widen(_ channel: any Channel) async -> Int {
    let level = NIOBSDSocket.OptionLevel(rawValue: CInt(SOL_SOCKET))
    // SO_RCVBUFFORCE
    for name in [CInt(33), CInt(SO_RCVBUF)] {
      let option = ChannelOptions.Types.SocketOption(level: level, name: NIOBSDSocket.Option(rawValue: name))
      if (try? await channel.setOption(option, value: receiveBufferBytesWanted).get()) != nil { break }
    }
    let size = ChannelOptions.Types.SocketOption(level: level, name: NIOBSDSocket.Option(rawValue: CInt(SO_RCVBUF)))
    return Int((try? await channel.getOption(size).get()) ?? 0)
  }

  /// Reads nothing more; what was read is still in the inbox.
  func stop() async {
    try? await channel.close().get()
    inbox.close()
    try? await group.shutdownGracefully()
  }
}

/// Gathers what one round of reading brings and hands it over at once. Lives on its loop.
private final class DatagramHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  private let inbox: DatagramInbox
  private var pile = DatagramPile()

  init(inbox: DatagramInbox) { self.inbox = inbox }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    pile.append(envelope.data.readableBytesView, sender: envelope.remoteAddress.hashValue)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard !pile.isEmpty else { return }
    inbox.put(pile)
    pile = DatagramPile()
  }

  /// A port that is not reachable any more, told of by ICMP, is the sender's matter.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
