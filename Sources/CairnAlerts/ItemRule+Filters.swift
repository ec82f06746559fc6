// SPDX-License-Identifier: Apache-2.0
public import CairnFormats
public import CairnIssues
internal import CairnPatterns

// Filters of a rule by what they look at:
//
//   the item                environment level title context framework source class
//   its last occurrence     path (any dotted path of the payload), filename and method (of the innermost frame)
//   the events              unique_occurrences (addresses), rate
//
// operations  eq neq gt gte lt lte within nwithin contains ncontains startswith regex nregex exists nexists

extension ItemRule {
  public static let itemFilterTypes: Set<String> = ["environment", "level", "title", "context", "framework", "source", "class"]
  public static let payloadFilterTypes: Set<String> = ["path", "filename", "method"]
  public static let filterTypes: Set<String> = itemFilterTypes.union(payloadFilterTypes).union(["rate", "unique_occurrences"])
  public static let operations: Set<String> = [
    "eq", "neq", "gt", "gte", "lt", "lte", "within", "nwithin", "contains", "ncontains", "startswith", "regex", "nregex", "exists", "nexists",
  ]

  /// Why a filter cannot be used; nil where it can.
  public static func fault(of filter: Filter) -> String? {
    if filter.type == "path", filter.path?.isEmpty != false { return "a filter of the type path needs a path" }
    guard filter.operation == "regex" || filter.operation == "nregex" else { return nil }
    do {
      _ = try Pattern(filter.value)
      return nil
    } catch {
      return "the regular expression does not work: \(error)"
    }
  }

  /// True if so many different addresses meet every one of the filters.
  public static func holds(_ filters: [Filter], uniqueCount: Int) -> Bool {
    filters.allSatisfy { (filter) in
      guard let wanted = Int(filter.value) else { return false }
      let order = Self.order(uniqueCount, wanted)
      return Self.meets(filter.operation, order) ?? (order >= 0)
    }
  }

  /// True if the item meets every filter but those that look at its occurrences.
  public func accepts(_ item: Item, levels: [String]) -> Bool {
    filters.allSatisfy { (filter) in
      guard Self.itemFilterTypes.contains(filter.type) else { return true }
      guard filter.type == "level" else { return Self.holds(filter, Self.text(filter.type, item)) }
      let (own, wanted) = (levels.firstIndex(of: item.level) ?? 0, levels.firstIndex(of: filter.value) ?? 0)
      let order = Self.order(own, wanted)
      return Self.meets(filter.operation, order) ?? (order == 0)
    }
  }

  /// Filters that only a payload can meet.
  public var payloadFilters: [Filter] { filters.filter { Self.payloadFilterTypes.contains($0.type) } }

  /// True if an occurrence's payload meets every one of the filters; a negative one holds where there is nothing to look at.
  public static func holds(_ filters: [Filter], payload: JSONValue) -> Bool {
    filters.allSatisfy { (filter) in
      let found = filter.type == "path" ? value(filter.path ?? "", payload) : innermost(filter.type, payload)
      return holds(filter, found)
    }
  }

  private static func value(_ path: String, _ payload: JSONValue) -> String? {
    var value = payload
    for part in path.split(separator: ".").prefix(32) {
      if let list = value.array {
        guard let index = Int(part), list.indices.contains(index) else { return nil }
        value = list[index]
      } else {
        guard let member = value[String(part)] else { return nil }
        value = member
      }
    }
    return value == .null ? nil : value.string ?? String(decoding: value.bytes, as: UTF8.self)
  }

  private static func innermost(_ name: String, _ payload: JSONValue) -> String? {
    let trace = payload["body"]?["trace"] ?? payload["body"]?["trace_chain"]?.array?.first
    return trace?["frames"]?.array?.last?[name]?.string
  }

  private static func text(_ type: String, _ item: Item) -> String {
    switch type {
    case "environment": item.identity.environment
    case "title": item.title
    case "context": item.context
    case "framework": item.framework
    case "source": item.platform.isEmpty ? "unknown" : item.platform
    default: item.exceptionType
    }
  }

  private static func holds(_ filter: Filter, _ text: String?) -> Bool {
    let isNegative = ["neq", "nwithin", "ncontains", "nregex", "nexists"].contains(filter.operation)
    guard let text else { return isNegative }
    switch filter.operation {
    case "neq": return text != filter.value
    case "within", "contains": return text.lowercased().contains(filter.value.lowercased())
    case "nwithin", "ncontains": return !text.lowercased().contains(filter.value.lowercased())
    case "startswith": return text.hasPrefix(filter.value)
    case "regex": return (try? Pattern(filter.value))?.matches(text) ?? false
    case "nregex": return !((try? Pattern(filter.value))?.matches(text) ?? true)
    case "exists": return true
    case "nexists": return false
    case "gt", "gte", "lt", "lte": return meets(filter.operation, order(text, like: filter.value)) ?? false
    default: return text == filter.value
    }
  }

  /// Whether an operation on what has an order holds; nil for the other operations.
  private static func meets(_ operation: String, _ order: Int) -> Bool? {
    switch operation {
    case "gt": order > 0
    case "gte": order >= 0
    case "lt": order < 0
    case "lte": order <= 0
    case "eq": order == 0
    case "neq": order != 0
    default: nil
    }
  }

  /// -1, 0 or 1: numbers by their value, texts by their letters; NaN is the equal of everything.
  private static func order<Value: Comparable>(_ own: Value, _ wanted: Value) -> Int { own < wanted ? -1 : own > wanted ? 1 : 0 }

  private static func order(_ text: String, like wanted: String) -> Int {
    if let own = Double(text), let wanted = Double(wanted) { return order(own, wanted) }
    return order(text, wanted)
  }
}
