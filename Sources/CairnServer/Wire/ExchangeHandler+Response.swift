// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

extension ExchangeHandler {
  /// Writes the answer of the task that ran. Nothing happens if the connection is gone.
  func finish(_ response: Response, _ context: ChannelHandlerContext) {
    guard case .responding = state else { return }
    write(response, context)
  }

  /// Writes the head of a streamed answer.
  func startStream(_ response: Response, _ context: ChannelHandlerContext) {
    guard case .responding(let task, _) = state else { return }
    state = .responding(task, isStreaming: true)
    context.writeAndFlush(wrapOutboundOut(.head(head(of: response))), promise: nil)
  }

  /// Ends a streamed answer; one that broke off by cutting the connection, or resetting the stream: it has no other way to say so.
  func endStream(isWhole: Bool, _ context: ChannelHandlerContext) {
    guard case .responding(_, isStreaming: true) = state else { return }
    guard isWhole else { return context.close(promise: nil) }
    end(trailers: nil, closes: !keepsAlive, context)
  }

  /// Writes a whole answer, whatever was going on, and makes ready for the next request or closes.
  func write(_ response: Response, _ context: ChannelHandlerContext) {
    if case .finished = state { return }
    var response = response
    let isComplete: Bool
    switch state {
    case .receiving: isComplete = false
    case .discarding: isComplete = discardedCount <= wire.limits.bodyBytesMax && !response.closesConnection
    case .waiting, .responding, .finished: isComplete = true
    }
    let closes = response.closesConnection || !keepsAlive || !isComplete
    response.closesConnection = closes
    var bytes = ByteBuffer()
    if case .bytes(let content) = response.body { bytes = content }
    let hasLength = response.trailers == nil && response.status.mayHaveResponseBody
    if hasLength { response.headers.replaceOrAdd(name: "content-length", value: String(bytes.readableBytes)) }
    context.write(wrapOutboundOut(.head(head(of: response))), promise: nil)
    if !isHead, bytes.readableBytes > 0, response.status.mayHaveResponseBody {
      context.write(wrapOutboundOut(.body(.byteBuffer(bytes))), promise: nil)
    }
    end(trailers: carriesOneExchange ? response.trailers : nil, closes: closes, context)
  }

  private func head(of response: Response) -> HTTPResponseHead {
    var headers = response.headers
    if !carriesOneExchange, response.closesConnection { headers.replaceOrAdd(name: "connection", value: "close") }
    return HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
  }

  /// Writes the end of an answer. The next head may arrive while this runs, so all is made ready before.
  private func end(trailers: HTTPHeaders?, closes: Bool, _ context: ChannelHandlerContext) {
    releaseHeld()
    body = ByteBuffer()
    if !carriesOneExchange { leave() }
    state = carriesOneExchange || closes ? .finished : .waiting
    startTimer(wire.limits.idleTimeout, context)
    guard closes, !carriesOneExchange else {
      context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: nil)
      return
    }
    let promise = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    // The client may still be sending: leave it a moment to read the answer before the reset that closing would cause.
    promise.futureResult.whenComplete { _ in
      channel.eventLoop.scheduleTask(in: .milliseconds(200)) { channel.close(promise: nil) }
    }
    context.writeAndFlush(wrapOutboundOut(.end(trailers)), promise: promise)
  }
}

extension HTTPResponseStatus {
  /// False for the statuses that HTTP gives no body.
  fileprivate var mayHaveResponseBody: Bool { code >= 200 && code != 204 && code != 304 }
}
