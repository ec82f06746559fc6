// SPDX-License-Identifier: Apache-2.0

/// When to tell of an item, and where.
public struct ItemRule: Sendable, Hashable, Codable {
  public enum Channel: String, Sendable, Hashable, Codable, CaseIterable {
    case webhook
    case slack
    case email
    case pagerduty
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
    /// One of `filterTypes`.
    public var type: String
    /// One of `operations`.
    public var operation: String
    public var value: String
    /// For `rate`: so many occurrences in so many seconds.
    public var period = 0
    public var count = 0
    /// For `path`: where in the payload.
    public var path: String?

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
  /// The webhook's URL, the mail's receivers, or the integration key of a service of PagerDuty.
  public var target: [String]
  public var filters: [Filter] = []

  public init(id: Int64, projectID: Int64, channel: Channel, trigger: Trigger, target: [String]) {
    self.id = id
    self.projectID = projectID
    self.channel = channel
    self.trigger = trigger
    self.target = target
  }
}
