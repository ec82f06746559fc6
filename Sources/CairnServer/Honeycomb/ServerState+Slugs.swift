// SPDX-License-Identifier: Apache-2.0
import CairnHoneycomb
import CairnPlan

extension ServerState {
  var directory: DatasetDirectory { DatasetDirectory(state: self) }

  /// The names of an environment's datasets that have one of the slugs: Honeycomb's documents keep slugs, questions want names.
  func datasets(withSlugs slugs: [String], _ environment: String) async throws(Refusal) -> [String] {
    try await directory.datasets(environment).filter { slugs.contains($0.slug) }.map(\.summary.name)
  }
}

// A dataset keeps the slug that it was given when it was first seen: its name's own, where no other has that. Names that differ in letters which
// slugs do not have (магазин, корзины) or in what stands between words (my shop, my-shop) would share one.
extension ShelfKeeper {
  /// The slug of a dataset by its name; where nobody knows that, one that is no other dataset's.
  func slug(of name: String, _ environment: String) -> String {
    let (given, declared) = (entries(DatasetSlug.self, environment), entries(DatasetDeclaration.self, environment))
    if let known = given.first(where: { $0.name == name })?.dataset ?? declared.first(where: { $0.name == name })?.dataset { return known }
    let (slug, folded) = (HoneycombDataset.slug(name), HoneycombDataset.folded(name))
    return isSlug(slug, environment) ? folded : slug
  }

  /// The slug that a path means, which names a dataset by its slug or by its name.
  func slug(ofPath text: String, _ environment: String) -> String {
    text == allDatasets || isSlug(text, environment) ? text : slug(of: text, environment)
  }

  private func isSlug(_ text: String, _ environment: String) -> Bool {
    entries(DatasetSlug.self, environment).contains { $0.dataset == text }
      || entries(DatasetDeclaration.self, environment).contains { $0.dataset == text }
  }

  /// The slugs of the store's datasets by name; those that have none yet get theirs, the oldest first.
  ///
  /// A declared dataset's slug goes to the first dataset that events make of its name, however that is spelled. Where the catalog cannot be written
  /// (a full disk), they hold for this answer alone: questions are answered all the same.
  func slugs(of stored: [DatasetSummary], _ environment: String, nowUnixNanoseconds: Int64) -> [String: String] {
    var known = Self.byName(entries(DatasetSlug.self, environment))
    guard stored.contains(where: { known[$0.name] == nil }) else { return known }
    let declared = entries(DatasetDeclaration.self, environment)
    _ = try? Shelf<DatasetSlug>(catalog, environment: environment).change { (entries) throws(Refusal) in
      known = Self.byName(entries)
      var (given, ids, made) = (Set(known.values), Set(entries.map(\.id)), [DatasetSlug]())
      var taken = given.union(declared.map(\.dataset))
      let new = stored.filter { known[$0.name] == nil }.sorted { ($0.firstUnixNanoseconds, $0.name) < ($1.firstUnixNanoseconds, $1.name) }
      for dataset in new {
        let folded = HoneycombDataset.folded(dataset.name)
        let own = declared.first { HoneycombDataset.folded($0.name) == folded && !given.contains($0.dataset) }
        let slug = own?.dataset ?? HoneycombDataset.freeSlug(dataset.name, taken: taken)
        let id = Shelf<DatasetSlug>.freeID(taken: ids)
        given.insert(slug)
        taken.insert(slug)
        ids.insert(id)
        known[dataset.name] = slug
        made.append(DatasetSlug(name: dataset.name, slug: slug, id: id, nowUnixNanoseconds: nowUnixNanoseconds))
      }
      return made
    }
    return known
  }

  private static func byName(_ slugs: [DatasetSlug]) -> [String: String] {
    Dictionary(slugs.map { ($0.name, $0.dataset) }, uniquingKeysWith: { first, _ in first })
  }
}
