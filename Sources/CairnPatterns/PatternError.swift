// SPDX-License-Identifier: Apache-2.0

/// Why a text is no pattern.
public struct PatternError: Error, Sendable, Hashable {
  /// In the words of the library: `missing ): (a`.
  public var reason: String

  public init(reason: String) { self.reason = reason }
}
