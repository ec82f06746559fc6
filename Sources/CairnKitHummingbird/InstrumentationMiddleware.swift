// SPDX-License-Identifier: Apache-2.0
public import CairnKit
public import Hummingbird
internal import NIOCore
internal import Tracing

/// Everything that is said about a request, in one middleware: a server span, metrics and one line in the log.
///
/// ```
/// router.add(middleware: InstrumentationMiddleware(kit))
/// ```
/// - Span: `{method} {route}`, by OpenTelemetry's semantic conventions for HTTP servers; a 5xx is an error, thrown or returned. The
///   context of the caller is taken from its headers, and `X-Amzn-Trace-Id: Root=…` goes back with the response.
/// - Metrics: `http.server.request.duration` in seconds, `http.server.active_requests`, `http.server.{request,response}.body.size`.
/// - Log: one line when the response is written (a small one: when it is complete), with method, path, route, status, bytes and milliseconds.
///
/// A user's id that the program sets by `KitTracer.with(.userID, …)` is an attribute of the span and travels to the services that are called.
public struct InstrumentationMiddleware<Context: RequestContext>: RouterMiddleware {
  private let observer: RequestObserver
  /// Asked of the type once: looking for a conformance costs more than reading the address.
  private let hasRemoteAddress = Context.self is any RemoteAddressRequestContext.Type

  /// - Parameters:
  ///   - scheme: What clients speak, where it is not `http`.
  ///   - protocolVersion: What the server speaks; nil where it speaks several versions of HTTP, since a request does not tell.
  ///   - redactedParameters: Names of query parameters whose values are never written down.
  public init(
    _ kit: Kit, scheme: String = "http", protocolVersion: String? = "1.1",
    redactedParameters: Set<String> = ["token", "access_token", "code", "password", "signature", "X-Amz-Signature", "AWSAccessKeyId"]
  ) {
    observer = RequestObserver(kit, scheme: scheme, protocolVersion: protocolVersion, redactedParameters: redactedParameters)
  }

  public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    guard !observer.isDisabled else {
      guard let caller = observer.caller(of: request) else { return try await next(request, context) }
      return try await ServiceContext.withValue(caller) { try await next(request, context) }
    }
    let record = observer.begin(request, remoteAddress: remoteAddress(context))
    do {
      let response = try await ServiceContext.withValue(record.context) { try await next(request, context) }
      return try await record.answered(by: response, route: Self.route(context))
    } catch {
      throw record.failed(by: error, route: Self.route(context))
    }
  }

  /// The route's template. Where none matched, the router has a name for that, which is no template.
  private static func route(_ context: Context) -> String? { context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil } }

  /// Of the connection.
  private func remoteAddress(_ context: Context) -> SocketAddress? {
    hasRemoteAddress ? (context as? any RemoteAddressRequestContext)?.remoteAddress : nil
  }
}
