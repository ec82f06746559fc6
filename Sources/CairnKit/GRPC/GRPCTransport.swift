// SPDX-License-Identifier: Apache-2.0
#if GRPC
  internal import NIOCore
  internal import NIOHPACK
  internal import NIOHTTP2
  internal import NIOPosix
  internal import NIOSSL
  internal import Synchronization

  /// Unary calls of gRPC over one connection, which is opened when it is needed and again when it was lost.
  ///
  /// It speaks as a transport of HTTP: a status of gRPC becomes the status of HTTP by which retries are decided (`GRPCAnswer`), so that
  /// everything above is the same for all encodings.
  final class GRPCTransport: HTTPTransport {
    private let host: String
    private let port: Int
    private let tls: NIOSSLContext?
    private let connection = Mutex<Connection?>(nil)
    private static let connectTimeout = TimeAmount.seconds(5)

    struct Connection: Sendable {
      var channel: any Channel
      var multiplexer: NIOHTTP2Handler.StreamMultiplexer
    }

    /// `http://host:port` for plain text by prior knowledge, `https://…` for TLS.
    init(url: String, tls configuration: TLSConfiguration?) throws(ConfigurationError) {
      guard let place = URLParts(url).place else {
        throw ConfigurationError(variable: "OTEL_EXPORTER_OTLP_ENDPOINT", problem: "'\(URLParts.told(url))' names no host, or no port")
      }
      let isSecure = url.hasPrefix("https://")
      port = place.port ?? (isSecure ? 443 : 4317)
      host = place.host
      guard isSecure else {
        tls = nil
        return
      }
      var configuration = configuration ?? TLSConfiguration.makeClientConfiguration()
      configuration.applicationProtocols = ["h2"]
      do {
        tls = try NIOSSLContext(configuration: configuration)
      } catch {
        throw ConfigurationError(variable: "OTEL_EXPORTER_OTLP_CERTIFICATE", problem: "TLS cannot be set up: \(error)")
      }
    }

    func send(_ request: OutgoingRequest, timeout: Duration) async throws(SendFailure) -> IncomingResponse {
      let answer = await outcome(within: timeout, ContinuousClock(), else: nil) { () -> Result<IncomingResponse, SendFailure>? in
        do {
          return .success(try await self.call(request, timeout: timeout))
        } catch {
          return .failure(SendFailure(reason: "\(error)"))
        }
      }
      if let answer { return try answer.get() }
      // A connection whose other end has vanished looks open for a quarter of an hour.
      connection.withLock { connection in
        defer { connection = nil }
        return connection
      }?.channel.close(promise: nil)
      throw SendFailure(reason: "no whole answer within \(timeout)")
    }

    private func call(_ request: OutgoingRequest, timeout: Duration) async throws -> IncomingResponse {
      let connection = try await connected()
      let answer = connection.channel.eventLoop.makePromise(of: IncomingResponse.self)
      let head = head(request.authorized, timeout: timeout)
      let stream = connection.multiplexer.createStreamChannel { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(GRPCCall(head: head, message: request.body, answer: answer))
        }
      }
      stream.whenFailure { answer.fail($0) }
      return try await withTaskCancellationHandler {
        try await answer.futureResult.get()
      } onCancel: {
        stream.whenSuccess { $0.close(promise: nil) }
      }
    }

    private func head(_ request: OutgoingRequest, timeout: Duration) -> HPACKHeaders {
      var head = HPACKHeaders([
        (":method", "POST"), (":scheme", tls == nil ? "http" : "https"), (":path", URLParts(request.url).path),
        (":authority", host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"), ("te", "trailers"), ("grpc-timeout", "\(min(max(1, timeout.nanoseconds / 1_000_000), 99_999_999))m"),
      ])
      for header in request.headers { head.add(name: header.name.lowercased(), value: header.value) }
      return head
    }

    private func connected() async throws -> Connection {
      if let open = connection.withLock({ $0 }), open.channel.isActive { return open }
      let tls = self.tls, host = self.host
      let made = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connectTimeout(Self.connectTimeout)
        .connect(host: host, port: port) { channel in
          channel.eventLoop.makeCompletedFuture {
            if let tls { try channel.pipeline.syncOperations.addHandler(Self.tlsHandler(tls, host: host)) }
            let multiplexer = try channel.pipeline.syncOperations.configureHTTP2Pipeline(
              mode: .client, connectionConfiguration: .init(), streamConfiguration: .init()
            ) { stream in stream.close() }
            return Connection(channel: channel, multiplexer: multiplexer)
          }
        }
      connection.withLock { $0 = made }
      return made
    }

    /// An address of digits has no name to be checked.
    private static func tlsHandler(_ context: NIOSSLContext, host: String) throws -> NIOSSLClientHandler {
      let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
      return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }

    func close() async {
      let open = connection.withLock { connection in
        defer { connection = nil }
        return connection
      }
      try? await open?.channel.close()
    }
  }
#endif
