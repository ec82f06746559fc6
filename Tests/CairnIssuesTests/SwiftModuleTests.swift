// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import CairnIssues

/// Whose a frame is, in stacks as programs print them.
@Suite struct SwiftModuleTests {
  private static let handler = """
    at closure #7 @Sendable (HummingbirdCore.Request, Hummingbird.BasicRequestContext) async throws -> Swift.String in CruddurAPI.Cruddur.(activities in _AA2C2CCEC22FBBB3403FF49AC36D8F48)(Hummingbird.RouterGroup<Hummingbird.BasicRequestContext>) -> () (cruddur+0x0)
    """
  private static let telling = """
    at CairnKit.KitTracer.withSpan<A>(_: Swift.String, context: @autoclosure () -> Instrumentation.InstrumentationContext, ofKind: Tracing.SpanKind, _: (CairnKit.KitSpan) async throws -> A) async throws -> A (cruddur+0x1a8)
    """
  private static let router = """
    at closure #1 @Sendable (HummingbirdCore.Request, A.Context) async throws -> HummingbirdCore.Response in (extension in Hummingbird):Hummingbird.RouterMethods.constructResponder<A where A1: Hummingbird.ResponseGenerator>(use: @Sendable (HummingbirdCore.Request, A.Context) async throws -> A1) -> Hummingbird.CallbackResponder<A.Context> (cruddur+0x0)
    at Hummingbird.CallbackResponder.respond(to: HummingbirdCore.Request, context: A) async throws -> HummingbirdCore.Response (cruddur+0x0)
    """
  private static let middleware = """
    at closure #2 () async throws -> HummingbirdCore.Response in CairnKitHummingbird.InstrumentationMiddleware.handle(_: HummingbirdCore.Request, context: A, next: (HummingbirdCore.Request, A) async throws -> HummingbirdCore.Response) async throws -> HummingbirdCore.Response (cruddur+0x0)
    at libswift_Concurrency.so+0x431d0
    at static Instrumentation.InstrumentationContext.withValue<A>(_: Swift.Optional<Instrumentation.InstrumentationContext>, isolation: isolated Swift.Optional<Swift.Actor>, operation: () async throws -> A) async throws -> A (cruddur+0x0)
    at closure #1 nonisolated(nonsending) () async throws -> A in Logging.withLogger<A, B where B: Swift.Error>(Logging.Logger, nonisolated(nonsending) (Logging.Logger) async throws(B) -> A) async throws(B) -> A (cruddur+0x0)
    at closure #1 (NIOCore.NIOAsyncChannelInboundStream<NIOHTTPTypes.HTTPRequestPart>) async throws -> sending () in closure #1 () async throws -> () in (extension in HummingbirdCore):HummingbirdCore.HTTPChannelHandler.handleHTTP(asyncChannel: NIOCore.NIOAsyncChannel<NIOHTTPTypes.HTTPRequestPart, NIOHTTPTypes.HTTPResponsePart>, logger: Logging.Logger) async -> () (cruddur+0x0)
    """

  private func frames(_ stack: String) -> [GroupedFrame] {
    let report = ErrorReport(.chain(exceptionChain(className: "CruddurAPI.TimelineError", message: "m", stack: stack)))
    guard case .chain(let chain) = report.body else { return [] }
    return groupedFrames(chain[0], report)
  }

  private func found(_ stack: String, message: String = "m") -> Grouping {
    grouping(of: ErrorReport(.chain(exceptionChain(className: "CruddurAPI.TimelineError", message: message, stack: stack))))
  }

  @Test func theProgramsOwnFrameIsWhatCounts() {
    let stack = [Self.telling, Self.handler, Self.router, Self.middleware].joined(separator: "\n")
    let own = frames(stack).filter { $0.verdict == .inApp }
    #expect(own.count == 1 && own[0].function.contains("CruddurAPI.Cruddur"))
    #expect(frames(stack).filter { $0.verdict == .notifier }.count == 3)
    // The kit told of it; it did not throw it, so the message is not asked.
    #expect(found(stack).key == found(stack, message: "another").key)
  }

  @Test func twoWaysIntoAHandlerAreOneItem() {
    let one = found([Self.telling, Self.handler, Self.router, Self.middleware].joined(separator: "\n"))
    #expect(one.key == found([Self.handler, Self.middleware].joined(separator: "\n")).key)
    #expect(one.key == found([Self.telling, Self.handler].joined(separator: "\n")).key)
    let other = Self.handler.replacing("closure #7", with: "closure #8")
    #expect(one.key != found([Self.telling, other, Self.router, Self.middleware].joined(separator: "\n")).key)
    #expect(GroupingVersion.cg1Gems.grouping(of: ErrorReport(.chain(exceptionChain(className: "CruddurAPI.TimelineError", message: "m", stack: Self.handler)))).key == found(Self.handler).key)
  }

  @Test(arguments: [
    ("static NIOPosix.MultiThreadedEventLoopGroup.run() -> ()", SwiftOrigin.library), ("Hummingbird.Router.f() -> ()", .library), ("HummingbirdPostgres.X.f() -> ()", .library),
    ("AsyncHTTPClient.HTTPClient.execute(A) async throws -> B", .library), ("(extension in Shop):Hummingbird.Router.pay() -> ()", .own),
    ("(extension in NIOCore):Shop.Pay.x() -> ()", .library), ("Swift.Array.subscript.getter : A", .library), ("Shop.Pay.total.getter : Swift.Int", .own),
    ("Hummingbirds.Nest.feed() -> ()", .own), ("NIOsh.run() -> ()", .own), ("closure #1 (A) -> () in Shop.Pay.run(NIOCore.EventLoop) -> ()", .own),
    ("static Shop.Pay.< infix(Shop.Pay, Shop.Pay) -> Swift.Bool", .own), ("Logging.Logger.log", .own), ("Metrics.Counter.inc(Int)", .own), ("", .own), (" in ", .own),
    ("Tracing.withSpan<A>(Swift.String) -> A", .reporting), ("CairnKit.KitSpan.recordError(Swift.Error) -> ()", .reporting), ("(extension in", .own), ("))->>> -> in x.", .own),
  ])
  func modulesAreKnown(function: String, origin: SwiftOrigin) { #expect(swiftOrigin(Array(function.utf8), language: "") == origin) }

  /// The same in other languages: only the frame of the program counts.
  @Test(arguments: [
    "Traceback (most recent call last):\n  File \"/venv/lib/python3.11/site-packages/flask/app.py\", line 3, in dispatch\n  File \"/srv/own.py\", line 9, in own\nKeyError: 'x'",
    "at own (/srv/own.js:1:2)\nat next (/srv/node_modules/express/lib/router.js:3:4)\nat process (node:internal/process/task_queues:95:5)\nat load (internal/modules/cjs/loader.js:1:1)",
    "at shop.own.run(Own.java:3)\nat org.springframework.web.X.do(X.java:1)\nat java.base/java.lang.Thread.run(Thread.java:8)",
    "main.own(0x1)\n\t/srv/own.go:3 +0x1d\ngithub.com/gin-gonic/gin.(*Context).Next(0x1)\n\t/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go:1 +0x2\ngithub.com/x/y.Z(0x1)\n\tgithub.com/x/y@v1.2.3/z.go:1 +0x2\nnet/http.serve(0x1)\n\t/usr/local/go/src/net/http/server.go:1 +0x2",
    "/srv/own.rb:1:in 'own'\n/usr/lib/ruby/3.2.0/net/http.rb:3:in 'start'\n/usr/lib/ruby/gems/3.2.0/gems/rack-3.0/lib/rack.rb:1:in 'call'",
    "0 0x0001 own() + 12 in shop at /srv/own.swift:3:1\n1 0x0002 run() + 3 in shop at /srv/.build/checkouts/hummingbird/Sources/Hummingbird/Router.swift:1:1",
  ]) func librariesOfOtherLanguagesAreKnown(stack: String) {
    let own = frames(stack).filter { $0.verdict == .inApp }
    #expect(own.count == 1 && own.allSatisfy { $0.function.contains("own") }, "\(own)")
  }
}
