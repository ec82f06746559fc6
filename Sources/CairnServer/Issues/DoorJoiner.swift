// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPlan
import Synchronization

/// Finds the item of a failure that another door told of: a project that names datasets takes their exceptions in.
///
/// An identity that no item has yet, of such a project or of one of its datasets, is looked at once: an item of the other side with the same
/// hash is its item; else, where the failure belongs to a trace, the item of an occurrence in that trace with the same class. See decision 044.
struct DoorJoiner: Sendable {
  let store: any EventStore
  let book: IssueBook

  /// New identities that are looked up by their trace in one round; more wait for nothing and become items of their own.
  private static let lookUpCountMax = 50

  func joined(_ pending: [ItemIdentity: PendingItem]) async -> [ItemIdentity: ItemIdentity] {
    let partners = book.state.withLock { (state) -> [ItemIdentity: Set<String>] in
      let mapped = state.projects.values.filter { !($0.datasets ?? []).isEmpty }
      guard !mapped.isEmpty else { return [:] }
      var found: [ItemIdentity: Set<String>] = [:]
      for identity in pending.keys where state.itemOfIdentity[identity] == nil {
        for project in mapped where project.tenant == identity.tenant {
          let datasets = project.datasets ?? []
          guard project.name == identity.project || datasets.contains(identity.project) else { continue }
          found[identity, default: []].formUnion(datasets + [project.name])
        }
        found[identity]?.remove(identity.project)
      }
      return found
    }
    guard !partners.isEmpty else { return [:] }
    var joined: [ItemIdentity: ItemIdentity] = [:]
    var lookUpCount = 0
    for (identity, names) in partners.sorted(by: { (pending[$0.key]?.first.id ?? 0) < (pending[$1.key]?.first.id ?? 0) }) {
      if let same = withSameHash(identity, names) {
        joined[identity] = same
      } else if let note = pending[identity]?.first, note.hasTrace, lookUpCount < Self.lookUpCountMax {
        lookUpCount += 1
        if let other = try? await inSameTrace(note, names) { joined[identity] = joined[other] ?? other }
      }
    }
    return joined
  }

  /// An item of a partner with the hash: of the same environment, else of the one that is there.
  private func withSameHash(_ identity: ItemIdentity, _ names: Set<String>) -> ItemIdentity? {
    book.state.withLock { (state) in
      for name in names.sorted() {
        let same = ItemIdentity(tenant: identity.tenant, project: name, environment: identity.environment, hash: identity.hash)
        if state.itemOfIdentity[same] != nil { return same }
      }
      guard identity.environment == "default" else { return nil }
      return state.itemOfIdentity.keys.first { $0.hash == identity.hash && $0.tenant == identity.tenant && names.contains($0.project) }
    }
  }

  private func inSameTrace(_ note: OccurrenceNote, _ names: Set<String>) async throws(QueryError) -> ItemIdentity? {
    let scope = Scope(environment: note.item.tenant, datasets: .all, time: .everything)
    let own = EventsPlan(
      scope: scope, filter: .compare(column: FieldName.occurrenceID, .equal, .integer(note.id)), columns: [FieldName.traceID], limit: 1)
    guard let trace = try await store.events(own).events.first?[FieldName.traceID] else { return nil }
    let others = EventsPlan(
      scope: scope,
      filter: .all([
        .compare(column: FieldName.traceID, .equal, trace), .exists(column: FieldName.itemHash),
        .oneOf(column: FieldName.itemProject, names.sorted().map { .string($0) }),
      ]),
      columns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash, FieldName.exceptionType], direction: .oldestFirst,
      limit: 100)
    let candidates = try await store.events(others).events.filter { Self.isSameClass($0[FieldName.exceptionType]?.text ?? "", note.exceptionType) }
    let identities = candidates.map { OccurrenceNote($0, tenant: note.item.tenant).item }
    return book.state.withLock { (state) in identities.first { state.itemOfIdentity[$0] != nil } }
  }

  /// Doors name a class with or without its module.
  private static func isSameClass(_ one: String, _ other: String) -> Bool {
    let last = { (name: String) in name.split { $0 == "." || $0 == ":" || $0 == "\\" }.last ?? "" }
    return !one.isEmpty && last(one) == last(other)
  }
}
