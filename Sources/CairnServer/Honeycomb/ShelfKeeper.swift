// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import Synchronization

/// What shelves hold, in memory, for those who want it with every question or every few seconds: read again only where the catalog has
/// changed it since.
final class ShelfKeeper: Sendable {
  private struct Kept: Sendable {
    var changeCount: Int
    var entries: any Sendable
  }
  let catalog: Catalog
  private let kept = Mutex<[String: Kept]>([:])

  init(catalog: Catalog) { self.catalog = catalog }

  /// The entries of one kind of an environment, of all datasets; none where the catalog cannot be read.
  func entries<Entry: ShelfEntry>(_: Entry.Type, _ environment: String) -> [Entry] {
    let shelf = Shelf<Entry>(catalog, environment: environment)
    // Before the reading: a change that comes between the two is read once more.
    let changeCount = shelf.changeCount
    if let found = kept.withLock({ $0[shelf.collection] }), found.changeCount == changeCount, let entries = found.entries as? [Entry] { return entries }
    guard let entries = try? shelf.everything() else { return [] }
    kept.withLock { $0[shelf.collection] = Kept(changeCount: changeCount, entries: entries) }
    return entries
  }
}
