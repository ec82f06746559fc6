// SPDX-License-Identifier: Apache-2.0

/// `diff` and `anomaly`: the patterns of the query's time beside those of an earlier time of the same length.
///
/// `anomaly` keeps the patterns that are new, have vanished, or occur at least three times as often or as seldom as before, where chance
/// does not explain it: the counts differ by more than four standard deviations of a Poisson count.
struct ContrastStage: Sendable {
  enum Kind: Sendable {
    case difference
    case anomaly
  }
  var kind: Kind
  var patterns: PatternSlots
  var previousCount: Int
  var change: Int
  var changePercent: Int
  var description: Int

  /// One row for each pattern of either time; the largest change first.
  func rows(current: [InsightsRow], previous: [InsightsRow]) -> [InsightsRow] {
    var before: [String: InsightsRow] = [:]
    for row in previous { if let text = row[patterns.pattern].text { before[text] = row } }
    var rows: [(size: Double, row: InsightsRow)] = []
    for row in current {
      let earlier = row[patterns.pattern].text.flatMap { before.removeValue(forKey: $0) }
      add(row, row[patterns.count].number ?? 0, earlier?[patterns.count].number ?? 0, &rows)
    }
    for (_, row) in before.sorted(by: { $0.key < $1.key }) {
      let earlier = row[patterns.count].number ?? 0
      var gone = row
      gone[patterns.count] = .integer(0)
      gone[patterns.ratio] = .number(0)
      add(gone, 0, earlier, &rows)
    }
    return rows.enumerated().sorted {
      $0.element.size != $1.element.size ? $0.element.size > $1.element.size : $0.offset < $1.offset
    }.map(\.element.row)
  }

  private func add(_ row: InsightsRow, _ now: Double, _ before: Double, _ rows: inout [(size: Double, row: InsightsRow)]) {
    let isNotable = abs(now - before) > 4 * max(before, 1).squareRoot() && (now >= 3 * before || before >= 3 * now)
    if kind == .anomaly, !isNotable, !(before == 0 && now > 0) { return }
    var row = row
    row[previousCount] = .integer(Int64(before))
    row[change] = .integer(Int64(now - before))
    row[changePercent] = before > 0 ? .number((now - before) / before * 100) : .absent
    row[description] = .text(Self.words(now, before))
    rows.append((abs(now - before), row))
  }

  private static func words(_ now: Double, _ before: Double) -> String {
    if before == 0 { return "New pattern" }
    if now == 0 { return "Pattern no longer seen" }
    if now == before { return "No change" }
    let percent = InsightsValue.roundedText((abs(now - before) / before * 1000).rounded() / 10)
    return now > before ? "\(percent)% more than before" : "\(percent)% fewer than before"
  }
}
