// SPDX-License-Identifier: Apache-2.0

/// Where deliveries go: `http://host[:port]/path`.
struct WebhookAddress: Sendable, Hashable {
  var endpoint: Endpoint
  var path: String
  var url: String { "http://\(endpoint.text)\(path)" }

  init?(_ url: String) {
    guard url.hasPrefix("http://") else { return nil }
    let rest = url.dropFirst("http://".count)
    let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    guard !host.isEmpty, !host.contains("@"), !host.contains(where: \.isWhitespace) else { return nil }
    let hasPort =
      host.hasSuffix("]") ? false : host.lastIndex(of: ":").map { host[$0...].dropFirst().allSatisfy(\.isNumber) } ?? false
    guard let endpoint = Endpoint(hasPort ? String(host) : "\(host):80") else { return nil }
    self.endpoint = endpoint
    let path = rest[host.endIndex...].prefix { $0 != "#" }
    guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
    self.path = path.hasPrefix("/") ? String(path) : "/" + path
  }
}
