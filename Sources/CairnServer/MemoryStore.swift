// SPDX-License-Identifier: Apache-2.0
public import CairnBytes
public import CairnPlan
import Synchronization

/// A store that keeps nothing but counts: stands in for the engine in tests of the server and of the wire's speed.
public final class MemoryStore: IngestStore, EventStore {
  private let state = Mutex((requests: 0, bytes: 0))

  public init() {}

  /// Requests and bytes taken so far.
  public var counts: (requests: Int, bytes: Int) { state.withLock { $0 } }

  public func accept(_ header: RequestHeader, body: RawSpan) throws(IngestError) -> IngestOutcome {
    let byteCount = body.byteCount
    state.withLock { $0 = ($0.requests + 1, $0.bytes + byteCount) }
    return IngestOutcome(acceptedCount: 1, datasets: [.init(name: "memory", eventCount: 1)])
  }

  public func commit(_ outcome: IngestOutcome) async throws(IngestError) {}

  public func run(_ plan: Plan) async throws(QueryError) -> Answer { Answer() }

  public func bubbleUp(_ plan: BubbleUpPlan) async throws(QueryError) -> BubbleUpAnswer {
    BubbleUpAnswer(selectionCount: 0, baselineCount: 0, columns: [], info: ReadingInfo())
  }

  public func trace(_ id: TraceID, environment: String) async throws(QueryError) -> TraceAnswer {
    TraceAnswer(traceID: id, events: [], info: ReadingInfo())
  }

  public func traces(_ plan: TraceSearchPlan) async throws(QueryError) -> TraceSearchAnswer {
    TraceSearchAnswer(traces: [], info: ReadingInfo())
  }

  public func datasets(environment: String) async throws(QueryError) -> [DatasetSummary] { [] }

  public func columns(_ scope: Scope) async throws(QueryError) -> [ColumnSummary] { [] }

  public func events(_ scope: Scope, filter: Filter, limit: Int) async throws(QueryError) -> [Event] { [] }
}
