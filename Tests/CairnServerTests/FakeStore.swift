// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import Synchronization

@testable import CairnServer

/// A store that remembers what it was asked and answers what the test says.
final class FakeStore: IngestStore, EventStore {
  struct Script: Sendable {
    var outcome: Result<IngestOutcome, IngestError> = .success(
      IngestOutcome(acceptedCount: 2, datasets: [.init(name: "api", eventCount: 2)], journalPosition: 7))
    var commit: IngestError?
    var answer: Result<Answer, QueryError> = .success(Answer())
    var datasets: [DatasetSummary] = [
      DatasetSummary(name: "My App", eventCount: 3, firstUnixNanoseconds: 1000, lastUnixNanoseconds: 2000)
    ]
    var columns: [ColumnSummary] = [ColumnSummary(name: "duration_ms", type: .float, eventCount: 3)]
    var events: [Event] = []
    var traces: [TraceSummary] = []
    var graph = ServiceGraphAnswer(nodes: [], edges: [], traceCount: 0, info: ReadingInfo())
    /// Questions wait until the gate opens, or their task is cancelled.
    var isGateClosed = false
  }
  struct Seen: Sendable {
    var header: RequestHeader
    var body: [UInt8]
  }
  struct Log: Sendable {
    var ingested: [Seen] = []
    var committed: [UInt64] = []
    var plans: [Plan] = []
    var bubbleUps: [BubbleUpPlan] = []
    var searches: [TraceSearchPlan] = []
    var graphs: [ServiceGraphPlan] = []
    var cancelledCount = 0
    var eventQuestionCount = 0
  }
  let script: Mutex<Script>
  let log = Mutex(Log())
  /// Every acknowledged request is offered to these; what is read from them are the script's events.
  let feeds = Mutex<[EventFeed]>([])

  init(_ script: Script = Script()) { self.script = Mutex(script) }

  func accept(_ header: RequestHeader, body: RawSpan) throws(IngestError) -> IngestOutcome {
    let bytes = unsafe body.withUnsafeBytes { unsafe Array($0) }
    log.withLock { $0.ingested.append(Seen(header: header, body: bytes)) }
    return try script.withLock { $0.outcome }.get()
  }

  func commit(_ outcome: IngestOutcome) async throws(IngestError) {
    if let error = script.withLock({ $0.commit }) { throw error }
    log.withLock { $0.committed.append(outcome.journalPosition) }
    for feed in feeds.withLock({ $0 }) { _ = feed.offer(OneRow()) }
  }

  func run(_ plan: Plan) async throws(QueryError) -> Answer {
    log.withLock { $0.plans.append(plan) }
    while script.withLock({ $0.isGateClosed }) {
      if Task.isCancelled {
        log.withLock { $0.cancelledCount += 1 }
        throw .cancelled
      }
      await Task.yield()
    }
    return try script.withLock { $0.answer }.get()
  }

  func patterns(_ plan: PatternPlan) async throws(QueryError) -> PatternAnswer { PatternAnswer() }

  func bubbleUp(_ plan: BubbleUpPlan) async throws(QueryError) -> BubbleUpAnswer {
    log.withLock { $0.bubbleUps.append(plan) }
    return BubbleUpAnswer(selectionCount: 1, baselineCount: 3, columns: [], info: ReadingInfo())
  }

  func trace(_ id: TraceID, environment: String) async throws(QueryError) -> TraceAnswer {
    let events = environment == "default" ? script.withLock { $0.events } : []
    return TraceAnswer(traceID: id, events: events, info: ReadingInfo())
  }

  func serviceGraph(_ plan: ServiceGraphPlan) async throws(QueryError) -> ServiceGraphAnswer {
    log.withLock { $0.graphs.append(plan) }
    return script.withLock { $0.graph }
  }

  func traceCandidates(_ plan: TraceCandidatePlan) async throws(QueryError) -> TraceCandidateAnswer {
    TraceCandidateAnswer(places: [], hasMore: false, matchedCount: 0, info: ReadingInfo())
  }

  func traces(_ plan: TraceSearchPlan) async throws(QueryError) -> TraceSearchAnswer {
    log.withLock { $0.searches.append(plan) }
    return TraceSearchAnswer(traces: script.withLock { $0.traces }, info: ReadingInfo())
  }

  func datasets(environment: String) async throws(QueryError) -> [DatasetSummary] {
    environment == "default" ? script.withLock { $0.datasets } : []
  }

  func columns(_ scope: Scope) async throws(QueryError) -> [ColumnSummary] { script.withLock { $0.columns } }

  func traces(ids: [TraceID], environment: String) async throws(QueryError) -> [TraceAnswer] {
    var answers: [TraceAnswer] = []
    for id in ids { answers.append(try await trace(id, environment: environment)) }
    return answers
  }

  func follow(_ plan: EventsPlan) -> EventFeed {
    let feed = EventFeed(plan)
    feeds.withLock { $0.append(feed) }
    return feed
  }

  func feed(_ plan: EventsPlan, of header: RequestHeader, body: RawSpan) -> EventFeed { EventFeed(plan) }

  func read(_ feed: EventFeed, limit: Int) async throws(QueryError) -> FeedAnswer {
    let (pieces, droppedCount) = feed.take()
    if pieces.isEmpty { return FeedAnswer(missedCount: droppedCount) }
    var plan = feed.plan
    plan.limit = limit
    return FeedAnswer(events: try await events(plan), missedCount: droppedCount)
  }

  func events(_ plan: EventsPlan) async throws(QueryError) -> EventsAnswer {
    log.withLock { $0.eventQuestionCount += 1 }
    let events = Array(script.withLock { $0.events }.reversed().prefix(plan.limit))
    var names: Set<String> = []
    for event in events { names.formUnion(event.fields.map(\.name)) }
    return EventsAnswer(
      times: events.map(\.timeUnixNanoseconds), datasets: events.map(\.dataset), hashes: events.map { _ in 0 },
      columns: names.sorted().map { (name) in EventColumn(name: name, values: events.map { $0[name] }) })
  }
}

/// A piece that only counts.
final class OneRow: Piece {
  let rowCount = 1
  let runs: [DatasetRun] = []
  let columns: [(key: ColumnKey, presentCount: Int)] = []
  let isSealed = false
  func column(_ key: ColumnKey) throws(PieceError) -> ScanColumn? { nil }
}
