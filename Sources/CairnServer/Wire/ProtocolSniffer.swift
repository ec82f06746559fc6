// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOHTTP2

/// Looks at the first bytes of a connection and makes it HTTP/2 (prior knowledge, RFC 9113 section 3.3) or HTTP/1.1.
///
/// No HTTP/1 method begins with `PRI `, so four bytes decide. Removes itself once the pipeline stands. One per connection; lives on its loop.
final class ProtocolSniffer: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let wire: WireContext
  private var seen = ByteBuffer()
  private var timer: Scheduled<Void>?
  private static let preface = Array("PRI ".utf8)

  init(wire: WireContext) { self.wire = wire }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    timer = context.eventLoop.scheduleTask(in: wire.limits.headTimeout) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    timer?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    seen.writeBuffer(&bytes)
    let known = min(seen.readableBytes, Self.preface.count)
    let matches = seen.readableBytesView.prefix(known).elementsEqual(Self.preface.prefix(known))
    if matches, known < Self.preface.count { return }
    do {
      if matches {
        try configureHTTP2(context.channel, wire: wire)
      } else {
        try configureHTTP1(context.channel, wire: wire)
      }
    } catch {
      context.close(promise: nil)
      return
    }
    context.fireChannelRead(wrapInboundOut(seen))
    context.fireChannelReadComplete()
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }
}

/// What every connection of a listener shares.
struct WireContext: Sendable {
  var service: any Service
  var limits: WireLimits
  var held: HeldBytes
  var connections: Connections
  var role: ListenerRole
}

/// Adds the handlers of an HTTP/1.1 connection behind the sniffer. On the channel's loop only.
private func configureHTTP1(_ channel: any Channel, wire: WireContext) throws {
  var decoderLimits = NIOHTTPDecoderLimitConfiguration()
  decoderLimits.maxHeaderFieldSize = wire.limits.headerBytesMax
  decoderLimits.maxHeaderListSize = wire.limits.headerBytesMax
  decoderLimits.maxHeaderFieldCount = wire.limits.headerCountMax
  let pipeline = channel.pipeline.syncOperations
  try pipeline.configureHTTPServerPipeline(
    withPipeliningAssistance: true, withErrorHandling: false, withOutboundHeaderValidation: true,
    withEncoderConfiguration: .init(), withDecoderLimitConfiguration: decoderLimits)
  try pipeline.addHandler(ExchangeHandler(wire: wire, carriesOneExchange: false))
}

/// Adds the handlers of an HTTP/2 connection behind the sniffer. On the channel's loop only.
private func configureHTTP2(_ channel: any Channel, wire: WireContext) throws {
  let limits = wire.limits
  var connection = NIOHTTP2Handler.ConnectionConfiguration()
  connection.initialSettings = [
    HTTP2Setting(parameter: .maxConcurrentStreams, value: limits.streamCountMax),
    HTTP2Setting(parameter: .maxHeaderListSize, value: limits.headerBytesMax),
    HTTP2Setting(parameter: .initialWindowSize, value: limits.windowBytes),
  ]
  connection.targetWindowSize = limits.windowBytes
  connection.controlFrameRateLimit.maximumCount = limits.controlFrameCountMax
  connection.controlFrameRateLimit.windowLength = limits.controlFrameWindow
  var stream = NIOHTTP2Handler.StreamConfiguration()
  stream.targetWindowSize = limits.windowBytes
  let manager = NIOHTTP2ServerConnectionManagementHandler(
    eventLoop: channel.eventLoop,
    configuration: .init(
      maxIdleTime: limits.idleTimeout, maxAge: nil, maxGraceTime: limits.bodyTimeout,
      keepalive: .init(pingInterval: limits.idleTimeout, ackTimeout: limits.headTimeout)))
  let pipeline = channel.pipeline.syncOperations
  _ = try pipeline.configureHTTP2Pipeline(
    mode: .server, connectionConfiguration: connection, streamConfiguration: stream, streamDelegate: manager.http2StreamDelegate
  ) { stream in
    stream.eventLoop.makeCompletedFuture {
      try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
      try stream.pipeline.syncOperations.addHandler(ExchangeHandler(wire: wire, carriesOneExchange: true))
    }
  }
  try pipeline.addHandler(FarewellDeadline(limits.bodyTimeout))
  try pipeline.addHandler(manager)
  try pipeline.addHandler(HTTP2ErrorHandler(wire: wire))
  // The connection is active already, and its HTTP/2 handler does not tell again; the manager's timers start with this event.
  try pipeline.context(handlerType: NIOHTTP2Handler.self).fireChannelActive()
}

/// Closes an HTTP/2 connection so long after its GOAWAY at the latest: the manager behind it waits for an answer, which may never come.
private final class FarewellDeadline: ChannelOutboundHandler {
  typealias OutboundIn = HTTP2Frame
  private let grace: TimeAmount
  private var timer: Scheduled<Void>?

  init(_ grace: TimeAmount) { self.grace = grace }

  func handlerRemoved(context: ChannelHandlerContext) { timer?.cancel() }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if timer == nil, case .goAway = unwrapOutboundIn(data).payload {
      let channel = context.channel
      timer = context.eventLoop.scheduleTask(in: grace) { channel.close(promise: nil) }
    }
    context.write(data, promise: promise)
  }
}

/// Closes an HTTP/2 connection whose peer breaks the protocol; where it breaks that of one stream, which NIO resets, the others go on.
private final class HTTP2ErrorHandler: ChannelInboundHandler {
  typealias InboundIn = HTTP2Frame
  private let wire: WireContext

  init(wire: WireContext) { self.wire = wire }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard !isOfOneStream(error) else { return }
    wire.service.malformed(
      listener: wire.role, remoteAddress: remoteText(context.channel), reason: "HTTP/2 connection error: \(error)")
    context.close(promise: nil)
  }
}

/// True for what NIO answers with a reset of the stream. It tells of it without the stream, so the kind of error decides.
private func isOfOneStream(_ error: any Error) -> Bool {
  switch error {
  case is NIOHTTP2Errors.StreamError,
    is NIOHTTP2Errors.MissingPseudoHeader, is NIOHTTP2Errors.DuplicatePseudoHeader, is NIOHTTP2Errors.PseudoHeaderAfterRegularHeader,
    is NIOHTTP2Errors.UnknownPseudoHeader, is NIOHTTP2Errors.UnsupportedPseudoHeader, is NIOHTTP2Errors.InvalidPseudoHeaders,
    is NIOHTTP2Errors.InvalidPseudoHeaderValue, is NIOHTTP2Errors.EmptyPathHeader, is NIOHTTP2Errors.TrailersWithoutEndStream,
    is NIOHTTP2Errors.InvalidHTTP2HeaderFieldName, is NIOHTTP2Errors.InvalidHTTP2HeaderFieldValue,
    is NIOHTTP2Errors.ForbiddenHeaderField, is NIOHTTP2Errors.ContentLengthViolated, is NIOHTTP2Errors.ContentLengthHeadersMismatch,
    is NIOHTTP2Errors.ContentLengthHeaderNegative, is NIOHTTP2Errors.ContentLengthHeaderMalformedValue:
    true
  default: false
  }
}

/// The other end's address as text; empty where it has none.
func remoteText(_ channel: any Channel) -> String {
  guard let address = channel.remoteAddress ?? channel.parent?.remoteAddress else { return "" }
  guard let host = address.ipAddress else { return "" }
  return host
}
