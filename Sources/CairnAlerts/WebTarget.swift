// SPDX-License-Identifier: Apache-2.0

/// The parts of a webhook's URL, read strictly: what two readers could read in two ways is refused.
public struct WebTarget: Sendable, Hashable {
  /// True for https.
  public var isSecure: Bool
  public var host: String
  public var port: Int
  /// With the query; begins with a slash.
  public var path: String

  /// Reads `http[s]://host[:port]/path`. Throws what is wrong with it, in words.
  public init(_ url: String) throws(DeliveryError) {
    guard url.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), !url.contains("\\") else {
      throw DeliveryError("the URL must be plain ASCII without spaces", isLasting: true)
    }
    isSecure = url.lowercased().hasPrefix("https://")
    guard isSecure || url.lowercased().hasPrefix("http://") else {
      throw DeliveryError("the URL must begin with http:// or https://", isLasting: true)
    }
    let rest = url.dropFirst(isSecure ? 8 : 7)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.contains("@") else { throw DeliveryError("the URL must not hold a user name", isLasting: true) }
    let tail = String(rest[end...].prefix { $0 != "#" })
    path = tail.hasPrefix("/") ? tail : "/" + tail
    (host, port) = try Self.parts(authority, usualPort: isSecure ? 443 : 80)
    guard isUsable else { throw DeliveryError("the URL's host is not one", isLasting: true) }
  }

  /// Reads `host:port`, the form of a relay's setting.
  public init(hostAndPort text: String, usualPort: Int) throws(DeliveryError) {
    (isSecure, path) = (false, "/")
    (host, port) = try Self.parts(text[...], usualPort: usualPort)
    guard isUsable else { throw DeliveryError("'\(text)' is not HOST:PORT", isLasting: true) }
  }

  /// True for a name or address of signs that those have, and a port that can be called.
  private var isUsable: Bool {
    let isName = host.utf8.allSatisfy { (97...122).contains($0 | 32) || (48...58).contains($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    return !host.isEmpty && isName && (1...65_535).contains(port)
  }

  private static func parts(_ authority: Substring, usualPort: Int) throws(DeliveryError) -> (host: String, port: Int) {
    if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
      let behind = authority[authority.index(after: close)...]
      guard behind.isEmpty || behind.hasPrefix(":"), let number = behind.isEmpty ? usualPort : Int(behind.dropFirst()) else {
        throw DeliveryError("the URL's port is no number", isLasting: true)
      }
      return (String(authority[authority.index(after: authority.startIndex)..<close]), number)
    }
    let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count <= 2, let number = parts.count == 2 ? Int(parts[1]) : usualPort else {
      throw DeliveryError("the URL's port is no number", isLasting: true)
    }
    return (String(parts.first ?? ""), number)
  }

  /// What stands in the `Host` field.
  var hostField: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// The name that a certificate must carry; nil for an address, which TLS checks by itself.
  var serverName: String? {
    let isAddress = host.contains(":") || (host.split(separator: ".").count == 4 && host.allSatisfy { $0.isNumber || $0 == "." })
    return isAddress ? nil : host
  }
}
