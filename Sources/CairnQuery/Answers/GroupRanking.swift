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
/// the limit get their values resolved.
struct GroupRanking {
  let plan: Plan
  let reader: ResultReader
  let mapper: GroupMapper

  /// The groups, and whether the limit cut some off.
  func ranked() -> (groups: [RankedGroup], isTruncated: Bool) {
    let counts = reader.aggregates.rows.counts
    var alive = plan.breakdowns.isEmpty ? [0] : counts.indices.filter { counts[$0] > 0 }
    for having in plan.havings {
      let numbers = reader.numbers(having.calculation, alive)
      alive = zip(alive, numbers).filter { $0.1.map { having.comparison.holds($0, having.value) } ?? false }.map(\.0)
    }
    let isTruncated = alive.count > plan.limit
    let orders = self.orders
    if isTruncated, case .calculation(let first) = orders.first?.term, let direction = orders.first?.direction {
      alive = contenders(alive, reader.numbers(first, alive), direction)
    }
    return (Array(sorted(alive, orders).prefix(plan.limit)), isTruncated)
  }

  /// The plan's order, or the first calculation from the most down.
  private var orders: [Order] {
    if !plan.orders.isEmpty { return plan.orders }
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

  private func sorted(_ groups: [Int], _ orders: [Order]) -> [RankedGroup] {
    let rows = groups.map { (group) -> RankedGroup in
      let parts = mapper.parts(group)
      return RankedGroup(group: group, parts: parts, values: mapper.values(parts))
    }
    let keys = orders.map { (order) -> [Double?] in
      guard case .calculation(let calculation) = order.term else { return [] }
      return reader.numbers(calculation, groups)
    }
    let places = rows.indices.sorted { (left, right) in
      for (index, term) in orders.enumerated() {
        switch term.term {
        case .calculation:
          if let isFirst = precedes(keys[index][left], keys[index][right], term.direction) { return isFirst }
        case .breakdown(let name):
          guard let column = plan.breakdowns.firstIndex(of: name) else { continue }
          let difference = order(rows[left].values[column], rows[right].values[column])
          let isEitherAbsent = rows[left].values[column] == nil || rows[right].values[column] == nil
          if difference != 0 { return term.direction == .ascending || isEitherAbsent ? difference < 0 : difference > 0 }
        }
      }
      for column in plan.breakdowns.indices {
        let difference = order(rows[left].values[column], rows[right].values[column])
        if difference != 0 { return difference < 0 }
      }
      return false
    }
    return places.map { rows[$0] }
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
