// SPDX-License-Identifier: Apache-2.0

/// Where to listen: a host name or address and a port; 0 means any free port.
public struct Endpoint: Sendable, Hashable {
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port`, `[v6]:port` or `:port` (then loopback); nil for anything else.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    if host.isEmpty { host = "127.0.0.1" }
    guard !host.contains(where: { $0 == " " || $0 == "/" }) else { return nil }
    self.init(host: host, port: Int(port))
  }

  /// `host:port`, with brackets around a version 6 address.
  public var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// True if only this machine can reach it.
  public var isLoopback: Bool { isLoopbackHost(host) }
}

/// True for `localhost`, names under it, 127.0.0.0/8 and `::1`; in any case, without brackets or port.
func isLoopbackHost(_ host: String) -> Bool {
  let name = host.lowercased()
  if name == "localhost" || name.hasSuffix(".localhost") || name == "::1" { return true }
  let parts = name.split(separator: ".", omittingEmptySubsequences: false)
  return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
}
