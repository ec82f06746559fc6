// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Something that CloudWatch's APIs keep beside the events: a group, a stream, a filter, a policy, an alarm.
///
/// What it is in detail is its dialect's matter: the catalog keeps a JSON document.
public struct LogItem: Sendable, Hashable {
  public var environment: String
  /// `group`, `stream`, `metric-filter`, …
  public var kind: String
  /// The group that it belongs to, or empty.
  public var parent: String
  public var name: String
  public var document: [UInt8]

  public init(environment: String, kind: String, parent: String = "", name: String, document: [UInt8]) {
    self.environment = environment
    self.kind = kind
    self.parent = parent
    self.name = name
    self.document = document
  }
}

extension Catalog {
  static let logItemTable = """
    CREATE TABLE log_item (
      environment TEXT NOT NULL, kind TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL, document BLOB NOT NULL,
      PRIMARY KEY (environment, kind, parent, name)) STRICT, WITHOUT ROWID;
    """

  /// All items of all environments.
  public func logItems() throws(CatalogError) -> [LogItem] {
    try perform { queue in
      try queue.read { try Row.fetchAll($0, sql: "SELECT environment, kind, parent, name, document FROM log_item") }
    }.map {
      LogItem(
        environment: $0["environment"], kind: $0["kind"], parent: $0["parent"], name: $0["name"],
        document: DatabaseBytes($0["document"]).bytes)
    }
  }

  /// Keeps items, in place of those with the same names; one transaction.
  public func keepLogItems(_ items: [LogItem]) throws(CatalogError) {
    guard !items.isEmpty else { return }
    try perform { queue in
      try queue.write { database in
        let statement = try database.makeStatement(
          sql: "INSERT OR REPLACE INTO log_item (environment, kind, parent, name, document) VALUES (?, ?, ?, ?, ?)")
        for item in items {
          try statement.execute(arguments: [item.environment, item.kind, item.parent, item.name, DatabaseBytes(item.document).value])
        }
      }
    }
  }

  /// Forgets one item.
  public func removeLogItem(environment: String, kind: String, parent: String = "", name: String) throws(CatalogError) {
    try perform { queue in
      try queue.write {
        try $0.execute(
          sql: "DELETE FROM log_item WHERE environment = ? AND kind = ? AND parent = ? AND name = ?",
          arguments: [environment, kind, parent, name])
      }
    }
  }

  /// Forgets a group and all that belongs to it.
  public func removeLogGroup(environment: String, name: String) throws(CatalogError) {
    try perform { queue in
      try queue.write {
        try $0.execute(
          sql: "DELETE FROM log_item WHERE environment = ? AND (parent = ? OR (kind = 'group' AND name = ?))",
          arguments: [environment, name, name])
      }
    }
  }
}
