// SPDX-License-Identifier: Apache-2.0
internal import CairnKit
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Tracing

/// What the middleware does with a request, whatever its context is: code for any context costs three times as much.
final class RequestObserver: Sendable {
  /// Nothing is said of requests.
  let isDisabled: Bool
  private let tracer: KitTracer
  private let log: AccessLog
  private let scheme: String
  private let protocolVersion: String?
  private let redactedParameters: Set<String>
  private let instruments: RequestInstruments
  private let hosts = HostMemory()

  init(_ kit: Kit, scheme: String, protocolVersion: String?, redactedParameters: Set<String>) {
    tracer = kit.tracer
    isDisabled = kit.tracer.isDisabled
    log = AccessLog(kit, label: "http.access")
    self.scheme = scheme
    self.protocolVersion = protocolVersion
    instruments = RequestInstruments(kit.metrics, scheme: scheme)
    self.redactedParameters = redactedParameters
  }

  /// The context that came with a request; nil where none did.
  func caller(of request: Request) -> ServiceContext? { RequestHeaders(request.headers).hasContext ? extracted(request) : nil }

  private func extracted(_ request: Request) -> ServiceContext {
    var outer = ServiceContext.current ?? .topLevel
    tracer.extract(request.headers, into: &outer, using: HeaderExtractor())
    return outer
  }

  /// Starts the span of a request.
  func begin(_ request: Request, remoteAddress: @autoclosure () -> SocketAddress?) -> RequestRecord {
    let headers = RequestHeaders(request.headers)
    var outer = headers.hasContext ? extracted(request) : ServiceContext.current ?? .topLevel
    let method = RequestMethod(request.method.rawValue), path = request.uri.path
    if tracer.usesSamplingHints { outer.setSamplingHints(host: request.head.authority ?? "", method: method.original, path: path) }
    let start = SteadyClock.nanoseconds
    let span = tracer.startSpan(method.spanName, context: outer, ofKind: .server)
    span.edit { describe(request.head, headers, method, path, request.uri.query, remoteAddress(), &$0) }
    // Kept for errors alone, which are told of this request too.
    let unrecorded = span.isRecorded || !tracer.tellsErrors ? nil : UnrecordedRequest(observer: self, head: request.head, headers: headers, query: request.uri.query, remoteAddress: remoteAddress())
    return RequestRecord(
      span: span, startNanoseconds: start, method: method, path: path, requestByteCount: headers.byteCount, instruments: instruments, log: log,
      unrecorded: unrecorded)
  }

  /// Values are set as what they are: a box for each of them would cost more than the rest.
  func describe(
    _ head: HTTPRequest, _ headers: RequestHeaders, _ method: RequestMethod, _ path: String, _ query: String?,
    _ remoteAddress: @autoclosure () -> SocketAddress?, _ fields: inout SpanFields
  ) {
    fields.set("http.request.method", method.name)
    if method.original != method.name { fields.set("http.request.method_original", method.original) }
    fields.set("url.path", path)
    fields.set("url.scheme", scheme)
    if let query = redacted(query) { fields.set("url.query", query) }
    if let authority = head.authority, !authority.isEmpty {
      let host = hosts.parts(of: authority)
      fields.set("server.address", host.address)
      if let port = host.port { fields.set("server.port", port) }
    }
    if let agent = headers.agent { fields.set("user_agent.original", agent) }
    if let byteCount = headers.byteCount { fields.set("http.request.body.size", byteCount) }
    if let address = headers.firstForwardedFor ?? remoteAddress()?.ipAddress { fields.set("client.address", address) }
    fields.set("network.protocol.name", "http")
    if let protocolVersion { fields.set("network.protocol.version", protocolVersion) }
  }

  private func redacted(_ query: String?) -> String? {
    guard let query, !query.isEmpty else { return nil }
    return SecretNames.redacted(query: query, as: "REDACTED") { name in
      redactedParameters.contains(name) || redactedParameters.contains(name.lowercased()) || SecretNames.promises(name)
    }
  }
}

/// What can be said of a request that nobody records.
struct UnrecordedRequest: Sendable {
  let observer: RequestObserver
  let head: HTTPRequest
  let headers: RequestHeaders
  let query: String?
  let remoteAddress: SocketAddress?

  func describe(_ method: RequestMethod, _ path: String, _ fields: inout SpanFields) {
    observer.describe(head, headers, method, path, query, remoteAddress, &fields)
  }
}

private struct HeaderExtractor: Extractor {
  func extract(key: String, from headers: HTTPFields) -> String? { HeaderNames.name(key).flatMap { headers[$0] } }
}

/// Names of headers, made once.
enum HeaderNames {
  static let xray = HTTPField.Name("X-Amzn-Trace-Id")
  private static let propagated: [(key: String, name: HTTPField.Name)] = [
    "traceparent", "tracestate", "baggage", "uber-trace-id", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-b3-flags", "x-amzn-trace-id",
  ].compactMap { key in HTTPField.Name(key).map { (key, $0) } }

  static func name(_ key: String) -> HTTPField.Name? {
    propagated.first { $0.key == key }?.name ?? HTTPField.Name(key)
  }
}
