// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
import Testing

@testable import CairnServer

@Suite struct BrowserGuardTests {
  private func request(
    _ method: HTTPMethod = .POST, host: String? = "localhost:8080", origin: String? = nil, version: HTTPVersion = .http1_1
  ) -> Request {
    var headers = HTTPHeaders()
    if let host { headers.add(name: "host", value: host) }
    if let origin { headers.add(name: "origin", value: origin) }
    return Request(
      head: HTTPRequestHead(version: version, method: method, uri: "/x", headers: headers), listener: .http, remoteAddress: "")
  }

  @Test(arguments: [
    ("localhost:8080", true), ("LOCALHOST", true), ("cairn.localhost:1", true), ("127.0.0.1:8080", true), ("127.9.9.9", true),
    ("[::1]:8080", true),
    ("evil.example", false), ("127.0.0.1.evil.example", false), ("localhost.evil.example:8080", false), ("0.0.0.0:8080", false),
    ("", false),
    ("10.0.0.1", false), ("named.example:80", true),
  ])
  func knowsItsNames(_ host: String, _ isAllowed: Bool) {
    let guardian = BrowserGuard(hosts: ["named.example"])
    let passes = (try? guardian.checkHost(request(host: host), isOpen: true)) != nil
    #expect(passes == isAllowed)
    #expect((try? guardian.checkHost(request(host: host), isOpen: false)) != nil)
  }

  @Test func foreignPagesChangeNothing() {
    let guardian = BrowserGuard(ingestOrigins: ["https://shop.example"])
    let passes: (Request, Bool) -> Bool = { (try? guardian.checkOrigin($0, isIngest: $1)) != nil }
    #expect(passes(request(origin: nil), false))
    #expect(passes(request(origin: "http://localhost:8080"), false))
    #expect(!passes(request(origin: "http://localhost:9999"), false))
    #expect(!passes(request(origin: "null"), true))
    #expect(passes(request(origin: "https://shop.example"), true))
    #expect(!passes(request(origin: "https://shop.example"), false))
    #expect(!passes(request(origin: "https://shop.example.evil"), true))
    #expect(passes(request(.GET, origin: "https://evil.example"), false))
  }
}
