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

  /// The hash of each event of a page is that of the cursor behind it: a page may be left at any of its events.
  @Test(arguments: EventsPlan.Direction.allCases) func aPageMayBeLeftAnywhere(_ direction: EventsPlan.Direction) async throws {
    let events = (0..<60).map { TestEvent(7, ["body": .string("line \($0 / 2)")]) } + [TestEvent(8, ["body": .string("last")])]
    var plan = EventsPlan(
      scope: Scope(environment: "default", datasets: .all, time: .everything), columns: [FieldName.body, FieldName.ingestionTime],
      direction: direction, limit: 10, sequenceColumn: FieldName.ingestionTime)
    var found: [String] = []
    var after: LogPosition?
    while found.count <= events.count {
      let half = found.count % 2 == 0
      let page = try await patientEngine.events(
        plan, pieces: half ? [TestPiece(events)] : [TestPiece(Array(events.suffix(21))), TestPiece(Array(events.prefix(40)))])
      guard page.rowCount > 0 else { break }
      for row in 0..<min(3, page.rowCount) {
        var position = LogPosition(timeUnixNanoseconds: page.times[row], hash: page.hashes[row])
        if position.hash != 0 { position.count(behind: after) }
        #expect(LogPosition(digits: position.digits) == position)
        after = position
        found.append(page.columns[0].values[row]?.text ?? "")
      }
      plan.after = after?.cursor(direction)
    }
    #expect(found.sorted() == events.map { $0.fields["body"]?.text ?? "" }.sorted())
  }
}
