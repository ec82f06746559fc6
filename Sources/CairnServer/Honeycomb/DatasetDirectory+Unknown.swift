// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnHoneycomb
import CairnPlan

/// Which columns that a formula or a query names are not there.
extension DatasetDirectory {
  /// What events have without a column of their own.
  private static let virtualNames: Set<String> = [FieldName.dataset, FieldName.timestamp, FieldName.isRoot, FieldName.type]

  /// Those of the names that no event of the datasets has, that were not declared, and that are no derived column; in order.
  ///
  /// - Parameter alias: the derived column that is being made: what it names by its own name is a stored column.
  func unknown(_ names: Set<String>, _ environment: String, _ datasets: DatasetScope, but alias: String? = nil) async throws(Refusal) -> [String] {
    var left = names.subtracting(Self.virtualNames)
    left.subtract(state.formulas.columns(environment, datasets).map(\.alias).filter { $0 != alias })
    guard !left.isEmpty else { return [] }
    left.subtract(try await columns(environment, datasets).map(\.name))
    return left.sorted()
  }

  /// Those of the names that no event of the datasets has, declared or not; in order.
  func unwritten(_ names: Set<String>, _ environment: String, _ datasets: DatasetScope) async throws(Refusal) -> [String] {
    let left = names.subtracting(Self.virtualNames)
    guard !left.isEmpty else { return [] }
    return left.subtracting(try await columns(environment, datasets).filter { $0.eventCount > 0 }.map(\.name)).sorted()
  }

  /// The same of whatever a query names, through derived columns and calculated fields.
  func unwritten(_ query: HoneycombQuery, _ environment: String, _ datasets: DatasetScope) async throws(Refusal) -> [String] {
    let names = query.filter.columns + query.breakdowns + query.calculations.flatMap(\.columns)
    let given = query.calculatedFields.map { FormulaColumn(name: $0.name, formula: $0.formula) }
    let scope = state.formulas.deriving(Scope(environment: environment, datasets: datasets, time: .everything, formulaColumns: given), names)
    let formulas = Dictionary(scope.formulaColumns.map { ($0.name, $0.formula) }, uniquingKeysWith: { first, _ in first })
    return try await unwritten(names.reduce(into: Set()) { $0.formUnion(formulas[$1]?.columns ?? [$1]) }, environment, datasets)
  }

  /// The same with the names that may have been meant.
  func missing(_ query: HoneycombQuery, _ environment: String, _ datasets: DatasetScope) async throws(Refusal) -> [MissingColumn] {
    let names = try await unwritten(query, environment, datasets)
    guard !names.isEmpty else { return [] }
    var known = try await columns(environment, datasets).filter { $0.eventCount > 0 }.map { NearNames.Column(name: $0.name, eventCount: $0.eventCount) }
    known += state.formulas.columns(environment, datasets).map { NearNames.Column(name: $0.alias, eventCount: 0) }
    let near = NearNames(known)
    return names.map { MissingColumn(name: $0, near: near.find($0)) }
  }

  /// Refuses a formula that names columns which are not there, in Honeycomb's words.
  func check(_ formula: Formula, _ environment: String, _ datasets: DatasetScope, field: String, alias: String? = nil) async throws(Refusal) {
    let details = try await unknown(formula.columns, environment, datasets, but: alias).map { Self.detail($0, field) }
    if !details.isEmpty { throw Refusal(HoneycombError(invalid: details)) }
  }

  /// Refuses a query whose calculated fields, or any other part, name columns which are not there.
  func check(_ query: HoneycombQuery, _ environment: String, _ datasets: DatasetScope, field: String) async throws(Refusal) {
    var places = calculatedPlaces(query)
    let own = Set(query.calculatedFields.map(\.name))
    for (index, calculation) in query.calculations.enumerated() {
      if let name = calculation.column { places.append((name, "calculations[\(index)].column")) }
      for name in calculation.filter?.columns ?? [] { places.append((name, "calculations[\(index)].filters")) }
    }
    for name in query.filter.columns { places.append((name, "filters")) }
    for (index, name) in query.breakdowns.enumerated() { places.append((name, "breakdowns[\(index)]")) }
    try await refuse(places.filter { !own.contains($0.name) || $0.field.hasPrefix("calculated_fields") }, environment, datasets, field: field)
  }

  /// The same for what a query's calculated fields name alone: the rest of a question may be about what is still to come.
  func checkFields(of query: HoneycombQuery, _ environment: String, _ datasets: DatasetScope) async throws(Refusal) {
    try await refuse(calculatedPlaces(query), environment, datasets, field: "")
  }

  private func calculatedPlaces(_ query: HoneycombQuery) -> [(name: String, field: String)] {
    let own = Set(query.calculatedFields.map(\.name))
    return query.calculatedFields.enumerated().flatMap { (index, calculated) in
      calculated.formula.columns.subtracting(own.subtracting([calculated.name])).sorted().map { ($0, "calculated_fields[\(index)].expression") }
    }
  }

  private func refuse(
    _ places: [(name: String, field: String)], _ environment: String, _ datasets: DatasetScope, field: String
  ) async throws(Refusal) {
    let unknown = Set(try await unknown(Set(places.map(\.name)), environment, datasets))
    let details = places.filter { unknown.contains($0.name) }.map { Self.detail($0.name, field.isEmpty ? $0.field : "\(field).\($0.field)") }
    if !details.isEmpty { throw Refusal(HoneycombError(invalid: details)) }
  }

  static func detail(_ name: String, _ field: String) -> HoneycombError.Detail {
    HoneycombError.Detail(
      field: field, code: .invalid, description: "unknown column '\(name.prefix(80))': no event has it, and POST /1/columns was not told of it")
  }
}
