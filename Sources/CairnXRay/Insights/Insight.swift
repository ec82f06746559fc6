// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnPlan

/// A time in which a service failed more than it was expected to, with where it began and whom it touched.
public struct Insight: Sendable, Hashable {
  /// Requests while the insight was open.
  public struct Impact: Sendable, Hashable {
    public var faultCount: Int64 = 0
    public var okCount: Int64 = 0
    public var totalCount: Int64 = 0

    public init() {}

    /// Adds a bucket.
    mutating func add(_ statistics: CallStatistics) {
      faultCount += statistics.faultCount
      okCount += statistics.okCount
      totalCount += statistics.totalCount
    }
  }
  /// One evaluation of an open insight.
  public struct Event: Sendable, Hashable {
    public var unixNanoseconds: Int64
    public var summary: String
    public var clients: Impact
    public var rootCauseRequests: Impact
    public var anomalous: [ServiceGraphAnswer.Identity]
  }
  public var id: String
  public var startUnixNanoseconds: Int64
  /// nil while it is open.
  public var endUnixNanoseconds: Int64?
  public var updatedUnixNanoseconds: Int64
  public var rootCause: ServiceGraphAnswer.Identity
  public var summary: String
  public var clients = Impact()
  public var rootCauseRequests = Impact()
  /// Most surprising first.
  public var anomalous: [ServiceGraphAnswer.Identity]
  /// The band as it was before: what counts as calm again.
  public var baseline: FaultBand
  /// Buckets in a row in which the root cause stayed inside its band.
  public var calmCount = 0

  public var isOpen: Bool { endUnixNanoseconds == nil }
}

// MARK: As X-Ray and the catalog write it

extension Insight {
  /// What `GetInsight` tells beside the group.
  public func write(_ writer: inout JSONWriter) {
    writer.member("InsightId", id)
    writer.key("RootCauseServiceId")
    Self.write(rootCause, &writer)
    writer.member("Categories", ["FAULT"])
    writer.member("State", isOpen ? "ACTIVE" : "CLOSED")
    writer.member("StartTime", seconds(startUnixNanoseconds))
    if let endUnixNanoseconds { writer.member("EndTime", seconds(endUnixNanoseconds)) }
    writer.member("Summary", summary)
    Self.write(clients, rootCauseRequests, anomalous, &writer)
  }

  /// The three members that insights and their events share.
  static func write(
    _ clients: Impact, _ rootCause: Impact, _ anomalous: [ServiceGraphAnswer.Identity], _ writer: inout JSONWriter
  ) {
    writer.member("ClientRequestImpactStatistics", clients.json)
    writer.member("RootCauseServiceRequestImpactStatistics", rootCause.json)
    writer.key("TopAnomalousServices")
    writer.beginArray()
    for identity in anomalous {
      writer.beginObject()
      writer.key("ServiceId")
      write(identity, &writer)
      writer.endObject()
    }
    writer.endArray()
  }

  static func write(_ identity: ServiceGraphAnswer.Identity, _ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("Name", identity.name)
    writer.member("Names", [identity.name])
    if let type = identity.type { writer.member("Type", type) }
    writer.endObject()
  }

  /// The details that the catalog keeps as text, besides the columns that it searches by.
  public var details: JSONValue {
    .object([
      JSONMember("summary", .string(summary)), JSONMember("clients", clients.json), JSONMember("root", rootCauseRequests.json),
      JSONMember("anomalous", .array(anomalous.map(Self.json))), JSONMember("cause", Self.json(rootCause)),
      JSONMember("baseline", baseline.json), JSONMember("calm", .integer(Int64(calmCount))),
    ])
  }

  /// Reads what `details` made; nil where it is something else.
  public init?(id: String, start: Int64, end: Int64?, updated: Int64, details: JSONValue) {
    guard let cause = Self.identity(details["cause"]), let baseline = FaultBand(details["baseline"]) else { return nil }
    self.id = id
    startUnixNanoseconds = start
    endUnixNanoseconds = end
    updatedUnixNanoseconds = updated
    rootCause = cause
    summary = details["summary"]?.string ?? ""
    clients = Impact(details["clients"])
    rootCauseRequests = Impact(details["root"])
    anomalous = (details["anomalous"]?.array ?? []).compactMap(Self.identity)
    self.baseline = baseline
    calmCount = Int(clamping: details["calm"]?.integer ?? 0)
  }

  static func json(_ identity: ServiceGraphAnswer.Identity) -> JSONValue {
    .object([JSONMember("name", .string(identity.name)), JSONMember("type", identity.type.map { .string($0) } ?? .null)])
  }

  static func identity(_ json: JSONValue?) -> ServiceGraphAnswer.Identity? {
    json?["name"]?.string.map { ServiceGraphAnswer.Identity(name: $0, type: json?["type"]?.string) }
  }
}

extension Insight.Event {
  /// Writes an event of `GetInsightEvents`.
  public func write(_ writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("Summary", summary)
    writer.member("EventTime", seconds(unixNanoseconds))
    Insight.write(clients, rootCauseRequests, anomalous, &writer)
    writer.endObject()
  }

  public var details: JSONValue {
    .object([
      JSONMember("summary", .string(summary)), JSONMember("clients", clients.json), JSONMember("root", rootCauseRequests.json),
      JSONMember("anomalous", .array(anomalous.map(Insight.json))),
    ])
  }

  public init(unixNanoseconds: Int64, details: JSONValue) {
    self.unixNanoseconds = unixNanoseconds
    summary = details["summary"]?.string ?? ""
    clients = Insight.Impact(details["clients"])
    rootCauseRequests = Insight.Impact(details["root"])
    anomalous = (details["anomalous"]?.array ?? []).compactMap(Insight.identity)
  }
}

extension Insight.Impact {
  var json: JSONValue {
    .object([
      JSONMember("FaultCount", .integer(faultCount)), JSONMember("OkCount", .integer(okCount)), JSONMember("TotalCount", .integer(totalCount)),
    ])
  }

  init(_ json: JSONValue?) {
    faultCount = json?["FaultCount"]?.integer ?? 0
    okCount = json?["OkCount"]?.integer ?? 0
    totalCount = json?["TotalCount"]?.integer ?? 0
  }
}
