// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

/// The open head as its readers see it: pieces of its rows in the order of arrival, each much larger than the one behind it.
///
/// What arrived since the last look becomes a piece of its own, together with the pieces that are not much larger, so that a row is sorted
/// a few times in all, and not once for each look at a head that grows (benchmark: `bench.py`, a query after each body).
struct HeadSnapshot {
  let head: Head
  private(set) var pieces: [HeadPiece] = []

  /// A piece is at least so many times as large as all rows behind it.
  private static let ratio = 4
  /// Fewer rows are sorted again rather than kept as a piece.
  private static let rowCountMin = 4_096

  init(_ head: Head) { self.head = head }

  /// Takes in what arrived; false if nothing did.
  mutating func update() -> Bool {
    let rowCount = head.open.withLock { $0.batch.rowCount }
    var first = pieces.last?.rows.upperBound ?? 0
    guard rowCount > first else { return false }
    while let last = pieces.last, last.rowCount < max(Self.rowCountMin, (rowCount - first) * Self.ratio) {
      first = last.rows.lowerBound
      pieces.removeLast()
    }
    pieces.append(HeadPiece(head, from: first))
    return true
  }
}
