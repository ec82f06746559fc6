// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// Turns the parts of an HTTP/1.1 connection or of an HTTP/2 stream into whole requests, and responses back into parts.
///
/// ```
/// waiting --head, admitted--> receiving --end--> responding --response written--> waiting
/// waiting --head, refused---> discarding --end--> (refusal written) --> waiting
/// receiving --over a limit--> (refusal written, connection closing)
/// ```
/// Every state but `responding` has a deadline. The task of a response is cancelled when the client goes away. Lives on its loop.
final class ExchangeHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  enum State {
    case waiting
    case receiving(Request, Ticket)
    case discarding(Response)
    case responding(Task<Void, Never>, isStreaming: Bool)
    case finished
  }

  let wire: WireContext
  /// True for a stream of HTTP/2.
  let carriesOneExchange: Bool
  var state = State.waiting
  var body = ByteBuffer()
  var heldCount = 0
  var discardedCount = 0
  var isHead = false
  var keepsAlive = true
  /// When `timeout` is due, and the wake-up that looks whether it is: that one may come too early, so that a request does not cost a new
  /// one (benchmark: `bench.py small:8`).
  private var deadline = NIODeadline.distantFuture
  private var timer: (wakesAt: NIODeadline, scheduled: Scheduled<Void>)?
  private var executor: LoopExecutor?
  private var remoteAddress = ""
  /// When the request's head came.
  private var began = NIODeadline.now()
  /// The connection, while a request of it is on its way.
  private var entered: (any Channel)?

  init(wire: WireContext, carriesOneExchange: Bool) {
    self.wire = wire
    self.carriesOneExchange = carriesOneExchange
  }

  func handlerAdded(context: ChannelHandlerContext) {
    executor = LoopExecutor(context.eventLoop)
    remoteAddress = remoteText(context.channel)
    startTimer(wire.limits.headTimeout, context)
    if carriesOneExchange { enter(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { close() }

  func channelInactive(context: ChannelHandlerContext) {
    close()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): receive(head, context)
    case .body(let bytes): receive(bytes, context)
    case .end: receiveEnd(context)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A half-sent head of a connection that ends is an error too, and nobody is there to answer.
    if error is HTTPParserError, case .waiting = state, context.channel.isActive {
      wire.service.malformed(listener: wire.role, remoteAddress: remoteText(context.channel), reason: "not HTTP: \(error)")
      var response = Response(status: .badRequest, contentType: "text/plain", text: "This is not a valid HTTP request.\n")
      response.closesConnection = true
      write(response, context)
    } else {
      context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent, case .responding(let task, isStreaming: true) = state { task.cancel() }
    context.fireUserInboundEventTriggered(event)
  }

  // MARK: The request

  private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard case .waiting = state else { return context.close(promise: nil) }
    began = .now()
    startTimer(min(wire.limits.bodyGrace, wire.limits.bodyTimeout), context)
    enter(context)
    isHead = head.method == .HEAD
    keepsAlive = head.isKeepAlive
    discardedCount = 0
    let request = Request(head: head, listener: wire.role, remoteAddress: remoteAddress)
    switch wire.service.admit(request) {
    case .refuse(let response):
      state = .discarding(response)
    case .take(let ticket):
      let announced = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
      guard announced <= ticket.bodyBytesMax else {
        state = .discarding(wire.service.overflow(request, admitted: ticket, cause: .tooLarge(limitBytes: ticket.bodyBytesMax)))
        break
      }
      state = .receiving(request, ticket)
      body = announced > 0 ? context.channel.allocator.buffer(capacity: min(announced, 4 << 20)) : ByteBuffer()
    }
    answerExpectation(head, context)
  }

  /// A client that asks first (`Expect: 100-continue`) is told to go on, or gets its refusal without having sent anything.
  private func answerExpectation(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    guard !carriesOneExchange, head.headers.first(name: "expect")?.lowercased() == "100-continue" else { return }
    switch state {
    case .receiving:
      context.writeAndFlush(wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    case .discarding(var response):
      response.closesConnection = true
      write(response, context)
    case .waiting, .responding, .finished: break
    }
  }

  private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    switch state {
    case .receiving(let request, let ticket):
      let count = bytes.readableBytes
      guard body.readableBytes + count <= ticket.bodyBytesMax else {
        return overflow(request, ticket, .tooLarge(limitBytes: ticket.bodyBytesMax), context)
      }
      guard wire.held.take(count) else { return overflow(request, ticket, .outOfMemory, context) }
      heldCount += count
      var bytes = bytes
      body.writeBuffer(&bytes)
    case .discarding:
      discardedCount += bytes.readableBytes
      if discardedCount > wire.limits.bodyBytesMax { refuseNow(context) }
    case .waiting, .responding, .finished: break
    }
  }

  private func receiveEnd(_ context: ChannelHandlerContext) {
    switch state {
    case .discarding: refuseNow(context)
    case .receiving(var request, let ticket):
      stopTimer()
      request.body = body
      body = ByteBuffer()
      state = .responding(start(request, ticket, context), isStreaming: false)
    case .waiting, .responding, .finished: break
    }
  }

  private func overflow(_ request: Request, _ ticket: Ticket, _ cause: BodyOverflow, _ context: ChannelHandlerContext) {
    body = ByteBuffer()
    releaseHeld()
    discardedCount = 0
    state = .discarding(wire.service.overflow(request, admitted: ticket, cause: cause))
  }

  /// Sends the refusal that waits; a client that has not sent its whole body by now loses the connection.
  private func refuseNow(_ context: ChannelHandlerContext) {
    guard case .discarding(let response) = state else { return }
    write(response, context)
  }

  private func start(_ request: Request, _ ticket: Ticket, _ context: ChannelHandlerContext) -> Task<Void, Never> {
    let service = wire.service
    let loop = context.eventLoop
    let handler = NIOLoopBound(HandlerInContext(handler: self, context: context), eventLoop: loop)
    let writer = StreamWriter(channel: context.channel)
    return Task(executorPreference: ticket.route.isBrief && request.isBrief ? executor : nil) {
      let response = await service.respond(to: request, admitted: ticket)
      guard case .stream(let produce) = response.body else {
        if loop.inEventLoop { return handler.value.finish(response) }
        return loop.execute { handler.value.finish(response) }
      }
      loop.execute { handler.value.startStream(response) }
      do {
        try await produce(writer)
        loop.execute { handler.value.endStream(isWhole: true) }
      } catch {
        // An answer that would go on for ever may end at any time.
        let isWhole = error is CancellationError
        loop.execute { handler.value.endStream(isWhole: isWhole) }
      }
    }
  }

  // MARK: Time

  func startTimer(_ amount: TimeAmount, _ context: ChannelHandlerContext) {
    deadline = .now() + amount
    if let timer, timer.wakesAt <= deadline { return }
    wake(at: deadline, context)
  }

  func stopTimer() { deadline = .distantFuture }

  private func wake(at time: NIODeadline, _ context: ChannelHandlerContext) {
    timer?.scheduled.cancel()
    let bound = NIOLoopBound(HandlerInContext(handler: self, context: context), eventLoop: context.eventLoop)
    timer = (time, context.eventLoop.scheduleTask(deadline: time) { bound.value.wake() })
  }

  /// The wake-up came: is anything due?
  func wake(_ context: ChannelHandlerContext) {
    timer = nil
    if deadline <= .now() { return timeout(context) }
    if deadline < .distantFuture { wake(at: deadline, context) }
  }

  private func timeout(_ context: ChannelHandlerContext) {
    if isQuickEnough { return startTimer(min(wire.limits.bodyGrace, wire.limits.bodyTimeout), context) }
    switch state {
    // A client that never takes its answer holds it in memory.
    case .waiting, .finished: context.close(promise: nil)
    case .discarding: refuseNow(context)
    case .receiving(let request, let ticket):
      var response = wire.service.overflow(request, admitted: ticket, cause: .tooSlow)
      response.closesConnection = true
      write(response, context)
    case .responding: break
    }
  }

  /// True while a body comes in at no less than the least rate and has time left.
  private var isQuickEnough: Bool {
    let count: Int
    switch state {
    case .receiving: count = body.readableBytes
    case .discarding: count = discardedCount
    case .waiting, .responding, .finished: return false
    }
    let elapsed = NIODeadline.now() - began
    guard elapsed < wire.limits.bodyTimeout else { return false }
    return count >= Int(elapsed.nanoseconds / 1_000_000) * wire.limits.bodyBytesPerSecondMin / 1000
  }

  private func enter(_ context: ChannelHandlerContext) {
    guard entered == nil else { return }
    let channel = context.channel
    let connection = carriesOneExchange ? channel.parent ?? channel : channel
    entered = connection
    wire.connections.enter(connection)
  }

  func leave() {
    guard let channel = entered else { return }
    entered = nil
    wire.connections.leave(channel)
  }

  func releaseHeld() {
    guard heldCount > 0 else { return }
    wire.held.give(heldCount)
    heldCount = 0
  }

  private func close() {
    timer?.scheduled.cancel()
    if case .responding(let task, _) = state { task.cancel() }
    state = .finished
    body = ByteBuffer()
    releaseHeld()
    leave()
  }
}

/// A handler with its context, to be carried in a loop-bound box to where a task ends.
private struct HandlerInContext {
  var handler: ExchangeHandler
  var context: ChannelHandlerContext

  func finish(_ response: Response) { handler.finish(response, context) }
  func startStream(_ response: Response) { handler.startStream(response, context) }
  func endStream(isWhole: Bool) { handler.endStream(isWhole: isWhole, context) }
  func wake() { handler.wake(context) }
}
