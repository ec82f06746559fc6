// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnXRay

/// Finds the traces that an expression means, newest first: the engine names candidates by its columns, each is read and asked exactly.
struct TraceFinder: Sendable {
  /// What must lie inside the time: the trace's start, any of its documents, or any segment.
  enum Kind: Sendable {
    case traceID
    case event
    case service
  }
  enum Sampling: Sendable {
    case none
    /// Only the newest candidates are looked at.
    case partialScan
    /// About this share of all traces, always the same ones.
    case fixedRate(Double)
  }
  struct Found: Sendable {
    var place: TraceCandidatePlan.Place
    var story: TraceStory
  }
  struct Page: Sendable {
    var found: [Found] = []
    var lookedAtCount = 0
    var oldestUnixNanoseconds: Int64
    /// Where the next page begins; nil where there is none.
    var next: TraceCandidatePlan.Place?
  }
  let state: ServerState
  let environment: String
  let time: TimeRange
  let expression: FilterExpression
  var kind = Kind.traceID
  var sampling = Sampling.none
  var after: TraceCandidatePlan.Place?

  init(state: ServerState, environment: String, time: TimeRange, expression: FilterExpression) {
    self.state = state
    self.environment = environment
    self.time = time
    self.expression = expression
  }

  /// The conditions that the expression's traces meet.
  func condition() async throws(Refusal) -> TraceCondition {
    var metadata: [String] = []
    if expression.asksForMetadata {
      let scope = Scope(environment: environment, datasets: .all, time: .everything)
      let columns = try await state.desk.ask { () async throws(QueryError) in try await state.store.columns(scope) }
      metadata = columns.map(\.name).filter { $0.hasPrefix(SegmentField.metadataPrefix) }
    }
    return TraceCondition(events: expression.candidates(metadataColumns: metadata))
  }

  func page(limit: Int, lookedAtMax: Int) async throws(Refusal) -> Page {
    let condition = try await condition()
    var page = Page(oldestUnixNanoseconds: time.startUnixNanoseconds)
    var after = after
    while true {
      let plan = TraceCandidatePlan(
        environment: environment, time: time, instant: instant, condition: condition, isSpan: ServiceGraphRules.xray.isSpan, after: after,
        limit: limit)
      let candidates = try await state.desk.ask { () async throws(QueryError) in try await state.store.traceCandidates(plan) }
      let places = candidates.places.filter { isSampled($0.traceID) }
      let stories = try await read(places.map(\.traceID))
      for (place, story) in zip(places, stories) {
        page.lookedAtCount += 1
        after = place
        if expression.passes(story) { page.found.append(Found(place: place, story: story)) }
        if page.found.count == limit { break }
      }
      let isFull = page.found.count == limit
      if !isFull, let last = candidates.places.last { after = last }
      page.oldestUnixNanoseconds = after?.unixNanoseconds ?? page.oldestUnixNanoseconds
      let hasMore = candidates.hasMore || (isFull && after != candidates.places.last)
      guard hasMore, !candidates.places.isEmpty else { return page }
      if case .partialScan = sampling { return page }
      if isFull || page.lookedAtCount >= lookedAtMax {
        page.next = after
        return page
      }
    }
  }

  private var instant: TraceCandidatePlan.Instant {
    switch kind {
    case .traceID: .start
    case .event: .anySpan(.everything)
    case .service: .anySpan(ServiceGraphRules.xray.isEntry)
    }
  }

  private func isSampled(_ id: TraceID) -> Bool {
    guard case .fixedRate(let rate) = sampling else { return true }
    return Double((id.low ^ id.high) & 0xffff) < rate * 65_536
  }

  private func read(_ ids: [TraceID]) async throws(Refusal) -> [TraceStory] {
    guard !ids.isEmpty else { return [] }
    return try await state.desk.ask { () async throws(QueryError) in
      guard ids.count > 8 else { return try await stories(ids[...]).get() }
      // Two halves at once: most of the time of a page goes into this.
      async let first = stories(ids[..<(ids.count / 2)])
      let second = await stories(ids[(ids.count / 2)...])
      return try await first.get() + second.get()
    }
  }

  private func stories(_ ids: ArraySlice<TraceID>) async -> Result<[TraceStory], QueryError> {
    do throws(QueryError) {
      let answers = try await state.store.traces(ids: Array(ids), environment: environment)
      return .success(answers.map { TraceStory(traceID: $0.traceID, events: $0.events) })
    } catch {
      return .failure(error)
    }
  }
}
