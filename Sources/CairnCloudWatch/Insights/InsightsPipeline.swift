// SPDX-License-Identifier: Apache-2.0

/// Rows on their way through a program: chunks go in, results gather.
///
/// A value: a copy may be finished early to show the results so far. One task; cost and memory are those of the commands, the rows kept
/// count against `heldByteCountMax`.
public struct InsightsPipeline: Sendable {
  /// The most memory that one query may take for rows it keeps.
  public static let heldByteCountMax = 512 << 20

  private var stages: [any InsightsStage]
  private let context: InsightsContext
  /// The most result rows.
  private let limit: Int
  private(set) var rows: [InsightsRow] = []
  private var rowByteCount = 0
  public private(set) var isFinished = false
  /// How many stages events go through one by one until the last filter that tells whether the query wants them.
  private let filteringCount: Int
  /// How many events got through those.
  private(set) var matchedCount = 0

  init(_ stages: [any InsightsStage], _ context: InsightsContext, limit: Int) {
    self.stages = stages
    self.context = context
    self.limit = limit
    filteringCount = (stages.prefix { $0.isOneToOne || $0 is FilterStage }.lastIndex { $0 is FilterStage } ?? -1) + 1
  }

  /// True where stages sort events out that the store handed over.
  var isFiltering: Bool { filteringCount > 0 }

  /// Rows that go through the commands together. Few, since one row may become many, and its texts longer, on the way.
  private static let rowsAtOnce = 64

  /// Takes rows that follow all before them. False where the query needs more memory than it may.
  mutating func take(_ rows: [InsightsRow]) -> Bool {
    var start = 0
    while start < rows.count, !isSatisfied {
      let end = min(start + Self.rowsAtOnce, rows.count)
      pass(Array(rows[start..<end]), from: 0)
      if stages.reduce(rowByteCount, { $0 + $1.heldByteCount }) > Self.heldByteCountMax { return false }
      start = end
    }
    return true
  }

  private mutating func pass(_ rows: [InsightsRow], from first: Int) {
    var rows = rows
    for index in first..<stages.count {
      if rows.isEmpty { return }
      rows = stages[index].take(rows, context)
      if index + 1 == filteringCount { matchedCount += rows.count }
    }
    let room = rows.prefix(max(limit - self.rows.count, 0))
    rowByteCount += room.reduce(0) { $0 + InsightsMeter.byteCount($1) }
    self.rows += room
  }

  /// Nothing that still comes can change the results.
  var isSatisfied: Bool {
    if rows.count >= limit { return true }
    // A satisfied stage hands nothing on any more; what stands behind it finishes with what it has.
    return stages.contains { $0.isSatisfied }
  }

  /// Says that no more rows come; the results are in `rows`.
  mutating func finish() {
    guard !isFinished else { return }
    isFinished = true
    for index in stages.indices {
      let rows = stages[index].finish(context)
      pass(rows, from: index + 1)
    }
  }

  /// The results as if nothing more came.
  func preview() -> [InsightsRow] {
    var copy = self
    copy.finish()
    return copy.rows
  }
}
