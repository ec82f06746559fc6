// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnPlan
import Synchronization

/// The Insights queries of the last days, running or finished, until newer ones push them out.
///
/// Memory only: at most 1000 queries and 128 MiB of results, the oldest finished first to go. AWS keeps results seven days; here a restart
/// forgets them.
final class InsightsShelf: Sendable {
  enum Status: String, Sendable, CaseIterable {
    case scheduled = "Scheduled"
    case running = "Running"
    case complete = "Complete"
    case failed = "Failed"
    case cancelled = "Cancelled"
    case timeout = "Timeout"
    case unknown = "Unknown"

    var isEnd: Bool { self != .scheduled && self != .running }
  }

  /// One query as it stands.
  struct Entry: Sendable {
    var id: String
    var environment: String
    /// As DescribeQueries shows it.
    var queryString: String
    var groups: [String]
    var createdUnixMilliseconds: Int64
    var status = Status.scheduled
    var reason: String?
    var columns: [String] = []
    var rows: [InsightsTask.ResultRow] = []
    var statistics = InsightsStatistics()
    var durationMilliseconds: Int64 = 0
    fileprivate var byteCount = 0
    fileprivate var task: Task<Void, Never>?

    init(id: String, environment: String, queryString: String, groups: [String], createdUnixMilliseconds: Int64) {
      self.id = id
      self.environment = environment
      self.queryString = queryString
      self.groups = groups
      self.createdUnixMilliseconds = createdUnixMilliseconds
    }
  }
  private struct State {
    var entries: [String: Entry] = [:]
    /// Oldest first.
    var order: [String] = []
    var byteCount = 0
  }
  private let state = Mutex(State())
  static let countMax = 1000
  static let byteCountMax = 128 << 20
  /// Queries at work at the same time, of all environments; AWS allows 30 an account.
  static let runningMax = 30

  /// Puts a query up and starts the work. False where too many are at work.
  func start(_ entry: Entry, _ work: @escaping @Sendable () async -> Void) -> Bool {
    let isIn = state.withLock { state in
      guard state.entries.values.count(where: { !$0.status.isEnd }) < Self.runningMax else { return false }
      state.entries[entry.id] = entry
      state.order.append(entry.id)
      Self.trim(&state)
      return true
    }
    guard isIn else { return false }
    let task = Task { await work() }
    state.withLock { $0.entries[entry.id]?.task = task }
    return true
  }

  func find(_ environment: String, _ id: String) -> Entry? {
    state.withLock { state in
      guard let entry = state.entries[id], entry.environment == environment else { return nil }
      return entry
    }
  }

  /// The queries of an environment, the newest first.
  func list(_ environment: String) -> [Entry] {
    state.withLock { state in state.order.reversed().compactMap { state.entries[$0] }.filter { $0.environment == environment } }
  }

  /// Changes a query that has not ended.
  func update(_ id: String, _ body: (inout Entry) -> Void) {
    state.withLock { state in
      guard var entry = state.entries[id], !entry.status.isEnd else { return }
      body(&entry)
      let byteCount = entry.rows.reduce(0) { $0 + $1.texts.reduce(64) { $0 + 24 + ($1?.utf8.count ?? 0) } }
      state.byteCount += byteCount - entry.byteCount
      entry.byteCount = byteCount
      if entry.status.isEnd { entry.task = nil }
      state.entries[id] = entry
      Self.trim(&state)
    }
  }

  /// Stops a query; false where it has ended.
  func stop(_ id: String) -> Bool {
    let task = state.withLock { state -> Task<Void, Never>?? in
      guard let entry = state.entries[id], !entry.status.isEnd else { return nil }
      state.entries[id]?.status = .cancelled
      return .some(entry.task)
    }
    guard let task else { return false }
    task?.cancel()
    return true
  }

  /// Forgets everything.
  func reset() {
    let tasks = state.withLock { state in
      defer { state = State() }
      return state.entries.values.compactMap(\.task)
    }
    for task in tasks { task.cancel() }
  }

  private static func trim(_ state: inout State) {
    while state.order.count > countMax || state.byteCount > byteCountMax {
      guard let index = state.order.firstIndex(where: { state.entries[$0]?.status.isEnd != false }), state.order.count > 1 else { return }
      if let entry = state.entries.removeValue(forKey: state.order.remove(at: index)) { state.byteCount -= entry.byteCount }
    }
  }
}
