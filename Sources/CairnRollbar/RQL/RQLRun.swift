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

extension RQLResult {
  /// About what the rows take in memory, in bytes.
  public var heldByteCount: Int { rows.reduce(0) { $1.reduce($0) { $0 + $1.heldByteCount } } }
}

extension RQLStatement {
  /// Runs the statement over rows that were fetched: filters, groups, orders, cuts. `starColumns` are what `*` means.
  ///
  /// Throws where it would keep or put together more than it may (see `RQLMeter`), and soon after `isOver` says so.
  public func run(
    over source: [@Sendable (String) -> JSONValue], starColumns: [String], nowUnixSeconds: Int64, isOver: @escaping () -> Bool = { false }
  ) throws(RQLError) -> RQLResult {
    let meter = RQLMeter(isOver: isOver)
    let list = selections ?? starColumns.map { Selection(expression: .column($0), name: $0) }
    let evaluator = { (rows: [RQLRow]) in RQLEvaluator(nowUnixSeconds: nowUnixSeconds, rows: rows, meter: meter) }
    let kept = source.filter { (row) in
      guard let condition else { return true }
      let one = evaluator([row])
      return one.truth(one.value(condition)) == true
    }
    let buckets = buckets(kept, meter) { evaluator([$0]) }
    var keyed = buckets.map { (rows) in (rows: rows, keys: meter.kept(orders.map { evaluator(rows).value($0.expression) })) }
    try meter.settle()
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
    let rows = keyed.dropFirst(offset).prefix(limit).map { (bucket) in meter.kept(list.map { evaluator(bucket.rows).value($0.expression) }) }
    try meter.settle()
    return RQLResult(columns: list.map(\.name), rows: Array(rows))
  }

  /// The rows of each group, in the order in which groups are met; without groups each row by itself.
  private func buckets(_ rows: [RQLRow], _ meter: RQLMeter, _ evaluator: (@escaping RQLRow) -> RQLEvaluator) -> [[RQLRow]] {
    if !isGrouped { return rows.map { [$0] } }
    if groups.isEmpty { return [rows] }
    var buckets: [[RQLRow]] = []
    var places: [[JSONValue]: Int] = [:]
    for row in rows {
      let key = groups.map { evaluator(row).value($0) }
      guard meter.work(1 + key.reduce(0) { $0 + $1.heldByteCount } / 64) else { break }
      if let place = places[key] {
        buckets[place].append(row)
      } else {
        places[meter.kept(key)] = buckets.count
        buckets.append([row])
      }
    }
    return buckets
  }
}

extension RQLStatement {
  /// The Unix seconds between which the condition's outermost ANDs put `timestamp`, where they do; both ends may be met.
  public func timeBounds(nowUnixSeconds: Int64) -> (start: Double?, end: Double?) {
    var bounds: (start: Double?, end: Double?) = (nil, nil)
    var waiting = condition.map { [$0] } ?? []
    let constant = RQLEvaluator(nowUnixSeconds: nowUnixSeconds, rows: [], meter: RQLMeter())
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
