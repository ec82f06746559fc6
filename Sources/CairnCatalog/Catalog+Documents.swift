// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// Something small that changes as a whole: an item, a project, a deploy, a rule. Its owner keeps it in memory and writes it here.
public struct CatalogDocument: Sendable, Hashable {
  public var collection: String
  public var id: Int64
  /// JSON.
  public var body: [UInt8]

  public init(collection: String, id: Int64, body: [UInt8]) {
    self.collection = collection
    self.id = id
    self.body = body
  }
}

/// How often each collection of documents has changed in this process, for those who keep what they have read.
struct DocumentChanges: Sendable {
  private var counts: [String: Int] = [:]
  private var sweeps = 0

  func count(of collection: String) -> Int { counts[collection, default: 0] + sweeps }
  mutating func note(_ collections: Set<String>) { for collection in collections { counts[collection, default: 0] += 1 } }
  mutating func noteAll() { sweeps += 1 }
}

extension Catalog {
  /// Goes up with every change of a collection's documents by this process; other processes write none.
  public func changeCount(of collection: String) -> Int { documentChanges.withLock { $0.count(of: collection) } }

  /// All documents of a collection, by id.
  public func documents(in collection: String) throws(CatalogError) -> [CatalogDocument] {
    try perform { queue in
      try queue.read { database in
        try Row.fetchAll(
          database, sql: "SELECT id, body FROM document WHERE collection = ? ORDER BY id", arguments: [collection])
      }
    }.map { CatalogDocument(collection: collection, id: $0["id"], body: DatabaseBytes($0["body"]).bytes) }
  }

  /// One document, or nil.
  public func document(in collection: String, id: Int64) throws(CatalogError) -> CatalogDocument? {
    try perform { queue in
      try queue.read { database in
        try Row.fetchOne(database, sql: "SELECT id, body FROM document WHERE collection = ? AND id = ?", arguments: [collection, id])
      }
    }.map { CatalogDocument(collection: collection, id: $0["id"], body: DatabaseBytes($0["body"]).bytes) }
  }

  /// Writes and removes documents, all or none of them, in one transaction. What is written is asked for when it is this transaction's
  /// turn, so that of two changes the later one always writes the later state.
  public func change(
    saving documents: () -> [CatalogDocument], removing removed: [(collection: String, id: Int64)] = []
  ) throws(CatalogError) {
    let changed = try perform { queue in
      try queue.write { (database) -> Set<String> in
        var collections = Set(removed.map(\.collection))
        let save = try database.cachedStatement(
          sql: "INSERT INTO document (collection, id, body) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body")
        for document in documents() {
          collections.insert(document.collection)
          try save.execute(arguments: [document.collection, document.id, DatabaseBytes(document.body).value])
        }
        for entry in removed {
          try database.execute(sql: "DELETE FROM document WHERE collection = ? AND id = ?", arguments: [entry.collection, entry.id])
        }
        return collections
      }
    }
    documentChanges.withLock { $0.note(changed) }
  }
}
