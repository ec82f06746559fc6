// SPDX-License-Identifier: Apache-2.0

/// A request's method as the semantic conventions name it: what is no method of HTTP is `_OTHER`, so that clients cannot make series.
struct RequestMethod: Sendable {
  let name: String
  let original: String

  private static let known: Set<String> = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"]

  init(_ method: String) {
    original = method
    name = method == "GET" || method == "POST" || Self.known.contains(method) ? method : "_OTHER"
  }

  /// The first word of the span's name.
  var spanName: String { name == "_OTHER" ? "HTTP" : name }
}
