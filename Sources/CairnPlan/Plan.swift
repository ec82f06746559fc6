// SPDX-License-Identifier: Apache-2.0

/// Which datasets of an environment a question is about.
public enum DatasetScope: Sendable, Hashable {
  case all
  case named([String])

  /// True if events of `dataset` are asked for.
  public func contains(_ dataset: String) -> Bool {
    switch self {
    case .all: true
    case .named(let names): names.contains(dataset)
    }
  }
}

/// A half-open range of event time, in Unix nanoseconds: `start ..< end`.
public struct TimeRange: Sendable, Hashable {
  public var startUnixNanoseconds: Int64
  public var endUnixNanoseconds: Int64

  /// A range whose end is never before its start.
  public init(startUnixNanoseconds: Int64, endUnixNanoseconds: Int64) {
    self.startUnixNanoseconds = startUnixNanoseconds
    self.endUnixNanoseconds = max(startUnixNanoseconds, endUnixNanoseconds)
  }

  /// Every time that can be stored.
  public static let everything = TimeRange(startUnixNanoseconds: .min, endUnixNanoseconds: .max)

  /// True if the instant lies inside.
  public func contains(_ unixNanoseconds: Int64) -> Bool {
    unixNanoseconds >= startUnixNanoseconds && unixNanoseconds < endUnixNanoseconds
  }

  /// The length in nanoseconds; saturates at `Int64.max`.
  public var durationNanoseconds: Int64 {
    let (difference, overflow) = endUnixNanoseconds.subtractingReportingOverflow(startUnixNanoseconds)
    return overflow ? .max : difference
  }
}

/// Where a question looks: the tenant (from the credential, never from a body), the datasets and the time.
public struct Scope: Sendable, Hashable {
  public var environment: String
  public var datasets: DatasetScope
  public var time: TimeRange
  /// Columns that are worked out while the question is answered; each hides stored ones of its name.
  public var formulaColumns: [FormulaColumn]

  public init(environment: String, datasets: DatasetScope, time: TimeRange, formulaColumns: [FormulaColumn] = []) {
    self.environment = environment
    self.datasets = datasets
    self.time = time
    self.formulaColumns = formulaColumns
  }
}

/// A question about events, whichever dialect it came in: values only.
///
/// Events inside `scope` that pass `filter` are grouped by the values of `breakdowns` (absence is a value), each calculation is
/// taken per group and, where `granularityNanoseconds` is set, per time bucket as well. Buckets are aligned to multiples of the
/// granularity since 1970. A calculation with a filter of its own sees those events of a group that pass it; the group is there all the same.
public struct Plan: Sendable, Hashable {
  public var scope: Scope
  public var filter: Filter
  public var breakdowns: [String]
  public var calculations: [Calculation]
  /// What is worked out of the calculations' results, by their names.
  public var formulas: [ResultFormula]
  public var orders: [Order]
  public var havings: [Having]
  /// The most groups in the answer; 1 to 10,000.
  public var limit: Int
  /// The width of a time bucket; nil where no series is wanted.
  public var granularityNanoseconds: Int64?
  public var weighting = Weighting.bySampleRate

  /// What an event counts for.
  public enum Weighting: Sendable, Hashable {
    /// For as many as it stands for.
    case bySampleRate
    /// For the one that was kept.
    case asKept
  }

  public init(
    scope: Scope, filter: Filter = .everything, breakdowns: [String] = [], calculations: [Calculation] = [.count],
    formulas: [ResultFormula] = [], orders: [Order] = [], havings: [Having] = [], limit: Int = 1000,
    granularityNanoseconds: Int64? = nil
  ) {
    self.scope = scope
    self.filter = filter
    self.breakdowns = breakdowns
    self.calculations = calculations
    self.formulas = formulas
    self.orders = orders
    self.havings = havings
    self.limit = limit
    self.granularityNanoseconds = granularityNanoseconds
  }
}

/// One term of the order of groups: a breakdown column, or a result as a having names it.
public struct Order: Sendable, Hashable {
  public enum Term: Sendable, Hashable {
    case breakdown(String)
    case result(Having.Term)

    public static func calculation(_ calculation: Calculation) -> Term { .result(.calculation(calculation)) }
    public static func formula(_ name: String) -> Term { .result(.formula(name)) }

    /// The column, or the name under which the result stands.
    public var name: String {
      switch self {
      case .breakdown(let column): column
      case .result(let result): result.name
      }
    }

    /// nil where it is a breakdown.
    public var result: Having.Term? {
      guard case .result(let result) = self else { return nil }
      return result
    }
  }
  public enum Direction: Sendable, Hashable {
    case ascending
    case descending
  }
  public var term: Term
  public var direction: Direction

  public init(_ term: Term, _ direction: Direction) {
    self.term = term
    self.direction = direction
  }
}

/// A condition on a result; groups that fail it are left out (totals are not affected).
public struct Having: Sendable, Hashable {
  /// A calculation, or a formula of the plan by its name.
  public enum Term: Sendable, Hashable {
    case calculation(Calculation)
    case formula(String)

    /// The name under which the result stands.
    public var name: String {
      switch self {
      case .calculation(let calculation): calculation.name
      case .formula(let name): name
      }
    }
  }
  public var term: Term
  public var comparison: Comparison
  public var value: Double

  public init(_ calculation: Calculation, _ comparison: Comparison, _ value: Double) {
    self.init(.calculation(calculation), comparison, value)
  }

  public init(_ term: Term, _ comparison: Comparison, _ value: Double) {
    self.term = term
    self.comparison = comparison
    self.value = value
  }
}
