// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import NIOHTTP1
import Synchronization

/// Rollbar's query language as jobs: a query is run in the background, its result fetched by the job's id.
struct RollbarQueries: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    [
      api.route(.POST, "/rql/jobs", [.read]) { (exchange, caller) async throws(Refusal) in try create(exchange, caller) },
      api.route(.GET, "/rql/jobs", [.read]) { (exchange, caller) async throws(Refusal) in
        let page = try api.page(QueryString(exchange.request.query))
        let jobs = api.state.queryJobs.jobs(projectID: caller.project.id)
        return api.answer { (writer) in
          writer.object { (writer) in
            writer.member("page", page)
            writer.array("jobs", jobs.dropFirst((page - 1) * 20).prefix(20)) { (job, writer) in writer.object { job.write(&$0) } }
          }
        }
      },
      api.route(.GET, "/rql/job/:id", [.read]) { (exchange, caller) async throws(Refusal) in
        let job = try find(exchange, caller)
        let isExpanded = QueryString(exchange.request.query)["expand"] == "result"
        return api.answer(reserving: 8192) { (writer) in
          writer.object { (writer) in
            job.write(&writer)
            if isExpanded { writer.object("result") { job.writeResult(&$0) } }
          }
        }
      },
      api.route(.GET, "/rql/job/:id/result", [.read]) { (exchange, caller) async throws(Refusal) in
        let job = try find(exchange, caller)
        let isExpanded = QueryString(exchange.request.query)["expand"] == "job"
        return api.answer(reserving: 8192) { (writer) in
          writer.object { (writer) in
            writer.member("job_id", job.id)
            if isExpanded { writer.object("job") { job.write(&$0) } }
            writer.object("result") { job.writeResult(&$0) }
          }
        }
      },
      api.route(.POST, "/rql/job/:id/cancel", [.read]) { (exchange, caller) async throws(Refusal) in
        let job = try find(exchange, caller)
        api.state.queryJobs.cancel(job.id)
        return jsonResponse { $0.member("err", 0) }
      },
    ]
  }

  private func find(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> QueryJob {
    let id = try api.number(exchange, "id")
    guard let job = api.state.queryJobs.job(id), job.projectID == caller.project.id else { throw Refusal(.notFound, "no query job has the id \(id)") }
    return job
  }

  private func create(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let body = api.bodyValues(exchange)
    guard let text = body["query_string"]?.string, !text.isEmpty else { throw Refusal(.invalid, "query_string is required") }
    if text.lowercased().split(whereSeparator: { $0.isWhitespace || $0 == ";" }) == ["show", "tables"] {
      let tables = RQLResult(columns: ["table"], rows: RQLStatement.Table.allCases.map { [.string($0.rawValue)] })
      let job = api.state.queryJobs.start(text, projectID: caller.project.id, isForced: false, nowUnixSeconds: api.nowUnixSeconds) { .success(tables, nil) }
      return api.answer { (writer) in writer.object { job.write(&$0) } }
    }
    let statement: RQLStatement
    do { statement = try RQLParser.parse(text) } catch { throw Refusal(.invalid, error.reason) }
    let isForced = body["force_refresh"]?.boolean == true || body["force_refresh"]?.string == "1"
    let job = api.state.queryJobs.start(text, projectID: caller.project.id, isForced: isForced, nowUnixSeconds: api.nowUnixSeconds) {
      await run(statement, caller)
    }
    return api.answer { (writer) in writer.object { job.write(&$0) } }
  }

  private func run(_ statement: RQLStatement, _ caller: RollbarCaller) async -> QueryJob.Outcome {
    let now = api.nowUnixSeconds
    let rows = RQLRows(state: api.state, caller: caller)
    do throws(Refusal) {
      let (source, columns, warning) = try await rows.fetch(statement, nowUnixSeconds: now)
      return .success(statement.run(over: source, starColumns: columns, nowUnixSeconds: now), warning)
    } catch {
      return error.kind == .cancelled ? .cancelled : .failed(error.reason)
    }
  }
}

/// A query that was asked for.
struct QueryJob: Sendable {
  enum Outcome: Sendable {
    case running
    case success(RQLResult, String?)
    case failed(String)
    case cancelled
  }
  var id: Int64
  var projectID: Int64
  var query: String
  var createdUnixSeconds: Int64
  var modifiedUnixSeconds: Int64
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
    var result = RQLResult(columns: [], rows: [])
    var (errors, warnings): ([String], [String]) = ([], [])
    switch outcome {
    case .success(let found, let warning): (result, warnings) = (found, [warning].compactMap { $0 })
    case .failed(let reason): errors = [reason]
    case .running, .cancelled: break
    }
    writer.array("rows", result.rows) { (row, writer) in writer.value(.array(row)) }
    writer.member("selectionColumns", result.columns)
    writer.member("columns", result.columns)
    writer.member("errors", errors)
    writer.member("warnings", warnings)
    writer.member("rowcount", result.rows.count)
    writer.member("executionTime", elapsedSeconds)
  }
}

/// The jobs of the last while: memory only, the newest 200.
final class QueryJobs: Sendable {
  private struct State {
    var jobs: [Int64: QueryJob] = [:]
    var tasks: [Int64: Task<Void, Never>] = [:]
    var nextID: Int64 = 1
  }
  private let state = Mutex(State())
  private static let jobCountMax = 200

  func job(_ id: Int64) -> QueryJob? { state.withLock { $0.jobs[id] } }

  func jobs(projectID: Int64) -> [QueryJob] {
    state.withLock { Array($0.jobs.values) }.filter { $0.projectID == projectID }.sorted { $0.id > $1.id }
  }

  /// The job of the same query that runs or has succeeded, or a new one.
  func start(
    _ query: String, projectID: Int64, isForced: Bool, nowUnixSeconds: Int64, _ run: @escaping @Sendable () async -> QueryJob.Outcome
  ) -> QueryJob {
    state.withLock { (state) in
      if !isForced, let known = state.jobs.values.first(where: { $0.query == query && $0.projectID == projectID && $0.status != "failed" && $0.status != "cancelled" }) {
        return known
      }
      let id = state.nextID
      state.nextID += 1
      let job = QueryJob(id: id, projectID: projectID, query: query, createdUnixSeconds: nowUnixSeconds, modifiedUnixSeconds: nowUnixSeconds)
      state.jobs[id] = job
      state.jobs[id - Int64(Self.jobCountMax)] = nil
      state.tasks[id] = Task {
        let start = ContinuousClock.now
        let outcome = await run()
        let elapsed = (ContinuousClock.now - start).components
        finish(id, outcome, Double(elapsed.seconds) + Double(elapsed.attoseconds) / 1e18)
      }
      return job
    }
  }

  private func finish(_ id: Int64, _ outcome: QueryJob.Outcome, _ elapsedSeconds: Double) {
    state.withLock { (state) in
      state.tasks[id] = nil
      guard var job = state.jobs[id], case .running = job.outcome else { return }
      job.outcome = outcome
      job.elapsedSeconds = elapsedSeconds
      job.modifiedUnixSeconds += Int64(elapsedSeconds)
      state.jobs[id] = job
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
