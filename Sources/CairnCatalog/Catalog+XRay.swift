// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Something that X-Ray's API lets its callers create: a sampling rule, a policy, a setting.
public struct XRayObject: Sendable, Hashable {
  /// What it is; objects of one kind and environment have different names.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case samplingRule = "sampling-rule"
    case tags
    case setting
    case policy
    case indexingRule = "indexing-rule"
  }
  public var kind: Kind
  public var environment: String
  public var name: String
  /// JSON text; what is in it is the API's matter.
  public var content: String
  public var createdUnixSeconds: Int64
  public var modifiedUnixSeconds: Int64

  public init(
    kind: Kind, environment: String, name: String, content: String, createdUnixSeconds: Int64, modifiedUnixSeconds: Int64
  ) {
    self.kind = kind
    self.environment = environment
    self.name = name
    self.content = content
    self.createdUnixSeconds = createdUnixSeconds
    self.modifiedUnixSeconds = modifiedUnixSeconds
  }
}

extension Catalog {
  /// The objects of a kind, by name.
  public func xrayObjects(_ kind: XRayObject.Kind, environment: String) throws(CatalogError) -> [XRayObject] {
    try perform { queue in
      try queue.read { database in
        try Row.fetchAll(
          database,
          sql: "SELECT name, content, created, modified FROM xray_object WHERE environment = ? AND kind = ? ORDER BY name",
          arguments: [environment, kind.rawValue])
      }
    }.map { row in
      XRayObject(
        kind: kind, environment: environment, name: row["name"], content: row["content"], createdUnixSeconds: row["created"],
        modifiedUnixSeconds: row["modified"])
    }
  }

  /// The object of a kind with this name, or nil.
  public func xrayObject(_ kind: XRayObject.Kind, _ name: String, environment: String) throws(CatalogError) -> XRayObject? {
    try xrayObjects(kind, environment: environment).first { $0.name == name }
  }

  /// Creates the object, or replaces its content and time of change.
  public func saveXRayObject(_ object: XRayObject) throws(CatalogError) {
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: """
            INSERT INTO xray_object (environment, kind, name, content, created, modified) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET content = excluded.content, modified = excluded.modified
            """,
          arguments: [
            object.environment, object.kind.rawValue, object.name, object.content, object.createdUnixSeconds,
            object.modifiedUnixSeconds,
          ])
      }
    }
  }

  /// Removes the object; false if there was none.
  public func removeXRayObject(_ kind: XRayObject.Kind, _ name: String, environment: String) throws(CatalogError) -> Bool {
    try perform { queue in
      try queue.write { database in
        try database.execute(
          sql: "DELETE FROM xray_object WHERE environment = ? AND kind = ? AND name = ?",
          arguments: [environment, kind.rawValue, name])
        return database.changesCount > 0
      }
    }
  }
}
