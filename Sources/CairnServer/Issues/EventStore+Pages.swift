// SPDX-License-Identifier: Apache-2.0
import CairnPlan

extension EventStore {
  /// Every event of a plan, page by page of `plan.limit`.
  func forEachEvent(_ plan: EventsPlan, _ body: (Event) -> Void) async throws(QueryError) {
    var plan = plan
    while true {
      let answer = try await events(plan)
      for event in answer.events { body(event) }
      guard answer.hasMore, let cursor = answer.cursor else { return }
      plan.after = cursor
    }
  }
}
