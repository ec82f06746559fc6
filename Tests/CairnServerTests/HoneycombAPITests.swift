// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import Synchronization
import Testing

@testable import CairnServer

@Suite struct HoneycombAPITests {
  @Test func runsAQueryFromSpecificationToResult() async throws {
    var script = FakeStore.Script()
    script.isGateClosed = true
    try await withServer(script) { (live) async throws in
      let client = try live.client()
      let query = try await client.ask("POST", "/1/queries/my-app", body: Array(#"{"calculations": [{"op": "COUNT"}]}"#.utf8))
      let id = try #require(query["id"]?.string)
      #expect(try await client.ask("GET", "/1/queries/my-app/\(id)") == query)
      #expect(try await client.send("GET", "/1/queries/__all__/\(id)").status == 404)
      let created = try await client.send("POST", "/1/query_results/my-app", body: Array(#"{"query_id": "\#(id)"}"#.utf8))
      #expect(created.status == 201)
      let location = try #require(created.headers["location"])
      let path = String(location.dropFirst("http://\(client.server.text)".count))
      #expect(try await client.ask("GET", path)["complete"] == .boolean(false))
      live.store.script.withLock { $0.isGateClosed = false }
      try await until { isFinished(live, path) }
      let done = try await client.send("GET", path)
      #expect(try JSONValue(parsing: done.body)["complete"] == .boolean(true))
      #expect(done.headers["cache-control"] == "private, max-age=86400")
      #expect(live.store.log.withLock { $0.plans.first?.scope.datasets } == .named(["My App"]))
    }
  }

  private func isFinished(_ live: LiveServer, _ path: String) -> Bool {
    let id = path.split(separator: "/").last.map(String.init) ?? ""
    guard case .finished = live.server.state.results.find(.init(environment: "default", id: id), dataset: "My App") else {
      return false
    }
    return true
  }

  /// The last second that nanoseconds can tell: the link to Explore rounds it up.
  @Test func aQueryMayEndWithTime() async throws {
    try await withServer { (live) async throws in
      let client = try live.client()
      for time in [#""end_time": 9223372036"#, #""start_time": 1, "end_time": 9223372036"#, #""start_time": 9223372036"#, #""time_range": 9223372036"#] {
        let query = try await client.ask("POST", "/1/queries/__all__", body: Array("{\(time)}".utf8))
        let id = try #require(query["id"]?.string)
        #expect(try await client.send("POST", "/1/query_results/__all__", body: Array(#"{"query_id": "\#(id)"}"#.utf8)).status == 201, "\(time)")
      }
    }
  }

  /// Derived columns that name others many times over: what they come to is counted before it is made.
  @Test func formulasThatMultiplyAreNotMade() async throws {
    try await withServer { (live) async throws in
      let client = try live.client()
      let columns = [("c", "SUM(" + Array(repeating: "$duration_ms", count: 190).joined(separator: ",") + ")"), ("b", Array(repeating: "$c", count: 700).joined(separator: " + ")),
        ("a", Array(repeating: "$b", count: 700).joined(separator: " + ")), ("small", "$c + 1")]
      for (alias, expression) in columns {
        let body = JSONValue.object([JSONMember("alias", .string(alias)), JSONMember("expression", .string(expression))]).bytes
        #expect(try await client.send("POST", "/1/derived_columns/__all__", body: body).status == 201, "\(alias)")
      }
      for name in ["a", "small"] {
        _ = try await client.ask("POST", "/api/cairn/query", body: Array(#"{"query": {"calculations": [{"op": "MAX", "column": "\#(name)"}]}}"#.utf8))
        let made = try #require(live.store.log.withLock { $0.plans.last?.scope.formulaColumns.first })
        #expect(made.name == name && made.formula.nodeCount < 20_000)
        if name == "small" { #expect(made.formula.columns == ["duration_ms"]) }
      }
    }
  }

  @Test func failuresAreProblems() async throws {
    try await withServer { (live) async throws in
      let cases: [(String, String, String, Int)] = [
        ("POST", "/1/queries/my-app", "{", 400), ("POST", "/1/queries/my-app", #"{"limit": "x"}"#, 422),
        ("POST", "/1/queries/nothing", "{}", 404),
        ("GET", "/1/queries/my-app/none", "", 404), ("POST", "/1/query_results/my-app", #"{"query_id": "none"}"#, 404),
        ("GET", "/1/query_results/my-app/none", "", 404), ("GET", "/1/datasets/nothing", "", 404),
      ]
      for (method, path, body, status) in cases {
        let reply = try await live.client().send(method, path, body: Array(body.utf8))
        #expect(reply.status == status, "\(method) \(path)")
        #expect(reply.headers["content-type"] == "application/problem+json")
        #expect(try JSONValue(parsing: reply.body)["status"]?.integer == Int64(status))
      }
    }
  }

  @Test func tellsWhoAKeyIs() async throws {
    try await withServer { (live) async throws in
      #expect(try await live.client().ask("GET", "/1/auth")["environment"]?["name"]?.string == "default")
      let key = try live.key([.ingest], environment: "Shop Floor")
      let account = try await live.client(key: key).ask("GET", "/1/auth")
      #expect(account["type"]?.string == "ingest")
      #expect(account["environment"]?["slug"]?.string == "shop-floor")
    }
  }

  @Test func listsDatasetsAndColumns() async throws {
    try await withServer { (live) async throws in
      #expect(try await live.client().ask("GET", "/1/datasets").array?.first?["slug"]?.string == "my-app")
      #expect(try await live.client().ask("GET", "/1/datasets/My%20App")["name"]?.string == "My App")
      #expect(try await live.client().ask("GET", "/1/columns/my-app").array?.first?["key_name"]?.string == "duration_ms")
      #expect(try await live.client().ask("GET", "/1/columns/my-app?key_name=duration_ms")["type"]?.string == "float")
      #expect(try await live.client().send("GET", "/1/columns/my-app?key_name=none").status == 404)
    }
  }
}
