// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnPlan
import CairnXRay

/// The AWS accounts in which services run, as their segments (`aws.account_id`) and spans (`cloud.account.id`) say.
///
/// By the service's name; one that ran in several accounts has none. What a subsegment names is the account of what it called, and does
/// not count.
struct ServiceAccounts: Sendable {
  private static let columns = ["aws.account_id", "cloud.account.id"]

  /// The accounts of the services of some traces, or of all where `traces` is nil.
  static func find(_ state: ServerState, _ environment: String, _ time: TimeRange, traces: [TraceID]?) async throws(Refusal) -> [String: String] {
    var filters: [Filter] = [.any(columns.map { .exists(column: $0) }), ServiceGraphRules.xray.isSpan, .not(ServiceGraphRules.xray.isInner)]
    if let traces { filters.append(.oneOf(column: FieldName.traceID, traces.map { .string($0.hex) })) }
    let plan = Plan(
      scope: Scope(environment: environment, datasets: .all, time: time), filter: .all(filters),
      breakdowns: [FieldName.serviceName, FieldName.dataset] + columns, calculations: [.count], limit: 10_000)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    guard answer.columns.count == 5 else { return [:] }
    var found: [String: Set<String>] = [:]
    for row in 0..<answer.rowCount {
      let texts = answer.columns.prefix(4).map { $0.values[row]?.text }
      guard let name = texts[0] ?? texts[1], let account = texts[2] ?? texts[3] else { continue }
      found[name, default: []].insert(account)
    }
    return found.compactMapValues { $0.count == 1 ? $0.first : nil }
  }
}
