// SPDX-License-Identifier: Apache-2.0
import GRDB
import Synchronization

/// The keys in memory, so that a request's key is checked without a read of the file.
struct KeyRing {
  var keys: [String: AccessKey] = [:]
  /// SQLite's count of changes by other connections when the keys were read.
  var dataVersion = 0
}

/// What a presented key is worth.
public enum KeyVerdict: Sendable, Hashable {
  case good(AccessKey)
  case revoked
  /// No such key, a wrong secret, or no key's text at all: not told apart.
  case unknown
}

/// A key just made; its text is shown this once.
public struct CreatedKey: Sendable, Hashable {
  public var key: AccessKey
  public var text: String
}

extension Catalog {
  /// Makes a key. O(1); one transaction.
  public func createKey(
    name: String, environment: String, scopes: Set<KeyScope>, nowUnixSeconds: Int64
  ) throws(CatalogError) -> CreatedKey {
    let text = KeyText.random()
    let key = AccessKey(
      id: text.id, name: name, environment: environment, scopes: scopes, createdUnixSeconds: nowUnixSeconds,
      secretDigest: text.digest)
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: "INSERT INTO access_key (id, name, environment, scopes, secret_digest, created) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [
            key.id, name, environment, scopes.map(\.rawValue).sorted().joined(separator: " "),
            DatabaseBytes(key.secretDigest).value,
            nowUnixSeconds,
          ])
      }
    }
    try reload()
    return CreatedKey(key: key, text: text.text)
  }

  /// Ends a key. False if there is none with this id, or it was revoked before.
  public func revokeKey(id: String, nowUnixSeconds: Int64) throws(CatalogError) -> Bool {
    let changed = try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: "UPDATE access_key SET revoked = ? WHERE id = ? AND revoked IS NULL", arguments: [nowUnixSeconds, id])
        return database.changesCount
      }
    }
    try reload()
    return changed > 0
  }

  /// All keys, revoked ones too, oldest first.
  public func keys() -> [AccessKey] {
    ring.withLock { Array($0.keys.values) }.sorted { ($0.createdUnixSeconds, $0.id) < ($1.createdUnixSeconds, $1.id) }
  }

  /// True once any key was made, revoked or not: from then on nobody comes in without one.
  public var hasKeys: Bool { ring.withLock { !$0.keys.isEmpty } }

  /// True while the key with this id is there and not revoked. Memory only.
  public func isGood(keyID: String) -> Bool { ring.withLock { $0.keys[keyID].map { $0.revokedUnixSeconds == nil } ?? false } }

  /// Checks the text of a key, in the same time whether the id or the secret is wrong. Memory only.
  public func authenticate(_ text: String) -> KeyVerdict {
    guard let parsed = KeyText.parse(text) else { return .unknown }
    let key = ring.withLock { $0.keys[parsed.id] }
    let isRight = isSame(parsed.digest, key?.secretDigest ?? [UInt8](repeating: 0, count: 32))
    guard let key, isRight else { return .unknown }
    return key.revokedUnixSeconds == nil ? .good(key) : .revoked
  }

  /// Reads the keys again if another process changed the file. Cheap enough for once a second.
  public func refresh() throws(CatalogError) {
    let version = try perform { queue in
      try queue.read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }
    if version != ring.withLock({ $0.dataVersion }) { try reload() }
  }

  func reload() throws(CatalogError) {
    let (rows, version) = try perform { queue in
      try queue.read { database in
        (
          try Row.fetchAll(
            database, sql: "SELECT id, name, environment, scopes, secret_digest, created, revoked FROM access_key"),
          try Int.fetchOne(database, sql: "PRAGMA data_version") ?? 0
        )
      }
    }
    let keys = rows.map { row in
      AccessKey(
        id: row["id"], name: row["name"], environment: row["environment"],
        scopes: Set((row["scopes"] as String).split(separator: " ").compactMap { KeyScope(rawValue: String($0)) }),
        createdUnixSeconds: row["created"], revokedUnixSeconds: row["revoked"],
        secretDigest: DatabaseBytes(row["secret_digest"]).bytes)
    }
    ring.withLock { ring in
      ring.keys = Dictionary(keys.map { ($0.id, $0) }) { first, _ in first }
      ring.dataVersion = version
    }
  }
}
