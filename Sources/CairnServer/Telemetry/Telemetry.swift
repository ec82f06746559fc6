// SPDX-License-Identifier: Apache-2.0
import CairnPlan
import Synchronization

/// What the server counts while it works.
///
/// Bounded: the label values are the server's own (routes, statuses, doors, kinds of refusal), never a client's.
final class Telemetry: Sendable {
  struct RequestKey: Hashable, Sendable {
    var route: String
    var status: Int
  }
  struct RefusalKey: Hashable, Sendable {
    /// A door's name, or `none` for what is no door.
    var door: String
    var reason: String
  }
  struct Counts: Sendable {
    var requests: [RequestKey: Int] = [:]
    var refusals: [RefusalKey: Int] = [:]
    var receivedBytes: [String: Int] = [:]
    var queries = DurationHistogram()
    var ingests = DurationHistogram()
  }
  private let state = Mutex(Counts())

  var counts: Counts { state.withLock { $0 } }

  func request(route: String, status: Int) {
    state.withLock { $0.requests[RequestKey(route: route, status: status), default: 0] += 1 }
  }

  /// A request that was not served.
  func refusal(door: String?, reason: String) {
    state.withLock { $0.refusals[RefusalKey(door: door ?? "none", reason: reason), default: 0] += 1 }
  }

  /// A request that came in by a door and was answered, with the bytes of its body as sent.
  func ingest(door: String, bytes: Int, _ duration: Duration) {
    state.withLock { (counts) in
      counts.receivedBytes[door, default: 0] += bytes
      counts.ingests.add(duration)
    }
  }

  func query(_ duration: Duration) { state.withLock { $0.queries.add(duration) } }
}
