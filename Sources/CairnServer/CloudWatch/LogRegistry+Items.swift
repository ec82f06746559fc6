// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import Synchronization

/// Filters, policies, destinations and the like: documents by kind and name, of a group or of the whole environment (group "").
extension LogRegistry {
  func item(_ environment: String, _ kind: String, group: String = "", _ name: String) -> JSONValue? {
    state.withLock { state in
      let tenant = state.tenants[environment]
      return group.isEmpty ? tenant?.items[kind]?[name] : tenant?.groups[group]?.items[kind]?[name]
    }
  }

  /// All of a kind, by name.
  func items(_ environment: String, _ kind: String, group: String = "") -> [(name: String, value: JSONValue)] {
    let found = state.withLock { state in
      let tenant = state.tenants[environment]
      return (group.isEmpty ? tenant?.items[kind] : tenant?.groups[group]?.items[kind]) ?? [:]
    }
    return found.map { (name: $0.key, value: $0.value) }.sorted { precedes($0.name, $1.name) }
  }

  func put(_ environment: String, _ kind: String, group: String = "", _ name: String, _ value: JSONValue) throws(LogsError) {
    try update(environment, kind, group: group, name) { _ in value }
  }

  /// Changes one, or makes it; `body` gets what is there.
  func update(
    _ environment: String, _ kind: String, group: String = "", _ name: String,
    _ body: (JSONValue?) throws(LogsError) -> JSONValue
  ) throws(LogsError) {
    try changing.withLock { (_) throws(LogsError) in
      let value = try body(item(environment, kind, group: group, name))
      let item = LogItem(environment: environment, kind: kind, parent: group, name: name, document: value.bytes)
      try keep { try $0.keepLogItems([item]) }
      state.withLock { state in
        if group.isEmpty {
          state.tenants[environment, default: Tenant()].items[kind, default: [:]][name] = value
          state.forgetIntakes(environment)
        } else {
          state.tenants[environment]?.groups[group]?.items[kind, default: [:]][name] = value
          state.forgetIntakes(environment, group: group)
        }
      }
    }
  }

  /// False where there was none.
  @discardableResult
  func remove(_ environment: String, _ kind: String, group: String = "", _ name: String) throws(LogsError) -> Bool {
    try changing.withLock { (_) throws(LogsError) in
      guard item(environment, kind, group: group, name) != nil else { return false }
      let tags = "\(kind)/\(name)"
      let hasTags = group.isEmpty && item(environment, "tags", tags) != nil
      try keep { (catalog) throws(CatalogError) in
        try catalog.removeLogItem(environment: environment, kind: kind, parent: group, name: name)
        if hasTags { try catalog.removeLogItem(environment: environment, kind: "tags", parent: "", name: tags) }
      }
      state.withLock { state in
        if group.isEmpty {
          state.tenants[environment]?.items[kind]?[name] = nil
          if hasTags { state.tenants[environment]?.items["tags"]?[tags] = nil }
          state.forgetIntakes(environment)
        } else {
          state.tenants[environment]?.groups[group]?.items[kind]?[name] = nil
          state.forgetIntakes(environment, group: group)
        }
      }
      return true
    }
  }
}
