// SPDX-License-Identifier: Apache-2.0

/// What is computed of a group: an operation and, for all but COUNT and CONCURRENCY, a column; of all its events, or of those that pass a
/// filter of its own.
public struct Calculation: Sendable, Hashable {
  public var operation: Operation
  public var column: String?
  /// The name that it was given; nil where it goes by its operation and column.
  public var label: String?
  /// Which of the plan's events it sees; nil for all of them.
  public var filter: Filter?

  public init(_ operation: Operation, column: String? = nil, label: String? = nil, filter: Filter? = nil) {
    self.operation = operation
    self.column = column
    self.label = label
    self.filter = filter
  }

  /// The number of events.
  public static let count = Calculation(.count)

  /// The name of its results: its own, or as Honeycomb writes it: `COUNT`, `P99(duration_ms)`.
  public var name: String {
    if let label { return label }
    guard let column else { return operation.name }
    return "\(operation.name)(\(column))"
  }

  /// The columns that it names, those of its filter too.
  public var columns: [String] { (column.map { [$0] } ?? []) + (filter?.columns ?? []) }
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

  private static let plain: [Operation] = [
    .count, .sum, .average, .minimum, .maximum, .countDistinct, .heatmap, .concurrency, .rateAverage, .rateSum, .rateMaximum,
  ]

  /// The names of all operations on the wire.
  public static var names: [String] { plain.map(\.name) + percentiles.map(\.name) }

  /// The operation with this name on the wire (upper case), or nil.
  public init?(named name: String) {
    if let found = Self.percentiles.first(where: { $0.name == name }) {
      self = .percentile(perMille: found.perMille)
      return
    }
    guard let found = Self.plain.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}
