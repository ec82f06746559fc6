// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// What `GET /1/auth` tells about a key: Refinery asks it once for each key to learn the environment.
///
/// ```json
/// {"id": "…", "type": "configuration", "api_key_access": {"events": true, "createDatasets": true, "create_datasets": true, …},
///  "environment": {"name": "Production", "slug": "production"}, "team": {"name": "…", "slug": "…"}}
/// ```
/// `createDatasets` is what Honeycomb sends; Terraform's client reads `create_datasets`, so both are there.
/// Source: the `Auth` schema of Honeycomb's OpenAPI document.
public struct HoneycombAccount: Sendable, Hashable {
  /// The kinds of key; raw values are the wire's.
  public enum Kind: String, Sendable, Hashable {
    case configuration
    case ingest
  }
  /// What a key may do.
  public struct Access: OptionSet, Sendable, Hashable {
    /// One bit a right; kept in memory only.
    public var rawValue: UInt16

    /// The rights of these bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let events = Access(rawValue: 1 << 0)
    public static let markers = Access(rawValue: 1 << 1)
    public static let triggers = Access(rawValue: 1 << 2)
    public static let boards = Access(rawValue: 1 << 3)
    public static let queries = Access(rawValue: 1 << 4)
    public static let columns = Access(rawValue: 1 << 5)
    public static let createDatasets = Access(rawValue: 1 << 6)
    public static let slos = Access(rawValue: 1 << 7)
    public static let recipients = Access(rawValue: 1 << 8)
    public static let privateBoards = Access(rawValue: 1 << 9)
    /// Every right.
    public static let all = Access(rawValue: (1 << 10) - 1)

    static let names: [(name: String, access: Access)] = [
      ("events", .events), ("markers", .markers), ("triggers", .triggers), ("boards", .boards), ("queries", .queries),
      ("columns", .columns), ("createDatasets", .createDatasets), ("create_datasets", .createDatasets), ("slos", .slos),
      ("recipients", .recipients), ("privateBoards", .privateBoards),
    ]
  }
  /// A name and what stands for it in URLs.
  public struct Place: Sendable, Hashable {
    public var name: String
    public var slug: String

    /// A place of that name and slug.
    public init(name: String, slug: String) {
      self.name = name
      self.slug = slug
    }
  }
  /// The id of the key, not its secret.
  public var id: String
  public var kind: Kind
  public var access: Access
  /// Both texts are empty for the keys that Honeycomb calls classic.
  public var environment: Place
  public var team: Place

  /// What there is to tell about a key.
  public init(id: String, kind: Kind, access: Access, environment: Place, team: Place) {
    self.id = id
    self.kind = kind
    self.access = access
    self.environment = environment
    self.team = team
  }

  /// The body of the answer. Of an ingest key only the right to create datasets is told, as at Honeycomb.
  public var body: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("id", id)
    writer.member("type", kind.rawValue)
    writer.key("api_key_access")
    writer.beginObject()
    for (name, right) in Access.names where kind == .configuration || right == .createDatasets {
      writer.member(name, access.contains(right))
    }
    writer.endObject()
    for (name, place) in [("environment", environment), ("team", team)] {
      writer.key(name)
      writer.beginObject()
      writer.member("name", place.name)
      writer.member("slug", place.slug)
      writer.endObject()
    }
    writer.endObject()
    return writer.finish()
  }
}
