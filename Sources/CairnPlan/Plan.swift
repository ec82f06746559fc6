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
/// granularity since 1970.
public struct Plan: Sendable, Hashable {
  public var scope: Scope
  public var filter: Filter
  public var breakdowns: [String]
  public var calculations: [Calculation]
  public var orders: [Order]
  public var havings: [Having]
  /// The most groups in the answer; 1 to 10,000.
  public var limit: Int
  /// The width of a time bucket; nil where no series is wanted.
  public var granularityNanoseconds: Int64?

  public init(
    scope: Scope, filter: Filter = .everything, breakdowns: [String] = [], calculations: [Calculation] = [.count],
    orders: [Order] = [], havings: [Having] = [], limit: Int = 1000, granularityNanoseconds: Int64? = nil
  ) {
    self.scope = scope
    self.filter = filter
    self.breakdowns = breakdowns
    self.calculations = calculations
    self.orders = orders
    self.havings = havings
    self.limit = limit
    self.granularityNanoseconds = granularityNanoseconds
  }
}

/// What is computed of a group: an operation and, for all but COUNT and CONCURRENCY, a column.
public struct Calculation: Sendable, Hashable {
  public var operation: Operation
  public var column: String?

  public init(_ operation: Operation, column: String? = nil) {
    self.operation = operation
    self.column = column
  }

  /// The number of events.
  public static let count = Calculation(.count)

  /// The name as Honeycomb writes it in results: `COUNT`, `P99(duration_ms)`.
  public var name: String {
    guard let column else { return operation.name }
    return "\(operation.name)(\(column))"
  }
}

/// The operations of a calculation.
public enum Operation: Sendable, Hashable {
  /// Without a column the events, with one the events that have it; weighted by sample rate.
  case count
  case sum
  case average
  case minimum
  case maximum
  case countDistinct
  /// Per mille of the rank: P001 is 1, P50 is 500, P999 is 999.
  case percentile(perMille: Int)
  case heatmap
  /// Spans open at the same time: the most in a bucket.
  case concurrency
  /// The difference from the bucket before, of the bucket's average, sum or maximum.
  case rateAverage
  case rateSum
  case rateMaximum

  /// The percentiles that the wire names, with their names.
  public static let percentiles: [(name: String, perMille: Int)] = [
    ("P001", 1), ("P01", 10), ("P05", 50), ("P10", 100), ("P20", 200), ("P25", 250), ("P50", 500), ("P75", 750), ("P80", 800),
    ("P90", 900), ("P95", 950), ("P99", 990), ("P999", 999),
  ]

  /// The wire's name.
  public var name: String {
    switch self {
    case .count: "COUNT"
    case .sum: "SUM"
    case .average: "AVG"
    case .minimum: "MIN"
    case .maximum: "MAX"
    case .countDistinct: "COUNT_DISTINCT"
    case .percentile(let perMille): Self.percentiles.first { $0.perMille == perMille }?.name ?? "P\(perMille)"
    case .heatmap: "HEATMAP"
    case .concurrency: "CONCURRENCY"
    case .rateAverage: "RATE_AVG"
    case .rateSum: "RATE_SUM"
    case .rateMaximum: "RATE_MAX"
    }
  }

  /// The operation with this name on the wire (upper case), or nil.
  public init?(named name: String) {
    if let found = Self.percentiles.first(where: { $0.name == name }) {
      self = .percentile(perMille: found.perMille)
      return
    }
    let plain: [Operation] = [
      .count, .sum, .average, .minimum, .maximum, .countDistinct, .heatmap, .concurrency, .rateAverage, .rateSum, .rateMaximum,
    ]
    guard let found = plain.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

/// One term of the order of groups: a breakdown column or a calculation.
public struct Order: Sendable, Hashable {
  public enum Term: Sendable, Hashable {
    case breakdown(String)
    case calculation(Calculation)
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

/// A condition on a calculation's result; groups that fail it are left out (totals are not affected).
public struct Having: Sendable, Hashable {
  public var calculation: Calculation
  public var comparison: Comparison
  public var value: Double

  public init(_ calculation: Calculation, _ comparison: Comparison, _ value: Double) {
    self.calculation = calculation
    self.comparison = comparison
    self.value = value
  }
}
