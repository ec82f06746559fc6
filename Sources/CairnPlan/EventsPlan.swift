// SPDX-License-Identifier: Apache-2.0
public import CairnColumns

/// A question for single events: those inside `scope` that pass `filter`, in order of time, a page at a time.
///
/// The order is total and does not depend on where an event is kept: by time, then by the number in `sequenceColumn` (absent before all
/// numbers), then by a hash of the dataset and the chosen columns' values. `.newestFirst` is the exact reverse of `.oldestFirst`.
///
/// **Pages.** The answer's cursor names the place after its last event; the same plan with `after` set to it continues there. While
/// events arrive, heads are sealed and segments merged, the pages of one plan together hold every event that was there all the time
/// exactly once. An event that arrives between two pages is on a later page if its place lies after the cursor, else on none. (Events that
/// are alike in time, sequence, dataset and all chosen columns look the same, so they are only counted.) Scope, filter, columns, sequence
/// column and direction must stay the same from page to page; the limit may change, and so may the scope's time as long as it holds what
/// follows the cursor.
public struct EventsPlan: Sendable, Hashable {
  public enum Direction: Sendable, Hashable, CaseIterable {
    case newestFirst
    case oldestFirst
  }
  public var scope: Scope
  public var filter: Filter
  /// The fields wanted, virtual ones (`dataset`, `is_root`, `type`, `timestamp`) among them; empty: all stored fields but
  /// internal ones (`FieldName.isInternal`), which must be named.
  public var columns: [String]
  public var direction: Direction
  /// The most events of a page: 1 to `limitMax`.
  public var limit: Int
  /// The place after which to continue: an earlier answer's cursor.
  public var after: EventCursor?
  /// An integer field in which the sender or the intake numbers events of equal time, such as the lines of a log; nil where there is none.
  public var sequenceColumn: String?

  public static let limitMax = 100_000

  public init(
    scope: Scope, filter: Filter = .everything, columns: [String] = [], direction: Direction = .newestFirst, limit: Int = 100,
    after: EventCursor? = nil, sequenceColumn: String? = nil
  ) {
    self.scope = scope
    self.filter = filter
    self.columns = columns
    self.direction = direction
    self.limit = limit
    self.after = after
    self.sequenceColumn = sequenceColumn
  }
}

/// The values of one field, one an event of the answer; nil where an event lacks it.
public struct EventColumn: Sendable, Hashable {
  public var name: String
  public var values: [FieldValue?]

  public init(name: String, values: [FieldValue?]) {
    self.name = name
    self.values = values
  }
}

/// A page of events in columns: `times`, `datasets`, `hashes` and the values of each column have an entry for each event, in the plan's
/// order.
public struct EventsAnswer: Sendable, Hashable {
  public var times: [Int64]
  public var datasets: [String]
  /// The hash in the cursor just behind each event; 0 where time and number alone told it from all others when this page was read.
  public var hashes: [UInt64]
  /// The plan's columns in its order; where it names none, all that an event of the page has, in order of their names.
  public var columns: [EventColumn]
  /// The place after the last event, to continue from even where nothing follows yet; nil where the page is empty.
  public var cursor: EventCursor?
  /// More events followed when this page was read.
  public var hasMore: Bool
  /// `rowsMatched` counts the events of this page, `rowsScanned` those that were looked at before the page was full.
  public var info: ReadingInfo

  public init(
    times: [Int64] = [], datasets: [String] = [], hashes: [UInt64] = [], columns: [EventColumn] = [], cursor: EventCursor? = nil,
    hasMore: Bool = false, info: ReadingInfo = ReadingInfo()
  ) {
    self.times = times
    self.datasets = datasets
    self.hashes = hashes
    self.columns = columns
    self.cursor = cursor
    self.hasMore = hasMore
    self.info = info
  }

  /// The number of events.
  public var rowCount: Int { times.count }

  /// One event with the fields that it has.
  public func event(_ row: Int) -> Event {
    Event(
      dataset: datasets[row], timeUnixNanoseconds: times[row],
      fields: columns.compactMap { (column) in column.values[row].map { (column.name, $0) } })
  }

  /// All events, in the plan's order.
  public var events: [Event] { times.indices.map(event) }
}
