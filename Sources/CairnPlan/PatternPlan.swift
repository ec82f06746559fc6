// SPDX-License-Identifier: Apache-2.0
public import CairnPatterns

/// A question for the text structures that the values of one field share; see `LineTemplates`.
public struct PatternPlan: Sendable, Hashable {
  public var scope: Scope
  public var filter: Filter
  public var column: String
  /// The most patterns of the answer, the most frequent of them.
  public var limit: Int

  public init(scope: Scope, filter: Filter = .everything, column: String, limit: Int = 10_000) {
    self.scope = scope
    self.filter = filter
    self.column = column
    self.limit = limit
  }
}

/// The patterns, the most frequent first. Counts are of stored events, whatever their sample rate.
public struct PatternAnswer: Sendable, Hashable {
  public var patterns: [LinePattern]
  /// Events that matched and have the field.
  public var lineCount: Int
  public var info: ReadingInfo

  public init(patterns: [LinePattern] = [], lineCount: Int = 0, info: ReadingInfo = ReadingInfo()) {
    self.patterns = patterns
    self.lineCount = lineCount
    self.info = info
  }
}
