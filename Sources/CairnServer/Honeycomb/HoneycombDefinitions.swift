// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnHoneycomb
import CairnPlan
import NIOHTTP1

/// Honeycomb's dataset definitions: kept and given back. Cairn goes by the names that its doors write.
struct HoneycombDefinitions: Sendable {
  let state: ServerState
  let directory: HoneycombAPI

  var routes: [Route] {
    [
      Route(.GET, "/1/dataset_definitions/:dataset", .key(.query), .honeycomb) { (exchange) async throws(Refusal) in
        let dataset = try await directory.find(exchange)
        let known = try Shelf<DatasetDefinitions>(state.parts.catalog, environment: exchange.environment).everything()
        return try await answer(known.first { $0.dataset == dataset.slug }, dataset, exchange.environment)
      },
      Route(.PATCH, "/1/dataset_definitions/:dataset", .key(.manage), .honeycomb) { (exchange) async throws(Refusal) in try await change(exchange) },
    ]
  }

  private func names(_ dataset: DatasetDirectory.Dataset, _ environment: String) async throws(Refusal) -> (columns: Set<String>, derived: Set<String>) {
    let scope = DatasetScope.named([dataset.summary.name])
    return (Set(try await state.directory.columns(environment, scope).map(\.name)), Set(state.formulas.columns(environment, scope).map(\.alias)))
  }

  private func answer(
    _ definitions: DatasetDefinitions?, _ dataset: DatasetDirectory.Dataset, _ environment: String
  ) async throws(Refusal) -> Response {
    let (columns, derived) = try await names(dataset, environment)
    return directory.json(DatasetDefinitions.body(definitions?.chosen ?? [:], columns: columns, derived: derived))
  }

  private func change(_ exchange: Exchange) async throws(Refusal) -> Response {
    let dataset = try await directory.find(exchange)
    let (body, now) = (try exchange.honeycombBody(), state.parts.clock.unixNanoseconds())
    let asked = try honeycomb { () throws(HoneycombError) in
      try DatasetDefinitions(parsing: body, id: "", dataset: dataset.slug, nowUnixNanoseconds: now)
    }
    let (columns, derived) = try await names(dataset, exchange.environment)
    let unknown = Set(asked.chosen.values).subtracting(columns).subtracting(derived).sorted()
    guard unknown.isEmpty else { throw Refusal(.invalid, "The following columns were not found: \(unknown.joined(separator: ", "))") }
    // Terraform sends one definition a request, several at once.
    let kept = try Shelf<DatasetDefinitions>(state.parts.catalog, environment: exchange.environment).change { (entries) throws(Refusal) in
      var definitions = asked
      if let known = entries.first(where: { $0.dataset == dataset.slug }) {
        definitions = known
        try honeycomb { () throws(HoneycombError) in try definitions.change(body, nowUnixNanoseconds: now) }
      } else {
        definitions.id = Shelf<DatasetDefinitions>.freeID(taken: Set(entries.map(\.id)))
      }
      return [definitions]
    }
    return try await answer(kept.first, dataset, exchange.environment)
  }
}
