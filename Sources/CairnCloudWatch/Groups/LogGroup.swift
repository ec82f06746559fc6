// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A log group: what is known of it beside its events.
public struct LogGroup: Sendable, Hashable {
  public var name: String
  public var createdUnixMilliseconds: Int64
  public var retentionDays: Int?
  public var kmsKey: String?
  public var logClass = "STANDARD"
  public var isProtected = false
  public var tags: [String: String] = [:]
  /// The data protection policy's document, or nil.
  public var protectionPolicy: String?
  public var protectionUnixMilliseconds: Int64 = 0
  public var hadProtectionPolicy = false
  public var allowsBearerToken = false
  /// Bytes of messages and 26 for each event, as AWS counts them.
  public var storedBytes: Int64 = 0

  public static let retentionDaysAllowed: [Int] = [
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
  ]
  public static let classes = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"]

  public init(name: String, createdUnixMilliseconds: Int64) {
    self.name = name
    self.createdUnixMilliseconds = createdUnixMilliseconds
  }

  /// The form in which the catalog keeps it.
  public var document: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("created", createdUnixMilliseconds)
    if let retentionDays { writer.member("retention", retentionDays) }
    if let kmsKey { writer.member("kms", kmsKey) }
    writer.member("class", logClass)
    writer.member("protected", isProtected)
    writer.key("tags")
    writer.beginObject()
    for (key, value) in tags.sorted(by: { $0.key < $1.key }) { writer.member(key, value) }
    writer.endObject()
    if let protectionPolicy { writer.member("policy", protectionPolicy) }
    writer.member("policy_time", protectionUnixMilliseconds)
    writer.member("policy_known", hadProtectionPolicy)
    writer.member("bearer", allowsBearerToken)
    writer.member("stored", storedBytes)
    writer.endObject()
    return writer.finish()
  }

  public init?(name: String, document: JSONValue) {
    guard let created = document["created"]?.integer else { return nil }
    self.init(name: name, createdUnixMilliseconds: created)
    retentionDays = document["retention"]?.integer.map { Int($0) }
    kmsKey = document["kms"]?.string
    logClass = document["class"]?.string ?? logClass
    isProtected = document["protected"]?.boolean ?? false
    for member in document["tags"]?.members ?? [] { tags[member.name] = member.value.string }
    protectionPolicy = document["policy"]?.string
    protectionUnixMilliseconds = document["policy_time"]?.integer ?? 0
    hadProtectionPolicy = document["policy_known"]?.boolean ?? false
    allowsBearerToken = document["bearer"]?.boolean ?? false
    storedBytes = document["stored"]?.integer ?? 0
  }
}

/// A stream of a log group.
public struct LogStream: Sendable, Hashable {
  public var name: String
  public var createdUnixMilliseconds: Int64
  public var firstEventUnixMilliseconds: Int64?
  public var lastEventUnixMilliseconds: Int64?
  public var lastIngestionUnixMilliseconds: Int64?

  public init(name: String, createdUnixMilliseconds: Int64) {
    self.name = name
    self.createdUnixMilliseconds = createdUnixMilliseconds
  }

  /// Notes that events came.
  public mutating func note(first: Int64, last: Int64, ingestion: Int64) {
    firstEventUnixMilliseconds = min(firstEventUnixMilliseconds ?? first, first)
    lastEventUnixMilliseconds = max(lastEventUnixMilliseconds ?? last, last)
    lastIngestionUnixMilliseconds = max(lastIngestionUnixMilliseconds ?? ingestion, ingestion)
  }

  public var document: [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("created", createdUnixMilliseconds)
    if let time = firstEventUnixMilliseconds { writer.member("first", time) }
    if let time = lastEventUnixMilliseconds { writer.member("last", time) }
    if let time = lastIngestionUnixMilliseconds { writer.member("ingested", time) }
    writer.endObject()
    return writer.finish()
  }

  public init?(name: String, document: JSONValue) {
    guard let created = document["created"]?.integer else { return nil }
    self.init(name: name, createdUnixMilliseconds: created)
    firstEventUnixMilliseconds = document["first"]?.integer
    lastEventUnixMilliseconds = document["last"]?.integer
    lastIngestionUnixMilliseconds = document["ingested"]?.integer
  }
}
