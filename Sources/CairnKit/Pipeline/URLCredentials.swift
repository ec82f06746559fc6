// SPDX-License-Identifier: Apache-2.0
internal import AsyncHTTPClient
internal import CairnFormats

// User and password of a URL, `https://user:password@collector`: sent as other clients of HTTP send them, and told to nobody.

extension URLParts {
  /// Host and port, without user and password.
  var address: Substring { host.lastIndex(of: "@").map { host[host.index(after: $0)...] } ?? host[...] }

  /// The name and the password, decoded; nil where there are none. A password may be empty.
  var credentials: (user: String, password: String)? {
    guard let end = host.lastIndex(of: "@") else { return nil }
    let parts = host[..<end].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { percentDecoded($0) ?? String($0) }
    guard let user = parts.first, !user.isEmpty || parts.count > 1 else { return nil }
    return (user, parts.count > 1 ? parts[1] : "")
  }

  /// A text that is no URL, or a bad one, as it may be told: neither what stands before an `@` nor a query.
  static func told(_ text: String) -> String {
    var text = text
    if let at = text.lastIndex(of: "@") {
      let scheme = text.firstRange(of: "://").map { $0.upperBound <= at ? text[..<$0.upperBound] : "" } ?? ""
      text = scheme + "REDACTED" + text[at...]
    }
    guard let query = text.firstIndex(of: "?") else { return text }
    return text[..<query] + "?REDACTED"
  }
}

extension OutgoingRequest {
  /// The same with the URL's user and password as Basic authorization, unless the headers say already who asks.
  var authorized: OutgoingRequest {
    let parts = URLParts(url)
    guard parts.host.contains("@"), let place = url.firstRange(of: parts.host) else { return self }
    var request = self
    request.url.replaceSubrange(place, with: parts.address)
    if let (user, password) = parts.credentials, !headers.contains(where: { $0.name.lowercased() == "authorization" }) {
      request.headers.append(("authorization", HTTPClient.Authorization.basic(username: user, password: password).headerValue))
    }
    return request
  }
}
