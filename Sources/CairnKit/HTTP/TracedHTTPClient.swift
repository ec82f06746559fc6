// SPDX-License-Identifier: Apache-2.0
public import AsyncHTTPClient
internal import Instrumentation
internal import NIOCore
internal import NIOHTTP1
internal import Tracing

/// AsyncHTTPClient with a client span around each request, and the context in its headers.
///
/// The span is `{method}`, by the semantic conventions for HTTP clients; a status of 400 or more is an error. Secrets in the URL (user,
/// password, and the parameters named) are redacted. It ends when the response's head is there; the body is the caller's.
public struct TracedHTTPClient: Sendable {
  private let client: HTTPClient
  private let tracer: KitTracer
  private let redactedParameters: Set<String>

  public init(
    _ client: HTTPClient, kit: Kit, redactedParameters: Set<String> = ["token", "access_token", "sig", "signature", "X-Amz-Signature", "X-Goog-Signature", "AWSAccessKeyId"]
  ) {
    self.client = client
    tracer = kit.tracer
    self.redactedParameters = redactedParameters
  }

  /// Sends the request; throws what the client throws.
  public func execute(_ request: HTTPClientRequest, timeoutSeconds: Int64 = 30) async throws -> HTTPClientResponse {
    try await tracer.withSpan(request.method.rawValue, ofKind: .client) { span in
      span.updateAttributes { describe(request, &$0) }
      var outgoing = request
      tracer.inject(span.context, into: &outgoing.headers, using: HeaderInjector())
      let prepared = outgoing
      let response = try await InstrumentationContext.withValue(span.context.suppressed()) {
        try await client.execute(prepared, timeout: .seconds(timeoutSeconds))
      }
      span.updateAttributes { attributes in
        attributes["http.response.status_code"] = Int(response.status.code)
        if response.status.code >= 400 { attributes["error.type"] = String(response.status.code) }
      }
      if response.status.code >= 400 { span.setStatus(SpanStatus(code: .error)) }
      return response
    }
  }

  private func describe(_ request: HTTPClientRequest, _ attributes: inout SpanAttributes) {
    let target = URLParts(request.url)
    attributes["http.request.method"] = request.method.rawValue
    attributes["url.full"] = Self.redacted(request.url, parameters: redactedParameters)
    let host = target.host.split(separator: "@").last ?? ""
    if let colon = host.lastIndex(of: ":"), let port = Int(host[host.index(after: colon)...]) {
      attributes["server.address"] = String(host[..<colon])
      attributes["server.port"] = port
    } else {
      attributes["server.address"] = String(host)
      attributes["server.port"] = request.url.hasPrefix("https") ? 443 : 80
    }
  }

  /// The URL with `REDACTED` for user and password and for the values of the parameters.
  static func redacted(_ url: String, parameters: Set<String>) -> String {
    let target = URLParts(url)
    let scheme = url.firstRange(of: "://").map { url[..<$0.upperBound] } ?? ""
    let host = target.host.lastIndex(of: "@").map { "REDACTED:REDACTED@" + target.host[target.host.index(after: $0)...] } ?? target.host
    guard !target.query.isEmpty else { return scheme + host + target.path }
    let query = target.query.split(separator: "&").map { part in
      let name = part.prefix { $0 != "=" }
      return parameters.contains(String(name)) ? "\(name)=REDACTED" : String(part)
    }
    return scheme + host + target.path + "?" + query.joined(separator: "&")
  }
}

private struct HeaderInjector: Injector {
  func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) { headers.replaceOrAdd(name: key, value: value) }
}
