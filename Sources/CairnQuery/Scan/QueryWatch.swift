// SPDX-License-Identifier: Apache-2.0
internal import CairnPlan
internal import Synchronization

/// Watches one question: cancellation, wall time and memory. Asked once a block, from any task.
final class QueryWatch: Sendable {
  let budget: QueryBudget
  private let start = ContinuousClock.now
  private let heldByteCount = Atomic<Int>(0)

  /// What the engine remembers between questions.
  let dictionaries: DictionaryCache

  init(_ budget: QueryBudget, _ dictionaries: DictionaryCache) {
    self.budget = budget
    self.dictionaries = dictionaries
  }

  /// Time since the question came.
  var elapsedNanoseconds: Int64 {
    let elapsed = ContinuousClock.now - start
    return elapsed.components.seconds &* 1_000_000_000 &+ elapsed.components.attoseconds / 1_000_000_000
  }

  /// Throws where the client is gone or the time is up.
  func check() throws(QueryError) {
    if Task.isCancelled { throw .cancelled }
    if elapsedNanoseconds > budget.wallTimeNanoseconds {
      throw .overBudget("the question took longer than \(budget.wallTimeNanoseconds / 1_000_000) ms")
    }
  }

  /// Accounts for working memory.
  func hold(_ byteCount: Int) throws(QueryError) {
    let total = heldByteCount.add(byteCount, ordering: .relaxed).newValue
    if total > budget.memoryByteCountMax {
      throw .overBudget("the question needs more than \(budget.memoryByteCountMax >> 20) MiB; narrow its time, filters or breakdowns")
    }
  }

  /// Throws where an answer has more cells than it may.
  func allow(cells: Int) throws(QueryError) {
    if cells > budget.cellCountMax {
      throw .overBudget("the question makes more than \(budget.cellCountMax) groups; narrow its time, filters or breakdowns")
    }
  }
}
