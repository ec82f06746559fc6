// SPDX-License-Identifier: Apache-2.0
import GRDB

extension Catalog {
  static func createXRayGroups(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE xray_group (
          environment TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, filter TEXT NOT NULL, insights INTEGER NOT NULL,
          notifications INTEGER NOT NULL, PRIMARY KEY (environment, name)) STRICT, WITHOUT ROWID;
        CREATE TABLE xray_insight (
          id TEXT PRIMARY KEY, environment TEXT NOT NULL, name TEXT NOT NULL, start INTEGER NOT NULL, finish INTEGER,
          updated INTEGER NOT NULL, details TEXT NOT NULL) STRICT;
        CREATE INDEX xray_insight_time ON xray_insight (environment, start);
        CREATE TABLE xray_insight_event (
          insight TEXT NOT NULL REFERENCES xray_insight (id) ON DELETE CASCADE, time INTEGER NOT NULL, details TEXT NOT NULL,
          PRIMARY KEY (insight, time)) STRICT, WITHOUT ROWID;
        """)
  }

  /// The groups of an environment that were made or changed, by name.
  public func xrayGroups(environment: String) throws(CatalogError) -> [XRayGroup] {
    try perform { queue in
      try queue.read { database in
        try Row.fetchAll(database, sql: "SELECT * FROM xray_group WHERE environment = ? ORDER BY name", arguments: [environment])
      }
    }.map(Self.group)
  }

  /// Every environment that has a group.
  public func xrayGroupEnvironments() throws(CatalogError) -> [String] {
    try perform { queue in
      try queue.read { try String.fetchAll($0, sql: "SELECT DISTINCT environment FROM xray_group ORDER BY environment") }
    }
  }

  /// Makes a group. False if there is one of this name.
  public func createXRayGroup(_ group: XRayGroup) throws(CatalogError) -> Bool {
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: "INSERT INTO xray_group (environment, name, id, filter, insights, notifications) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
          arguments: Self.arguments(group))
        return database.changesCount > 0
      }
    }
  }

  /// Keeps what a group became.
  public func saveXRayGroup(_ group: XRayGroup) throws(CatalogError) {
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: "INSERT OR REPLACE INTO xray_group (environment, name, id, filter, insights, notifications) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: Self.arguments(group))
      }
    }
  }

  /// Forgets a group. False if there is none of this name.
  public func removeXRayGroup(name: String, environment: String) throws(CatalogError) -> Bool {
    try perform { queue in
      try queue.write { database in
        try database.execute(sql: "DELETE FROM xray_group WHERE environment = ? AND name = ?", arguments: [environment, name])
        return database.changesCount > 0
      }
    }
  }

  // MARK: Insights

  /// Insights of an environment that were open at some time in a range, newest first; of one group where `group` names it.
  public func xrayInsights(
    environment: String, group: String?, from start: Int64, to end: Int64
  ) throws(CatalogError) -> [XRayInsightRecord] {
    try perform { queue in
      try queue.read { database in
        try Row.fetchAll(
          database,
          sql: """
            SELECT * FROM xray_insight WHERE environment = ? AND (? IS NULL OR name = ?) AND start < ? AND (finish IS NULL OR finish >= ?)
            ORDER BY start DESC, id
            """,
          arguments: [environment, group, group, end, start])
      }
    }.map(Self.insight)
  }

  /// The insight with this id.
  public func xrayInsight(id: String, environment: String) throws(CatalogError) -> XRayInsightRecord? {
    try perform { queue in
      try queue.read { database in
        try Row.fetchOne(database, sql: "SELECT * FROM xray_insight WHERE environment = ? AND id = ?", arguments: [environment, id])
      }
    }.map(Self.insight)
  }

  /// Keeps what an insight became together with the event that made it so, in one transaction.
  public func saveXRayInsight(_ record: XRayInsightRecord, eventTime: Int64, eventDetails: String) throws(CatalogError) {
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: """
            INSERT INTO xray_insight (id, environment, name, start, finish, updated, details) VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET finish = excluded.finish, updated = excluded.updated, details = excluded.details
            """,
          arguments: [
            record.id, record.environment, record.group, record.startUnixNanoseconds, record.endUnixNanoseconds,
            record.updatedUnixNanoseconds, record.details,
          ])
        try database.execute(
          sql: "INSERT OR REPLACE INTO xray_insight_event (insight, time, details) VALUES (?, ?, ?)",
          arguments: [record.id, eventTime, eventDetails])
      }
    }
  }

  /// The events of an insight, newest first.
  public func xrayInsightEvents(id: String) throws(CatalogError) -> [(unixNanoseconds: Int64, details: String)] {
    try perform { queue in
      try queue.read { database in
        try Row.fetchAll(
          database, sql: "SELECT time, details FROM xray_insight_event WHERE insight = ? ORDER BY time DESC", arguments: [id])
      }
    }.map { ($0["time"], $0["details"]) }
  }

  /// Forgets insights that were last evaluated before an instant.
  public func removeXRayInsights(before unixNanoseconds: Int64) throws(CatalogError) {
    try perform { queue in
      try queue.write { try $0.execute(sql: "DELETE FROM xray_insight WHERE updated < ?", arguments: [unixNanoseconds]) }
    }
  }

  private static func arguments(_ group: XRayGroup) -> StatementArguments {
    [group.environment, group.name, group.id, group.filterExpression, group.hasInsights, group.hasNotifications]
  }

  private static func group(_ row: Row) -> XRayGroup {
    XRayGroup(
      environment: row["environment"], name: row["name"], id: row["id"], filterExpression: row["filter"], hasInsights: row["insights"],
      hasNotifications: row["notifications"])
  }

  private static func insight(_ row: Row) -> XRayInsightRecord {
    XRayInsightRecord(
      id: row["id"], environment: row["environment"], group: row["name"], startUnixNanoseconds: row["start"],
      endUnixNanoseconds: row["finish"], updatedUnixNanoseconds: row["updated"], details: row["details"])
  }
}
