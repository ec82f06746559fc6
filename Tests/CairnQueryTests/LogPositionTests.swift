// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnPlan
import CairnQuery
import TestSupport
import Testing

/// A position of CloudWatch's as the engine's cursor: a page goes on behind the last event of the one before, whatever that event's hash is.
struct LogPositionTests {
  /// One event in 32 has a hash that the digits hold in full: with pages of one event each, some of these are at an end.
  @Test(arguments: EventsPlan.Direction.allCases) func pagesHoldEachEventOnce(_ direction: EventsPlan.Direction) async throws {
    let lines = (0..<200).map { InsightsFixture.line(Int64($0), "line \($0)") }
    let pieces = [TestPiece(lines)]
    var plan = EventsPlan(
      scope: Scope(environment: "default", datasets: .named(["app"]), time: .everything), columns: [FieldName.body, FieldName.ingestionTime],
      direction: direction, limit: 1, sequenceColumn: FieldName.ingestionTime)
    var found: [String] = []
    while true {
      let page = try await patientEngine.events(plan, pieces: pieces)
      found += page.columns.first?.values.map { $0?.text ?? "" } ?? []
      guard page.hasMore, let cursor = page.cursor, found.count <= lines.count else { break }
      var position = LogPosition(timeUnixNanoseconds: cursor.timeUnixNanoseconds, sequence: cursor.sequence)
      position.hash = cursor.hash & ~31
      plan.after = try #require(LogPosition(digits: position.digits)).cursor(direction)
    }
    let ordered = (0..<200).map { "line \($0)" }
    #expect(found == (direction == .oldestFirst ? ordered : ordered.reversed()))
  }
}
