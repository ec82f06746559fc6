// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnPlan
import Synchronization
import Testing

@testable import CairnServer

/// What no event has is named, with what may have been meant.
@Suite struct NearNamesTests {
  private let near = NearNames(
    [("http.route", 900), ("route", 10), ("duration_ms", 1000), ("db.duration_ms", 50), ("service.name", 1000), ("k8s.pod.name", 3), ("id", 7)].map {
      NearNames.Column(name: $0.0, eventCount: $0.1)
    })

  @Test(arguments: [
    ("htp.route", ["http.route"]), ("httpRoute", ["http.route"]), ("Route", ["route"]), ("duration", ["duration_ms"]),
    ("duratoin_ms", ["duration_ms", "db.duration_ms"]), ("pod.name", ["k8s.pod.name", "service.name"]), ("colour", []), ("", []),
  ])
  func offersWhatMayHaveBeenMeant(name: String, names: [String]) { #expect(near.find(name) == names) }

  @Test func lettersAreChangedAddedLeftOutAndSwapped() {
    func distance(_ a: String, _ b: String) -> Int { NearNames.distance(Array(a.utf8), Array(b.utf8), atMost: 3) }
    #expect([distance("route", "ruote"), distance("route", "routes"), distance("route", "rout"), distance("route", "raute")] == [1, 1, 1, 1])
    #expect(distance("abc", "xyz") == 3 && distance("a", "abcdef") == 4 && distance("", "") == 0)
  }

  @Test func longNamesAreCut() {
    let long = String(repeating: "x.", count: 5_000)
    #expect(NearNames([.init(name: long, eventCount: 1)]).find(long + "y") == [long])
  }

  @Test func aQuestionInVainNamesItsColumns() async throws {
    try await withServer { (live) async throws in
      let client = try live.client()
      func missing(_ body: String) async throws -> JSONValue? { try await client.ask("POST", "/api/cairn/query", body: Array(body.utf8))["missing"] }
      let told = try JSONValue(parsing: #"[{"name": "duraton_ms", "near": ["duration_ms"]}]"#)
      #expect(try await missing(#"{"query": {"calculations": [{"op": "P95", "column": "duraton_ms"}]}}"#) == told)
      #expect(try await missing(#"{"query": {"filters": [{"column": "duraton_ms", "op": "exists"}]}}"#) == told)
      #expect(try await missing(#"{"query": {"breakdowns": ["duration_ms"]}}"#) == .array([]))
      // What has an answer is looked at where somebody asks for it.
      live.store.script.withLock { $0.answer = .success(Self.answered) }
      let query = #""query": {"calculations": [{"op": "COUNT"}], "filters": [{"column": "duraton_ms", "op": "does-not-exist"}]}"#
      #expect(try await missing("{\(query)}") == nil)
      #expect(try await missing(#"{"missing": true, \#(query)}"#) == told)
    }
  }

  private static var answered: Answer {
    var answer = Answer()
    answer.info.rowsMatched = 3
    return answer
  }
}
