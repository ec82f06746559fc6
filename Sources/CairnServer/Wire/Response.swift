// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// One HTTP response: complete, or a head whose body is written while it is made.
struct Response: Sendable {
  enum Body: Sendable {
    case bytes(ByteBuffer)
    /// The closure runs until it returns or the client goes away (then its task is cancelled).
    case stream(@Sendable (StreamWriter) async throws -> Void)
  }
  var status: HTTPResponseStatus
  var headers: HTTPHeaders
  var body: Body
  /// HTTP/2 only: what follows the body. gRPC keeps its status there.
  var trailers: HTTPHeaders?
  /// The connection is closed once this is written (HTTP/1.1).
  var closesConnection = false

  init(
    status: HTTPResponseStatus = .ok, headers: HTTPHeaders = [:], body: Body = .bytes(ByteBuffer()), trailers: HTTPHeaders? = nil
  ) {
    self.status = status
    self.headers = headers
    self.body = body
    self.trailers = trailers
  }

  /// A response with a body of this type.
  init(status: HTTPResponseStatus = .ok, contentType: String, bytes: ByteBuffer) {
    self.init(status: status, headers: ["content-type": contentType], body: .bytes(bytes))
  }

  /// A response with text of this type.
  init(status: HTTPResponseStatus = .ok, contentType: String, text: String) {
    self.init(status: status, contentType: contentType, bytes: ByteBuffer(string: text))
  }
}

/// Writes the parts of a streamed body; each write waits until the bytes have left for the socket, so a slow client slows its writer.
struct StreamWriter: Sendable {
  let channel: any Channel
  /// Throws where the client may hear no more of it.
  var mustGoOn: @Sendable () throws -> Void = {}
  /// A part that nobody takes within this ends the connection: what waits for a reader is memory.
  private static let partTimeout = TimeAmount.seconds(60)

  /// Writes one part, of a few MiB at most. Throws when the connection is gone.
  func write(_ bytes: ByteBuffer) async throws {
    try mustGoOn()
    let channel = channel
    let overdue = channel.eventLoop.scheduleTask(in: Self.partTimeout) { channel.close(promise: nil) }
    defer { overdue.cancel() }
    try await channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(bytes))).get()
  }
}
