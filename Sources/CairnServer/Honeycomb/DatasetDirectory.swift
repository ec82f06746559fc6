// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnHoneycomb
import CairnPlan

/// The datasets and columns of an environment: those that events made, and those that were declared by Honeycomb's API.
struct DatasetDirectory: Sendable {
  let state: ServerState

  struct Dataset: Sendable {
    /// By the name that questions want; without events where none came yet.
    var summary: DatasetSummary
    var slug: String
    var declaration: DatasetDeclaration?
  }

  struct Column: Sendable {
    var name: String
    /// What was declared, else what most events have.
    var type: FieldType
    /// 0 where none came yet.
    var eventCount: Int
    var declaration: ColumnDeclaration?
  }

  /// By name, each with a slug of its own. A declaration is of the dataset that has its slug, and is a dataset of its own where there is none.
  func datasets(_ environment: String) async throws(Refusal) -> [Dataset] {
    let stored = try await state.desk.ask { () async throws(QueryError) in try await state.store.datasets(environment: environment) }
    let slugs = state.shelves.slugs(of: stored, environment, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let declared = state.shelves.entries(DatasetDeclaration.self, environment)
    let bySlug = Dictionary(declared.map { ($0.dataset, $0) }, uniquingKeysWith: { first, _ in first })
    var all = stored.map { (summary) in
      let slug = slugs[summary.name] ?? HoneycombDataset.slug(summary.name)
      return Dataset(summary: summary, slug: slug, declaration: bySlug[slug])
    }
    let taken = Set(all.compactMap(\.declaration?.dataset))
    for one in declared where !taken.contains(one.dataset) {
      let time = one.createdUnixNanoseconds
      let summary = DatasetSummary(name: one.name, eventCount: 0, firstUnixNanoseconds: time, lastUnixNanoseconds: time)
      all.append(Dataset(summary: summary, slug: one.dataset, declaration: one))
    }
    return all.sorted { $0.summary.name < $1.summary.name }
  }

  /// By name, each name once.
  func columns(_ environment: String, _ datasets: DatasetScope) async throws(Refusal) -> [Column] {
    let scope = Scope(environment: environment, datasets: datasets, time: .everything)
    let stored = try await state.desk.ask { () async throws(QueryError) in try await state.store.columns(scope) }
    var all: [String: Column] = [:]
    var counts: [String: Int] = [:]
    for one in stored {
      if counts[one.name, default: -1] < one.eventCount {
        counts[one.name] = one.eventCount
        all[one.name] = Column(name: one.name, type: one.type, eventCount: one.eventCount)
      }
    }
    for one in declared(environment, datasets) {
      var column = all[one.name] ?? Column(name: one.name, type: one.type, eventCount: 0)
      guard column.declaration == nil else { continue }
      column.type = one.type
      column.declaration = one
      all[one.name] = column
    }
    return all.values.sorted { $0.name < $1.name }
  }

  /// The columns of these datasets of which something was declared.
  func declared(_ environment: String, _ datasets: DatasetScope) -> [ColumnDeclaration] {
    let all = state.shelves.entries(ColumnDeclaration.self, environment)
    guard !all.isEmpty, case .named(let names) = datasets else { return all }
    let slugs = Set(names.map { state.shelves.slug(of: $0, environment) })
    return all.filter { slugs.contains($0.dataset) }
  }

  /// The name under which the events of a dataset are kept that a path names: the declared one that has this slug, or the name in another
  /// spelling.
  func storedName(_ name: String, _ environment: String) -> String {
    let declared = state.shelves.entries(DatasetDeclaration.self, environment)
    guard !declared.isEmpty else { return name }
    let folded = HoneycombDataset.folded(name)
    return (declared.first { $0.dataset == name } ?? declared.first { HoneycombDataset.folded($0.name) == folded })?.name ?? name
  }
}
