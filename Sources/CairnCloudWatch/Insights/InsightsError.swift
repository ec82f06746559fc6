// SPDX-License-Identifier: Apache-2.0

/// Why a text is no Insights query, and where.
///
/// Offsets count characters (Unicode scalars) from the start of the query, the end exclusive: the location of `queryCompileError`.
public struct InsightsError: Error, Sendable, Hashable {
  public var message: String
  public var startOffset: Int
  public var endOffset: Int

  public init(_ message: String, _ startOffset: Int, _ endOffset: Int) {
    self.message = message
    self.startOffset = startOffset
    self.endOffset = max(startOffset, endOffset)
  }
}
