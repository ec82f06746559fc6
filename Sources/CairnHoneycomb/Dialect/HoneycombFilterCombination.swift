// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import CairnPlan

/// How the filters of a query are combined; raw values are the wire's.
public enum HoneycombFilterCombination: String, Sendable, Hashable, CaseIterable {
  case and = "AND"
  case or = "OR"

  /// Reads the member; AND where it is absent.
  init(_ value: JSONValue?, _ field: String, _ findings: inout Findings) {
    self = .and
    guard let name = findings.text(value, field) else { return }
    if let known = Self(rawValue: name) {
      self = known
    } else {
      findings.add(field, .invalid, "'\(name)' is neither AND nor OR")
    }
  }

  /// The filter that all these are together; no filters pass every event, however they are combined.
  func combine(_ filters: [HoneycombFilter]) -> Filter {
    switch filters.count {
    case 0: .everything
    case 1: filters[0].filter
    default: self == .and ? .all(filters.map(\.filter)) : .any(filters.map(\.filter))
    }
  }
}

/// The prefixes that make a column of another span of the trace, which Cairn does not look at yet.
enum RelationalPrefix {
  static let all = ["root.", "parent.", "child.", "any.", "any2.", "any3.", "none."]

  /// Notes a column that starts with one of them; reading it as a plain column would answer another question than was asked.
  static func check(_ column: String, _ field: String, _ findings: inout Findings) {
    guard let prefix = all.first(where: { column.hasPrefix($0) }) else { return }
    findings.add(field, .invalid, "columns of other spans of the trace ('\(prefix)') are not supported yet")
  }
}
