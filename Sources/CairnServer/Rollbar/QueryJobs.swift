// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnRollbar
import Synchronization

/// A query that was asked for.
struct QueryJob: Sendable {
  enum Outcome: Sendable {
    case running
    case success(Result, warning: String?)
    case failed(String)
    case cancelled
  }
  /// What a query found, its rows packed as the JSON that they become.
  struct Result: Sendable {
    var columns: [String]
    var rowCount: Int
    var rows: PackedBytes

    init(_ result: RQLResult) {
      var writer = JSONWriter(reserving: 4096)
      writer.beginArray()
      for row in result.rows { writer.value(.array(row)) }
      writer.endArray()
      rows = PackedBytes(writer.finish())
      rowCount = result.rows.count
      columns = result.columns
    }
  }
  var id: Int64
  var projectID: Int64
  var query: String
  var createdUnixSeconds: Int64
  var modifiedUnixSeconds: Int64
  var began = ContinuousClock.now
  var elapsedSeconds = 0.0
  var outcome = Outcome.running

  var status: String {
    switch outcome {
    case .running: "running"
    case .success: "success"
    case .failed: "failed"
    case .cancelled: "cancelled"
    }
  }

  var heldByteCount: Int {
    guard case .success(let result, _) = outcome else { return query.utf8.count }
    return query.utf8.count + result.rows.heldByteCount
  }

  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("project_id", projectID)
    writer.member("query_string", query)
    writer.member("status", status)
    writer.member("job_hash", shortID([String(projectID), query]))
    writer.member("date_created", createdUnixSeconds)
    writer.member("date_modified", modifiedUnixSeconds)
  }

  func writeResult(_ writer: inout JSONWriter) {
    var result: Result?
    var (errors, warnings): ([String], [String]) = ([], [])
    switch outcome {
    case .success(let found, let warning): (result, warnings) = (found, [warning].compactMap { $0 })
    case .failed(let reason): errors = [reason]
    case .running, .cancelled: break
    }
    writer.key("rows")
    writer.raw(result?.rows.bytes ?? Array("[]".utf8))
    writer.member("selectionColumns", result?.columns ?? [])
    writer.member("columns", result?.columns ?? [])
    writer.member("errors", errors)
    writer.member("warnings", warnings)
    writer.member("rowcount", result?.rowCount ?? 0)
    writer.member("executionTime", elapsedSeconds)
  }
}

/// The jobs of the last while: memory only, within `ShelfBound.rollbar`, the oldest first to go. They run one after another, since each may take
/// as much time and memory as a question may.
final class QueryJobs: Sendable {
  private struct State {
    var jobs: [Int64: QueryJob] = [:]
    /// Those that run or wait.
    var tasks: [Int64: Task<Void, Never>] = [:]
    var last: Task<Void, Never>?
    var nextID: Int64 = 1
  }
  private let state = Mutex(State())
  private static let waitingCountMax = 64
  private let bound: ShelfBound

  init(_ bound: ShelfBound = .rollbar) { self.bound = bound }

  /// What all results take in memory.
  var heldByteCount: Int { state.withLock { $0.jobs.values.reduce(0) { $0 + $1.heldByteCount } } }

  func job(_ id: Int64) -> QueryJob? { state.withLock { $0.jobs[id] } }

  func jobs(projectID: Int64) -> [QueryJob] {
    state.withLock { Array($0.jobs.values) }.filter { $0.projectID == projectID }.sorted { $0.id > $1.id }
  }

  /// The job of the same query that runs or has succeeded, or a new one.
  func start(
    _ query: String, projectID: Int64, isForced: Bool, nowUnixSeconds: Int64, _ run: @escaping @Sendable () async -> QueryJob.Outcome
  ) throws(Refusal) -> QueryJob {
    let job = state.withLock { (state) -> QueryJob? in
      if !isForced, let known = state.jobs.values.first(where: { $0.query == query && $0.projectID == projectID && $0.status != "failed" && $0.status != "cancelled" }) {
        return known
      }
      guard state.tasks.count < Self.waitingCountMax else { return nil }
      let id = state.nextID
      state.nextID += 1
      let job = QueryJob(id: id, projectID: projectID, query: query, createdUnixSeconds: nowUnixSeconds, modifiedUnixSeconds: nowUnixSeconds)
      state.jobs[id] = job
      forget(&state)
      let before = state.last
      let task = Task {
        await before?.value
        let start = ContinuousClock.now
        let outcome = await run()
        let elapsed = (ContinuousClock.now - start).components
        finish(id, outcome, Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18)
      }
      state.tasks[id] = task
      state.last = task
      return job
    }
    guard let job else { throw Refusal(.unavailable, "Too many queries are waiting.", retryAfterSeconds: 2) }
    return job
  }

  private func finish(_ id: Int64, _ outcome: QueryJob.Outcome, _ elapsedSeconds: Double) {
    state.withLock { (state) in
      state.tasks[id] = nil
      guard var job = state.jobs[id], case .running = job.outcome else { return }
      job.outcome = outcome
      job.elapsedSeconds = elapsedSeconds
      job.modifiedUnixSeconds += Int64(elapsedSeconds)
      state.jobs[id] = job
      forget(&state)
    }
  }

  /// Drops the oldest jobs where there are too many, they are too old, or what they found is too much together; the newest stays.
  private func forget(_ state: inout State) {
    let now = ContinuousClock.now
    var byteCount = 0
    for (place, job) in state.jobs.values.sorted(by: { $0.id > $1.id }).enumerated() {
      byteCount += job.heldByteCount
      if place > 0, bound.isPassed(byteCount: byteCount, count: place + 1, oldest: job.began, now: now) { state.jobs[job.id] = nil }
    }
  }

  func cancel(_ id: Int64) {
    let task = state.withLock { (state) in
      if var job = state.jobs[id], case .running = job.outcome {
        job.outcome = .cancelled
        state.jobs[id] = job
      }
      return state.tasks.removeValue(forKey: id)
    }
    task?.cancel()
  }

  func reset() {
    let tasks = state.withLock { (state) in
      let tasks = Array(state.tasks.values)
      state = State()
      return tasks
    }
    for task in tasks { task.cancel() }
  }
}
