// SPDX-License-Identifier: Apache-2.0
import CairnKit
import Foundation
import GRDB
import Tracing

/// The microblog's data in SQLite; every statement is a client span.
public struct Store: Sendable {
  private let database: DatabaseQueue
  private let tracer: KitTracer

  /// Opens the file, or a database in memory where `path` is nil, and puts a few people and posts into an empty one.
  public init(path: String?, kit: Kit) throws {
    database = try path.map { try DatabaseQueue(path: $0) } ?? DatabaseQueue()
    tracer = kit.tracer
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE user (uuid TEXT PRIMARY KEY, handle TEXT NOT NULL UNIQUE, displayName TEXT NOT NULL) STRICT;
          CREATE TABLE activity (
            uuid TEXT PRIMARY KEY, handle TEXT NOT NULL, message TEXT NOT NULL, replyTo TEXT, createdAt REAL NOT NULL, expiresAt REAL) STRICT;
          CREATE INDEX activity_by_time ON activity (createdAt);
          CREATE INDEX activity_by_handle ON activity (handle, createdAt);
          CREATE INDEX activity_by_reply ON activity (replyTo) WHERE replyTo IS NOT NULL;
          CREATE TABLE message (
            uuid TEXT PRIMARY KEY, groupUUID TEXT NOT NULL, sender TEXT NOT NULL, receiver TEXT NOT NULL, message TEXT NOT NULL, createdAt REAL NOT NULL) STRICT;
          CREATE TABLE notification (uuid TEXT PRIMARY KEY, handle TEXT NOT NULL, activity TEXT NOT NULL, createdAt REAL NOT NULL) STRICT;
          """)
    }
    try migrator.migrate(database)
    try database.write { try Self.plant($0) }
  }

  private static func plant(_ database: Database) throws {
    guard try Int.fetchOne(database, sql: "SELECT count(*) FROM user") == 0 else { return }
    let now = Date().timeIntervalSince1970
    for (index, (handle, name, text)) in [("andrew", "Andrew Brown", "Cloud is fun!"), ("worf", "Worf", "I am out of prune juice"), ("garek", "Elim Garak", "My dear doctor, I am just a simple tailor")].enumerated() {
      try database.execute(sql: "INSERT INTO user VALUES (?, ?, ?)", arguments: [UUID().uuidString, handle, name])
      try database.execute(
        sql: "INSERT INTO activity VALUES (?, ?, ?, NULL, ?, NULL)", arguments: [UUID().uuidString, handle, text, now - Double(index) * 86_400])
    }
  }

  /// The newest posts of everybody.
  func home(limit: Int = 20) async throws -> [Activity] {
    try await read("SELECT activity", "\(Self.activities) WHERE replyTo IS NULL AND (expiresAt IS NULL OR expiresAt > ?) ORDER BY createdAt DESC LIMIT ?") {
      [Date().timeIntervalSince1970, limit]
    } row: { Self.activity($0) }
  }

  /// The newest posts of one person.
  func activities(of handle: String) async throws -> [Activity] {
    try await read("SELECT activity", "\(Self.activities) WHERE handle = ? ORDER BY createdAt DESC LIMIT 20") { [handle] } row: { Self.activity($0) }
  }

  /// Posts with the words in their text.
  func search(_ term: String) async throws -> [Activity] {
    try await read("SELECT activity", "\(Self.activities) WHERE message LIKE '%' || ? || '%' ORDER BY createdAt DESC LIMIT 20") { [term] } row: { Self.activity($0) }
  }

  /// Replies to one's posts.
  func notifications(of handle: String) async throws -> [Activity] {
    try await read("SELECT notification", "\(Self.activities) WHERE uuid IN (SELECT activity FROM notification WHERE handle = ?) ORDER BY createdAt DESC LIMIT 20") {
      [handle]
    } row: { Self.activity($0) }
  }

  func user(_ handle: String) async throws -> User? {
    try await read("SELECT user", "SELECT uuid, handle, displayName FROM user WHERE handle = ?") { [handle] } row: {
      User(uuid: $0[0], handle: $0[1], displayName: $0[2])
    }.first
  }

  func users(matching term: String) async throws -> [User] {
    try await read("SELECT user", "SELECT uuid, handle, displayName FROM user WHERE handle LIKE ? || '%' ORDER BY handle LIMIT 20") { [term] } row: {
      User(uuid: $0[0], handle: $0[1], displayName: $0[2])
    }
  }

  func post(_ text: String, by handle: String, replyTo: String?, ttl: TimeInterval?) async throws -> Activity {
    let now = Date()
    let activity = Activity(uuid: UUID().uuidString.lowercased(), handle: handle, message: text, replyTo: replyTo, createdAt: now, expiresAt: ttl.map { now + $0 })
    try await write("INSERT activity", "INSERT INTO activity VALUES (?, ?, ?, ?, ?, ?)") {
      [activity.uuid, handle, text, replyTo, now.timeIntervalSince1970, activity.expiresAt?.timeIntervalSince1970]
    }
    return activity
  }

  /// The author of a post.
  func author(of uuid: String) async throws -> String? {
    try await read("SELECT activity", "SELECT handle FROM activity WHERE uuid = ?") { [uuid] } row: { $0[0] as String }.first
  }

  func notify(_ handle: String, of activity: String) async throws {
    try await write("INSERT notification", "INSERT INTO notification VALUES (?, ?, ?, ?)") {
      [UUID().uuidString, handle, activity, Date().timeIntervalSince1970]
    }
  }

  func groups(of handle: String) async throws -> [MessageGroup] {
    try await read(
      "SELECT message",
      """
      SELECT groupUUID, CASE WHEN sender = ?1 THEN receiver ELSE sender END, message, max(createdAt) FROM message
      WHERE sender = ?1 OR receiver = ?1 GROUP BY groupUUID ORDER BY max(createdAt) DESC LIMIT 20
      """
    ) { [handle] } row: { MessageGroup(uuid: $0[0], handle: $0[1], lastMessage: $0[2], lastAt: Date(timeIntervalSince1970: $0[3])) }
  }

  func messages(between one: String, and other: String) async throws -> [Message] {
    try await read("SELECT message", "SELECT uuid, groupUUID, sender, message, createdAt FROM message WHERE groupUUID = ? ORDER BY createdAt LIMIT 50") {
      [Self.group(one, other)]
    } row: { Message(uuid: $0[0], groupUUID: $0[1], handle: $0[2], message: $0[3], createdAt: Date(timeIntervalSince1970: $0[4])) }
  }

  func send(_ text: String, from sender: String, to receiver: String) async throws -> Message {
    let message = Message(uuid: UUID().uuidString.lowercased(), groupUUID: Self.group(sender, receiver), handle: sender, message: text, createdAt: Date())
    try await write("INSERT message", "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?)") {
      [message.uuid, message.groupUUID, sender, receiver, text, message.createdAt.timeIntervalSince1970]
    }
    return message
  }

  private static func group(_ one: String, _ other: String) -> String { [one, other].sorted().joined(separator: "+") }

  private static let activities =
    "SELECT uuid, handle, message, replyTo, createdAt, expiresAt, (SELECT count(*) FROM activity r WHERE r.replyTo = activity.uuid) FROM activity"

  private static func activity(_ row: Row) -> Activity {
    Activity(
      uuid: row[0], handle: row[1], message: row[2], replyTo: row[3], createdAt: Date(timeIntervalSince1970: row[4]),
      expiresAt: (row[5] as Double?).map { Date(timeIntervalSince1970: $0) }, repliesCount: row[6])
  }

  private func read<Value: Sendable>(
    _ name: String, _ sql: String, arguments: @Sendable () -> [(any DatabaseValueConvertible & Sendable)?], row: @escaping @Sendable (Row) -> Value
  ) async throws -> [Value] {
    let values = StatementArguments(arguments())
    return try await tracer.withSpan(name, ofKind: .client) { span in
      Self.describe(sql, span)
      let rows = try await database.read { database in try Row.fetchAll(database, sql: sql, arguments: values).map(row) }
      span.attributes["db.response.returned_rows"] = rows.count
      return rows
    }
  }

  private func write(_ name: String, _ sql: String, arguments: @Sendable () -> [(any DatabaseValueConvertible & Sendable)?]) async throws {
    let values = StatementArguments(arguments())
    try await tracer.withSpan(name, ofKind: .client) { span in
      Self.describe(sql, span)
      try await database.write { database in try database.execute(sql: sql, arguments: values) }
    }
  }

  private static func describe(_ sql: String, _ span: KitSpan) {
    span.attributes["db.system.name"] = "sqlite"
    span.attributes["db.namespace"] = "cruddur"
    span.attributes["db.query.text"] = sql
  }
}
