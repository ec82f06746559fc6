// SPDX-License-Identifier: Apache-2.0

/// The parts of a webhook's URL, read strictly: what two readers could read in two ways is refused.
public struct WebTarget: Sendable, Hashable {
  public var host: String
  public var port: Int
  /// With the query; begins with a slash.
  public var path: String

  /// Reads `http://host[:port]/path`. Throws what is wrong with it, in words.
  public init(_ url: String) throws(DeliveryError) {
    guard url.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), !url.contains("\\") else {
      throw DeliveryError("the URL must be plain ASCII without spaces", isLasting: true)
    }
    if url.lowercased().hasPrefix("https://") {
      throw DeliveryError("https targets are not supported yet; send through a relay that speaks http", isLasting: true)
    }
    guard url.lowercased().hasPrefix("http://") else { throw DeliveryError("the URL must begin with http://", isLasting: true) }
    let rest = url.dropFirst(7)
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let authority = rest[..<end]
    guard !authority.contains("@") else { throw DeliveryError("the URL must not hold a user name", isLasting: true) }
    let tail = String(rest[end...].prefix { $0 != "#" })
    path = tail.hasPrefix("/") ? tail : "/" + tail
    if authority.hasPrefix("["), let close = authority.firstIndex(of: "]") {
      host = String(authority[authority.index(after: authority.startIndex)..<close])
      let behind = authority[authority.index(after: close)...]
      guard behind.isEmpty || behind.hasPrefix(":"), let number = behind.isEmpty ? 80 : Int(behind.dropFirst()) else {
        throw DeliveryError("the URL's port is no number", isLasting: true)
      }
      port = number
    } else {
      let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2, let number = parts.count == 2 ? Int(parts[1]) : 80 else {
        throw DeliveryError("the URL's port is no number", isLasting: true)
      }
      (host, port) = (String(parts[0]), number)
    }
    let isName = host.utf8.allSatisfy { (97...122).contains($0 | 32) || (48...58).contains($0) || $0 == 45 || $0 == 46 || $0 == 95 }
    guard !host.isEmpty, isName, (1...65_535).contains(port) else { throw DeliveryError("the URL's host is not one", isLasting: true) }
  }
}
