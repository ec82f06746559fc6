// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// The `Host` of requests in its two parts, as the last one had it: nearly all that a server gets have the same.
final class HostMemory: Sendable {
  struct Host: Sendable {
    var authority: String
    var address: String
    var port: Int64?
  }

  private let last = Mutex(Host(authority: "", address: ""))

  /// `address:port` or an address alone.
  func parts(of authority: String) -> Host {
    last.withLock { last in
      if last.authority != authority { last = Self.read(authority) }
      return last
    }
  }

  private static func read(_ authority: String) -> Host {
    guard let colon = authority.utf8.lastIndex(of: 0x3a), let port = Int64(authority[authority.utf8.index(after: colon)...]) else {
      return Host(authority: authority, address: authority)
    }
    return Host(authority: authority, address: String(authority[..<colon]), port: port)
  }
}
