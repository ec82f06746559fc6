// SPDX-License-Identifier: Apache-2.0
public import CairnPlan

/// Where and when a query runs, and for whom.
public struct InsightsRequest: Sendable {
  public var environment: String
  /// The log groups that were asked for; empty where the query's own SOURCE says it.
  public var groups: [String]
  public var time: TimeRange
  /// The most result rows.
  public var limit: Int
  public var nowUnixNanoseconds: Int64
  /// What `@log` names.
  public var account: String
  /// Every dataset and log group of the environment, by name.
  public var known: Set<String>
  /// Those of them that hold log lines alone.
  public var logGroups: Set<String>
  public var tables: [String: InsightsTable]
  /// False to read rows for what the store could do: the same results, slower.
  public var pushesDown = true
  /// From the first to the last event of each dataset that has some.
  public var extents: [String: TimeRange] = [:]
  /// What events must pass beside the query's own conditions: lines of deleted groups do not.
  public var exclusions = Filter.everything

  public init(
    environment: String, groups: [String], time: TimeRange, limit: Int, nowUnixNanoseconds: Int64, account: String, known: Set<String>,
    logGroups: Set<String>, tables: [String: InsightsTable] = [:]
  ) {
    self.environment = environment
    self.groups = groups
    self.time = time
    self.limit = limit
    self.nowUnixNanoseconds = nowUnixNanoseconds
    self.account = account
    self.known = known
    self.logGroups = logGroups
    self.tables = tables
  }

  /// The datasets of a query with that source.
  func datasets(_ source: InsightsSource?) -> [String] {
    guard let source else { return groups }
    guard let prefixes = source.prefixes else { return source.names }
    if !source.classes.isEmpty, !source.classes.contains("STANDARD") { return [] }
    return known.filter { (name) in prefixes.isEmpty || prefixes.contains { name.hasPrefix($0) } }.sorted()
  }

  /// Whether a query over these datasets sees log lines alone: what was asked for as a log group does, and what is one.
  func isLogsOnly(_ source: InsightsSource?, _ datasets: [String]) -> Bool {
    source == nil || source?.prefixes != nil || datasets.allSatisfy(logGroups.contains)
  }

  /// The part of a time in which these datasets have events; nil where they have none in it.
  func extent(_ datasets: [String], in time: TimeRange) -> TimeRange? {
    let own = datasets.compactMap { extents[$0] }
    guard let first = own.map(\.startUnixNanoseconds).min(), let end = own.map(\.endUnixNanoseconds).max() else { return nil }
    let (start, last) = (max(first, time.startUnixNanoseconds), min(end, time.endUnixNanoseconds))
    return start < last ? TimeRange(startUnixNanoseconds: start, endUnixNanoseconds: last) : nil
  }

  /// The time of a query with that source.
  func time(_ source: InsightsSource?) -> TimeRange {
    func instant(_ milliseconds: Int64) -> Int64 {
      let base = milliseconds < 0 ? time.endUnixNanoseconds / 1_000_000 + milliseconds : milliseconds
      return min(max(base, 0), Int64.max / 1_000_000 - 1) * 1_000_000
    }
    return TimeRange(
      startUnixNanoseconds: source?.startMilliseconds.map(instant) ?? time.startUnixNanoseconds,
      endUnixNanoseconds: source?.endMilliseconds.map { instant($0) + 1_000_000 } ?? time.endUnixNanoseconds)
  }
}

/// What a query has read so far.
public struct InsightsStatistics: Sendable, Hashable {
  /// Events that got through the filters before anything was made of them.
  public var recordsMatched = 0
  public var recordsScanned = 0
  /// An estimate: the values that were read, eight bytes for each number.
  public var bytesScanned = 0
  public var groupCount = 0

  public init() {}

  mutating func add(_ info: ReadingInfo, columnCount: Int) {
    recordsMatched += info.rowsMatched
    recordsScanned += info.rowsScanned
    bytesScanned += info.rowsScanned * 8 * max(columnCount, 1)
  }
}
