// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan

/// Who and what an item's occurrences came from, counted from the events.
struct ItemPeople: Sendable {
  let state: ServerState
  let tenant: String
  var time = TimeRange.everything

  struct Counts: Sendable, Hashable {
    var people: Int
    var addresses: Int
  }

  /// A field whose values say something about the occurrences, most frequent first.
  struct Facet: Sendable {
    var name: String
    /// Reports that have the field, those with other values than the ones below too.
    var total: Int
    var values: [(value: FieldValue?, count: Int)]

    func write(_ writer: inout JSONWriter) {
      writer.member("name", name)
      writer.member("total", total)
      writer.array("values", values) { (entry, writer) in
        writer.object { (writer) in
          writer.member("value", field: entry.value)
          writer.member("count", entry.count)
        }
      }
    }
  }

  /// Doors have names of their own for whose failure it was.
  private static let personFields = [FieldName.personID, "enduser.id", "user.id"]

  private var scope: Scope { Scope(environment: tenant, datasets: .all, time: time) }

  /// Distinct people and addresses of each item; one pass for all of them.
  func counts(_ items: [Item]) async throws(Refusal) -> [ItemIdentity: Counts] {
    guard !items.isEmpty else { return [:] }
    let plan = Plan(
      scope: scope, filter: .oneOf(column: FieldName.itemHash, items.flatMap { $0.identities.map { .string($0.hash) } }),
      breakdowns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash],
      calculations: (Self.personFields + [FieldName.clientAddress]).map { Calculation(.countDistinct, column: $0) }, limit: 10_000)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    let manyDoored = Set(items.filter(\.isManyDoored).map(\.identity))
    var own: [ItemIdentity: ItemIdentity] = [:]
    for item in items { for identity in item.identities { own[identity] = item.identity } }
    var counts: [ItemIdentity: Counts] = [:]
    for row in 0..<answer.rowCount {
      let texts = answer.columns.prefix(3).map { $0.values[row]?.text ?? "" }
      let numbers = answer.columns.dropFirst(3).map { Int($0.values[row]?.number ?? 0) }
      // An event that has several of the names means one person by them.
      guard let addresses = numbers.last, let people = numbers.dropLast().max() else { continue }
      guard let identity = own[ItemIdentity(tenant: tenant, project: texts[0], environment: texts[1], hash: texts[2])] else { continue }
      // Doors tell of the same people. Of two hashes through one door a person may be counted twice: there is no telling from counts.
      let known = counts[identity] ?? Counts(people: 0, addresses: 0)
      counts[identity] = manyDoored.contains(identity)
        ? Counts(people: max(known.people, people), addresses: max(known.addresses, addresses))
        : Counts(people: known.people + people, addresses: known.addresses + addresses)
    }
    return counts
  }

  private static let facetFields =
    [FieldName.codeVersion, "service.version", "context", "http.request.method", "host.name", "client.browser", "user_agent.original"]
    + personFields + [FieldName.clientAddress]

  /// The most frequent values of the fields that people look at first.
  func facets(_ filter: Filter) async throws(Refusal) -> [Facet] {
    var facets: [Facet] = []
    for name in Self.facetFields {
      let plan = Plan(
        scope: scope, filter: .all([filter, .exists(column: name)]), breakdowns: [name],
        orders: [Order(.calculation(.count), .descending)], limit: 8)
      let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
      guard answer.rowCount > 0 else { continue }
      let values = (0..<answer.rowCount).map { (answer.columns[0].values[$0], Int(answer.columns[1].values[$0]?.number ?? 0)) }
      facets.append(Facet(name: name, total: Int(answer.totals.first.flatMap { $0?.number } ?? 0), values: values))
    }
    return facets
  }
}
