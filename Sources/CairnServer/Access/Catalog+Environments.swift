// SPDX-License-Identifier: Apache-2.0
import CairnCatalog

extension Catalog {
  /// The environments that keys open, and the one that is open without any.
  var environments: Set<String> { Set(keys().map(\.environment) + [Principal.open.environment]) }
}
