// SPDX-License-Identifier: Apache-2.0

/// What expressions are evaluated over: the queries of one call, by their ids.
public struct MetricMathSheet: Sendable {
  /// What is known: the series of metrics, and what has been calculated.
  private var known: [String: MetricMathValue] = [:]
  /// Ids of metrics, in the order of the call, for `METRICS()`.
  private var metricIDs: [String] = []
  private var expressions: [String: MetricMath] = [:]
  private var found: [MetricSearch: [MetricSeries]] = [:]
  private var running: [String] = []
  let startUnixSeconds, endUnixSeconds: Int64
  /// Of series that no metric gives one.
  let periodSeconds: Int64

  private static let chainMax = 32
  static let pointCountMax: Int64 = 100_000

  public init(startUnixSeconds: Int64, endUnixSeconds: Int64, periodSeconds: Int64) {
    self.startUnixSeconds = startUnixSeconds
    self.endUnixSeconds = endUnixSeconds
    self.periodSeconds = max(1, periodSeconds)
  }

  public mutating func add(metric id: String, _ series: MetricSeries) {
    known[id] = .series(series)
    metricIDs.append(id)
  }

  public mutating func add(expression id: String, _ expression: MetricMath) { expressions[id] = expression }

  public mutating func add(found series: [MetricSeries], by search: MetricSearch) { found[search] = series }

  /// The value of a query of the call, calculated once.
  public mutating func value(_ id: String) throws(MetricMathError) -> MetricMathValue {
    if let value = known[id] { return value }
    guard let expression = expressions[id] else { throw MetricMathError("There is no query with the id '\(id)'.") }
    guard !running.contains(id) else { throw MetricMathError("The expressions \(running.joined(separator: ", ")) need each other.") }
    guard running.count < Self.chainMax else { throw MetricMathError("Too many expressions stand on each other.") }
    running.append(id)
    defer { running.removeLast() }
    let value = try evaluate(expression.root)
    known[id] = value
    return value
  }

  func metrics(containing text: String) -> [MetricSeries] {
    metricIDs.filter { text.isEmpty || $0.contains(text) }.compactMap { id in
      if case .series(let series)? = known[id] { return series }
      return nil
    }
  }

  func found(by search: MetricSearch) -> [MetricSeries] { found[search] ?? [] }

  // MARK: Operators

  mutating func evaluate(_ node: MetricMath.Node) throws(MetricMathError) -> MetricMathValue {
    switch node {
    case .number(let value): return .number(value)
    case .text: throw MetricMathError("A text stands where a number or a metric is needed.")
    case .id(let id): return try value(id)
    case .list(let nodes):
      var all: [MetricSeries] = []
      for node in nodes { all += try series(node) }
      return .list(all)
    case .negated(let node): return Self.combine(.number(0), try evaluate(node)) { $0 - $1 } ?? .list([])
    case .binary(let operation, let left, let right):
      guard let value = Self.combine(try evaluate(left), try evaluate(right), operation.apply) else {
        throw MetricMathError("Two lists of metrics cannot be combined by '\(operation.rawValue)'.")
      }
      return value
    case .call(let name, let arguments): return try call(name, arguments)
    }
  }

  /// One or several series, as a list.
  mutating func series(_ node: MetricMath.Node) throws(MetricMathError) -> [MetricSeries] {
    switch try evaluate(node) {
    case .number: throw MetricMathError("A number stands where metrics are needed.")
    case .series(let series): return [series]
    case .list(let all): return all
    }
  }

  /// nil for two lists.
  private static func combine(
    _ left: MetricMathValue, _ right: MetricMathValue, _ apply: (Double, Double) -> Double
  ) -> MetricMathValue? {
    switch (left, right) {
    case (.number(let left), .number(let right)): .number(apply(left, right))
    case (.number(let left), .series(let right)): .series(right.map { apply(left, $1) })
    case (.series(let left), .number(let right)): .series(left.map { apply($1, right) })
    case (.series(let left), .series(let right)): .series(left.joined(with: right, apply))
    case (.list(let all), .number(let right)): .list(all.map { $0.map { apply($1, right) } })
    case (.number(let left), .list(let all)): .list(all.map { $0.map { apply(left, $1) } })
    case (.list(let all), .series(let right)): .list(all.map { $0.joined(with: right, apply) })
    case (.series(let left), .list(let all)):
      .list(
        all.map { series in
          var joined = left.joined(with: series, apply)
          joined.label = series.label
          return joined
        })
    case (.list, .list): nil
    }
  }
}

extension MetricMath.Operator {
  /// Comparisons and conditions are 1 or 0.
  func apply(_ left: Double, _ right: Double) -> Double {
    switch self {
    case .or: left != 0 || right != 0 ? 1 : 0
    case .and: left != 0 && right != 0 ? 1 : 0
    case .equal: left == right ? 1 : 0
    case .notEqual: left != right ? 1 : 0
    case .lessOrEqual: left <= right ? 1 : 0
    case .greaterOrEqual: left >= right ? 1 : 0
    case .less: left < right ? 1 : 0
    case .greater: left > right ? 1 : 0
    case .plus: left + right
    case .minus: left - right
    case .times: left * right
    case .divided: left / right
    case .power: MetricMath.power(left, right)
    }
  }
}
