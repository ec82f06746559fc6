// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1

/// Keeps foreign web pages out: a page on another site can make a browser send requests here, and by DNS rebinding even read answers.
struct BrowserGuard: Sendable {
  /// Origins whose pages may send events (`https://shop.example`), or `*`.
  var ingestOrigins: [String]
  /// Further host names that this server goes by, without port.
  var hosts: [String]
  /// False where the server listens beyond loopback: then its names cannot be known.
  var checksHost: Bool

  init(ingestOrigins: [String] = [], hosts: [String] = [], checksHost: Bool = true) {
    self.ingestOrigins = ingestOrigins
    self.hosts = hosts.map { $0.lowercased() }
    self.checksHost = checksHost
  }

  /// Refuses a `Host` that is not a loopback name (open mode only; a page elsewhere has no key to send).
  func checkHost(_ request: Request, isOpen: Bool) throws(Refusal) {
    guard checksHost, isOpen else { return }
    guard let host = request.header("host") else {
      if request.majorVersion < 2 { return }
      throw Refusal(.forbidden, "The request names no host.")
    }
    let name = hostName(host)
    guard !isLoopbackHost(name), !hosts.contains(name) else { return }
    throw Refusal(
      .forbidden,
      "This server answers to loopback names only, not to '\(name)'. Name it under 'hosts' in the configuration to allow it.")
  }

  /// Refuses a request that changes something and comes from a page of another origin, but for ingest from the named origins.
  func checkOrigin(_ request: Request, isIngest: Bool) throws(Refusal) {
    guard let origin = request.header("origin"), !isSafe(request.method) else { return }
    if isOwn(origin, request) || (isIngest && allowsIngest(from: origin)) { return }
    let remedy = isIngest ? " Name it under 'ingest_origins' in the configuration to allow it." : ""
    throw Refusal(.forbidden, "A page of the origin '\(origin)' may not send this.\(remedy)")
  }

  /// True if pages of this origin may send events.
  func allowsIngest(from origin: String) -> Bool { ingestOrigins.contains("*") || ingestOrigins.contains(origin) }

  /// True if the page came from this very server.
  func isOwn(_ origin: String, _ request: Request) -> Bool {
    guard let host = request.header("host"), !host.isEmpty else { return false }
    return origin == "http://\(host)" || origin == "https://\(host)"
  }

  private func isSafe(_ method: HTTPMethod) -> Bool { method == .GET || method == .HEAD || method == .OPTIONS }
}

/// The name in a `Host` header, lower case, without port and brackets.
func hostName(_ header: String) -> String {
  let text = header.lowercased()
  if text.hasPrefix("["), let end = text.firstIndex(of: "]") { return String(text[text.index(after: text.startIndex)..<end]) }
  guard let colon = text.lastIndex(of: ":") else { return text }
  return String(text[..<colon])
}
