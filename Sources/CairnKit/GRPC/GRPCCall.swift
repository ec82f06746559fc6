// SPDX-License-Identifier: Apache-2.0
#if GRPC
  internal import CairnBytes
  internal import CairnFormats
  internal import NIOCore
  internal import NIOHPACK
  internal import NIOHTTP2

  /// One unary call on its stream: writes head and message, gathers the answer up to a bound, and tells it when the stream ends.
  ///
  ///     message    1 byte compressed or not, 4 bytes length, big-endian, the bytes
  ///     answer     HEADERS, DATA with one message, HEADERS with grpc-status; or HEADERS alone
  ///
  /// Source: gRPC over HTTP/2.
  final class GRPCCall: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload

    private static let prefixByteCount = 5
    private let head: HPACKHeaders
    private let message: ByteBuffer
    private var answer: EventLoopPromise<IncomingResponse>?
    private var found = GRPCAnswer()

    init(head: HPACKHeaders, message: ByteBuffer, answer: EventLoopPromise<IncomingResponse>) {
      self.head = head
      self.message = message
      self.answer = answer
    }

    func channelActive(context: ChannelHandlerContext) {
      context.write(wrapOutboundOut(.headers(.init(headers: head))), promise: nil)
      var prefix = context.channel.allocator.buffer(capacity: Self.prefixByteCount)
      prefix.writeInteger(UInt8(head.contains(name: "grpc-encoding") ? 1 : 0))
      prefix.writeInteger(UInt32(clamping: message.readableBytes))
      context.write(wrapOutboundOut(.data(.init(data: .byteBuffer(prefix)))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.data(.init(data: .byteBuffer(message), endStream: true))), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .headers(let headers):
        found.take(headers.headers)
        if headers.endStream { finish(context) }
      case .data(let data):
        if case .byteBuffer(let bytes) = data.data { found.take(bytes) }
        if data.endStream { finish(context) }
      default: break
      }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      answer?.fail(error)
      answer = nil
      context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { finish(context) }

    private func finish(_ context: ChannelHandlerContext) {
      answer?.succeed(found.response)
      answer = nil
      context.close(promise: nil)
    }
  }

  /// What came back, and what it means as a status of HTTP.
  struct GRPCAnswer: Sendable {
    private static let prefixByteCount = 5
    private var httpStatus = 0
    private var status: Int?
    private var message = ""
    private var details = ""
    private var bytes: [UInt8] = []

    /// CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS may be tried again; RESOURCE_EXHAUSTED only where the
    /// server says when. Source: the OTLP specification, "OTLP/gRPC Response".
    private static let retryable: Set<Int> = [1, 4, 10, 11, 14, 15]

    mutating func take(_ headers: HPACKHeaders) {
      if let text = headers.first(name: ":status") { httpStatus = Int(text) ?? 0 }
      if let text = headers.first(name: "grpc-status") { status = Int(text) ?? 2 }
      if let text = headers.first(name: "grpc-message") { message = text }
      if let text = headers.first(name: "grpc-status-details-bin") { details = text }
    }

    mutating func take(_ buffer: ByteBuffer) {
      bytes.append(contentsOf: buffer.readableBytesView.prefix(max(0, ClientTransport.bodyByteCountMax - bytes.count)))
    }

    var response: IncomingResponse {
      guard let status else {
        // No gRPC server: a proxy in between, or a stream that broke.
        return IncomingResponse(status: httpStatus == 200 || httpStatus == 0 ? 502 : httpStatus, body: Array("no grpc-status".utf8))
      }
      guard status != 0 else { return IncomingResponse(status: 200, body: Array(bytes.dropFirst(Self.prefixByteCount))) }
      var response = IncomingResponse(status: 400, body: Array("grpc-status \(status): \(message)".utf8))
      let wait = retryDelaySeconds
      if Self.retryable.contains(status) || status == 8 && wait != nil { response.status = 503 }
      if let wait { response.headers["retry-after"] = String(wait) }
      return response
    }

    /// google.rpc.Status { 3 details: Any { 1 type_url, 2 value: RetryInfo { 1 retry_delay: Duration { 1 seconds } } } }
    private var retryDelaySeconds: Int? {
      guard let status = Base64.bytes(of: details), !status.isEmpty else { return nil }
      for detail in Self.fields(3, of: status) {
        guard let type = Self.fields(1, of: detail).first, String(decoding: type, as: UTF8.self).hasSuffix("google.rpc.RetryInfo") else { continue }
        guard let info = Self.fields(2, of: detail).first, let delay = Self.fields(1, of: info).first else { continue }
        return Int(clamping: Self.number(1, of: delay) ?? 0)
      }
      return nil
    }

    /// The contents of a length-delimited field, each time it is there; what is broken ends the list.
    private static func fields(_ number: UInt64, of message: [UInt8]) -> [[UInt8]] {
      var found: [[UInt8]] = []
      walk(message) { tag, range in if tag == number << 3 | 2 { found.append(Array(message[range])) } } _: { _, _ in }
      return found
    }

    private static func number(_ number: UInt64, of message: [UInt8]) -> UInt64? {
      var found: UInt64?
      walk(message) { _, _ in } _: { tag, value in if tag == number << 3 { found = value } }
      return found
    }

    private static func walk(_ message: [UInt8], _ bytes: (UInt64, Range<Int>) -> Void, _ number: (UInt64, UInt64) -> Void) {
      let span = unsafe message.span.bytes
      var position = 0
      do throws(DecodeError) {
        while position < span.byteCount {
          let tag = try readVarint(span, &position, span.byteCount)
          switch tag & 7 {
          case 0: number(tag, try readVarint(span, &position, span.byteCount))
          case 2:
            let count = try readLength(span, &position, span.byteCount)
            bytes(tag, position..<position + count)
            position += count
          default: try skipField(span, &position, span.byteCount, tag: tag)
          }
        }
      } catch {
        return
      }
    }
  }
#endif
