// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix

@testable import CairnServer

/// A TCP connection on which a test writes whatever bytes it likes.
enum RawConnection {
  /// Sends the bytes and returns everything that comes back until the server closes.
  static func exchange(_ endpoint: Endpoint, _ bytes: ByteBuffer) async throws -> String {
    let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: endpoint.host, port: endpoint.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await connection.executeThenClose { (inbound, outbound) in
      var received = ByteBuffer()
      do {
        try await outbound.write(bytes)
        for try await part in inbound { received.writeImmutableBuffer(part) }
      } catch {
        // A reset after the answer still leaves the answer.
      }
      return String(buffer: received)
    }
  }

  static func exchange(_ endpoint: Endpoint, _ text: String) async throws -> String {
    try await exchange(endpoint, ByteBuffer(string: text))
  }

  /// Sends a request without a body and returns the status as soon as it is there; 0 where the connection is closed before.
  static func status(
    _ endpoint: Endpoint, _ method: String, _ path: String, _ headers: [(String, String)]
  ) async throws -> Int {
    var text = "\(method) \(path) HTTP/1.1\r\ncontent-length: 0\r\n"
    if !headers.contains(where: { $0.0 == "host" }) { text += "host: \(endpoint.text)\r\n" }
    for (name, value) in headers { text += "\(name): \(value)\r\n" }
    let request = ByteBuffer(string: text + "\r\n")
    let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: endpoint.host, port: endpoint.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    return try await connection.executeThenClose { (inbound, outbound) in
      try await outbound.write(request)
      var received = ByteBuffer()
      for try await part in inbound {
        received.writeImmutableBuffer(part)
        let words = String(buffer: received).split(separator: " ", maxSplits: 2)
        if words.count == 3, let status = Int(words[1]) { return status }
      }
      return 0
    }
  }
}

/// A call over HTTP/2 with prior knowledge: any headers, any body, and the trailers too.
enum RawCall {
  struct Reply: Sendable {
    var status = 0
    var headers = HTTPHeaders()
    var trailers = HTTPHeaders()
    var body = ByteBuffer()
    var grpcStatus: Int { trailers.first(name: "grpc-status").flatMap { Int($0) } ?? -1 }
  }
  typealias Stream = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

  static func send(
    _ endpoint: Endpoint, _ path: String, headers: [(String, String)] = [], body: ByteBuffer
  ) async throws -> Reply {
    let multiplexer = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .connect(host: endpoint.host, port: endpoint.port) { channel in
        channel.configureAsyncHTTP2Pipeline(mode: .client) { (stream) in stream.eventLoop.makeSucceededVoidFuture() }
          .map { (channel, $0) }
      }
    let (connection, streams) = multiplexer
    let stream: Stream = try await streams.openStream { (stream) in
      stream.eventLoop.makeCompletedFuture {
        try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ClientCodec(httpProtocol: .http))
        return try Stream(wrappingChannelSynchronously: stream)
      }
    }
    let fields = HTTPHeaders(headers.contains { $0.0 == "host" } ? headers : [("host", endpoint.text)] + headers)
    let head = HTTPRequestHead(version: .http2, method: .POST, uri: path, headers: fields)
    let reply = try await stream.executeThenClose { (inbound, outbound) in
      try await outbound.write(contentsOf: [.head(head), .body(.byteBuffer(body)), .end(nil)])
      var reply = Reply()
      for try await part in inbound {
        switch part {
        case .head(let head):
          reply.status = Int(head.status.code)
          reply.headers = head.headers
        case .body(let bytes): reply.body.writeImmutableBuffer(bytes)
        case .end(let trailers): reply.trailers = trailers ?? [:]
        }
      }
      return reply
    }
    try await connection.close()
    return reply
  }
}
