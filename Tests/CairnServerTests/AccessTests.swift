// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import CairnServer

/// Walks the route table: every route with every kind of key, and with foreign hosts and origins. `RouteExpectations` says what must come out.
@Suite struct AccessTests {
  /// Runs the body against a server with all its routes, those for test suites too.
  private func withAllRoutes(ingestOrigins: [String] = [], _ body: (LiveServer) async throws -> Void) async throws {
    var settings = freePorts()
    settings.allowsTestReset = true
    settings.ingestOrigins = ingestOrigins
    try await withServer(settings: settings, reset: {}, body)
  }

  private func keys(_ live: LiveServer) throws -> [CallerKind: String] {
    let revoked = try live.key([.ingest, .query, .manage])
    let id = String(revoked.dropFirst(3).prefix(12))
    _ = try live.catalog.revokeKey(id: id, nowUnixSeconds: 2)
    let good = try live.key([.ingest])
    return [
      .malformed: "ck_short", .wrongSecret: String(good.dropLast()) + (good.hasSuffix("a") ? "b" : "a"), .revoked: revoked,
      .ingest: good, .query: try live.key([.query]), .manage: try live.key([.manage]), .all: try live.key([.ingest, .query, .manage]),
      .otherTenant: try live.key([.ingest, .query, .manage], environment: "other"),
    ]
  }

  @Test func everyRouteHasItsLine() async throws {
    let expectations = try RouteExpectation.table()
    try await withAllRoutes { (live) async throws in
      let names = live.server.core.table.routes.map(\.name)
      for name in names where expectations[name] == nil {
        Issue.record(
          """
          \(name) is served, and nothing says for whom. Add the line "\(name) WHO" to Tests/CairnServerTests/RouteExpectations.swift under \
          its room; WHO is anyone, anyKey, ingest, query, manage, or own (it reads its vendor's credential itself).
          """)
      }
      for name in expectations.keys.sorted() where !names.contains(name) {
        Issue.record("\(name) is in RouteExpectations.swift and not served any more: remove its line.")
      }
      #expect(Set(names).count == names.count, "a route stands twice in the table: the second is never reached")
    }
  }

  @Test func everyRouteWithEveryKindOfKey() async throws {
    let expectations = try RouteExpectation.table()
    try await withAllRoutes { (live) async throws in
      let keys = try keys(live)
      for route in live.server.core.table.routes {
        guard let expectation = expectations[route.name] else { continue }
        for kind in CallerKind.allCases {
          let status = try await status(route, headers: keys[kind].map { [("x-honeycomb-team", $0)] } ?? [], live)
          let place = "\(route.name) with \(kind): \(status)"
          if let expected = expectation.statuses(kind, in: route.dialect) {
            #expect(expected.isEmpty || expected.contains(status), "\(place)")
          } else {
            #expect(status != 401 && status != 403 && status < 500, "\(place)")
          }
        }
      }
    }
  }

  @Test func noSpellingOfAPathGoesRoundItsKey() async throws {
    let expectations = try RouteExpectation.table()
    try await withAllRoutes { (live) async throws in
      _ = try live.key([.manage])
      for route in live.server.core.table.routes where route.dialect != .grpc {
        guard let expectation = expectations[route.name], expectation.caller != .anyone else { continue }
        let path = route.examplePath
        for odd in [path + "/", "/" + path, path.uppercased(), "/ui/.." + path, "/ui/%2e%2e" + path, path + "?x=/healthz", path + "%00", path + ";a"] {
          let status = try await status(route, path: odd, headers: [], live)
          // Below /ui/ lie pages, which are for everybody, and nothing but pages.
          let isPage = odd.hasPrefix("/ui/") && route.method == .GET
          #expect(isPage || [400, 401, 403, 404, 405].contains(status), "\(route.method.rawValue) \(odd): \(status)")
        }
      }
    }
  }

  @Test func everyRouteRefusesForeignHostsAndOrigins() async throws {
    let shop = "https://shop.example"
    try await withAllRoutes(ingestOrigins: [shop]) { (live) async throws in
      for route in live.server.core.table.routes {
        for host in ["evil.example", "127.0.0.1.evil.example:80", "0.0.0.0"] {
          #expect(try await status(route, headers: [("host", host)], live) == 403, "\(route.name) at the host \(host)")
        }
        let changes = route.method != .GET
        for origin in ["https://evil.example", "null", "http://localhost:1"] {
          let status = try await status(route, headers: [("origin", origin)], live)
          #expect((status == 403) == changes, "\(route.name) from \(origin): \(status)")
        }
        let named = try await status(route, headers: [("origin", shop)], live)
        #expect((named == 403) == (changes && route.door == nil), "\(route.name) from the named origin: \(named)")
      }
    }
  }

  /// The status as HTTP would have it; gRPC's own codes are turned into it. Reads no further than the status: some answers never end.
  private func status(
    _ route: Route, path: String? = nil, headers: [(String, String)], _ live: LiveServer
  ) async throws -> Int {
    guard route.dialect == .grpc else {
      let endpoint = try live.endpoint(.http)
      return try await RawConnection.status(endpoint, route.method.rawValue, path ?? route.examplePath, headers)
    }
    let grpc = [("content-type", "application/grpc"), ("te", "trailers")] + headers
    let reply = try await RawCall.send(
      try live.endpoint(.otlpGRPC), path ?? route.pattern, headers: grpc, body: .init(bytes: [0, 0, 0, 0, 0]))
    return [16: 401, 7: 403][reply.grpcStatus] ?? 200
  }

  @Test func anotherTenantSeesNothing() async throws {
    var script = FakeStore.Script()
    script.events = [Event(dataset: "api", timeUnixNanoseconds: 1, fields: [("name", .string("canary"))])]
    try await withServer(script) { (live) async throws in
      let own = try live.client(key: try live.key([.query, .ingest]))
      let other = try live.client(key: try live.key([.query, .manage], environment: "other"))
      _ = try await own.send("POST", "/v1/traces", headers: [("content-type", "application/json")], body: [1])
      let trace = "/api/cairn/traces/00000000000000000000000000000001"
      #expect(try await own.send("GET", trace).status == 200)
      #expect(try await other.send("GET", trace).status == 404)
      #expect(try await other.ask("GET", "/api/cairn/datasets")["datasets"]?.array == [])
      #expect(try await own.ask("GET", "/api/cairn/doors")["recent"]?.array?.count == 1)
      #expect(try await other.ask("GET", "/api/cairn/doors")["recent"]?.array == [])
      let made = try await own.ask("POST", "/1/queries/__all__", body: Array("{}".utf8))
      let id = try #require(made["id"]?.string)
      #expect(try await own.send("GET", "/1/queries/__all__/\(id)").status == 200)
      #expect(try await other.send("GET", "/1/queries/__all__/\(id)").status == 404)
    }
  }

  @Test func isOpenOnLoopbackUntilTheFirstKey() async throws {
    try await withServer { (live) async throws in
      #expect(try await live.client(key: "anything").ask("GET", "/api/cairn/status")["open"] == .boolean(true))
      let key = try live.key([.query])
      #expect(try await live.client().send("GET", "/api/cairn/status").status == 401)
      #expect(try await live.client(key: key).ask("GET", "/api/cairn/status")["open"] == .boolean(false))
    }
  }

  @Test func refusesToBeOpenToTheNetworkByAccident() async throws {
    var settings = freePorts()
    settings.http.host = "0.0.0.0"
    let parts = ServerParts(store: FakeStore(), catalog: try Catalog())
    await #expect(throws: ServerError.openToTheNetwork(["0.0.0.0:0"])) { try await CairnServer.start(settings, parts: parts) }
    settings.insecure = true
    let server = try await CairnServer.start(settings, parts: parts)
    await server.stop(within: 1)
  }

  @Test func resetIsAbsentUnlessAskedFor() async throws {
    try await withServer(reset: {}) { (live) async throws in
      #expect(try await live.client().send("POST", "/moto-api/reset").status == 404)
    }
  }

  @Test func resetEmptiesWhatTheServerKeepsAndSaysWhenItCannot() async throws {
    let isBroken = Mutex(false)
    var settings = freePorts()
    settings.allowsTestReset = true
    let reset: @Sendable () async throws(ResetError) -> Void = { () throws(ResetError) in
      if isBroken.withLock({ $0 }) { throw ResetError("the disk is gone") }
    }
    try await withServer(settings: settings, reset: reset) { (live) async throws in
      let key = try live.key([.query, .ingest, .manage])
      let client = try live.client(key: key)
      _ = try await client.send("POST", "/v1/traces", headers: [("content-type", "application/json")], body: [1])
      let made = try await client.ask("POST", "/1/queries/__all__", body: Array("{}".utf8))
      let id = try #require(made["id"]?.string)
      let wiped = Mutex(0)
      live.server.state.onReset { wiped.withLock { $0 += 1 } }
      #expect(try await client.send("POST", "/moto-api/reset").status == 200)
      #expect(wiped.withLock { $0 } == 1)
      #expect(try await client.send("GET", "/1/queries/__all__/\(id)").status == 404)
      #expect(try await client.ask("GET", "/api/cairn/doors")["recent"]?.array == [])
      isBroken.withLock { $0 = true }
      let refused = try await client.send("POST", "/moto-api/reset")
      #expect(refused.status == 503)
      #expect(String(decoding: refused.body, as: UTF8.self).contains("the disk is gone"))
    }
  }
}
