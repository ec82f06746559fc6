// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan
internal import Synchronization

/// The next unit of work, taken by whichever task is free.
private final class UnitCounter: Sendable {
  private let next = Atomic<Int>(0)
  func take() -> Int { next.add(1, ordering: .relaxed).oldValue }
}

/// How units go to tasks.
enum UnitOrder: Sendable {
  /// Whoever is free takes the next: for accumulations that do not depend on order.
  case free
  /// Each task has a contiguous run of units: the same sums on every run, for floating point.
  case contiguous
}

/// Runs `step` over all units on up to `taskCount` tasks, each with a worker of its own from `start`; the workers come back in the order
/// of their tasks, after `finish`, which each task runs on its own. With one task everything runs in the caller.
func runUnits<Worker: Sendable>(
  _ unitCount: Int, taskCount: Int, order: UnitOrder = .free, start: @escaping @Sendable () -> Worker,
  step: @escaping @Sendable (inout Worker, Int) throws(QueryError) -> Void,
  finish: @escaping @Sendable (inout Worker) -> Void = { _ in }
) async throws(QueryError) -> [Worker] {
  if taskCount <= 1 || unitCount <= 1 {
    var worker = start()
    for unit in 0..<unitCount { try step(&worker, unit) }
    finish(&worker)
    return [worker]
  }
  let counter = UnitCounter()
  let outcomes = await withTaskGroup(of: (Int, Result<Worker, QueryError>).self) { (group) in
    for task in 0..<taskCount {
      group.addTask {
        var worker = start()
        do throws(QueryError) {
          switch order {
          case .free:
            var unit = counter.take()
            while unit < unitCount {
              try step(&worker, unit)
              unit = counter.take()
            }
          case .contiguous:
            for unit in unitCount * task / taskCount..<unitCount * (task + 1) / taskCount { try step(&worker, unit) }
          }
          finish(&worker)
          return (task, .success(worker))
        } catch {
          return (task, .failure(error))
        }
      }
    }
    var outcomes: [(Int, Result<Worker, QueryError>)] = []
    for await outcome in group {
      if case .failure = outcome.1 { group.cancelAll() }
      outcomes.append(outcome)
    }
    return outcomes.sorted { $0.0 < $1.0 }
  }
  return try collect(outcomes.map(\.1))
}

/// All workers, or the error that stopped one; a cancellation that only followed another's failure does not hide it.
private func collect<Worker>(_ outcomes: [Result<Worker, QueryError>]) throws(QueryError) -> [Worker] {
  var workers: [Worker] = []
  var failure: QueryError?
  for outcome in outcomes {
    switch outcome {
    case .success(let worker): workers.append(worker)
    case .failure(let error): if failure == nil || failure == .cancelled { failure = error }
    }
  }
  if let failure { throw failure }
  return workers
}
