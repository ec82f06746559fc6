// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnIssues
import FoundationEssentials
import Synchronization

/// Everything about errors that changes in place: projects, their tokens, items, deploys. In memory, written to the catalog with each
/// change.
///
/// Counts of items follow the events: they are added up behind the decoders and written every quarter of a second together with how far
/// the count has come; after a stop that was not orderly, `ItemTracker` counts the hours after that point again from the events.
/// Bounded by `itemCountMax`. Any thread may call; each call is a short critical section, writes wait for SQLite outside of it.
final class IssueBook: Sendable {
  /// How far items have been counted.
  struct Progress: Sendable, Hashable, Codable {
    /// The highest id of an occurrence that is counted.
    var highestID: Int64 = 0
    /// False while a server runs: what came last may not be counted.
    var isOrderly = true
  }

  struct State {
    var projects: [Int64: Project] = [:]
    var projectOfName: [ProjectName: Int64] = [:]
    var tokens: [String: ProjectToken] = [:]
    var items: [Int64: Item] = [:]
    var itemOfIdentity: [ItemIdentity: Int64] = [:]
    var deploys: [Int64: Deploy] = [:]
    var rules: [Int64: ItemRule] = [:]
    var links: [Int64: ServiceLink] = [:]
    var users: [Int64: DirectoryUser] = [:]
    var teams: [Int64: DirectoryTeam] = [:]
    /// Why new items are items, until it is written: the catalog alone keeps it.
    var explanations: [Int64: StoredExplanation] = [:]
    var progress = Progress()
    /// Occurrences that somebody deleted.
    var hiddenOccurrences: Set<Int64> = []
    /// What doors reported in the last minutes: not written, read from the events at a start.
    var failures = FailureMemory()
    /// Items that were taken in by another one, which answers in their place.
    var itemOfFormerID: [Int64: Int64] = [:]
    var nextID: Int64 = 1
    /// What is to be written: collection and id.
    var dirty: Set<DocumentKey> = []
    var refusedItemCount = 0
    /// Lines of the item list that are written already, by item; a change of the item drops its line.
    var lines: [Int64: ItemLine] = [:]
  }
  struct ProjectName: Hashable {
    var tenant: String
    var name: String
  }
  struct DocumentKey: Hashable {
    var collection: String
    var id: Int64
  }

  static let itemCountMax = 200_000
  let catalog: Catalog
  let state: Mutex<State>
  /// The name of the version of grouping by which new items come.
  let groupingVersion: String

  /// What the catalog has; nothing where it cannot be read, which the next change will say.
  init(catalog: Catalog, groupingVersion: String = GroupingVersion.current.name) {
    self.catalog = catalog
    self.groupingVersion = groupingVersion
    state = Mutex((try? Self.load(catalog)) ?? State())
  }

  private static func load(_ catalog: Catalog) throws(CatalogError) -> State {
    var state = State()
    for project: Project in try read("project", catalog) {
      state.projects[project.id] = project
      state.projectOfName[ProjectName(tenant: project.tenant, name: project.name)] = project.id
    }
    for token: ProjectToken in try read("token", catalog) { state.tokens[token.text] = token }
    for item: Item in try read("item", catalog) {
      state.items[item.id] = item
      // A group stands behind the member that a rule gives its name.
      for identity in item.identities where !item.isGroup || state.itemOfIdentity[identity] == nil { state.itemOfIdentity[identity] = item.id }
      for id in item.formerIDs ?? [] { state.itemOfFormerID[id] = item.id }
    }
    for deploy: Deploy in try read("deploy", catalog) { state.deploys[deploy.id] = deploy }
    for rule: ItemRule in try read("rule", catalog) { state.rules[rule.id] = rule }
    for link: ServiceLink in try read("link", catalog) { state.links[link.id] = link }
    for user: DirectoryUser in try read("user", catalog) { state.users[user.id] = user }
    for team: DirectoryTeam in try read("team", catalog) { state.teams[team.id] = team }
    let hidden: [Set<Int64>] = try read("hidden", catalog)
    state.hiddenOccurrences = hidden.first ?? []
    let progress: [Progress] = try read("progress", catalog)
    if let last = progress.first { state.progress = last }
    let ids = [
      state.rules.keys.max(), state.links.keys.max(), state.users.keys.max(), state.teams.keys.max(),
      state.teams.values.flatMap(\.invites).map(\.id).max(), state.projects.keys.max(), state.items.keys.max(), state.itemOfFormerID.keys.max(), state.deploys.keys.max(), state.tokens.values.map(\.id).max(),
    ]
    state.nextID = (ids.compactMap { $0 }.max() ?? 0) + 1
    return state
  }

  /// A document that cannot be read is left out: the events still hold what it said.
  private static func read<Value: Decodable>(_ collection: String, _ catalog: Catalog) throws(CatalogError) -> [Value] {
    let decoder = JSONDecoder()
    return try catalog.documents(in: collection).compactMap { try? decoder.decode(Value.self, from: Data($0.body)) }
  }

  /// Forgets everything that the catalog forgot.
  func reset() { state.withLock { $0 = State() } }

  // MARK: Writing

  /// Changes the state and writes what became dirty; what cannot be written stays dirty and is tried again with the next change.
  func change<Result: Sendable>(_ body: (inout State) -> Result) throws(CatalogError) -> Result {
    let result = state.withLock { body(&$0) }
    try save()
    return result
  }

  private func save() throws(CatalogError) {
    let waiting = state.withLock { !$0.dirty.isEmpty }
    guard waiting else { return }
    var taken: Set<DocumentKey> = []
    var removed: [(collection: String, id: Int64)] = []
    do throws(CatalogError) {
      removed = state.withLock { (state) in
        state.dirty.filter { !state.has($0) }.map { ($0.collection, $0.id) }
      }
      try catalog.change(
        saving: {
          // Values are taken under the lock and encoded outside of it: a load of ten thousand items keeps no reader waiting.
          let values = state.withLock { (state) -> [(DocumentKey, (any Encodable & Sendable)?)] in
            taken = state.dirty
            state.dirty = []
            return taken.map { ($0, state.value($0)) }
          }
          let encoder = JSONEncoder()
          return values.compactMap { (key, value) in
            value.flatMap { try? encoder.encode($0) }.map { CatalogDocument(collection: key.collection, id: key.id, body: Array($0)) }
          }
        }, removing: removed)
      let written = taken.filter { $0.collection == "explanation" }
      if !written.isEmpty { state.withLock { (state) in for key in written { state.explanations[key.id] = nil } } }
    } catch {
      state.withLock { $0.dirty.formUnion(taken) }
      throw error
    }
  }
}

extension IssueBook.State {
  mutating func makeID() -> Int64 {
    nextID += 1
    return nextID - 1
  }

  mutating func touch(_ collection: String, _ id: Int64) {
    dirty.insert(IssueBook.DocumentKey(collection: collection, id: id))
    if collection == "item" { lines[id] = nil }
  }

  func has(_ key: IssueBook.DocumentKey) -> Bool {
    switch key.collection {
    case "project": projects[key.id] != nil
    case "token": tokens.values.contains { $0.id == key.id }
    case "item": items[key.id] != nil
    case "deploy": deploys[key.id] != nil
    case "rule": rules[key.id] != nil
    case "link": links[key.id] != nil
    case "user": users[key.id] != nil
    case "team": teams[key.id] != nil
    default: true
    }
  }

  func value(_ key: IssueBook.DocumentKey) -> (any Encodable & Sendable)? {
    switch key.collection {
    case "project": projects[key.id]
    case "token": tokens.values.first { $0.id == key.id }
    case "item": items[key.id]
    case "deploy": deploys[key.id]
    case "rule": rules[key.id]
    case "link": links[key.id]
    case "user": users[key.id]
    case "team": teams[key.id]
    case "explanation": explanations[key.id]
    case "hidden": hiddenOccurrences
    default: progress
    }
  }
}
