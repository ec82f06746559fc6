// SPDX-License-Identifier: Apache-2.0

/// A column whose value in each event follows from the event's other fields.
public struct FormulaColumn: Sendable, Hashable {
  public var name: String
  public var formula: Formula

  public init(name: String, formula: Formula) {
    self.name = name
    self.formula = formula
  }
}
