// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnPlan

extension HoneycombQuery {
  /// What the engine is asked, when now is `nowUnixNanoseconds`.
  ///
  /// Where the query leaves the granularity open it is chosen so that a chart has about 60 to 120 points. A request without series
  /// gets none, save where a calculation is made of time buckets (HEATMAP, CONCURRENCY and the rates).
  public func plan(
    environment: String, datasets: DatasetScope, nowUnixNanoseconds: Int64, request: HoneycombResultRequest? = nil
  ) -> Plan {
    let range = time.range(nowUnixNanoseconds: nowUnixNanoseconds)
    var plan = Plan(
      scope: Scope(
        environment: environment, datasets: datasets, time: range,
        formulaColumns: calculatedFields.map { FormulaColumn(name: $0.name, formula: $0.formula) }), filter: filter, breakdowns: breakdowns,
      calculations: calculations, formulas: formulas.map { ResultFormula(name: $0.name, formula: $0.formula) }, orders: orders, havings: havings, limit: limit(for: request),
      granularityNanoseconds: request?.series == .disabled && !calculations.contains { $0.operation.needsBuckets }
        ? nil : granularity(of: range))
    plan.weighting = weighting
    return plan
  }

  /// The most groups: the request's own limit where it has no series, else the query's.
  public func limit(for request: HoneycombResultRequest?) -> Int {
    guard let request, request.series == .disabled else { return limit }
    return request.limit ?? limit
  }

  private func granularity(of range: TimeRange) -> Int64 {
    granularityNanoseconds ?? TimeBuckets.width(forDuration: range.durationNanoseconds, rules.seconds)
  }

  /// The question for `total_by_aggregate_series`: the plan without groups; nil where the plan has none and answers it itself.
  public static func totalPlan(of plan: Plan) -> Plan? {
    guard !plan.breakdowns.isEmpty else { return nil }
    var total = plan
    total.breakdowns = []
    total.orders = []
    total.havings = []
    total.limit = 1
    return total
  }

  /// The question for `other_by_aggregate`: the plan over the events of groups that are not in its answer; nil where there are none.
  ///
  /// Percentiles and distinct counts of the rest do not follow from the totals, so it takes a second question.
  public static func otherPlan(of plan: Plan, _ answer: Answer) -> Plan? {
    guard answer.info.isTruncated, let rest = totalPlan(of: plan) else { return nil }
    var other = rest
    other.filter = .all([plan.filter, .not(groups(plan.breakdowns, answer))])
    other.granularityNanoseconds = plan.calculations.contains { $0.operation.needsBuckets } ? plan.granularityNanoseconds : nil
    return other
  }

  /// Passes the events of the groups in an answer.
  static func groups(_ breakdowns: [String], _ answer: Answer) -> Filter {
    let columns = answer.columns.prefix(breakdowns.count)
    if breakdowns.count == 1, let column = columns.first {
      let present = Filter.oneOf(column: breakdowns[0], column.values.compactMap { $0 })
      return column.values.contains(nil) ? .any([present, .not(.exists(column: breakdowns[0]))]) : present
    }
    return .any(
      (0..<answer.rowCount).map { (row) in
        .all(
          zip(breakdowns, columns).map { (name, column) in
            column.values[row].map { .compare(column: name, .equal, $0) } ?? .not(.exists(column: name))
          })
      })
  }
}

extension Operation {
  /// True for operations that are made of the values of time buckets.
  var needsBuckets: Bool {
    switch self {
    case .heatmap, .concurrency, .rateAverage, .rateSum, .rateMaximum: true
    case .count, .sum, .average, .minimum, .maximum, .countDistinct, .percentile: false
    }
  }
}
