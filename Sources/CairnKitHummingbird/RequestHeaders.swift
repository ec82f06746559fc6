// SPDX-License-Identifier: Apache-2.0
internal import HTTPTypes

/// What the middleware wants to know of a request's headers, found in one pass.
struct RequestHeaders {
  /// `Content-Length`.
  private(set) var byteCount: Int64?
  /// `User-Agent`.
  private(set) var agent: String?
  /// `X-Forwarded-For`.
  private var forwardedFor: String?
  /// There is something that a propagator may read.
  private(set) var hasContext = false

  init(_ fields: HTTPFields) {
    for field in fields { read(field) }
  }

  /// The client, as the outermost proxy saw it.
  var firstForwardedFor: String? { forwardedFor?.split(separator: ",").first.map { $0.filter { $0 != " " } } }

  /// Names are told apart by their length first: most headers are none of these.
  private mutating func read(_ field: HTTPField) {
    let name = field.name.canonicalName
    switch name.utf8.count {
    case 2: hasContext = hasContext || name == "b3"
    case 7: hasContext = hasContext || name == "baggage"
    case 10:
      if name == "user-agent" { agent = agent ?? field.value } else { hasContext = hasContext || name == "tracestate" || name == "x-b3-flags" }
    case 11: hasContext = hasContext || name == "traceparent" || name == "x-b3-spanid"
    case 12: hasContext = hasContext || name == "x-b3-traceid" || name == "x-b3-sampled"
    case 13: hasContext = hasContext || name == "uber-trace-id"
    case 14: if name == "content-length" { byteCount = byteCount ?? Int64(field.value) }
    case 15: if name == "x-forwarded-for" { forwardedFor = forwardedFor ?? field.value } else { hasContext = hasContext || name == "x-amzn-trace-id" }
    default: break
    }
  }
}
