// SPDX-License-Identifier: Apache-2.0

/// How long the log records of one dataset are kept, as a call has set it.
public struct DatasetDays: Sendable, Hashable {
  public var environment: String
  public var dataset: String
  public var days: Int
}
