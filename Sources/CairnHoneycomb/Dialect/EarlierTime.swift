// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
public import CairnPlan

/// The questions whose answers an answer is held against: the same about an earlier time.
///
/// Groups are those of the answer, whatever the havings say of them then, so `groups` looks for them alone; totals are of all events, for which
/// `total` asks where there are groups.
public struct EarlierTime: Sendable {
  /// The answer's groups, in the earlier time.
  public let groups: Plan
  /// Everything in the earlier time; nil where the plan has no groups.
  public let total: Plan?

  /// About the time that lies `offsetNanoseconds` before that of a plan with this answer.
  public init(_ plan: Plan, _ answer: Answer, offsetNanoseconds: Int64) {
    var groups = plan
    groups.scope.time = TimeRange(
      startUnixNanoseconds: plan.scope.time.startUnixNanoseconds &- offsetNanoseconds,
      endUnixNanoseconds: plan.scope.time.endUnixNanoseconds &- offsetNanoseconds)
    (groups.orders, groups.havings) = ([], [])
    var total = HoneycombQuery.totalPlan(of: groups)
    if !plan.calculations.contains(where: { $0.operation.needsBuckets }) { total?.granularityNanoseconds = nil }
    self.total = total
    if total != nil {
      groups.filter = .all([plan.filter, Self.filter(plan.breakdowns, answer)])
      groups.limit = Self.groupCountMax
    }
    self.groups = groups
  }

  private static let groupCountMax = 10_000
  /// Up to so many groups it pays to look at each breakdown alone, though that finds groups which are not wanted.
  private static let crossedCountMax = 2000

  private static func filter(_ breakdowns: [String], _ answer: Answer) -> Filter {
    let values = answer.columns.prefix(breakdowns.count).map { Set($0.values) }
    guard breakdowns.count > 1, values.reduce(1, { $0 * max(1, min($1.count, crossedCountMax)) }) <= crossedCountMax else {
      return HoneycombQuery.groups(breakdowns, answer)
    }
    return .all(
      zip(breakdowns, values).map { (name, values) in
        let present = Filter.oneOf(column: name, values.compactMap { $0 })
        return values.contains(nil) ? .any([present, .not(.exists(column: name))]) : present
      })
  }
}

extension Answer {
  /// The answer with the rows of another one, in its order: groups are found by their values, and those that it has not have no results.
  public func arranged(as other: Answer) -> Answer {
    let own = columns.filter { $0.kind == .breakdown }
    let wanted = other.columns.filter { $0.kind == .breakdown }
    var rows: [[FieldValue?]: Int] = [:]
    for row in 0..<rowCount { rows[own.map { $0.values[row] }] = row }
    let places = (0..<other.rowCount).map { (row) in rows[wanted.map { $0.values[row] }] }
    var arranged = self
    arranged.columns = wanted + columns.filter { $0.kind != .breakdown }.map { (column) in
      AnswerColumn(name: column.name, kind: column.kind, type: column.type, values: places.map { $0.flatMap { column.values[$0] } })
    }
    if let series {
      let nothing = [Double?](repeating: nil, count: series.bucketCount)
      arranged.series?.values = series.values.map { (groups) in places.map { $0.map { groups[$0] } ?? nothing } }
    }
    return arranged
  }
}
