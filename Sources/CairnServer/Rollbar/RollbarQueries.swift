// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import NIOHTTP1

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
      let job = try api.state.queryJobs.start(text, projectID: caller.project.id, isForced: false, nowUnixSeconds: api.nowUnixSeconds) { .success(QueryJob.Result(tables), warning: nil) }
      return api.answer { (writer) in writer.object { job.write(&$0) } }
    }
    let statement: RQLStatement
    do { statement = try RQLParser.parse(text) } catch { throw Refusal(.invalid, error.reason) }
    let isForced = body["force_refresh"]?.boolean == true || body["force_refresh"]?.string == "1"
    let job = try api.state.queryJobs.start(text, projectID: caller.project.id, isForced: isForced, nowUnixSeconds: api.nowUnixSeconds) {
      await run(statement, caller)
    }
    return api.answer { (writer) in writer.object { job.write(&$0) } }
  }

  private func run(_ statement: RQLStatement, _ caller: RollbarCaller) async -> QueryJob.Outcome {
    let now = api.nowUnixSeconds
    let rows = RQLRows(state: api.state, caller: caller)
    do throws(Refusal) {
      let (source, columns, warning) = try await rows.fetch(statement, nowUnixSeconds: now)
      let end = ContinuousClock.now + Self.patience
      do throws(RQLError) {
        let result = try statement.run(over: source, starColumns: columns, nowUnixSeconds: now) { Task.isCancelled || ContinuousClock.now > end }
        return .success(QueryJob.Result(result), warning: warning)
      } catch {
        return Task.isCancelled ? .cancelled : .failed(error.reason)
      }
    } catch {
      return error.kind == .cancelled ? .cancelled : .failed(error.reason)
    }
  }

  /// How long a statement may work on its rows, as long as any question.
  private static let patience = Duration.seconds(30)
}
