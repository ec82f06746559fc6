// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnColumns
import CairnPlan

/// Records of OpenTelemetry without a body, as events of its Events API are: their message is all their fields as JSON, as in Insights.
extension LogsDesk {
  private struct Alike: Hashable {
    let unixNanoseconds: Int64
    let stream: String
  }

  /// The messages of the rows of a page that have no body. They are read by themselves: pages of lines need no more than their texts.
  /// `place` tells of a row how many that look the same lie before it.
  func bareMessages(
    _ answer: EventsAnswer, _ plan: EventsPlan, place: (Int) -> Int
  ) async throws(LogsError) -> [Int: String] {
    let bare = (0..<answer.rowCount).filter { answer.columns[0].values[$0] == nil }
    guard let first = bare.map({ answer.times[$0] }).min(), let last = bare.map({ answer.times[$0] }).max(), last < .max else { return [:] }
    var whole = EventsPlan(
      scope: plan.scope, filter: .all([plan.filter, .not(.exists(column: FieldName.body))]), direction: plan.direction, limit: EventsPlan.limitMax)
    whole.scope.time = TimeRange(startUnixNanoseconds: first, endUnixNanoseconds: last + 1)
    let asked = whole
    let found = try await ask { store throws(QueryError) in try await store.events(asked) }
    let streams = found.columns.first { $0.name == FieldName.logStream }?.values
    var rows: [Alike: [Int]] = [:]
    for row in 0..<found.rowCount {
      rows[Alike(unixNanoseconds: found.times[row], stream: streams?[row]?.text ?? LogField.defaultStream), default: []].append(row)
    }
    var messages: [Int: String] = [:]
    for row in bare {
      let alike = rows[Alike(unixNanoseconds: answer.times[row], stream: answer.columns[1].values[row]?.text ?? LogField.defaultStream)] ?? []
      let place = place(row)
      if alike.indices.contains(place) { messages[row] = recordText(found.event(alike[place])) }
    }
    return messages
  }
}
