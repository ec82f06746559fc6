// SPDX-License-Identifier: Apache-2.0
import CairnPlan

extension QuestionDesk {
  private enum Outcome<Result: Sendable>: Sendable {
    case answered(Result)
    case failed(Refusal)
    case late
  }

  /// Asks, and gives up at a moment: nil where the answer had not come by then. What is given up stops reading.
  func ask<Result: Sendable>(
    until end: ContinuousClock.Instant, _ question: @escaping @Sendable () async throws(QueryError) -> Result
  ) async throws(Refusal) -> Result? {
    guard ContinuousClock.now < end else { return nil }
    let outcome = await withTaskGroup(of: Outcome<Result>.self) { (tasks) -> Outcome<Result> in
      tasks.addTask {
        do throws(Refusal) { return .answered(try await self.ask(question)) } catch { return .failed(error) }
      }
      tasks.addTask {
        try? await Task.sleep(until: end, clock: .continuous)
        return .late
      }
      let first = await tasks.next() ?? .late
      tasks.cancelAll()
      return first
    }
    switch outcome {
    case .answered(let result): return result
    case .failed(let refusal): throw refusal
    case .late:
      // The asker has gone, rather than the time.
      if Task.isCancelled { throw Refusal(.cancelled, "The question was withdrawn.") }
      return nil
    }
  }
}
