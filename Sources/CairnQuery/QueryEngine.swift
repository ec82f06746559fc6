// SPDX-License-Identifier: Apache-2.0
public import CairnColumns
public import CairnPlan

/// Answers questions over a list of pieces: a snapshot of sealed segments and heads.
///
/// Keeps nothing between questions but how the dictionaries of segments fit together, so keep one engine (copies share it). May be called
/// from any task. Every call stops with `.cancelled` when its task is cancelled and
/// with `.overBudget` when it takes more time or memory than `budget` allows. Rows that damage keeps from being read are left out and
/// counted in `ReadingInfo.rowsUnavailable`; the answer is right for the others.
public struct QueryEngine: Sendable {
  /// What each question may cost.
  public var budget: QueryBudget

  let dictionaries = DictionaryCache()

  /// An engine with a budget for each question.
  public init(budget: QueryBudget = QueryBudget()) { self.budget = budget }

  /// What is kept between questions, in bytes.
  public var keptByteCount: Int { dictionaries.byteCount }

  /// Groups and calculates.
  ///
  /// COUNT, SUM, AVG, percentiles and heatmaps are weighted by the column `SampleRate`. RATE_* is the difference of a bucket's value
  /// from the bucket before; a group's own value is the mean of these differences. CONCURRENCY knows the spans that start inside the
  /// plan's time. Groups come in the plan's order, else by the first calculation from the most down; ties by the groups' values.
  /// Cost: O(rows in scope x columns named) at most; blocks are skipped where their bounds, datasets or times tell.
  public func run(_ plan: Plan, pieces: [any Piece]) async throws(QueryError) -> Answer {
    let watch = QueryWatch(budget, dictionaries)
    let answer = try await PlanRun(plan, plan.scope.working(pieces, watch), watch).answer()
    try plan.scope.settle(watch)
    return answer
  }
}
