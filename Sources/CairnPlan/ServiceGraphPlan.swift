// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// How events become services and calls: the meaning that a dialect gives to columns, so that the engine needs to know no vendor.
public struct ServiceGraphRules: Sendable, Hashable {
  /// What a node is called and what it is, where `filter` holds; of several rules the first that gives a name decides.
  public struct Naming: Sendable, Hashable {
    /// What of a text is the name: all of it (of a JSON array of texts the first), or the host of a URL.
    public enum Form: Sendable, Hashable {
      case text
      case host
    }
    public var filter: Filter
    /// Columns of text: the first that a row has names it.
    public var names: [String]
    public var form: Form
    /// The type where none of `types` is there; nil for none.
    public var type: String?
    /// Columns of text: the first that a row has is the type.
    public var types: [String]
    /// Stands before the name to make the type, where it is given.
    public var typePrefix: String?

    public init(
      filter: Filter = .everything, names: [String], form: Form = .text, type: String? = nil, types: [String] = [],
      typePrefix: String? = nil
    ) {
      self.filter = filter
      self.names = names
      self.form = form
      self.type = type
      self.types = types
      self.typePrefix = typePrefix
    }

    /// The identity that a row's texts make; nil where they name nothing.
    public func identity(name text: String, type: String?) -> ServiceGraphAnswer.Identity? {
      let name = form == .host ? Self.host(text) : Self.first(text)
      guard let name, !name.isEmpty else { return nil }
      return ServiceGraphAnswer.Identity(name: name, type: typePrefix.map { $0 + name } ?? type ?? self.type)
    }

    private static func first(_ text: String) -> String {
      text.hasPrefix("[\"") ? String(text.dropFirst(2).prefix { $0 != "\"" }) : text
    }

    private static func host(_ url: String) -> String? {
      let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
      guard parts.count >= 3, parts[0].hasSuffix(":"), parts[1].isEmpty else { return nil }
      let authority = parts[2].split(separator: "@").last ?? ""
      return String(authority.prefix { $0 != "?" && $0 != "#" && $0 != ":" })
    }
  }

  /// The events that take part: spans, of which `isPartial` ones give way to the same span completed.
  public var isSpan: Filter
  public var isPartial: Filter
  /// Of events that are the same span in two forms, the form that counts.
  public var isPreferred: Filter
  /// The events that are links of a span: the trace and the span that caused it, of which it is no child.
  public var isLink: Filter
  /// A service's own account of a request that it answered.
  public var isEntry: Filter
  /// Work inside the request of the row above it, whose service it shares whatever it says itself: never an entry.
  public var isInner: Filter
  /// A call out of a service, as the caller saw it.
  public var isCall: Filter
  /// Calls and entries that go through a queue.
  public var isQueued: Filter
  public var isFault: Filter
  public var isThrottle: Filter
  public var isError: Filter
  /// What a span's own service is; the dataset where no rule names it.
  public var services: [Naming]
  /// What a call goes to, where the callee says nothing itself.
  public var callees: [Naming]

  public init(
    isSpan: Filter, isPartial: Filter, isPreferred: Filter, isLink: Filter, isEntry: Filter, isInner: Filter, isCall: Filter,
    isQueued: Filter, isFault: Filter, isThrottle: Filter, isError: Filter, services: [Naming], callees: [Naming]
  ) {
    self.isSpan = isSpan
    self.isPartial = isPartial
    self.isPreferred = isPreferred
    self.isLink = isLink
    self.isEntry = isEntry
    self.isInner = isInner
    self.isCall = isCall
    self.isQueued = isQueued
    self.isFault = isFault
    self.isThrottle = isThrottle
    self.isError = isError
    self.services = services
    self.callees = callees
  }
}

/// Which traces a question is about: those with, for each condition, at least one event that passes; and, where ids are given, only these.
public struct TraceCondition: Sendable, Hashable {
  public var events: [Filter]
  public var traces: [TraceID]?

  public init(events: [Filter] = [], traces: [TraceID]? = nil) {
    self.events = events
    self.traces = traces
  }
}

/// A question for the graph of services: who calls whom, how often, how long, how well.
///
/// Counted are the spans that start inside `time`; their parents and callees are looked for `marginNanoseconds` around it as well.
public struct ServiceGraphPlan: Sendable, Hashable {
  public var environment: String
  public var time: TimeRange
  public var marginNanoseconds: Int64
  public var condition: TraceCondition
  public var rules: ServiceGraphRules
  /// The width of a time bucket, aligned to multiples since 1970; nil where the whole range is one.
  public var granularityNanoseconds: Int64?
  /// The most nodes and edges together.
  public var partCountMax: Int

  public init(
    environment: String, time: TimeRange, marginNanoseconds: Int64 = 60_000_000_000, condition: TraceCondition = TraceCondition(),
    rules: ServiceGraphRules, granularityNanoseconds: Int64? = nil, partCountMax: Int = 4_000
  ) {
    self.environment = environment
    self.time = time
    self.marginNanoseconds = marginNanoseconds
    self.condition = condition
    self.rules = rules
    self.granularityNanoseconds = granularityNanoseconds
    self.partCountMax = partCountMax
  }
}

/// A question for traces by the conditions that their events meet, newest first.
public struct TraceCandidatePlan: Sendable, Hashable {
  /// Which time of a trace must lie inside the range.
  public enum Instant: Sendable, Hashable {
    /// The start of its first span.
    case start
    /// The start of any of its spans that pass.
    case anySpan(Filter)
  }
  /// The place of a trace in the order: later first, of equal ones the greater id.
  public struct Place: Sendable, Hashable {
    public var unixNanoseconds: Int64
    public var traceID: TraceID

    public init(unixNanoseconds: Int64, traceID: TraceID) {
      self.unixNanoseconds = unixNanoseconds
      self.traceID = traceID
    }
  }
  public var environment: String
  public var time: TimeRange
  public var instant: Instant
  public var condition: TraceCondition
  /// Rows that are spans.
  public var isSpan: Filter
  /// Only traces behind this place.
  public var after: Place?
  public var limit: Int

  public init(
    environment: String, time: TimeRange, instant: Instant, condition: TraceCondition, isSpan: Filter, after: Place? = nil, limit: Int
  ) {
    self.environment = environment
    self.time = time
    self.instant = instant
    self.condition = condition
    self.isSpan = isSpan
    self.after = after
    self.limit = limit
  }
}

/// The traces found, newest first by the plan's instant: the first start, or the last span inside the range that passed.
public struct TraceCandidateAnswer: Sendable {
  public var places: [TraceCandidatePlan.Place]
  /// There are more behind the last.
  public var hasMore: Bool
  /// How many traces the conditions let through.
  public var matchedCount: Int
  public var info: ReadingInfo

  public init(places: [TraceCandidatePlan.Place], hasMore: Bool, matchedCount: Int, info: ReadingInfo) {
    self.places = places
    self.hasMore = hasMore
    self.matchedCount = matchedCount
    self.info = info
  }
}
