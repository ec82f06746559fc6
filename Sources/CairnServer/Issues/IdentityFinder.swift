// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnIssues
import CairnPatterns
import CairnPlan
import CairnRollbar

/// Finds items by what only their occurrences know: a trace, a host, an address, a person, a file.
struct IdentityFinder: Sendable {
  let state: ServerState
  let tenant: String

  /// Of a trace, given by its id; nil where none was asked for.
  func identities(inTrace text: String?) async throws(Refusal) -> Set<ItemIdentity>? {
    guard let text else { return nil }
    return try await identities(.compare(column: FieldName.traceID, .equal, .string(text)))
  }

  /// Of occurrences that meet a search's terms, each of which some occurrence must meet; nil where there are none.
  func identities(_ terms: [ItemSearch.EventTerm]) async throws(Refusal) -> Set<ItemIdentity>? {
    var common: Set<ItemIdentity>?
    for term in terms {
      let filters = term.columns.map { (column) -> Filter in
        switch term.match {
        case .exact: .compare(column: column, .equal, .string(term.text))
        case .beginning: .text(column: column, .startsWith, term.text)
        case .file: .text(column: column, .contains, term.text)
        }
      } + (term.match == .file ? Self.files(term.text) : [])
      let found = try await identities(.any(filters))
      common = common?.intersection(found) ?? found
    }
    return common
  }

  /// A payload that has the text inside a frame's file name.
  private static func files(_ text: String) -> [Filter] {
    let literal = text.map { $0.isLetter || $0.isNumber ? String($0) : "\\x{\(String($0.unicodeScalars.first?.value ?? 0, radix: 16))}" }.joined()
    guard let pattern = try? Pattern("\"filename\":[ ]?\"[^\"]*\(literal)") else { return [] }
    return [.matches(column: FieldName.original, pattern)]
  }

  private func identities(_ filter: Filter) async throws(Refusal) -> Set<ItemIdentity> {
    let plan = Plan(
      scope: Scope(environment: tenant, datasets: .all, time: .everything), filter: .all([filter, .exists(column: FieldName.itemHash)]),
      breakdowns: [FieldName.itemProject, FieldName.itemEnvironment, FieldName.itemHash], limit: 10_000)
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    return Set(
      (0..<answer.rowCount).map { (row) in
        let texts = answer.columns.prefix(3).map { $0.values[row]?.text ?? "" }
        return ItemIdentity(tenant: tenant, project: texts[0], environment: texts[1], hash: texts[2])
      })
  }
}
