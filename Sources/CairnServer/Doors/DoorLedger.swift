// SPDX-License-Identifier: Apache-2.0
import CairnPlan
import Synchronization

/// What came in by which door and what was refused: the page of doors, and the figures of `/metrics`.
///
/// Memory only and bounded: counters per door and signal, the latest 100 kinds of rejection, the latest 50 arrivals. A kind of rejection is
/// one door, method, path, status and reason. Calls may come from any thread; each is a short critical section.
final class DoorLedger: Sendable {
  /// Arrivals of one signal at one door.
  struct Arrivals: Sendable, Hashable {
    var requestCount = 0
    var eventCount = 0
    /// Items that a partial success left out.
    var rejectedItemCount = 0
    /// 0 before the first.
    var lastUnixMicroseconds: Int64 = 0
  }
  /// Requests that were refused for one reason.
  struct Rejection: Sendable, Hashable {
    /// The tenant, where the request got as far as having one.
    var environment: String?
    var door: String
    var method: String
    var path: String
    var status: Int
    var reason: String
    var client: String
    var count = 1
    var lastUnixMicroseconds: Int64
  }
  /// One accepted request, for one of its datasets.
  struct Recent: Sendable, Hashable {
    var environment: String
    var unixMicroseconds: Int64
    var source: DoorSignal
    var dataset: String
    var eventCount: Int
  }
  /// Whose arrivals they are.
  private struct Source: Hashable {
    var environment: String
    var signal: DoorSignal
  }
  /// Who looks at the books.
  enum Reader: Sendable, Hashable {
    /// One tenant; with `seesStrangers` also refused requests that never had a tenant.
    case tenant(String, seesStrangers: Bool)
    case operators
  }
  /// Everything that a reader may see, at one moment.
  struct Snapshot: Sendable {
    var arrivals: [DoorSignal: Arrivals]
    /// Newest first.
    var rejections: [Rejection]
    /// Newest first.
    var recent: [Recent]
  }

  private struct State {
    var arrivals: [Source: Arrivals] = [:]
    /// Oldest first.
    var rejections: [Rejection] = []
    var recent: [Recent] = []
    var arrivalCount = 0
  }
  private let state = Mutex(State())
  private static let rejectionKindsMax = 100
  private static let recentMax = 50
  private static let textBytesMax = 300

  init() {}

  /// Counts an accepted request; a partial success is also a rejection, of the items that it left out.
  func accepted(_ source: DoorSignal, environment: String, _ outcome: IngestOutcome, unixMicroseconds: Int64) {
    state.withLock { state in
      let key = Source(environment: environment, signal: source)
      var arrivals = state.arrivals[key] ?? Arrivals()
      arrivals.requestCount += 1
      arrivals.eventCount += outcome.acceptedCount
      arrivals.rejectedItemCount += outcome.rejectedCount
      arrivals.lastUnixMicroseconds = max(arrivals.lastUnixMicroseconds, unixMicroseconds)
      state.arrivals[key] = arrivals
      state.arrivalCount += 1
      for dataset in outcome.datasets.prefix(8) {
        state.recent.append(
          Recent(
            environment: environment, unixMicroseconds: unixMicroseconds, source: source, dataset: dataset.name,
            eventCount: dataset.eventCount))
      }
      let excess = state.recent.count - Self.recentMax
      if excess >= Self.recentMax { state.recent.removeFirst(excess) }
    }
    guard outcome.rejectedCount > 0 else { return }
    rejected(
      Rejection(
        environment: environment, door: source.door.rawValue, method: "POST", path: source.path, status: 200,
        reason: "left out \(outcome.rejectedCount) items: \(outcome.rejectionReason)", client: "",
        lastUnixMicroseconds: unixMicroseconds))
  }

  /// Counts a refused request.
  func rejected(_ rejection: Rejection) {
    var fresh = rejection
    fresh.path = cut(fresh.path)
    fresh.reason = cut(fresh.reason)
    fresh.client = cut(fresh.client)
    state.withLock { state in
      if let index = state.rejections.lastIndex(where: { isSameKind($0, fresh) }) {
        fresh.count = state.rejections.remove(at: index).count + 1
      }
      state.rejections.append(fresh)
      if state.rejections.count > Self.rejectionKindsMax { state.rejections.removeFirst() }
    }
  }

  func snapshot(for reader: Reader) -> Snapshot {
    state.withLock { state in
      var arrivals: [DoorSignal: Arrivals] = [:]
      for (source, value) in state.arrivals where reader.sees(source.environment) {
        var sum = arrivals[source.signal] ?? Arrivals()
        sum.requestCount += value.requestCount
        sum.eventCount += value.eventCount
        sum.rejectedItemCount += value.rejectedItemCount
        sum.lastUnixMicroseconds = max(sum.lastUnixMicroseconds, value.lastUnixMicroseconds)
        arrivals[source.signal] = sum
      }
      return Snapshot(
        arrivals: arrivals, rejections: state.rejections.filter { reader.sees($0.environment) }.reversed(),
        recent: state.recent.filter { reader.sees($0.environment) }.suffix(Self.recentMax).reversed())
    }
  }

  /// Grows with every accepted request: who waits for events need not ask the store while it stands still.
  var arrivalCount: Int { state.withLock { $0.arrivalCount } }

  /// Forgets everything.
  func reset() { state.withLock { $0 = State() } }

  private func isSameKind(_ left: Rejection, _ right: Rejection) -> Bool {
    left.environment == right.environment && left.status == right.status && left.door == right.door && left.path == right.path
      && left.method == right.method
      && left.reason == right.reason
  }

  private func cut(_ text: String) -> String {
    text.utf8.count <= Self.textBytesMax ? text : String(text.prefix(Self.textBytesMax)) + "…"
  }
}

extension DoorLedger.Reader {
  /// True if the reader may see what belongs to this tenant; nil is nobody's.
  func sees(_ environment: String?) -> Bool {
    switch self {
    case .operators: true
    case .tenant(let own, let seesStrangers): environment.map { $0 == own } ?? seesStrangers
    }
  }
}
