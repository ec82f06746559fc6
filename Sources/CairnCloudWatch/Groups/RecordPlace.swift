// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnPlan

/// Where a single event is: its time, and the number that its intake gave it, or a hash of what it says where it has none.
///
/// The hash (FNV-1a over dataset, stream and text) is the same in every process and leaves out the 5 bits that a `LogPosition` of no number
/// writes elsewhere. Events that are alike in all of this are not told apart.
public struct RecordPlace: Sendable {
  private var plan: EventsPlan
  private let hash: UInt64?

  /// The place that an event id names: a line of any dataset. `isThere` leaves out what was deleted.
  public init(_ position: LogPosition, environment: String, isThere: Filter) {
    self.init(
      .all, environment, position.timeUnixNanoseconds, position.sequence, position.hash,
      .all([.compare(column: FieldName.signalType, .equal, .string("log")), isThere]))
  }

  /// The place that an `@ptr` names: an event of its dataset. `isThere` leaves out what was deleted.
  public init(_ pointer: InsightsPointer, environment: String, isThere: Filter) {
    self.init(.named([pointer.dataset]), environment, pointer.unixNanoseconds, pointer.arrival, pointer.hash, isThere)
  }

  private init(_ datasets: DatasetScope, _ environment: String, _ time: Int64, _ number: Int64, _ hash: UInt64, _ kind: Filter) {
    let range = TimeRange(startUnixNanoseconds: time, endUnixNanoseconds: time == .max ? .max : time + 1)
    let own: Filter =
      number == 0 ? .not(.exists(column: FieldName.ingestionTime)) : .compare(column: FieldName.ingestionTime, .equal, .integer(number))
    self.hash = number == 0 ? hash : nil
    plan = EventsPlan(
      scope: Scope(environment: environment, datasets: datasets, time: range), filter: .all([kind, own]), limit: number == 0 ? 1_000 : 1,
      sequenceColumn: FieldName.ingestionTime)
  }

  /// The event; nil where it is no longer there.
  public func find<Failure: Error>(
    _ events: (EventsPlan) async throws(Failure) -> EventsAnswer
  ) async throws(Failure) -> Event? {
    var plan = plan
    while true {
      let page = try await events(plan)
      for row in 0..<page.rowCount {
        let event = page.event(row)
        guard let hash else { return event }
        let text = event[FieldName.body] ?? event[FieldName.spanID]
        if Self.hash(dataset: event.dataset, stream: event[FieldName.logStream], text: text) == hash { return event }
      }
      guard page.hasMore, let cursor = page.cursor else { return nil }
      plan.after = cursor
    }
  }

  /// The hash of an event without a number; the text of a span is its id.
  public static func hash(dataset: String, stream: FieldValue?, text: FieldValue?) -> UInt64 {
    let words = "\(dataset)\0\(stream?.text ?? LogField.defaultStream)\0\(text?.text ?? "")"
    return words.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } & ~31
  }
}
