// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnPlan

/// A store whose questions may name derived columns: each question takes along the formulas of those that it names.
struct FormulaStore: CairnStore {
  let base: any CairnStore
  let book: FormulaBook

  func accept(_ header: RequestHeader, body: RawSpan) throws(IngestError) -> IngestOutcome { try base.accept(header, body: body) }
  func commit(_ outcome: IngestOutcome) async throws(IngestError) { try await base.commit(outcome) }

  func run(_ plan: Plan) async throws(QueryError) -> Answer {
    var plan = plan
    plan.scope = book.deriving(plan.scope, plan.filter.columns + plan.breakdowns + plan.calculations.flatMap(\.columns))
    return try await base.run(plan)
  }

  func patterns(_ plan: PatternPlan) async throws(QueryError) -> PatternAnswer {
    var plan = plan
    plan.scope = book.deriving(plan.scope, plan.filter.columns + [plan.column])
    return try await base.patterns(plan)
  }

  func bubbleUp(_ plan: BubbleUpPlan) async throws(QueryError) -> BubbleUpAnswer {
    var plan = plan
    plan.scope = book.deriving(plan.scope, plan.filter.columns + plan.selection.columns + (plan.baseline?.columns ?? []))
    return try await base.bubbleUp(plan)
  }

  func traces(_ plan: TraceSearchPlan) async throws(QueryError) -> TraceSearchAnswer {
    var plan = plan
    plan.scope = book.deriving(plan.scope, plan.filter.columns)
    return try await base.traces(plan)
  }

  func events(_ plan: EventsPlan) async throws(QueryError) -> EventsAnswer {
    var plan = plan
    plan.scope = book.deriving(plan.scope, plan.filter.columns + plan.columns)
    return try await base.events(plan)
  }

  func follow(_ plan: EventsPlan) -> EventFeed {
    var plan = plan
    plan.scope = book.deriving(plan.scope, plan.filter.columns + plan.columns)
    return base.follow(plan)
  }

  func feed(_ plan: EventsPlan, of header: RequestHeader, body: RawSpan) -> EventFeed { base.feed(plan, of: header, body: body) }

  func read(_ feed: EventFeed, limit: Int) async throws(QueryError) -> FeedAnswer { try await base.read(feed, limit: limit) }
  func trace(_ id: TraceID, environment: String) async throws(QueryError) -> TraceAnswer { try await base.trace(id, environment: environment) }
  func traces(ids: [TraceID], environment: String) async throws(QueryError) -> [TraceAnswer] {
    try await base.traces(ids: ids, environment: environment)
  }
  func serviceGraph(_ plan: ServiceGraphPlan) async throws(QueryError) -> ServiceGraphAnswer { try await base.serviceGraph(plan) }
  func traceCandidates(_ plan: TraceCandidatePlan) async throws(QueryError) -> TraceCandidateAnswer { try await base.traceCandidates(plan) }
  func datasets(environment: String) async throws(QueryError) -> [DatasetSummary] { try await base.datasets(environment: environment) }
  func columns(_ scope: Scope) async throws(QueryError) -> [ColumnSummary] { try await base.columns(scope) }
}
