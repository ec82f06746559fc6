// SPDX-License-Identifier: Apache-2.0

/// What makes occurrences one item.
public struct ItemIdentity: Sendable, Hashable, Codable {
  /// The tenant.
  public var tenant: String
  public var project: String
  public var environment: String
  public var hash: String

  public init(tenant: String, project: String, environment: String, hash: String) {
    self.tenant = tenant
    self.project = project
    self.environment = environment
    self.hash = hash
  }
}

/// An occurrence as the life of its item sees it; the event itself holds everything.
public struct OccurrenceNote: Sendable, Hashable {
  public var item: ItemIdentity
  public var family = ""
  public var title = ""
  public var level = "error"
  public var source = ""
  public var uuid = ""
  public var id: Int64 = 0
  public var unixNanoseconds: Int64 = 0
  public var codeVersion = ""
  public var platform = ""
  public var framework = ""
  public var language = ""
  public var exceptionType = ""
  public var context = ""
  /// Hashes that former versions of grouping, or the same without source maps, give, a space between them; see `formerHashes`.
  public var formerHash = ""
  /// The event belongs to a trace.
  public var hasTrace = false
  /// The door that told of it.
  public var door = ReportingDoor.span
  /// See `FailureKey`; 0 where there is none.
  public var failure: Int64 = 0
  public var place: Int64 = 0
  public var words: Int64 = 0
  /// The program, where the report names it.
  public var service = ""
  /// Until the keys are made of it.
  var message = ""
  /// Its place in the batch that it came in.
  var row = 0

  public init(item: ItemIdentity) { self.item = item }
}
