// SPDX-License-Identifier: Apache-2.0
public import CairnIssues

/// When to tell of an item, and where.
public struct ItemRule: Sendable, Hashable, Codable {
  public enum Channel: String, Sendable, Hashable, Codable, CaseIterable {
    case webhook
    case slack
    case email
  }
  public enum Trigger: String, Sendable, Hashable, Codable, CaseIterable {
    case newItem = "new_item"
    case occurrence
    /// The 10th, 100th, 1000th … occurrence.
    case repeatItem = "exp_repeat_item"
    case occurrenceRate = "occurrence_rate"
    case reactivated = "reactivated_item"
    case reopened = "reopened_item"
    case resolved = "resolved_item"
    case deploy
  }
  /// A condition on the item; all of a rule's must hold.
  public struct Filter: Sendable, Hashable, Codable {
    /// environment, level, title, context, framework, path (of the occurrence's class), unique_occurrences or rate.
    public var type: String
    /// eq, neq, gte, lte, within, nwithin, startswith.
    public var operation: String
    public var value: String
    /// For `rate`: so many occurrences in so many seconds.
    public var period = 0
    public var count = 0

    public init(type: String, operation: String, value: String) {
      self.type = type
      self.operation = operation
      self.value = value
    }
  }
  public var id: Int64
  public var projectID: Int64
  public var channel: Channel
  public var trigger: Trigger
  public var isEnabled = true
  /// The webhook's URL, or the mail's receivers.
  public var target: [String]
  public var filters: [Filter] = []

  public init(id: Int64, projectID: Int64, channel: Channel, trigger: Trigger, target: [String]) {
    self.id = id
    self.projectID = projectID
    self.channel = channel
    self.trigger = trigger
    self.target = target
  }

  public static let filterTypes: Set<String> = ["environment", "level", "title", "context", "framework", "class", "rate", "unique_occurrences"]
  public static let operations: Set<String> = ["eq", "neq", "gte", "lte", "within", "nwithin", "startswith"]

  /// True if so many different addresses meet every one of the filters.
  public static func holds(_ filters: [Filter], uniqueCount: Int) -> Bool {
    filters.allSatisfy { (filter) in
      guard let wanted = Int(filter.value) else { return false }
      switch filter.operation {
      case "lte": return uniqueCount <= wanted
      case "eq": return uniqueCount == wanted
      case "neq": return uniqueCount != wanted
      default: return uniqueCount >= wanted
      }
    }
  }

  /// True if the item meets every filter but those about its rate and its addresses, which only the events know.
  public func accepts(_ item: Item, levels: [String]) -> Bool {
    filters.allSatisfy { (filter) in
      switch filter.type {
      case "level":
        let (own, wanted) = (levels.firstIndex(of: item.level) ?? 0, levels.firstIndex(of: filter.value) ?? 0)
        return filter.operation == "gte" ? own >= wanted : filter.operation == "lte" ? own <= wanted : (own == wanted) == (filter.operation != "neq")
      case "unique_occurrences", "rate": return true
      default: return Self.holds(filter, Self.text(filter.type, item))
      }
    }
  }

  private static func text(_ type: String, _ item: Item) -> String {
    switch type {
    case "environment": item.identity.environment
    case "title": item.title
    case "context": item.context
    case "framework": item.framework
    default: item.exceptionType
    }
  }

  private static func holds(_ filter: Filter, _ text: String) -> Bool {
    switch filter.operation {
    case "neq": text != filter.value
    case "within": text.lowercased().contains(filter.value.lowercased())
    case "nwithin": !text.lowercased().contains(filter.value.lowercased())
    case "startswith": text.hasPrefix(filter.value)
    case "gte": text >= filter.value
    case "lte": text <= filter.value
    default: text == filter.value
    }
  }
}
