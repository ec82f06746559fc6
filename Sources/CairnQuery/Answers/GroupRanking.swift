// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A group that made it into the answer.
struct RankedGroup: Sendable {
  var group: Int
  var parts: [KeyPart]
  var values: [FieldValue?]
}

/// Picks the groups of an answer: those that pass the havings, in the plan's order, at most its limit.
///
/// Ties are broken by the groups' values, so the order never depends on how events lie in pieces. Only groups that can still be inside
/// the limit get their values resolved, and where these are many (a million groups of one event each tie), they go through a heap of the
/// best so far: one comparison for most, by their bytes (`TieBreak`), instead of a sort of all. Cost: O(groups), and O(limit log limit) for those that are kept.
struct GroupRanking {
  let plan: Plan
  let reader: ResultReader
  let mapper: GroupMapper
  let watch: QueryWatch

  /// The groups, and whether the limit cut some off.
  func ranked() throws(QueryError) -> (groups: [RankedGroup], isTruncated: Bool) {
    let counts = reader.aggregates.rows.counts
    var alive = plan.breakdowns.isEmpty ? [0] : counts.indices.filter { counts[$0] > 0 }
    for having in plan.havings {
      try watch.check()
      let results = numbers(having.term, alive)
      alive = zip(alive, results).filter { $0.1.map { having.comparison.holds($0, having.value) } ?? false }.map(\.0)
    }
    let isTruncated = alive.count > plan.limit
    guard plan.limit > 0 else { return ([], isTruncated) }
    let orders = self.orders
    if isTruncated, let first = orders.first, let scores = keys(first, alive) { alive = contenders(alive, scores, first.direction) }
    return (try best(alive, orders), isTruncated)
  }

  private func numbers(_ term: Having.Term, _ groups: [Int]) -> [Double?] {
    switch term {
    case .calculation(let calculation): reader.numbers(calculation, groups)
    case .formula(let name): reader.values(plan.formula(name), plan, groups).map { $0?.number }
    }
  }

  /// What groups are ordered by; nil where that is a breakdown.
  private func keys(_ order: Order, _ groups: [Int]) -> [Double?]? { order.term.result.map { numbers($0, groups) } }

  /// The plan's order, or the first formula or else calculation from the most down.
  private var orders: [Order] {
    if !plan.orders.isEmpty { return plan.orders }
    if let first = plan.formulas.first { return [Order(.formula(first.name), .descending)] }
    guard let first = plan.calculations.first(where: { $0.operation != .heatmap }) else { return [] }
    return [Order(.calculation(first), .descending)]
  }

  /// The groups whose first key is no worse than that of the last place inside the limit.
  private func contenders(_ groups: [Int], _ keys: [Double?], _ direction: Order.Direction) -> [Int] {
    let sign = direction == .descending ? 1.0 : -1.0
    let scores = keys.map { $0.map { $0.isNaN ? -.infinity : $0 * sign } ?? -.infinity }
    let threshold = score(scores, atPlace: plan.limit - 1)
    return groups.indices.filter { scores[$0] >= threshold }.map { groups[$0] }
  }

  /// How often the client and the time are looked at.
  private static let checkPause = 4096

  /// A group with all that its place depends on.
  private struct Candidate {
    var row: RankedGroup
    /// By order, where it is by a result.
    var keys: [Double?]
  }

  private func best(_ groups: [Int], _ orders: [Order]) throws(QueryError) -> [RankedGroup] {
    try watch.check()
    let keys = orders.map { self.keys($0, groups) }
    // The last of the best is at the root once there are enough.
    var heap: [Candidate] = []
    heap.reserveCapacity(min(plan.limit, groups.count))
    let tieBreak = TieBreak(plan, orders, mapper)
    for (place, group) in groups.enumerated() {
      if place % Self.checkPause == 0 { try watch.check() }
      if heap.count == plan.limit, !mayCome(group, keys, place, before: heap[0], orders, tieBreak) { continue }
      let parts = mapper.parts(group)
      let candidate = Candidate(row: RankedGroup(group: group, parts: parts, values: mapper.values(parts)), keys: keys.map { $0?[place] })
      if heap.count < plan.limit {
        heap.append(candidate)
        if heap.count == plan.limit, place + 1 < groups.count { heap.sort { comes($1, before: $0, orders) } }
      } else if comes(candidate, before: heap[0], orders) {
        replaceRoot(&heap, candidate, orders)
      }
    }
    try watch.check()
    return heap.sorted { comes($0, before: $1, orders) }.map(\.row)
  }

  /// False where a group comes behind a candidate, as far as that is seen without making its values.
  private func mayCome(
    _ group: Int, _ keys: [[Double?]?], _ place: Int, before last: Candidate, _ orders: [Order], _ tieBreak: TieBreak?
  ) -> Bool {
    for (index, term) in orders.enumerated() {
      switch term.term {
      case .result:
        if let isFirst = precedes(keys[index]?[place], last.keys[index], term.direction) { return isFirst }
      case .breakdown(let name):
        if plan.breakdowns.contains(name) { return tieBreak?.mayPrecede(group, last.row.group, mapper) ?? true }
      }
    }
    return tieBreak?.mayPrecede(group, last.row.group, mapper) ?? true
  }

  private func replaceRoot(_ heap: inout [Candidate], _ candidate: Candidate, _ orders: [Order]) {
    var hole = 0
    while true {
      var child = hole * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, comes(heap[child], before: heap[child + 1], orders) { child += 1 }
      guard comes(candidate, before: heap[child], orders) else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = candidate
  }

  private func comes(_ left: Candidate, before right: Candidate, _ orders: [Order]) -> Bool {
    for (index, term) in orders.enumerated() {
      switch term.term {
      case .result:
        if let isFirst = precedes(left.keys[index], right.keys[index], term.direction) { return isFirst }
      case .breakdown(let name):
        guard let column = plan.breakdowns.firstIndex(of: name) else { continue }
        let difference = order(left.row.values[column], right.row.values[column])
        let isEitherAbsent = left.row.values[column] == nil || right.row.values[column] == nil
        if difference != 0 { return term.direction == .ascending || isEitherAbsent ? difference < 0 : difference > 0 }
      }
    }
    for column in plan.breakdowns.indices {
      let difference = order(left.row.values[column], right.row.values[column])
      if difference != 0 { return difference < 0 }
    }
    return false
  }
}

/// The score at a place in descending order: of few from a heap of the best so far, which most scores do not reach.
func score(_ scores: [Double], atPlace place: Int) -> Double {
  guard place < scores.count / 16 else {
    var scores = scores
    return selectDescending(&scores, place)
  }
  // The least of the best is at the root.
  var heap = Array(scores[...place])
  heap.sort()
  for score in scores[(place + 1)...] where score > heap[0] {
    var hole = 0
    while true {
      var child = hole * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < score else { break }
      heap[hole] = heap[child]
      hole = child
    }
    heap[hole] = score
  }
  return heap[0]
}

/// The score at a place in descending order, by partial partitioning.
func selectDescending(_ scores: inout [Double], _ place: Int) -> Double {
  var low = 0
  var high = scores.count - 1
  while low < high {
    let pivot = scores[(low + high) / 2]
    var left = low
    var right = high
    while left <= right {
      while scores[left] > pivot { left += 1 }
      while scores[right] < pivot { right -= 1 }
      if left <= right {
        scores.swapAt(left, right)
        left += 1
        right -= 1
      }
    }
    if place <= right { high = right } else if place >= left { low = left } else { return scores[place] }
  }
  return scores[place]
}
