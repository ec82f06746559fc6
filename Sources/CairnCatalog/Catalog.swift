// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// What changes in place, in one SQLite file: keys and saved queries.
///
/// Several processes may have it open (the server and `cairn key`); `refresh` sees what another one changed. Calls may come from any
/// thread and block for as long as SQLite takes, but for `authenticate`, `hasKeys` and `keyCount`, which read memory only.
public final class Catalog: Sendable {
  let path: String
  let queue: DatabaseQueue
  let ring = Mutex(KeyRing())
  let documentChanges = Mutex(DocumentChanges())

  /// Opens or creates the file and brings its tables up to date.
  public init(path: String) throws(CatalogError) {
    self.path = path
    try CatalogFile.makePrivate(path)
    do {
      var configuration = Configuration()
      configuration.busyMode = .timeout(5)
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.execute(sql: "PRAGMA synchronous = FULL")
        // The log beside the file stays small: SQLite's own bound, 4 MiB that are kept once reached, was as much as 4 bytes a span
        // (benchmark: `bench.py`, bytes on disk).
        try database.execute(sql: "PRAGMA wal_autocheckpoint = 64")
        try database.execute(sql: "PRAGMA journal_size_limit = 262144")
      }
      queue = try DatabaseQueue(path: path, configuration: configuration)
    } catch {
      throw .of(error, path: path)
    }
    try migrate()
    try reload()
  }

  static let inMemory = ":memory:"

  /// A catalog in memory, for tests.
  public init() throws(CatalogError) {
    path = Self.inMemory
    do {
      queue = try DatabaseQueue()
    } catch {
      throw .database(path: path, reason: "\(error)")
    }
    try migrate()
    try reload()
  }

  private func migrate() throws(CatalogError) {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 keys and queries") { database in
      try database.execute(
        sql: """
          CREATE TABLE access_key (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, environment TEXT NOT NULL, scopes TEXT NOT NULL,
            secret_digest BLOB NOT NULL, created INTEGER NOT NULL, revoked INTEGER) STRICT;
          CREATE TABLE saved_query (
            id TEXT NOT NULL, environment TEXT NOT NULL, dataset TEXT NOT NULL, specification TEXT NOT NULL,
            created INTEGER NOT NULL, PRIMARY KEY (environment, id)) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("2 X-Ray groups and insights") { database in try Self.createXRayGroups(database) }
    migrator.registerMigration("3 log items") { try $0.execute(sql: Self.logItemTable) }
    migrator.registerMigration("4 X-Ray's objects") { database in
      try database.execute(
        sql: """
          CREATE TABLE xray_object (
            environment TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, content TEXT NOT NULL,
            created INTEGER NOT NULL, modified INTEGER NOT NULL, PRIMARY KEY (environment, kind, name)) STRICT, WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("5 documents") { database in
      try database.execute(
        sql: """
          CREATE TABLE document (
            collection TEXT NOT NULL, id INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (collection, id)) STRICT, WITHOUT ROWID;
          """)
    }
    let known = migrator
    let isNewer = try perform { queue in try queue.read { try known.hasBeenSuperseded($0) } }
    if isNewer { throw .newer(path: path) }
    try perform { queue in try known.migrate(queue) }
  }

  /// Tables that outlive `removeEverything`: credentials, without which a server would be open, and the migrator's own.
  private static let keptTables: Set<String> = ["access_key", "grdb_migrations"]

  /// Empties every table but those with credentials: for conformance suites.
  public func removeEverything() throws(CatalogError) {
    try perform { queue in
      try queue.write { database in
        let names = try String.fetchAll(database, sql: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        try database.execute(sql: "PRAGMA defer_foreign_keys = ON")
        for name in names where !Self.keptTables.contains(name) { try database.execute(sql: "DELETE FROM \(name.quotedDatabaseIdentifier)") }
      }
    }
    documentChanges.withLock { $0.noteAll() }
    try reload()
  }

  /// Runs database work and turns what it throws into this room's error.
  func perform<Result>(_ work: (DatabaseQueue) throws -> Result) throws(CatalogError) -> Result {
    do {
      return try work(queue)
    } catch {
      throw .of(error, path: path)
    }
  }
}
