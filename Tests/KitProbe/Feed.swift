// SPDX-License-Identifier: Apache-2.0
import Foundation
import GRDB
import Hummingbird

/// A request as backends have it: twenty posts of some thousand by one query of SQLite, as JSON. `Benchmarks/swift-otel` has this
/// file too.
struct Feed: Sendable {
  struct Post: ResponseEncodable, Codable, Sendable {
    var uuid: String
    var handle: String
    var message: String
    var createdAt: Double
    var repliesCount: Int
  }

  private static let postCount = 5_000
  static let sql = """
    SELECT uuid, handle, message, createdAt, (SELECT count(*) FROM activity r WHERE r.replyTo = activity.uuid)
    FROM activity INDEXED BY post_by_time WHERE replyTo IS NULL AND (expiresAt IS NULL OR expiresAt > ?) ORDER BY createdAt DESC LIMIT 20
    """
  private let database: DatabaseQueue

  init() throws {
    database = try DatabaseQueue()
    try database.write { database in
      try database.execute(
        sql: """
          CREATE TABLE activity (
            uuid TEXT PRIMARY KEY, handle TEXT NOT NULL, message TEXT NOT NULL, replyTo TEXT, createdAt REAL NOT NULL, expiresAt REAL) STRICT;
          CREATE INDEX post_by_time ON activity (createdAt) WHERE replyTo IS NULL;
          CREATE INDEX activity_by_reply ON activity (replyTo);
          """)
      for number in 0..<Self.postCount {
        try database.execute(
          sql: "INSERT INTO activity VALUES (?, ?, ?, ?, ?, NULL)",
          arguments: [
            "post-\(number)", ["andrew", "worf", "garek"][number % 3], "Cloud is fun, number \(number), and there is more to say of it",
            number % 4 == 1 ? "post-\(number - 1)" : nil, Double(number),
          ])
      }
    }
  }

  /// The posts, and nothing said of it.
  func home() async throws -> [Post] {
    let values: StatementArguments = [Date().timeIntervalSince1970]
    return try await database.read { database in
      try Row.fetchAll(database, sql: Self.sql, arguments: values).map {
        Post(uuid: $0[0], handle: $0[1], message: $0[2], createdAt: $0[3], repliesCount: $0[4])
      }
    }
  }
}
