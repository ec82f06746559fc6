// SPDX-License-Identifier: Apache-2.0
public import CairnBytes

/// The seam between the doors and whatever keeps the events: the embedded engine by default, another database when one machine is
/// not enough. One contract suite runs on every implementation.
///
/// All calls may come from any task. A query stops with `.cancelled` when its task is cancelled.
public protocol EventStore: Sendable {
  /// Groups and calculates; see `Plan`.
  func run(_ plan: Plan) async throws(QueryError) -> Answer
  /// The text structures that the values of a field share.
  func patterns(_ plan: PatternPlan) async throws(QueryError) -> PatternAnswer
  /// Compares two sets of events over all columns.
  func bubbleUp(_ plan: BubbleUpPlan) async throws(QueryError) -> BubbleUpAnswer
  /// Everything of one trace; no events where there is none.
  func trace(_ id: TraceID, environment: String) async throws(QueryError) -> TraceAnswer
  /// The same for several traces in one pass, in the order of `ids`, one answer each; those that are not there have no events.
  func traces(ids: [TraceID], environment: String) async throws(QueryError) -> [TraceAnswer]
  /// Traces with at least one span that matches.
  func traces(_ plan: TraceSearchPlan) async throws(QueryError) -> TraceSearchAnswer
  /// Services and the calls between them; see `ServiceGraphPlan`.
  func serviceGraph(_ plan: ServiceGraphPlan) async throws(QueryError) -> ServiceGraphAnswer
  /// Traces by the conditions that their events meet, newest first; see `TraceCandidatePlan`.
  func traceCandidates(_ plan: TraceCandidatePlan) async throws(QueryError) -> TraceCandidateAnswer
  /// The datasets of an environment, by name.
  func datasets(environment: String) async throws(QueryError) -> [DatasetSummary]
  /// The columns of the datasets, by name; virtual ones are not among them.
  func columns(_ scope: Scope) async throws(QueryError) -> [ColumnSummary]
  /// A page of single events; see `EventsPlan`.
  func events(_ plan: EventsPlan) async throws(QueryError) -> EventsAnswer
  /// Opens a feed of the events that are acknowledged from now on; whoever opened it closes it.
  func follow(_ plan: EventsPlan) -> EventFeed
  /// A feed of the events of one body, as `accept` would keep them, and of nothing else.
  func feed(_ plan: EventsPlan, of header: RequestHeader, body: RawSpan) -> EventFeed
  /// The events of a feed since the last time that match its plan, in the plan's order, at most `limit`.
  func read(_ feed: EventFeed, limit: Int) async throws(QueryError) -> FeedAnswer
}

/// Why a question has no answer.
public enum QueryError: Error, Sendable, Hashable {
  /// The question itself is wrong; `field` names the part, such as `calculations[0].column`.
  case invalid(field: String, reason: String)
  case cancelled
  /// It took longer or needed more memory than a question may.
  case overBudget(String)
  case unavailable(String)
}
