// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
public import CairnPlan

/// Honeycomb's query specification, read and checked: what `POST /1/queries/{dataset}` takes and gives back.
///
/// ```json
/// {"calculations": [{"op": "P99", "column": "duration_ms"}, {"op": "COUNT", "name": "all"},
///   {"op": "COUNT", "name": "failed", "filters": [{"column": "error", "op": "exists"}], "filter_combination": "OR"}],
///  "formulas": [{"name": "failing", "expression": "DIV($failed, $all)"}],
///  "filters": [{"column": "http.route", "op": "exists"}], "filter_combination": "OR", "breakdowns": ["service.name"],
///  "orders": [{"op": "P99", "column": "duration_ms", "order": "descending"}, {"column": "failing"}],
///  "havings": [{"calculate_op": "P99", "column": "duration_ms", "op": ">", "value": 100}], "limit": 100,
///  "time_range": 7200, "start_time": 1795392000, "end_time": 1795399200, "granularity": 60, "compare_time_offset_seconds": 86400, "usage_mode": false}
/// ```
/// Everything is optional. The question is about the last `time_range` seconds, or those behind `start_time`, or those before
/// `end_time`, or the time from `start_time` to `end_time`; 7200 where no length is given. Without calculations it is COUNT.
/// Where there are formulas, results have these instead of the calculations. Orders and havings name a formula, or a calculation by its name, in
/// `column`.
/// Refused with a reason, since ignoring it would answer another question: columns with relational prefixes, unknown fields.
/// Source: the `Query` schema of Honeycomb's OpenAPI document and the query type of its Terraform provider (which wins).
public struct HoneycombQuery: Sendable, Hashable {
  /// At least one; no two have one name.
  public internal(set) var calculations: [Calculation] = []
  /// The filters that calculations have of their own, by the calculation's name.
  public internal(set) var ownFilters: [String: OwnFilters] = [:]
  /// What is worked out of the calculations' results; no name is also that of a calculation.
  public internal(set) var formulas: [NamedFormula] = []
  /// What events must pass; see `filter` for what they mean together.
  public internal(set) var filters: [HoneycombFilter] = []
  public internal(set) var filterCombination = HoneycombFilterCombination.and
  /// No two alike.
  public internal(set) var breakdowns: [String] = []
  /// Each term is one of the breakdowns, calculations or formulas.
  public internal(set) var orders: [Order] = []
  /// Each is about one of the calculations or formulas.
  public internal(set) var havings: [Having] = []
  /// How the terms of orders and havings were written, which is how they are given back.
  var orderSpellings: [Spelling] = []
  var havingSpellings: [Spelling] = []
  /// The most groups; 1 to the most that the rules allow.
  public internal(set) var limit = HoneycombQuery.limitDefault
  /// What time it is about, as it was asked for.
  public internal(set) var time = HoneycombTime()
  /// nil or the width of a time bucket that was asked for.
  public internal(set) var granularityNanoseconds: Int64?
  /// How much earlier the time is that the results are to be held against; nil for none.
  public internal(set) var compareOffsetNanoseconds: Int64?
  /// `usage_mode`: kept events are counted, whatever their sample rates.
  public internal(set) var weighting = Plan.Weighting.bySampleRate
  let rules: Rules
  /// Columns that only this query has.
  public internal(set) var calculatedFields: [NamedFormula] = []

  /// The most groups where the query names none.
  public static let limitDefault = 1000

  /// What all filters are together.
  public var filter: Filter { filterCombination.combine(filters) }

  init(rules: Rules) { self.rules = rules }

  /// A formula with its name and its text.
  public struct NamedFormula: Sendable, Hashable {
    public var name: String
    public var expression: String
    public var formula: Formula
  }

  /// Which events a calculation of its own name sees.
  public struct OwnFilters: Sendable, Hashable {
    public var filters: [HoneycombFilter]
    public var combination: HoneycombFilterCombination
  }

  /// A term as the wire names it: by an operation and a column, or by a name in the column's place.
  struct Spelling: Sendable, Hashable {
    var operation: String?
    var column: String?
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
