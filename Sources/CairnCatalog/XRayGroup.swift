// SPDX-License-Identifier: Apache-2.0

/// A named filter expression of X-Ray with a graph and insights of its own.
public struct XRayGroup: Sendable, Hashable {
  public var environment: String
  public var name: String
  /// The last part of its ARN; `Default` has none.
  public var id: String
  public var filterExpression: String
  public var hasInsights: Bool
  public var hasNotifications: Bool

  public init(environment: String, name: String, id: String, filterExpression: String, hasInsights: Bool, hasNotifications: Bool) {
    self.environment = environment
    self.name = name
    self.id = id
    self.filterExpression = filterExpression
    self.hasInsights = hasInsights
    self.hasNotifications = hasNotifications
  }
}

/// An insight as the catalog keeps it: what it is searched by, and the rest as JSON text.
public struct XRayInsightRecord: Sendable, Hashable {
  public var id: String
  public var environment: String
  public var group: String
  public var startUnixNanoseconds: Int64
  /// nil while it is open.
  public var endUnixNanoseconds: Int64?
  public var updatedUnixNanoseconds: Int64
  public var details: String

  public init(
    id: String, environment: String, group: String, startUnixNanoseconds: Int64, endUnixNanoseconds: Int64?,
    updatedUnixNanoseconds: Int64, details: String
  ) {
    self.id = id
    self.environment = environment
    self.group = group
    self.startUnixNanoseconds = startUnixNanoseconds
    self.endUnixNanoseconds = endUnixNanoseconds
    self.updatedUnixNanoseconds = updatedUnixNanoseconds
    self.details = details
  }
}
