// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1

/// One HTTP request as a handler sees it: head, whole body, and where it came in.
struct Request: Sendable {
  var method: HTTPMethod
  /// The target as it was sent, without the query: `/v1/traces`.
  var path: String
  /// What follows the `?`, as it was sent; empty where there is none.
  var query: String
  var headers: HTTPHeaders
  /// The body as it was sent, still compressed if it came so.
  var body: ByteBuffer
  /// 1 or 2.
  var majorVersion: Int
  /// The listener that took the connection.
  var listener: ListenerRole
  /// The address of the other end, for people to read; empty where there is none.
  var remoteAddress: String

  /// A request without a body, from the parsed head.
  init(head: HTTPRequestHead, listener: ListenerRole, remoteAddress: String) {
    method = head.method
    headers = head.headers
    body = ByteBuffer()
    majorVersion = head.version.major
    self.listener = listener
    self.remoteAddress = remoteAddress
    let target = head.uri
    if let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) {
      path = String(target[..<mark])
      query = String(target[target.index(after: mark)...])
    } else {
      path = target
      query = ""
    }
  }

  /// The first value of a header, trimmed; nil where it is absent.
  func header(_ name: String) -> String? {
    guard let value = headers.first(name: name) else { return nil }
    return trimmed(value)
  }

  /// True for a body that is small and not compressed: what it costs is bounded by its size.
  var isBrief: Bool {
    body.readableBytes <= Self.briefBytesMax && !headers.contains(name: "content-encoding") && !headers.contains(name: "grpc-encoding")
  }

  /// What is decoded within about 0.2 ms.
  private static let briefBytesMax = 64 << 10

  /// The media type of the body in lower case, without parameters; empty where the request names none.
  var mediaType: String {
    guard let value = headers.first(name: "content-type") else { return "" }
    let end = value.utf8.firstIndex(of: UInt8(ascii: ";")) ?? value.endIndex
    return trimmed(String(value[..<end])).lowercased()
  }
}

/// The text without spaces and tabs at both ends.
func trimmed(_ text: String) -> String {
  let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
  guard let first = text.utf8.first, let last = text.utf8.last, isBlank(first) || isBlank(last) else { return text }
  let view = text.utf8
  guard let start = view.firstIndex(where: { !isBlank($0) }), let end = view.lastIndex(where: { !isBlank($0) }) else { return "" }
  return String(text[start...end])
}

/// Which of the ports a connection came in by.
public enum ListenerRole: String, Sendable, Hashable, CaseIterable {
  case http = "http"
  case otlpHTTP = "otlp_http"
  case otlpGRPC = "otlp_grpc"
  /// The X-Ray daemon: TCP here, UDP beside it at the same port.
  case xray = "xray"
}
