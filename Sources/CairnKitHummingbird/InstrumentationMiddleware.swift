// SPDX-License-Identifier: Apache-2.0
public import CairnKit
internal import CoreMetrics
internal import HTTPTypes
public import Hummingbird
internal import Logging
internal import Tracing

/// Everything that is said about a request, in one middleware: a server span, two metrics and one line in the log.
///
/// ```
/// router.add(middleware: InstrumentationMiddleware(kit))
/// ```
/// - Span: `{method} {route}`, by OpenTelemetry's semantic conventions for HTTP servers; a 5xx is an error, thrown or returned. The
///   context of the caller is taken from its headers, and `X-Amzn-Trace-Id: Root=…` goes back with the response.
/// - Metrics: `http.server.request.duration` in seconds, `http.server.active_requests`.
/// - Log: one line when the response is written, with method, path, route, status, bytes and milliseconds.
///
/// A user's id that the program sets with `setUser` is an attribute of the span and travels to the services that are called.
public struct InstrumentationMiddleware<Context: RequestContext>: RouterMiddleware {
  private let tracer: KitTracer
  private let log: Logger
  private let scheme: String
  private let redactedParameters: Set<String>
  private let instruments: RequestInstruments

  /// - Parameters:
  ///   - scheme: What clients speak, where it is not `http`.
  ///   - redactedParameters: Names of query parameters whose values are never written down.
  public init(
    _ kit: Kit, scheme: String = "http", redactedParameters: Set<String> = ["token", "access_token", "code", "password", "signature", "X-Amz-Signature", "AWSAccessKeyId"]
  ) {
    tracer = kit.tracer
    log = Logger(label: "http.access") { kit.logHandler(label: $0) }
    self.scheme = scheme
    instruments = RequestInstruments(scheme: scheme)
    self.redactedParameters = redactedParameters
  }

  public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    var tracing = ServiceContext.current ?? .topLevel
    tracer.extract(request.headers, into: &tracing, using: HeaderExtractor())
    tracing.setSamplingHints(host: request.head.authority ?? "", method: request.method.rawValue, path: request.uri.path)
    let span = tracer.startSpan(request.method.rawValue, context: tracing, ofKind: .server)
    span.updateAttributes { describe(request, context, &$0) }
    instruments.active(request.method.rawValue).increment(by: 1)
    let record = RequestRecord(span: span, request: request, instruments: instruments, log: log, start: .now)
    do {
      var response = try await ServiceContext.withValue(span.context) { try await next(request, context) }
      record.route = context.endpointPath
      if let text = span.traceContext?.xrayTraceID, let name = HTTPField.Name("X-Amzn-Trace-Id") { response.headers[name] = "Root=\(text)" }
      response.body = recorded(response.body, by: record, status: Int(response.status.code))
      return response
    } catch {
      record.route = context.endpointPath
      record.finish(status: Int((error as? any HTTPResponseError)?.status.code ?? 500), byteCount: nil, error: error)
      throw error
    }
  }

  /// The same body; when it is written, or cannot be, the request is over.
  private func recorded(_ body: ResponseBody, by record: RequestRecord, status: Int) -> ResponseBody {
    let byteCount = body.contentLength
    return ResponseBody(contentLength: byteCount) { writer in
      defer { record.finish(status: status, byteCount: byteCount, error: nil) }
      try await body.write(writer)
    }
  }

  /// Values are set as what they are: a box for each of them would cost more than the rest.
  private func describe(_ request: Request, _ context: Context, _ attributes: inout SpanAttributes) {
    attributes.set("http.request.method", value: .string(request.method.rawValue))
    attributes.set("url.path", value: .string(request.uri.path))
    attributes.set("url.scheme", value: .string(scheme))
    if let query = redactedQuery(request) { attributes.set("url.query", value: .string(query)) }
    if let (host, port) = address(request) {
      attributes.set("server.address", value: .string(host))
      if let port { attributes.set("server.port", value: .int64(Int64(port))) }
    }
    if let agent = request.headers[.userAgent] { attributes.set("user_agent.original", value: .string(agent)) }
    if let size = request.headers[.contentLength].flatMap({ Int64($0) }) { attributes.set("http.request.body.size", value: .int64(size)) }
    if let address = clientAddress(request, context) { attributes.set("client.address", value: .string(address)) }
    attributes.set("network.protocol.name", value: .string("http"))
  }

  private func redactedQuery(_ request: Request) -> String? {
    guard let query = request.uri.query, !query.isEmpty else { return nil }
    return query.split(separator: "&").map { part in
      let name = part.prefix { $0 != "=" }
      return redactedParameters.contains(String(name)) ? "\(name)=REDACTED" : String(part)
    }.joined(separator: "&")
  }

  /// The `Host` of the request in its two parts.
  private func address(_ request: Request) -> (host: String, port: Int?)? {
    guard let authority = request.head.authority, !authority.isEmpty else { return nil }
    guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...]) else { return (authority, nil) }
    return (String(authority[..<colon]), port)
  }

  private static var forwardedFor: HTTPField.Name? { ForwardedFor.name }

  /// The first address of `X-Forwarded-For`, else the connection's own.
  private func clientAddress(_ request: Request, _ context: Context) -> String? {
    if let name = Self.forwardedFor, let first = request.headers[name]?.split(separator: ",").first { return first.filter { $0 != " " } }
    return (context as? any RemoteAddressRequestContext)?.remoteAddress?.ipAddress
  }
}

private struct HeaderExtractor: Extractor {
  func extract(key: String, from headers: HTTPFields) -> String? { HTTPField.Name(key).flatMap { headers[$0] } }
}

/// The name of the header is made once.
private enum ForwardedFor {
  static let name = HTTPField.Name("X-Forwarded-For")
}
