// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import Logging

/// Keeps a copy of the catalog beside it: one at the start, then one a day (decision 095).
struct CatalogCopies: Sendable {
  let catalog: Catalog
  let logger: Logger
  var pause: Duration = .seconds(86_400)

  /// Until the task is cancelled.
  func run() async {
    while !Task.isCancelled {
      do { try catalog.keepCopy() } catch { logger.error("the catalog's copy was not made, the one before stays: \(error)") }
      try? await Task.sleep(for: pause)
    }
  }
}
