// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import Synchronization

/// Something on its way to a webhook.
struct Delivery: Sendable {
  var environment: String
  /// What it comes from, for people: `subscription /app errors`, `alarm too-slow`.
  var source: String
  var address: WebhookAddress
  var body: [UInt8]
  var headers: [(String, String)]
  var createdUnixMilliseconds: Int64
}

/// Sends deliveries: each tried up to six times over half a minute, several at once, and remembered with what came of it.
///
/// In memory: what is under way when the server stops is lost, and says so in no history.
final class DeliveryDesk: Sendable {
  /// What came of a delivery.
  struct Record: Sendable, Hashable {
    var environment: String
    var source: String
    var url: String
    var createdUnixMilliseconds: Int64
    var byteCount: Int
    var attempts: Int
    /// The last status, or nil where nobody answered.
    var status: Int?
    /// `delivered`, `failed`, or `dropped` where too many were under way.
    var state: String
    var reason: String
  }
  private struct State {
    var underWay = 0
    var history: [Record] = []
  }
  private let state = Mutex(State())
  private static let underWayMax = 256
  private static let historyMax = 200
  private static let attemptsMax = 6
  private static let timeoutSeconds = 10

  private let guardian: AddressGuard

  /// `hosts` inside this network may be delivered to; others must be on the public internet.
  init(hosts: [String]) { guardian = AddressGuard(allowedHosts: Set(hosts)) }

  /// Why nothing can be delivered there, or nil.
  func refusal(_ address: WebhookAddress) async -> String? {
    do throws(DeliveryError) {
      _ = try await guardian.address(of: try WebTarget(address.url))
      return nil
    } catch {
      return error.reason
    }
  }

  func send(_ delivery: Delivery) {
    let isRoom = state.withLock { state in
      guard state.underWay < Self.underWayMax else { return false }
      state.underWay += 1
      return true
    }
    guard isRoom else {
      return note(delivery, attempts: 0, status: nil, "dropped", "\(Self.underWayMax) deliveries are under way")
    }
    Task {
      await attempt(delivery)
      state.withLock { $0.underWay -= 1 }
    }
  }

  private func attempt(_ delivery: Delivery) async {
    var wait = 1.0
    var last: (status: Int?, reason: String) = (nil, "")
    for attempt in 1...Self.attemptsMax {
      do {
        let status = try await post(delivery)
        if status < 300 { return note(delivery, attempts: attempt, status: status, "delivered", "") }
        last = (status, "the answer was \(status)")
        // What the other side calls our mistake does not get better by being repeated.
        if status < 500, status != 408, status != 429 {
          return note(delivery, attempts: attempt, status: status, "failed", last.reason)
        }
      } catch let error as DeliveryError {
        last = (nil, error.reason)
        if error.isLasting { return note(delivery, attempts: attempt, status: nil, "failed", error.reason) }
      } catch {
        last = (nil, "\(error)")
      }
      guard attempt < Self.attemptsMax else { break }
      try? await Task.sleep(for: .seconds(wait))
      wait *= 2
    }
    note(delivery, attempts: Self.attemptsMax, status: last.status, "failed", last.reason)
  }

  /// The status of one attempt, within ten seconds; the address is checked each time and resolved once.
  private func post(_ delivery: Delivery) async throws -> Int {
    let address = try await guardian.address(of: try WebTarget(delivery.address.url))
    let client = APIClient(server: Endpoint(host: address, port: delivery.address.endpoint.port))
    let headers = delivery.headers + [("host", delivery.address.endpoint.text), ("user-agent", "cairn")]
    return try await withThrowingTaskGroup(of: Int.self) { tasks in
      tasks.addTask { try await client.send("POST", delivery.address.path, headers: headers, body: delivery.body).status }
      tasks.addTask {
        try await Task.sleep(for: .seconds(Self.timeoutSeconds))
        throw DeliveryError("no answer within \(Self.timeoutSeconds) s", isLasting: false)
      }
      defer { tasks.cancelAll() }
      return try await tasks.next() ?? 0
    }
  }

  private func note(_ delivery: Delivery, attempts: Int, status: Int?, _ outcome: String, _ reason: String) {
    let record = Record(
      environment: delivery.environment, source: delivery.source,
      url: delivery.address.url,
      createdUnixMilliseconds: delivery.createdUnixMilliseconds, byteCount: delivery.body.count, attempts: attempts,
      status: status,
      state: outcome, reason: String(reason.prefix(300)))
    state.withLock { state in
      state.history.append(record)
      if state.history.count > Self.historyMax { state.history.removeFirst(state.history.count - Self.historyMax) }
    }
  }

  /// Newest first.
  func history(_ environment: String) -> [Record] {
    state.withLock { $0.history }.filter { $0.environment == environment }.reversed()
  }

  func reset() { state.withLock { $0.history = [] } }
}
