// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnPlan
import Testing

@Suite struct EventFeedTests {
  private final class Rows: Piece {
    let rowCount: Int
    let runs: [DatasetRun] = []
    let columns: [(key: ColumnKey, presentCount: Int)] = []
    let isSealed = false
    init(_ rowCount: Int) { self.rowCount = rowCount }
    func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? { nil }
  }

  private func feed() -> EventFeed {
    EventFeed(EventsPlan(scope: Scope(environment: "default", datasets: .all, time: .everything)))
  }

  @Test func handsOutWhatWasOfferedOnce() {
    let feed = feed()
    #expect(!feed.hasEvents && feed.offer(Rows(3)) && feed.offer(Rows(4)) && feed.hasEvents)
    let taken = feed.take()
    #expect(taken.pieces.map(\.rowCount) == [3, 4] && taken.droppedCount == 0)
    #expect(!feed.hasEvents && feed.take().pieces.isEmpty)
  }

  @Test func dropsTheOldestBeyondItsBoundAndCountsThem() {
    let feed = feed()
    let half = EventFeed.rowCountMax / 2
    for _ in 0..<4 { _ = feed.offer(Rows(half)) }
    _ = feed.offer(Rows(EventFeed.rowCountMax * 3))
    let taken = feed.take()
    #expect(taken.pieces.map(\.rowCount) == [EventFeed.rowCountMax * 3] && taken.droppedCount == half * 4)
    #expect(feed.take().droppedCount == 0)
  }

  @Test func takesNothingOnceItIsClosed() {
    let feed = feed()
    feed.close()
    #expect(feed.isClosed && !feed.offer(Rows(1)) && !feed.hasEvents)
  }
}
