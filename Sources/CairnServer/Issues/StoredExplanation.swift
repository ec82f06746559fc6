// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnIssues
import FoundationEssentials
import Synchronization

/// Why an item is one, as it was decided when the item began: it outlives the occurrences and versions of grouping.
struct StoredExplanation: Sendable, Hashable, Codable {
  var version: String
  var hash: String
  var source: String
  var components: [GroupingComponent]

  /// Of a new item, whose grouping was computed a moment ago; nil where it is forgotten already.
  init?(_ item: Item, version: String) {
    guard let components = recentComponents(ofHash: item.identity.hash) else { return nil }
    self.version = version
    hash = item.identity.hash
    source = item.source
    self.components = components
  }

  func write(_ writer: inout JSONWriter) {
    writer.member("version", version)
    writer.member("key", hash)
    writer.member("source", source)
    writer.array("components", components) { (component, writer) in writer.object { component.write(&$0) } }
  }
}

extension IssueBook {
  /// What the catalog keeps of an item's beginning.
  func explanation(itemID: Int64) -> StoredExplanation? {
    if let waiting = state.withLock({ $0.explanations[itemID] }) { return waiting }
    guard let document = try? catalog.document(in: "explanation", id: itemID) else { return nil }
    return try? JSONDecoder().decode(StoredExplanation.self, from: Data(document.body))
  }
}

extension GroupingComponent {
  func write(_ writer: inout JSONWriter) {
    writer.member("name", name)
    switch value {
    case .text(let text): writer.member("value", text)
    case .list(let texts): writer.member("value", texts)
    }
    writer.member("contributes", contributes)
    writer.member("reason", reason)
  }
}
