// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPatterns
import CairnPlan

/// A row interpreter: what a plan means, written without any thought of speed. The engine must agree with it.
struct NaiveEngine {
  let events: [TestEvent]

  struct Group {
    var values: [FieldValue?]
    /// Calculations, then formulas.
    var results: [Double?]
    /// [result][bucket]
    var series: [[Double?]]
  }

  func field(_ name: String, _ event: TestEvent) -> FieldValue? {
    switch name {
    case FieldName.timestamp: return .integer(event.time)
    case FieldName.dataset: return .string(event.dataset)
    case FieldName.isRoot:
      let isSpan = event.fields[FieldName.traceID] != nil && (event.fields[FieldName.durationMilliseconds] != nil || event.fields[FieldName.invalidDuration] != nil)
      return .boolean(isSpan && event.fields[FieldName.parentID] == nil)
    case FieldName.type: return event.fields[name] ?? event.fields[FieldName.spanKind]
    default: return event.fields[name]
    }
  }

  func passes(_ filter: Filter, _ event: TestEvent) -> Bool {
    switch filter {
    case .all(let parts): return parts.allSatisfy { passes($0, event) }
    case .any(let parts): return parts.contains { passes($0, event) }
    case .not(let part): return !passes(part, event)
    case .exists(let column): return field(column, event) != nil
    case .compare(let column, .notEqual, let value): return !passes(.compare(column: column, .equal, value), event)
    case .compare(let column, let comparison, let value):
      guard let own = field(column, event) else { return false }
      return comparison == .equal ? isEqual(column, own, value) : holds(comparison, own, value)
    case .oneOf(let column, let values):
      return field(column, event).map { (own) in values.contains { isEqual(column, own, $0) } } ?? false
    case .matches(let column, let pattern): return field(column, event).map { pattern.matches($0.text) } ?? false
    case .text(let column, let match, let text):
      guard let own = field(column, event)?.text else { return false }
      switch match {
      case .startsWith: return own.hasPrefix(text)
      case .endsWith: return own.hasSuffix(text)
      case .contains: return text.isEmpty || own.indices.contains { own[$0...].hasPrefix(text) }
      }
    }
  }

  /// Trace ids are equal as ids, not as text.
  private func isEqual(_ column: String, _ own: FieldValue, _ wanted: FieldValue) -> Bool {
    if column == FieldName.traceID, case .string(let left) = own, case .string(let right) = wanted, let id = TraceID(left) {
      return TraceID(right) == id
    }
    return holds(.equal, own, wanted)
  }

  private func holds(_ comparison: Comparison, _ left: FieldValue, _ right: FieldValue) -> Bool {
    if case .string(let left) = left, case .string(let right) = right {
      return comparison.holds(left < right ? -1 : left == right ? 0 : 1, 0)
    }
    func number(_ value: FieldValue, _ other: FieldValue) -> Double? {
      if case .string("true") = value, case .boolean = other { return 1 }
      if case .string("false") = value, case .boolean = other { return 0 }
      return value.number
    }
    guard let first = number(left, right), let second = number(right, left) else { return false }
    return comparison.holds(first, second)
  }

  private func weight(_ event: TestEvent) -> Double {
    if case .integer(let rate) = event.fields[FieldName.sampleRate] { max(Double(rate), 1) } else { 1 }
  }

  func result(_ calculation: Calculation, _ events: [TestEvent]) -> Double? {
    let events = calculation.filter.map { (filter) in events.filter { passes(filter, $0) } } ?? events
    let name = calculation.column ?? ""
    // Ids are text to a filter but never numbers to a calculation.
    let isID = name == FieldName.traceID || name == FieldName.parentID
    let numbers = events.compactMap { (event) in
      isID ? nil : field(name, event)?.number.map { (value: $0, weight: weight(event)) }
    }
    switch calculation.operation {
    case .count:
      let counted = calculation.column == nil ? events : events.filter { field(name, $0) != nil }
      return counted.reduce(0) { $0 + weight($1) }
    case .sum: return numbers.isEmpty ? nil : numbers.reduce(0) { $0 + $1.value * $1.weight }
    case .average:
      return numbers.isEmpty ? nil : numbers.reduce(0) { $0 + $1.value * $1.weight } / numbers.reduce(0) { $0 + $1.weight }
    case .minimum: return numbers.map(\.value).min()
    case .maximum: return numbers.map(\.value).max()
    case .countDistinct: return Double(Set(events.compactMap { field(name, $0) }).count)
    case .percentile(let perMille):
      let all = numbers.flatMap { [Double](repeating: $0.value, count: Int($0.weight)) }.sorted()
      guard !all.isEmpty else { return nil }
      let position = Double(all.count - 1) * Double(perMille) / 1000
      let below = Int(position)
      guard below + 1 < all.count else { return all[below] }
      return all[below] + (all[below + 1] - all[below]) * (position - Double(below))
    case .concurrency, .heatmap, .rateAverage, .rateSum, .rateMaximum: return nil
    }
  }

  private func results(_ plan: Plan, _ events: [TestEvent]) -> [Double?] {
    let results = plan.calculations.map { result($0, events) }
    return results + plan.formulas.map { (formula) in
      formula.value { (name) in
        plan.calculations.firstIndex { $0.name == name }.flatMap { results[$0].map { .float($0) } }
      }?.number
    }
  }

  private func result(_ term: Having.Term, _ plan: Plan, _ events: [TestEvent]) -> Double? {
    switch term {
    case .calculation(let calculation): return result(calculation, events)
    case .formula(let name):
      guard let index = plan.formulas.firstIndex(where: { $0.name == name }) else { return nil }
      return results(plan, events)[plan.calculations.count + index]
    }
  }

  /// All groups that pass the havings, in the plan's order, without its limit, and the totals.
  func run(_ plan: Plan) -> (groups: [Group], totals: [Double?]) {
    let matched = events.filter {
      $0.environment == plan.scope.environment && plan.scope.datasets.contains($0.dataset)
        && (plan.scope.time == .everything || plan.scope.time.contains($0.time)) && passes(plan.filter, $0)
    }
    var members: [[FieldValue?]: [TestEvent]] = plan.breakdowns.isEmpty ? [[]: []] : [:]
    for event in matched { members[plan.breakdowns.map { field($0, event) }, default: []].append(event) }
    var groups = members.map { (values, events) in
      Group(values: values, results: results(plan, events), series: series(plan, events))
    }
    groups = groups.filter { (group) in
      plan.havings.allSatisfy { (having) in
        result(having.term, plan, members[group.values] ?? []).map { having.comparison.holds($0, having.value) } ?? false
      }
    }
    // The default order: the first formula or else calculation from the most down, then the values.
    let key = plan.formulas.isEmpty ? 0 : plan.calculations.count
    groups.sort { isBefore($0, $1, key) }
    return (groups, results(plan, matched))
  }

  private func isBefore(_ left: Group, _ right: Group, _ key: Int) -> Bool {
    if !left.results.isEmpty, left.results[key] != right.results[key] {
      guard let first = left.results[key] else { return false }
      guard let second = right.results[key] else { return true }
      return first > second
    }
    for index in left.values.indices where left.values[index] != right.values[index] {
      guard let first = left.values[index] else { return false }
      guard let second = right.values[index] else { return true }
      return Self.rank(first) == Self.rank(second) ? Self.precedes(first, second) : Self.rank(first) < Self.rank(second)
    }
    return false
  }

  private static func rank(_ value: FieldValue) -> Int {
    switch value {
    case .boolean: 0
    case .integer, .float: 1
    case .string: 2
    }
  }

  private static func precedes(_ left: FieldValue, _ right: FieldValue) -> Bool {
    if case .string(let left) = left, case .string(let right) = right { return left < right }
    let first = left.number ?? 0
    let second = right.number ?? 0
    return first != second ? first < second : left.type.rawValue < right.type.rawValue
  }

  private func series(_ plan: Plan, _ events: [TestEvent]) -> [[Double?]] {
    guard let step = plan.granularityNanoseconds else { return [] }
    let start = plan.scope.time.startUnixNanoseconds / step * step
    let count = Int((plan.scope.time.endUnixNanoseconds - 1 - start) / step) + 1
    let buckets = (0..<count).map { (bucket) in
      let low = start + Int64(bucket) * step
      return results(plan, events.filter { $0.time >= low && $0.time < low + step })
    }
    return (0..<plan.calculations.count + plan.formulas.count).map { (index) in buckets.map { $0[index] } }
  }
}
