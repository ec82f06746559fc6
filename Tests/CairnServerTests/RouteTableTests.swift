// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import NIOHTTP1
import Testing

@testable import CairnServer

@Suite struct RouteTableTests {
  private let table = RouteTable(
    [
      ("/v1/traces", HTTPMethod.POST), ("/a/:id", .GET), ("/a/:id/b/:other", .GET), ("/a/fixed", .GET), ("/files/*", .GET),
      ("/", .GET),
    ].map { pattern, method in Route(method, pattern, .anyone, .plain) { (_) async throws(Refusal) in Response() } })

  private func found(_ method: HTTPMethod, _ path: String) -> String {
    switch table.find(method, path, at: .http) {
    case .route(let route, let parameters):
      return ([route.pattern] + ["id", "other", "*"].map { parameters[$0] }.filter { !$0.isEmpty }).joined(separator: " ")
    case .otherMethods(let methods, _): return "only " + methods.joined(separator: ",")
    case .nothing: return "nothing"
    }
  }

  @Test(arguments: [
    (HTTPMethod.POST, "/v1/traces", "/v1/traces"), (.POST, "/v1/traces/", "/v1/traces"), (.POST, "/v1/traces//", "nothing"),
    (.GET, "/v1/traces", "only POST"), (.POST, "/V1/traces", "nothing"), (.POST, "//v1/traces", "nothing"),
    (.GET, "/a/7", "/a/:id 7"),
    (.HEAD, "/a/7", "/a/:id 7"), (.GET, "/a/fixed", "/a/fixed"), (.GET, "/a/x%2Fy", "/a/:id x/y"), (.GET, "/a/%zz", "nothing"),
    (.GET, "/a/%ff", "nothing"), (.GET, "/a//b/c", "nothing"), (.GET, "/a/1/b/2", "/a/:id/b/:other 1 2"),
    (.GET, "/a/:id", "/a/:id :id"),
    (.GET, "/files/x/y.js", "/files/* x/y.js"), (.GET, "/files", "nothing"), (.GET, "/", "/"), (.GET, "", "nothing"),
    (.DELETE, "/a/7", "only GET"),
  ])
  func finds(_ method: HTTPMethod, _ path: String, _ expected: String) { #expect(found(method, path) == expected) }

  @Test func readsQueryStrings() {
    let query = QueryString("a=1&b=x%20y+z&a=2&c&=d&e=%f&g=%C3%A4&h=a%3Db")
    #expect(query["a"] == "1")
    #expect(query["b"] == "x y z")
    #expect(query["c"] == nil)
    #expect(query["e"] == nil)
    #expect(query["g"] == "\u{e4}")
    #expect(query["h"] == "a=b")
    #expect(percentEncoded("a b/\u{e4}") == "a%20b%2F%C3%A4")
  }
}
