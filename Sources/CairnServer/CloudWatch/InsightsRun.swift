// SPDX-License-Identifier: Apache-2.0
import CairnCloudWatch
import CairnPlan

/// Runs one Insights query: asks the store what the query's task wants to know, until it is finished, stopped or out of time.
struct InsightsRun: Sendable {
  let state: ServerState
  let id: String
  let program: InsightsProgram
  let request: InsightsRequest

  /// AWS gives a query 60 minutes; so does Cairn.
  static let timeMax = Duration.seconds(3600)
  /// Partial results are made at most this often, and only while they are small.
  private static let previewPause = Duration.milliseconds(500)

  func run() async {
    let shelf = state.insights
    let start = ContinuousClock.now
    shelf.update(id) { entry in
      entry.status = .running
      entry.columns = program.columns.map(\.name)
    }
    var task = InsightsTask(program, request)
    var lastPreview = start
    while true {
      if Task.isCancelled { return end(.cancelled, nil, task, start) }
      if ContinuousClock.now - start > Self.timeMax { return end(.timeout, "The query took longer than 60 minutes.", task, start) }
      switch task.step {
      case .finished: return end(.complete, nil, task, start)
      case .failed(let reason): return end(.failed, reason, task, start)
      default: break
      }
      do {
        try await step(&task)
      } catch {
        if error.kind == .cancelled { return end(.cancelled, nil, task, start) }
        return end(.failed, error.reason, task, start)
      }
      if ContinuousClock.now - lastPreview > Self.previewPause, case .events = task.step {
        let (rows, statistics) = (task.results, task.statistics)
        shelf.update(id, results: InsightsRows(live: rows)) { $0.statistics = statistics }
        // A costly look at what there is so far is taken less often.
        lastPreview = ContinuousClock.now + (ContinuousClock.now - lastPreview - Self.previewPause)
      }
    }
  }

  private func step(_ task: inout InsightsTask) async throws(Refusal) {
    let store = state.store
    switch task.step {
    case .columns(let scope):
      task.take(try await state.desk.ask { () async throws(QueryError) in try await store.columns(scope) })
    case .run(let plan):
      task.take(try await state.desk.ask { () async throws(QueryError) in try await store.run(plan) })
    case .patterns(let plan):
      task.take(try await state.desk.ask { () async throws(QueryError) in try await store.patterns(plan) })
    case .events(let plan):
      task.take(try await state.desk.ask { () async throws(QueryError) in try await store.events(plan) })
    case .finished, .failed: return
    }
  }

  private func end(_ status: InsightsShelf.Status, _ reason: String?, _ task: InsightsTask, _ start: ContinuousClock.Instant) {
    let results = status == .complete ? InsightsRows(packing: task.results) : nil
    let duration = ContinuousClock.now - start
    state.insights.update(id, results: results) { entry in
      entry.status = status
      entry.reason = reason
      entry.statistics = task.statistics
      entry.durationMilliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }
  }
}
