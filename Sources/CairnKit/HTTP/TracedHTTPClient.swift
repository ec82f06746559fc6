// SPDX-License-Identifier: Apache-2.0
public import AsyncHTTPClient
internal import Instrumentation
internal import NIOCore
internal import NIOHTTP1
internal import Tracing

/// AsyncHTTPClient with a client span around each request, the context in its headers, and `http.client.request.duration`.
///
/// The span is `{method}`, by the semantic conventions for HTTP clients; a status of 400 or more is an error. Secrets in the URL (user,
/// password, the parameters named and those whose names promise a secret) are redacted. It ends when the response's head is there; the body is the caller's.
public struct TracedHTTPClient: Sendable {
  private let client: HTTPClient
  private let tracer: KitTracer
  private let redactedParameters: Set<String>
  private let instruments: ClientInstruments

  public init(
    _ client: HTTPClient, kit: Kit, redactedParameters: Set<String> = ["token", "access_token", "sig", "signature", "X-Amz-Signature", "X-Goog-Signature", "AWSAccessKeyId"]
  ) {
    self.client = client
    tracer = kit.tracer
    instruments = ClientInstruments(kit.metrics)
    self.redactedParameters = redactedParameters
  }

  /// Sends the request; throws what the client throws.
  ///
  /// - Parameter resendCount: How often this request was sent before, where the caller tries again.
  public func execute(_ request: HTTPClientRequest, timeoutSeconds: Int64 = 30, resendCount: Int = 0) async throws -> HTTPClientResponse {
    try await tracer.withSpan(request.method.rawValue, ofKind: .client) { span in
      let (host, port) = Self.address(request)
      span.edit { fields in
        fields.set("http.request.method", request.method.rawValue)
        fields.set("url.full", Self.redacted(request.url, parameters: redactedParameters))
        fields.set("server.address", host)
        fields.set("server.port", Int64(port))
        if resendCount > 0 { fields.set("http.request.resend_count", Int64(resendCount)) }
      }
      var outgoing = request
      tracer.inject(span.context, into: &outgoing.headers, using: HeaderInjector())
      let prepared = outgoing
      var key = ClientInstruments.Key(method: request.method.rawValue, host: host, port: port)
      let start = ContinuousClock.now
      defer {
        let seconds = Double((ContinuousClock.now - start).nanoseconds) / 1e9
        instruments.duration(key).record(seconds, in: span, unixNanoseconds: DefaultTracerClock.now.nanosecondsSinceEpoch)
      }
      do {
        let response = try await InstrumentationContext.withValue(span.context.suppressed()) {
          try await client.execute(prepared, timeout: .seconds(timeoutSeconds))
        }
        key.status = Int(response.status.code)
        if response.status.code >= 400 { key.errorType = String(response.status.code) }
        tell(span, key)
        return response
      } catch {
        key.errorType = ErrorDescription.typeName(error)
        throw error
      }
    }
  }

  private func tell(_ span: KitSpan, _ key: ClientInstruments.Key) {
    span.edit { fields in
      if let status = key.status { fields.set("http.response.status_code", Int64(status)) }
      if let type = key.errorType { fields.set("error.type", type) }
    }
    if key.errorType != nil { span.setStatus(SpanStatus(code: .error)) }
  }

  private static func address(_ request: HTTPClientRequest) -> (host: String, port: Int) {
    let host = URLParts(request.url).address
    if let colon = host.lastIndex(of: ":"), let port = Int(host[host.index(after: colon)...]) { return (String(host[..<colon]), port) }
    return (String(host), request.url.hasPrefix("https") ? 443 : 80)
  }

  /// The URL with `REDACTED` for user and password and for the values of the parameters; without its fragment, which is not sent.
  static func redacted(_ url: String, parameters: Set<String>) -> String {
    let url = String(url.prefix { $0 != "#" }), target = URLParts(url)
    let scheme = url.firstRange(of: "://").map { url[..<$0.upperBound] } ?? ""
    let host = target.host.lastIndex(of: "@").map { "REDACTED:REDACTED@" + target.host[target.host.index(after: $0)...] } ?? target.host
    guard !target.query.isEmpty else { return scheme + host + target.path }
    return scheme + host + target.path + "?"
      + SecretNames.redacted(query: target.query, as: "REDACTED") { parameters.contains($0) || SecretNames.promises($0) }
  }
}

private struct HeaderInjector: Injector {
  func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) { headers.replaceOrAdd(name: key, value: value) }
}
