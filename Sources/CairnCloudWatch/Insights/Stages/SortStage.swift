// SPDX-License-Identifier: Apache-2.0

/// `sort`: keeps the rows, and where a `limit` follows no more than it needs; rows of equal keys stay in order.
struct SortStage: InsightsStage {
  var keys: [(formula: InsightsFormula, isDescending: Bool)]
  /// The most rows that are asked for.
  var limit: Int?
  private var kept: [(keys: [InsightsValue], row: InsightsRow)] = []
  private(set) var heldByteCount = 0

  init(_ keys: [(formula: InsightsFormula, isDescending: Bool)], limit: Int?) {
    self.keys = keys
    self.limit = limit
  }

  mutating func take(_ rows: [InsightsRow], _ context: InsightsContext) -> [InsightsRow] {
    for row in rows {
      kept.append((keys.map { $0.formula.value(row, context) }, row))
      heldByteCount += InsightsMeter.byteCount(row)
    }
    if let limit, kept.count > limit * 2 + 4096 { trim(to: limit) }
    return []
  }

  private mutating func trim(to limit: Int) {
    kept = Array(sorted().prefix(limit))
    heldByteCount = kept.reduce(0) { $0 + InsightsMeter.byteCount($1.row) }
  }

  private func sorted() -> [(keys: [InsightsValue], row: InsightsRow)] {
    // The standard sort is stable as it is now, but does not promise to be.
    let order = kept.indices.sorted { (left, right) in
      for (index, key) in keys.enumerated() {
        let order = InsightsText.naturalOrder(kept[left].keys[index], kept[right].keys[index])
        if order != 0 { return key.isDescending ? order > 0 : order < 0 }
      }
      return left < right
    }
    return order.map { kept[$0] }
  }

  mutating func finish(_ context: InsightsContext) -> [InsightsRow] {
    let rows = sorted().map(\.row)
    kept = []
    heldByteCount = 0
    return limit.map { Array(rows.prefix($0)) } ?? rows
  }
}

/// How much memory rows take, roughly.
enum InsightsMeter {
  static func byteCount(_ row: InsightsRow) -> Int {
    row.reduce(48) { (total, value) in
      switch value {
      case .text(let text): total + 32 + text.utf8.count
      case .json: total + 512
      default: total + 32
      }
    }
  }
}
