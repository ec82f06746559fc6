// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import Synchronization

/// How often items happened in a time, and how that was spread over it: counted from the events, one for each failure. What one door alone
/// tells of an item the engine counts; the reports of several doors are read and compared.
struct ItemTimes: Sendable {
  let state: ServerState
  let tenant: String
  let time: TimeRange

  /// Bars of a time; steps are aligned, so there may be one more.
  private static let barCount: Int64 = 24
  /// Reports of several doors that are compared; where there are more, the door that told most says how many.
  private static let reportCountMax = 50_000

  /// The failures of one item: in all, and by the steps of the time.
  struct Spread: Sendable, Hashable {
    var bars: [Int]
    var count: Int

    init(_ bars: [Int]) {
      self.bars = bars
      count = bars.reduce(0, +)
    }
  }

  /// What was counted, by the ids of items; what is not here did not happen in the time. A group has what its members have together.
  struct Counted: Sendable {
    var startUnixNanoseconds: Int64
    var stepNanoseconds: Int64
    var spreads: [Int64: Spread] = [:]

    func count(of item: Item) -> Int { spreads[item.id]?.count ?? 0 }

    /// When the bars are.
    func write(_ writer: inout JSONWriter) {
      writer.object("bars") { (writer) in
        writer.member("start_us", startUnixNanoseconds / 1_000)
        writer.member("step_us", stepNanoseconds / 1_000)
      }
    }
  }

  func counted() async throws(Refusal) -> Counted {
    let step = max(1, time.durationNanoseconds / Self.barCount + (time.durationNanoseconds % Self.barCount > 0 ? 1 : 0))
    let plan = Plan(
      scope: Scope(environment: tenant, datasets: .all, time: time), filter: .exists(column: FieldName.itemHash),
      breakdowns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash, FieldName.occurrenceDoor],
      orders: [Order(.calculation(.count), .descending)], limit: 10_000, granularityNanoseconds: step)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    guard let series = answer.series else { return Counted(startUnixNanoseconds: time.startUnixNanoseconds, stepNanoseconds: step) }
    var counted = Counted(startUnixNanoseconds: series.startUnixNanoseconds, stepNanoseconds: series.stepNanoseconds)
    let told = told(answer, series)
    let several = comparable(told)
    let compared = several.isEmpty ? [:] : try await compared(several, series)
    for (item, doors) in told { counted.spreads[item] = Spread(compared[item] ?? Self.most(doors)) }
    addGroups(&counted)
    return counted
  }

  /// What each door told of each item.
  private func told(_ answer: Answer, _ series: AnswerSeries) -> [Int64: [String: [Int]]] {
    let known = state.book.state.withLock { $0.itemOfIdentity }
    guard let counts = series.values.first else { return [:] }
    var told: [Int64: [String: [Int]]] = [:]
    for row in 0..<answer.rowCount {
      let texts = answer.columns.prefix(4).map { $0.values[row]?.text ?? "" }
      guard let item = known[ItemIdentity(tenant: tenant, project: texts[0], environment: texts[1], hash: texts[2])] else { continue }
      let bars = counts[row].map { Int($0 ?? 0) }
      told[item, default: [:]][texts[3]] = Self.sum(told[item]?[texts[3]], bars)
    }
    return told
  }

  /// Items that several doors told of, the rarer first, as far as their reports may be read.
  private func comparable(_ told: [Int64: [String: [Int]]]) -> Set<Int64> {
    let several = told.filter { $0.value.count > 1 }.map { (item: $0.key, count: $0.value.values.reduce(0) { $0 + $1.reduce(0, +) }) }
    var (chosen, left): (Set<Int64>, Int) = ([], Self.reportCountMax)
    for entry in several.sorted(by: { ($0.count, $0.item) < ($1.count, $1.item) }) {
      left -= entry.count
      guard left >= 0 else { break }
      chosen.insert(entry.item)
    }
    return chosen
  }

  private func compared(_ items: Set<Int64>, _ series: AnswerSeries) async throws(Refusal) -> [Int64: [Int]] {
    let (known, hashes) = state.book.state.withLock { (state) in
      (state.itemOfIdentity, items.flatMap { state.items[$0]?.identities.map { FieldValue.string($0.hash) } ?? [] })
    }
    let plan = EventsPlan(
      scope: Scope(environment: tenant, datasets: .all, time: time), filter: .oneOf(column: FieldName.itemHash, hashes),
      columns: FailureList.columns, limit: EventsPlan.limitMax)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }
    // Hashes that other items have besides: too many to be compared.
    guard !answer.hasMore else { return [:] }
    let events = answer.events
    var compared: [Int64: [Int]] = [:]
    for line in FailureList(state: state, tenant: tenant).lines(events) {
      let event = events[line.place]
      guard let item = known[OccurrenceNote(event, tenant: tenant).item], items.contains(item) else { continue }
      let bar = Int((event.timeUnixNanoseconds - series.startUnixNanoseconds) / series.stepNanoseconds)
      guard (0..<series.bucketCount).contains(bar) else { continue }
      compared[item, default: [Int](repeating: 0, count: series.bucketCount)][bar] += 1
    }
    return compared
  }

  private func addGroups(_ counted: inout Counted) {
    let groups = state.book.state.withLock { (state) in counted.spreads.keys.compactMap { (id) in state.items[id]?.groupItemID.map { (id, $0) } } }
    for (member, group) in groups {
      guard let bars = counted.spreads[member]?.bars else { continue }
      counted.spreads[group] = Spread(Self.sum(counted.spreads[group]?.bars, bars))
    }
  }

  /// Bar by bar, what the door says that told most in it.
  private static func most(_ doors: [String: [Int]]) -> [Int] {
    doors.values.reduce(into: []) { (most, bars) in
      most = most.isEmpty ? bars : zip(most, bars).map(max)
    }
  }

  private static func sum(_ known: [Int]?, _ bars: [Int]) -> [Int] { known.map { zip($0, bars).map(+) } ?? bars }
}
