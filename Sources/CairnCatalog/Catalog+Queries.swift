// SPDX-License-Identifier: Apache-2.0
import GRDB

/// A query specification that was given an id.
public struct SavedQuery: Sendable, Hashable {
  public var id: String
  public var environment: String
  /// The dataset's name, or `__all__`.
  public var dataset: String
  /// The specification as JSON text.
  public var specification: String

  public init(id: String, environment: String, dataset: String, specification: String) {
    self.id = id
    self.environment = environment
    self.dataset = dataset
    self.specification = specification
  }
}

extension Catalog {
  /// Keeps a query; the same id again changes nothing.
  public func saveQuery(_ query: SavedQuery, nowUnixSeconds: Int64) throws(CatalogError) {
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: """
            INSERT INTO saved_query (id, environment, dataset, specification, created) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT DO NOTHING
            """,
          arguments: [query.id, query.environment, query.dataset, query.specification, nowUnixSeconds])
      }
    }
  }

  /// The query of an environment with this id, or nil.
  public func query(id: String, environment: String) throws(CatalogError) -> SavedQuery? {
    try perform { queue in
      try queue.read { database in
        try Row.fetchOne(
          database, sql: "SELECT dataset, specification FROM saved_query WHERE environment = ? AND id = ?",
          arguments: [environment, id])
      }
    }.map { SavedQuery(id: id, environment: environment, dataset: $0["dataset"], specification: $0["specification"]) }
  }
}
