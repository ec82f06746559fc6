// SPDX-License-Identifier: Apache-2.0
public import CairnCatalog
public import CairnIssues
import FoundationEssentials

/// By which versions of grouping a folder's items came: a document of the catalog.
///
/// ```
/// {"version": the deciding one, "former": [{"version", "untilUnixSeconds"}]}
/// ```
/// A server that decides by another version than the folder's last one notes that, and for `transitionDays` computes the former one's hash
/// beside its own: an item that is known by it goes on. What does not come again in that time begins anew.
public struct GroupingHistory: Sendable, Hashable, Codable {
  struct Former: Sendable, Hashable, Codable {
    var version: String
    var untilUnixSeconds: Int64
  }
  var version: String
  var former: [Former] = []

  static let transitionDays: Int64 = 30
  private static let collection = "grouping"

  /// What is in force for a folder, and the document to save once the folder is the caller's. `chosen` is the version to decide by, nil for the newest of `versions`.
  public static func plan(
    catalog: Catalog, chosen: String?, versions: [GroupingVersion] = GroupingVersion.all, nowUnixSeconds now: Int64
  ) throws(CatalogError) -> (plan: GroupingPlan, history: GroupingHistory) {
    let newest = versions.last ?? .current
    let current = versions.first { $0.name == chosen } ?? newest
    var history = GroupingHistory(version: current.name)
    if let read = try read(catalog) {
      history = read
    } else if let oldest = versions.first, try !catalog.documents(in: "item").isEmpty {
      // A folder that says nothing is of a program that knew the first version alone.
      history = GroupingHistory(version: oldest.name)
    }
    history.turn(to: current.name, nowUnixSeconds: now)
    history.former.removeAll { $0.untilUnixSeconds <= now }
    let former = history.former.sorted { $0.untilUnixSeconds > $1.untilUnixSeconds }
    let plan = GroupingPlan(
      current: current, former: former.compactMap { (entry) in versions.first { $0.name == entry.version } },
      formerUntilUnixNanoseconds: former.first.map { $0.untilUnixSeconds * 1_000_000_000 } ?? .max)
    return (plan, history)
  }

  public func save(in catalog: Catalog) throws(CatalogError) {
    guard let data = try? JSONEncoder().encode(self) else { return }
    let document = CatalogDocument(collection: Self.collection, id: 1, body: Array(data))
    try catalog.change(saving: { [document] })
  }

  private static func read(_ catalog: Catalog) throws(CatalogError) -> GroupingHistory? {
    guard let document = try catalog.document(in: collection, id: 1) else { return nil }
    return try? JSONDecoder().decode(GroupingHistory.self, from: Data(document.body))
  }

  private mutating func turn(to next: String, nowUnixSeconds now: Int64) {
    guard version != next else { return }
    former.removeAll { $0.version == version || $0.version == next }
    former.append(Former(version: version, untilUnixSeconds: now + Self.transitionDays * 86_400))
    version = next
  }
}
