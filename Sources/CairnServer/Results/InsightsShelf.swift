// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnPlan
import Synchronization

/// The Insights queries of the last days, running or finished, until newer ones push them out.
///
/// Memory only, within `ShelfBound.insights`, the oldest finished first to go; the results of a finished query are kept packed. A restart
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
    fileprivate(set) var results = InsightsRows()
    var statistics = InsightsStatistics()
    var durationMilliseconds: Int64 = 0
    fileprivate let began: ContinuousClock.Instant
    fileprivate var byteCount: Int { 256 + queryString.utf8.count + results.heldByteCount }
    fileprivate var task: Task<Void, Never>?

    init(id: String, environment: String, queryString: String, groups: [String], createdUnixMilliseconds: Int64, began: ContinuousClock.Instant = .now) {
      self.id = id
      self.began = began
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
  private let bound: ShelfBound
  private let now: @Sendable () -> ContinuousClock.Instant
  /// Queries at work at the same time, of all environments; AWS allows 30 an account.
  static let runningMax = 30

  init(_ bound: ShelfBound = .insights, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.bound = bound
    self.now = now
  }

  /// What all queries and their results take in memory.
  var heldByteCount: Int { state.withLock { $0.byteCount } }

  /// Puts a query up and starts the work. False where too many are at work.
  func start(_ entry: Entry, _ work: @escaping @Sendable () async -> Void) -> Bool {
    let now = now()
    let isIn = state.withLock { state in
      guard state.entries.values.count(where: { !$0.status.isEnd }) < Self.runningMax else { return false }
      state.entries[entry.id] = entry
      state.order.append(entry.id)
      state.byteCount += entry.byteCount
      trim(&state, now)
      return true
    }
    guard isIn else { return false }
    let task = Task { await work() }
    state.withLock { if $0.entries[entry.id]?.status.isEnd == false { $0.entries[entry.id]?.task = task } }
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

  /// Changes a query that has not ended; `results` replaces its results.
  func update(_ id: String, results: InsightsRows? = nil, _ body: (inout Entry) -> Void) {
    let now = now()
    state.withLock { state in
      guard var entry = state.entries[id], !entry.status.isEnd else { return }
      state.byteCount -= entry.byteCount
      body(&entry)
      if let results { entry.results = results }
      if entry.status.isEnd { entry.task = nil }
      state.byteCount += entry.byteCount
      state.entries[id] = entry
      trim(&state, now)
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

  private func trim(_ state: inout State, _ now: ContinuousClock.Instant) {
    while let index = state.order.firstIndex(where: { state.entries[$0]?.status.isEnd != false }), let entry = state.entries[state.order[index]] {
      guard bound.isPassed(byteCount: state.byteCount, count: state.order.count, oldest: entry.began, now: now) else { return }
      // The newest stays, unless it is too old.
      guard state.order.count > 1 || now - entry.began > bound.age else { return }
      state.entries[state.order.remove(at: index)] = nil
      state.byteCount -= entry.byteCount
    }
  }
}
