// SPDX-License-Identifier: Apache-2.0
public import CairnKit
internal import HTTPTypes
public import Hummingbird
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
/// A user's id that the program sets with `setUser` is an attribute of the span and travels to the services that are called.
public struct InstrumentationMiddleware<Context: RequestContext>: RouterMiddleware {
  private let tracer: KitTracer
  private let log: AccessLog
  private let scheme: String
  private let protocolVersion: String?
  private let redactedParameters: Set<String>
  private let instruments: RequestInstruments
  private let hasRemoteAddress = Self.knowsRemoteAddress
  private let hosts = HostMemory()

  /// - Parameters:
  ///   - scheme: What clients speak, where it is not `http`.
  ///   - protocolVersion: What the server speaks; nil where it speaks several versions of HTTP, since a request does not tell.
  ///   - redactedParameters: Names of query parameters whose values are never written down.
  public init(
    _ kit: Kit, scheme: String = "http", protocolVersion: String? = "1.1",
    redactedParameters: Set<String> = ["token", "access_token", "code", "password", "signature", "X-Amz-Signature", "AWSAccessKeyId"]
  ) {
    tracer = kit.tracer
    log = AccessLog(kit, label: "http.access")
    self.scheme = scheme
    self.protocolVersion = protocolVersion
    instruments = RequestInstruments(kit.metrics, scheme: scheme)
    self.redactedParameters = redactedParameters
  }

  public func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
    var outer = ServiceContext.current ?? .topLevel
    let headers = RequestHeaders(request.headers)
    if headers.hasContext { tracer.extract(request.headers, into: &outer, using: HeaderExtractor()) }
    let method = RequestMethod(request.method.rawValue), path = request.uri.path
    if tracer.usesSamplingHints { outer.setSamplingHints(host: request.head.authority ?? "", method: method.original, path: path) }
    let start = SteadyClock.nanoseconds
    let span = tracer.startSpan(method.spanName, context: outer, ofKind: .server)
    span.edit { describe(request, headers, context, method, path, &$0) }
    let record = RequestRecord(
      span: span, startNanoseconds: start, method: method, path: path, requestByteCount: headers.byteCount, instruments: instruments, log: log)
    do {
      var response = try await ServiceContext.withValue(span.context) { try await next(request, context) }
      record.setRoute(Self.route(context))
      tell(span, in: &response.headers)
      let status = Int(response.status.code), length = response.body.contentLength
      if let length, length <= SmallBody.byteCountMax {
        response.body = try await SmallBody.gather(response.body)
        record.finish(status: status, byteCount: length, error: nil)
      } else {
        response.body = recorded(response.body, by: record, status: status)
      }
      return response
    } catch {
      record.setRoute(Self.route(context))
      record.finish(status: Int((error as? any HTTPResponseError)?.status.code ?? 500), byteCount: nil, error: error)
      var headers = HTTPFields()
      tell(span, in: &headers)
      throw TracedError(underlying: error, headers: headers)
    }
  }

  /// Which trace the answer belongs to.
  private func tell(_ span: KitSpan, in headers: inout HTTPFields) {
    guard let text = span.traceContext?.xrayHeader, let name = HeaderNames.xray else { return }
    if headers.contains(name) { headers[name] = text } else { headers.append(HTTPField(name: name, value: text)) }
  }

  /// The route's template. Where none matched, the router has a name for that, which is no template.
  private static func route(_ context: Context) -> String? { context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil } }

  /// The same body, for one that is long or whose length nobody knows; when it is written, or cannot be, the request is over.
  private func recorded(_ body: ResponseBody, by record: RequestRecord, status: Int) -> ResponseBody {
    let byteCount = body.contentLength
    return ResponseBody(contentLength: byteCount) { writer in
      defer { record.finish(status: status, byteCount: byteCount, error: nil) }
      try await body.write(writer)
    }
  }

  /// Values are set as what they are: a box for each of them would cost more than the rest.
  private func describe(
    _ request: Request, _ headers: RequestHeaders, _ context: Context, _ method: RequestMethod, _ path: String, _ fields: inout SpanFields
  ) {
    fields.set("http.request.method", method.name)
    if method.original != method.name { fields.set("http.request.method_original", method.original) }
    fields.set("url.path", path)
    fields.set("url.scheme", scheme)
    if let query = redactedQuery(request) { fields.set("url.query", query) }
    if let authority = request.head.authority, !authority.isEmpty {
      let host = hosts.parts(of: authority)
      fields.set("server.address", host.address)
      if let port = host.port { fields.set("server.port", port) }
    }
    if let agent = headers.agent { fields.set("user_agent.original", agent) }
    if let byteCount = headers.byteCount { fields.set("http.request.body.size", byteCount) }
    if let address = clientAddress(headers, context) { fields.set("client.address", address) }
    fields.set("network.protocol.name", "http")
    if let protocolVersion { fields.set("network.protocol.version", protocolVersion) }
  }

  private func redactedQuery(_ request: Request) -> String? {
    guard let query = request.uri.query, !query.isEmpty else { return nil }
    return query.split(separator: "&").map { part in
      let name = part.prefix { $0 != "=" }
      return redactedParameters.contains(String(name)) ? "\(name)=REDACTED" : String(part)
    }.joined(separator: "&")
  }

  /// Asked of the type once: looking for a conformance costs more than reading the address.
  private static var knowsRemoteAddress: Bool { Context.self is any RemoteAddressRequestContext.Type }

  /// The first address of `X-Forwarded-For`, else the connection's own.
  private func clientAddress(_ headers: RequestHeaders, _ context: Context) -> String? {
    if let first = headers.forwardedFor?.split(separator: ",").first { return first.filter { $0 != " " } }
    return hasRemoteAddress ? (context as? any RemoteAddressRequestContext)?.remoteAddress?.ipAddress : nil
  }
}

private struct HeaderExtractor: Extractor {
  func extract(key: String, from headers: HTTPFields) -> String? { HeaderNames.name(key).flatMap { headers[$0] } }
}

/// Names of headers, made once.
private enum HeaderNames {
  static let xray = HTTPField.Name("X-Amzn-Trace-Id")
  private static let propagated: [(key: String, name: HTTPField.Name)] = [
    "traceparent", "tracestate", "baggage", "uber-trace-id", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "x-amzn-trace-id",
  ].compactMap { key in HTTPField.Name(key).map { (key, $0) } }

  static func name(_ key: String) -> HTTPField.Name? {
    propagated.first { $0.key == key }?.name ?? HTTPField.Name(key)
  }
}
