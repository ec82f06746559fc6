// SPDX-License-Identifier: Apache-2.0
import CairnHoneycomb
import CairnPlan
import Synchronization

/// What is counted of objectives, in memory only: a start counts again. See docs/decisions/066.
final class SLOBook: Sendable {
  struct Entry: Sendable {
    /// What was counted; another indicator, period or dataset begins anew.
    var definition: Definition
    var ledger = SLOLedger()
    /// Up to which slot everything was counted once; nil before the first time.
    var countedEnd: Int64?
    var countedUnixNanoseconds: Int64 = 0
    /// The part of the past that is counted again next, in days before now.
    var olderDay: Int64 = 1
    var olderUnixNanoseconds: Int64 = 0
    /// When burn alerts were last held against the ledger.
    var judgedUnixNanoseconds: Int64 = 0
    var failure: String?
  }
  struct Definition: Sendable, Hashable {
    var formula: Formula?
    var datasets: [String]
    var periodDays: Int
  }
  private struct Key: Hashable {
    var environment: String
    var id: String
  }
  private let entries = Mutex<[Key: Entry]>([:])

  func entry(_ environment: String, _ id: String) -> Entry? { entries.withLock { $0[Key(environment: environment, id: id)] } }
  func forget(_ environment: String, _ id: String) { entries.withLock { _ = $0.removeValue(forKey: Key(environment: environment, id: id)) } }
  func reset() { entries.withLock { $0 = [:] } }

  /// Has the objective's alerts looked at with the next tick.
  func hasten(_ environment: String, _ id: String) { entries.withLock { $0[Key(environment: environment, id: id)]?.judgedUnixNanoseconds = 0 } }

  /// Changes the entry of a definition, a new one where another was kept; returns it.
  @discardableResult func change(_ environment: String, _ id: String, _ definition: Definition, _ body: (inout Entry) -> Void) -> Entry {
    entries.withLock { (entries) in
      let key = Key(environment: environment, id: id)
      var entry = entries[key] ?? Entry(definition: definition)
      if entry.definition != definition { entry = Entry(definition: definition) }
      body(&entry)
      entries[key] = entry
      return entry
    }
  }
}
