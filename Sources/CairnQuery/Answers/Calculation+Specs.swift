// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

extension Calculation {
  /// What has to be accumulated for it.
  var spec: AggregateSpec {
    let name = column ?? ""
    switch operation {
    case .count: return column.map { .present($0) } ?? .rows
    case .sum, .average, .rateSum, .rateAverage: return .sum(name)
    case .minimum, .maximum, .rateMaximum: return .extremes(name)
    case .countDistinct: return .distinct(name)
    case .percentile: return .quantiles(name)
    case .heatmap: return .bounds(name)
    case .concurrency: return .spans
    }
  }

  /// The difference between successive buckets: its values need buckets.
  var isRate: Bool {
    switch operation {
    case .rateAverage, .rateSum, .rateMaximum: true
    default: false
    }
  }

  /// The columns that it reads.
  var columnNames: [String] { operation == .concurrency ? [FieldName.durationMilliseconds] + columns : columns }
}

extension Plan {
  /// All calculations that are needed, in the plan or only in its orders and havings.
  var neededCalculations: [Calculation] {
    var needed = calculations
    for case .calculation(let calculation) in havings.map(\.term) + orders.compactMap(\.term.result) { needed.append(calculation) }
    return needed
  }

  /// The formula of a name.
  func formula(_ name: String) -> ResultFormula? { formulas.first { $0.name == name } }

  /// The calculation whose results a formula knows by a name.
  func calculation(_ name: String) -> Calculation? { calculations.first { $0.name == name } }

  /// All stored columns that the answer depends on.
  var storedColumns: Set<ExactText> {
    var names = Set(filter.columns + breakdowns + neededCalculations.flatMap(\.columnNames)).flatMap(storedNames)
    names.append(ExactText(FieldName.sampleRate))
    return Set(names)
  }

  /// Throws where the plan itself is wrong.
  func validate() throws(QueryError) {
    guard (1...10_000).contains(limit) else { throw .invalid(field: "limit", reason: "must be 1 to 10000") }
    if let step = granularityNanoseconds, step <= 0 { throw .invalid(field: "granularity", reason: "must be above 0") }
    for (index, calculation) in calculations.enumerated() {
      try validate(calculation, "calculations[\(index)]")
    }
    for (index, formula) in formulas.enumerated() { try validate(formula, "formulas[\(index)]") }
    for (index, having) in havings.enumerated() {
      try validate(having.term, "havings[\(index)]", ofHeatmap: "HEATMAP has no one value")
    }
    for (index, order) in orders.enumerated() {
      switch order.term {
      case .breakdown(let name):
        guard breakdowns.contains(name) else {
          throw .invalid(field: "orders[\(index)]", reason: "\(name) is not among the breakdowns")
        }
      case .result(let result): try validate(result, "orders[\(index)]", ofHeatmap: "HEATMAP cannot be ordered by")
      }
    }
  }

  private func validate(_ term: Having.Term, _ field: String, ofHeatmap reason: String) throws(QueryError) {
    switch term {
    case .formula(let name):
      guard formula(name) != nil else { throw .invalid(field: field, reason: "\(name) is not among the formulas") }
    case .calculation(let calculation):
      try validate(calculation, field)
      if calculation.operation == .heatmap { throw .invalid(field: field, reason: reason) }
    }
  }

  private func validate(_ formula: ResultFormula, _ field: String) throws(QueryError) {
    for name in formula.formula.columns.sorted() {
      guard let calculation = calculation(name) else {
        throw .invalid(field: field, reason: "\(name) is not among the calculations")
      }
      if calculation.operation == .heatmap { throw .invalid(field: field, reason: "HEATMAP has no one value") }
    }
  }

  private func validate(_ calculation: Calculation, _ field: String) throws(QueryError) {
    switch calculation.operation {
    case .count: return
    case .concurrency:
      if calculation.column != nil { throw .invalid(field: "\(field).column", reason: "CONCURRENCY takes no column") }
      return
    case .percentile(let perMille):
      guard (0...1000).contains(perMille) else { throw .invalid(field: field, reason: "a percentile is 0 to 1000 per mille") }
    default: break
    }
    if calculation.column == nil {
      throw .invalid(field: "\(field).column", reason: "\(calculation.operation.name) needs a column")
    }
    if calculation.isRate, granularityNanoseconds == nil {
      throw .invalid(field: "granularity", reason: "\(calculation.operation.name) compares time buckets and needs a granularity")
    }
  }
}
