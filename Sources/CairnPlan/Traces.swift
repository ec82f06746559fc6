// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnColumns

/// One event with all its fields, as it is shown: field names in the order of their columns' names.
public struct Event: Sendable, Hashable {
  public var dataset: String
  public var timeUnixNanoseconds: Int64
  public var fields: [(name: String, value: FieldValue)]

  public init(dataset: String, timeUnixNanoseconds: Int64, fields: [(name: String, value: FieldValue)]) {
    self.dataset = dataset
    self.timeUnixNanoseconds = timeUnixNanoseconds
    self.fields = fields
  }

  /// The value of a field, or nil.
  public subscript(_ name: String) -> FieldValue? { fields.first { $0.name == name }?.value }

  public static func == (left: Event, right: Event) -> Bool {
    left.dataset == right.dataset && left.timeUnixNanoseconds == right.timeUnixNanoseconds
      && left.fields.elementsEqual(right.fields) { $0.name == $1.name && $0.value == $1.value }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(dataset)
    hasher.combine(timeUnixNanoseconds)
    for field in fields {
      hasher.combine(field.name)
      hasher.combine(field.value)
    }
  }
}

/// Everything that shares one trace id, across datasets: spans, span events, links and logs alike, ordered by time.
///
/// What a row is, its fields tell: `meta.annotation_type` is `span_event` or `link`, `meta.signal_type` is `trace` or `log`.
public struct TraceAnswer: Sendable {
  public var traceID: TraceID
  public var events: [Event]
  public var info: ReadingInfo

  public init(traceID: TraceID, events: [Event], info: ReadingInfo) {
    self.traceID = traceID
    self.events = events
    self.info = info
  }
}

/// Which traces are looked for: those with at least one span that passes everything.
public struct TraceSearchPlan: Sendable, Hashable {
  public enum Ranking: Sendable, Hashable {
    case recent
    case slowest
    case errors
  }
  public var scope: Scope
  public var filter: Filter
  public var ranking: Ranking
  public var limit: Int
  /// The events that are told by another with the same span id, where there is one: summaries count the two once.
  public var givesWay = Filter.any([])

  public init(scope: Scope, filter: Filter = .everything, ranking: Ranking = .recent, limit: Int = 50) {
    self.scope = scope
    self.filter = filter
    self.ranking = ranking
    self.limit = limit
  }
}

/// One trace in a list. Without a root span the earliest span stands in for it and `hasRoot` is false.
public struct TraceSummary: Sendable, Hashable {
  public var traceID: TraceID
  public var rootService: String
  public var rootName: String
  public var startUnixNanoseconds: Int64
  public var durationNanoseconds: Int64
  public var spanCount: Int
  public var errorCount: Int
  /// Services by number of spans, most first.
  public var services: [(name: String, spanCount: Int)]
  public var hasRoot: Bool
  /// Its root says when it ended; if not, the duration is what is known of it, and may be longer.
  public var hasEnd: Bool

  public init(
    traceID: TraceID, rootService: String, rootName: String, startUnixNanoseconds: Int64, durationNanoseconds: Int64,
    spanCount: Int, errorCount: Int, services: [(name: String, spanCount: Int)], hasRoot: Bool, hasEnd: Bool
  ) {
    self.traceID = traceID
    self.rootService = rootService
    self.rootName = rootName
    self.startUnixNanoseconds = startUnixNanoseconds
    self.durationNanoseconds = durationNanoseconds
    self.spanCount = spanCount
    self.errorCount = errorCount
    self.services = services
    self.hasRoot = hasRoot
    self.hasEnd = hasEnd
  }

  public static func == (left: TraceSummary, right: TraceSummary) -> Bool {
    left.traceID == right.traceID && left.startUnixNanoseconds == right.startUnixNanoseconds
      && left.spanCount == right.spanCount
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(traceID) }
}

/// The traces found, in the plan's ranking.
public struct TraceSearchAnswer: Sendable {
  public var traces: [TraceSummary]
  public var info: ReadingInfo

  public init(traces: [TraceSummary], info: ReadingInfo) {
    self.traces = traces
    self.info = info
  }
}

/// A dataset as the list of datasets shows it.
public struct DatasetSummary: Sendable, Hashable {
  public var name: String
  public var eventCount: Int
  public var firstUnixNanoseconds: Int64
  public var lastUnixNanoseconds: Int64

  public init(name: String, eventCount: Int, firstUnixNanoseconds: Int64, lastUnixNanoseconds: Int64) {
    self.name = name
    self.eventCount = eventCount
    self.firstUnixNanoseconds = firstUnixNanoseconds
    self.lastUnixNanoseconds = lastUnixNanoseconds
  }
}

/// A column as the list of columns shows it; a name that came with several types is listed once for each.
public struct ColumnSummary: Sendable, Hashable {
  public var name: String
  public var type: FieldType
  public var eventCount: Int

  public init(name: String, type: FieldType, eventCount: Int) {
    self.name = name
    self.type = type
    self.eventCount = eventCount
  }
}
