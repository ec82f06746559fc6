// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan
import Synchronization
import Testing

@testable import CairnServer

/// People are counted by whichever name their door has for them.
@Suite struct ItemPeopleTests {
  private func item(_ hash: String) -> Item {
    let identity = ItemIdentity(tenant: "default", project: "shop", environment: "production", hash: hash)
    return Item(id: 1, projectID: 1, counter: 1, first: OccurrenceNote(item: identity), nowUnixSeconds: 1)
  }

  /// One group for each hash, with so many distinct values of `person.id`, `enduser.id`, `user.id` and `client.address`.
  private func answer(_ rows: [(hash: String, counts: [Int64])]) -> Answer {
    var answer = Answer()
    let texts = [rows.map { _ in "shop" }, rows.map { _ in "production" }, rows.map(\.hash)]
    answer.columns = texts.map { AnswerColumn(name: "b", kind: .breakdown, type: .string, values: $0.map { .string($0) }) }
    answer.columns += (0..<4).map { (place) in
      AnswerColumn(name: "c", kind: .calculation, type: .integer, values: rows.map { .integer($0.counts[place]) })
    }
    return answer
  }

  @Test func thePeopleOfOpenTelemetryCount() async throws {
    var script = FakeStore.Script()
    script.answer = .success(answer([("rollbar", [17, 0, 0, 3]), ("otlp", [0, 0, 4, 0]), ("old", [0, 2, 0, 1]), ("both", [0, 5, 4, 1]), ("nobody", [0, 0, 0, 0])]))
    try await withServer(script) { (live) async throws in
      let items = ["rollbar", "otlp", "old", "both", "nobody"].map { item($0) }
      let counts = try await ItemPeople(state: live.server.state, tenant: "default").counts(items)
      // Two names for the people of the same events are not twice the people.
      #expect(items.map { counts[$0.identity]?.people } == [17, 4, 2, 5, 0])
      #expect(items.map { counts[$0.identity]?.addresses } == [3, 0, 1, 1, 0])
      let asked = live.store.log.withLock { $0.plans.last?.calculations.compactMap(\.column) }
      #expect(asked == ["person.id", "enduser.id", "user.id", "client.address"])
    }
  }
}
