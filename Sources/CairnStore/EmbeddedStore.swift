// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnIssues
public import CairnPlan
public import CairnQuery
public import CairnStorage

/// The store that needs no database: the archive for what is written, the engine for what is asked, and the clock that keeps both tidy.
///
/// Every question is answered over one snapshot: all that was accepted before it was asked, each event once.
public final class EmbeddedStore: EventStore, IngestStore {
  /// The archive underneath, for `fsck` and figures.
  public let archive: EventArchive
  let engine: QueryEngine
  private let feeds = FeedBoard()
  private let upkeep: Task<Void, Never>

  /// Opens the folder and begins to look after it once a second. Secrets are taken out of what comes, but for the environments named;
  /// errors are grouped by the versions of `groupings`, those of replayed journals too.
  public init(
    folder: String, settings: ArchiveSettings = ArchiveSettings(), budget: QueryBudget = QueryBudget(),
    unscrubbedEnvironments: [String] = [], groupings: GroupingPlan = GroupingPlan(), tellOccurrences: @escaping @Sendable ([OccurrenceNote]) -> Void = { _ in }
  ) throws(StorageError) {
    let archive = try EventArchive(
      files: try SystemFiles(folder: folder), settings: settings, decoders: Decoders.marking(groupings, tellOccurrences),
      scrub: Scrubbing.step(unscrubbed: unscrubbedEnvironments))
    self.archive = archive
    engine = QueryEngine(budget: budget)
    upkeep = Task {
      while !Task.isCancelled {
        archive.tick()
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// What questions left in memory for the next ones, beside columns.
  public var dictionaryByteCount: Int { engine.keptByteCount }

  /// Takes nothing more, writes what is in memory and returns.
  public func close() {
    upkeep.cancel()
    archive.close()
  }

  // MARK: The way in

  public func accept(_ header: RequestHeader, body: RawSpan) throws(IngestError) -> IngestOutcome {
    let outcome = try archive.accept(header, body: body)
    if feeds.isWatched, let piece = archive.preview(header, body: body) { feeds.hold(piece, outcome.journalPosition) }
    return outcome
  }

  public func commit(_ outcome: IngestOutcome) async throws(IngestError) {
    do {
      try await archive.commit(outcome)
    } catch {
      if feeds.isWatched { feeds.release(outcome.journalPosition, isAcknowledged: false) }
      throw error
    }
    if feeds.isWatched { feeds.release(outcome.journalPosition, isAcknowledged: true) }
  }

  // MARK: The way out

  public func run(_ plan: Plan) async throws(QueryError) -> Answer {
    let pieces = archive.snapshot()
    return try await engine.run(try await withoutSuperseded(plan, pieces), pieces: pieces)
  }

  public func follow(_ plan: EventsPlan) -> EventFeed {
    let feed = EventFeed(plan)
    feeds.add(feed)
    return feed
  }

  public func feed(_ plan: EventsPlan, of header: RequestHeader, body: RawSpan) -> EventFeed {
    let feed = EventFeed(plan)
    if let piece = archive.preview(header, body: body) { _ = feed.offer(piece) }
    return feed
  }

  public func read(_ feed: EventFeed, limit: Int) async throws(QueryError) -> FeedAnswer {
    let (pieces, droppedCount) = feed.take()
    if pieces.isEmpty { return FeedAnswer(missedCount: droppedCount) }
    var plan = feed.plan
    plan.limit = limit
    let events = try await engine.events(plan, pieces: pieces)
    guard events.hasMore else { return FeedAnswer(events: events, missedCount: droppedCount) }
    let count = try await engine.run(Plan(scope: plan.scope, filter: plan.filter), pieces: pieces).info.rowsMatched
    return FeedAnswer(events: events, missedCount: droppedCount + max(0, count - events.rowCount))
  }

  public func patterns(_ plan: PatternPlan) async throws(QueryError) -> PatternAnswer {
    try await engine.patterns(plan, pieces: archive.snapshot())
  }

  public func bubbleUp(_ plan: BubbleUpPlan) async throws(QueryError) -> BubbleUpAnswer {
    try await engine.bubbleUp(plan, pieces: archive.snapshot())
  }

  public func trace(_ id: TraceID, environment: String) async throws(QueryError) -> TraceAnswer {
    try await engine.trace(id, environment: environment, pieces: archive.snapshot())
  }

  public func traces(_ plan: TraceSearchPlan) async throws(QueryError) -> TraceSearchAnswer {
    try await engine.traces(plan, pieces: archive.snapshot())
  }

  public func datasets(environment: String) async throws(QueryError) -> [DatasetSummary] {
    try await engine.datasets(environment: environment, pieces: archive.snapshot())
  }

  public func columns(_ scope: Scope) async throws(QueryError) -> [ColumnSummary] {
    try await engine.columns(scope, pieces: archive.snapshot())
  }

  public func traces(ids: [TraceID], environment: String) async throws(QueryError) -> [TraceAnswer] {
    try await engine.traces(ids: ids, environment: environment, pieces: archive.snapshot())
  }

  public func serviceGraph(_ plan: ServiceGraphPlan) async throws(QueryError) -> ServiceGraphAnswer {
    try await engine.serviceGraph(plan, pieces: archive.snapshot())
  }

  public func traceCandidates(_ plan: TraceCandidatePlan) async throws(QueryError) -> TraceCandidateAnswer {
    try await engine.traceCandidates(plan, pieces: archive.snapshot())
  }

  public func events(_ plan: EventsPlan) async throws(QueryError) -> EventsAnswer {
    try await engine.events(plan, pieces: archive.snapshot())
  }
}
