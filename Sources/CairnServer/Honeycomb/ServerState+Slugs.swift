// SPDX-License-Identifier: Apache-2.0
import CairnHoneycomb
import CairnPlan

extension ServerState {
  var directory: DatasetDirectory { DatasetDirectory(state: self) }

  /// The names of an environment's datasets that have one of the slugs: Honeycomb's documents keep slugs, questions want names.
  func datasets(withSlugs slugs: [String], _ environment: String) async throws(Refusal) -> [String] {
    try await directory.datasets(environment).map(\.summary.name).filter { slugs.contains(HoneycombDataset.slug($0)) }
  }
}
