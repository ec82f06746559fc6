// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnPlan
import Synchronization

/// Which traces, and of which time, a retrieval token stands for. Memory only; the oldest make room.
final class RetrievalShelf: Sendable {
  struct Retrieval: Sendable, Hashable {
    var environment: String
    var ids: [TraceID]
    var time: TimeRange
    var isCancelled = false
  }
  private struct State {
    var retrievals: [String: Retrieval] = [:]
    var order: [String] = []
  }
  private let state = Mutex(State())
  private static let countMax = 1_000

  /// Keeps the ids; the result is their token.
  func add(_ ids: [TraceID], _ time: TimeRange, environment: String) -> String {
    let token = AWSErrorResponse.requestID()
    state.withLock { (state) in
      state.retrievals[token] = Retrieval(environment: environment, ids: ids, time: time)
      state.order.append(token)
      if state.order.count > Self.countMax { state.retrievals[state.order.removeFirst()] = nil }
    }
    return token
  }

  subscript(_ token: String) -> Retrieval? { state.withLock { $0.retrievals[token] } }

  func cancel(_ token: String) { state.withLock { $0.retrievals[token]?.isCancelled = true } }
}
