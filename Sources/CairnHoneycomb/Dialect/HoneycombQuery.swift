// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
public import CairnPlan

/// Honeycomb's query specification, read and checked: what `POST /1/queries/{dataset}` takes and gives back.
///
/// ```json
/// {"calculations": [{"op": "P99", "column": "duration_ms"}], "filters": [{"column": "error", "op": "exists"}],
///  "filter_combination": "OR", "breakdowns": ["service.name"],
///  "orders": [{"op": "P99", "column": "duration_ms", "order": "descending"}],
///  "havings": [{"calculate_op": "P99", "column": "duration_ms", "op": ">", "value": 100}], "limit": 100,
///  "time_range": 7200, "start_time": 1795392000, "end_time": 1795399200, "granularity": 60}
/// ```
/// Everything is optional. The question is about the last `time_range` seconds, or those behind `start_time`, or those before
/// `end_time`, or the time from `start_time` to `end_time`; 7200 where no length is given. Without calculations it is COUNT.
/// Refused with a reason, since ignoring it would answer another question: `formulas`,
/// `compare_time_offset_seconds`, names and filters of single calculations, columns with relational prefixes, unknown fields.
/// Source: the `Query` schema of Honeycomb's OpenAPI document and the query type of its Terraform provider (which wins).
public struct HoneycombQuery: Sendable, Hashable {
  /// At least one; no two alike.
  public internal(set) var calculations: [Calculation] = []
  /// What events must pass; see `filter` for what they mean together.
  public internal(set) var filters: [HoneycombFilter] = []
  public internal(set) var filterCombination = HoneycombFilterCombination.and
  /// No two alike.
  public internal(set) var breakdowns: [String] = []
  /// Each term is one of the breakdowns or calculations.
  public internal(set) var orders: [Order] = []
  /// Each is about one of the calculations.
  public internal(set) var havings: [Having] = []
  /// The most groups; 1 to the most that the rules allow.
  public internal(set) var limit = HoneycombQuery.limitDefault
  /// What time it is about, as it was asked for.
  public internal(set) var time = HoneycombTime()
  /// nil or the width of a time bucket that was asked for.
  public internal(set) var granularityNanoseconds: Int64?
  let rules: Rules

  /// The most groups where the query names none.
  public static let limitDefault = 1000
  public var calculatedFields: [CalculatedField] = []

  /// What all filters are together.
  public var filter: Filter { filterCombination.combine(filters) }

  init(rules: Rules) { self.rules = rules }

  /// A column that only this query has.
  public struct CalculatedField: Sendable, Hashable {
    public var name: String
    public var expression: String
    public var formula: Formula
  }
}

extension HoneycombQuery {
  /// The limits that a query is held to: those of Honeycomb's wire, or Cairn's own for its pages and its command line.
  public struct Rules: Sendable, Hashable {
    /// Which numbers of seconds are times.
    public enum Seconds: Sendable, Hashable {
      case whole
      case fractional
    }
    /// Which widths a time bucket may have.
    public enum Granularity: Sendable, Hashable {
      /// Between a thousandth and a tenth of the query's time range.
      case thousandthToTenth
      /// Any that makes at most so many buckets.
      case buckets(countMax: Int64)
    }
    /// Which times can be named.
    public var seconds: Seconds
    /// The most groups that can be asked for.
    public var limitMax: Int
    /// Which widths of time buckets can be asked for.
    public var granularity: Granularity

    /// Rules of one's own.
    public init(seconds: Seconds, limitMax: Int, granularity: Granularity) {
      self.seconds = seconds
      self.limitMax = limitMax
      self.granularity = granularity
    }

    /// Honeycomb's: whole seconds, 1000 groups, 10 to 1000 time buckets.
    public static let honeycomb = Rules(seconds: .whole, limitMax: 1000, granularity: .thousandthToTenth)
    /// Cairn's own: fractions of seconds, 10,000 groups, up to 10,000 time buckets.
    public static let cairn = Rules(seconds: .fractional, limitMax: 10_000, granularity: .buckets(countMax: 10_000))
  }
}
