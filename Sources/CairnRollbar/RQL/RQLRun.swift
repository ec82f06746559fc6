// SPDX-License-Identifier: Apache-2.0
public import CairnFormats

/// A statement's rows.
public struct RQLResult: Sendable, Hashable {
  public var columns: [String]
  public var rows: [[JSONValue]]

  public init(columns: [String], rows: [[JSONValue]]) {
    self.columns = columns
    self.rows = rows
  }
}

extension RQLStatement {
  /// Runs the statement over rows that were fetched: filters, groups, orders, cuts. `starColumns` are what `*` means.
  public func run(over source: [@Sendable (String) -> JSONValue], starColumns: [String], nowUnixSeconds: Int64) -> RQLResult {
    let list = selections ?? starColumns.map { Selection(expression: .column($0), name: $0) }
    let evaluator = { (rows: [RQLRow]) in RQLEvaluator(nowUnixSeconds: nowUnixSeconds, rows: rows) }
    let kept = source.filter { (row) in
      guard let condition else { return true }
      let one = evaluator([row])
      return one.truth(one.value(condition)) == true
    }
    var buckets: [[RQLRow]] = []
    if !isGrouped {
      buckets = kept.map { [$0] }
    } else if groups.isEmpty {
      buckets = [kept]
    } else {
      var places: [[JSONValue]: Int] = [:]
      for row in kept {
        let key = groups.map { evaluator([row]).value($0) }
        if let place = places[key] {
          buckets[place].append(row)
        } else {
          places[key] = buckets.count
          buckets.append([row])
        }
      }
    }
    var keyed = buckets.map { (rows) in (rows: rows, keys: orders.map { evaluator(rows).value($0.expression) }) }
    if !orders.isEmpty {
      let compare = evaluator([])
      keyed.sort { (left, right) in
        for (index, order) in orders.enumerated() {
          // NULL comes before everything.
          let (first, second) = (left.keys[index], right.keys[index])
          let way = first == second ? 0 : first == .null ? -1 : second == .null ? 1 : compare.compare(first, second) ?? 0
          if way != 0 { return (way < 0) != order.isDescending }
        }
        return false
      }
    }
    let rows = keyed.dropFirst(offset).prefix(limit).map { (bucket) in list.map { evaluator(bucket.rows).value($0.expression) } }
    return RQLResult(columns: list.map(\.name), rows: Array(rows))
  }
}

extension RQLStatement {
  /// The Unix seconds between which the condition's outermost ANDs put `timestamp`, where they do; both ends may be met.
  public func timeBounds(nowUnixSeconds: Int64) -> (start: Double?, end: Double?) {
    var bounds: (start: Double?, end: Double?) = (nil, nil)
    var waiting = condition.map { [$0] } ?? []
    let constant = RQLEvaluator(nowUnixSeconds: nowUnixSeconds, rows: [])
    while let part = waiting.popLast() {
      switch part {
      case .binary("and", let left, let right): waiting += [left, right]
      case .binary(let sign, .column("timestamp"), let right):
        var paths: Set<String> = []
        right.collect(&paths)
        guard paths.isEmpty, !right.hasAggregate, let value = constant.value(right).number else { continue }
        if sign == ">" || sign == ">=" || sign == "=" { bounds.start = max(bounds.start ?? value, value) }
        if sign == "<" || sign == "<=" || sign == "=" { bounds.end = min(bounds.end ?? value, value) }
      case .between(.column("timestamp"), .literal(let low), .literal(let high), isNot: false):
        if let low = low.number { bounds.start = max(bounds.start ?? low, low) }
        if let high = high.number { bounds.end = min(bounds.end ?? high, high) }
      default: continue
      }
    }
    return bounds
  }
}
