// SPDX-License-Identifier: Apache-2.0

/// A setting that cannot be meant: which variable, and what is allowed.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  public var variable: String
  public var problem: String

  public init(variable: String, problem: String) {
    self.variable = variable
    self.problem = problem
  }

  public var description: String { "\(variable): \(problem)" }
}
