// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1
import Testing

@testable import CairnServer

/// Walks the route table: every route with every kind of key. A new route is covered by being in the table.
@Suite struct AccessTests {
  private enum Kind: CaseIterable {
    case none
    case malformed
    case wrongSecret
    case revoked
    case ingest
    case query
    case manage
    case otherTenant
  }

  /// The path of a pattern, with something in each of its places.
  private func path(_ pattern: String) -> String {
    pattern.split(separator: "/", omittingEmptySubsequences: false).map { part in
      if part == ":dataset" { return "__all__" }
      if part.hasPrefix(":") { return "00000000000000000000000000000001" }
      return part == "*" ? "app.js" : String(part)
    }.joined(separator: "/")
  }

  private func expects(_ kind: Kind, _ access: RouteAccess) -> Int? {
    switch (access, kind) {
    case (.anyone, _): nil
    case (_, .none), (_, .malformed), (_, .wrongSecret), (_, .revoked): 401
    case (.anyKey, _), (_, .otherTenant): nil
    case (.key(let scope), .ingest): scope == .ingest ? nil : 403
    case (.key(let scope), .query): scope == .query ? nil : 403
    case (.key(let scope), .manage): scope == .manage ? nil : 403
    }
  }

  private func keys(_ live: LiveServer) throws -> [Kind: String] {
    let revoked = try live.key([.ingest, .query, .manage])
    let id = String(revoked.dropFirst(3).prefix(12))
    _ = try live.catalog.revokeKey(id: id, nowUnixSeconds: 2)
    let good = try live.key([.ingest])
    return [
      .malformed: "ck_short", .wrongSecret: String(good.dropLast()) + (good.hasSuffix("a") ? "b" : "a"), .revoked: revoked,
      .ingest: good,
      .query: try live.key([.query]), .manage: try live.key([.manage]),
      .otherTenant: try live.key([.ingest, .query, .manage], environment: "other"),
    ]
  }

  @Test func everyRouteWithEveryKindOfKey() async throws {
    var settings = freePorts()
    settings.allowsTestReset = true
    try await withServer(settings: settings, reset: {}) { (live) async throws in
      let keys = try keys(live)
      let table = live.server.core.table
      #expect(table.routes.count > 25)
      for route in table.routes where route.pattern != "/api/cairn/tail" {
        for kind in Kind.allCases {
          let status = try await status(route, keys[kind], live)
          if let expected = expects(kind, route.access) {
            #expect(status == expected, "\(route.method.rawValue) \(route.pattern) with \(kind)")
          } else {
            #expect(
              status != 401 && status != 403 && status < 500, "\(route.method.rawValue) \(route.pattern) with \(kind): \(status)")
          }
        }
      }
    }
  }

  /// The status as HTTP would have it; gRPC's own codes are turned into it.
  private func status(_ route: Route, _ key: String?, _ live: LiveServer) async throws -> Int {
    let headers = key.map { [("x-honeycomb-team", $0)] } ?? []
    guard route.dialect == .grpc else {
      return try await live.client().send(route.method.rawValue, path(route.pattern), headers: headers).status
    }
    let grpc = [("content-type", "application/grpc"), ("te", "trailers")] + headers
    let reply = try await RawCall.send(
      try live.endpoint(.otlpGRPC), route.pattern, headers: grpc, body: .init(bytes: [0, 0, 0, 0, 0]))
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
}
