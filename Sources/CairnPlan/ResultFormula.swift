// SPDX-License-Identifier: Apache-2.0
public import CairnColumns

/// A number that is worked out of the results of a plan's calculations, in each group, in each time bucket and in the totals alike:
/// `DIV($errors, $total)`.
///
/// The columns of the formula are names of calculations. Null in arithmetic gives null, as does a division by zero: where there is nothing,
/// nothing follows. (In an event a field that is missing counts as 0 in a sum.)
public struct ResultFormula: Sendable, Hashable {
  public var name: String
  public var formula: Formula

  public init(name: String, formula: Formula) {
    self.name = name
    self.formula = formula
  }

  /// The value where `result` tells the calculations' results: a number; a truth counts as 1 or 0, what is neither as null.
  public func value(_ result: (String) -> FieldValue?) -> FieldValue? {
    switch Self.value(formula, result) {
    case .integer(let number): .integer(number)
    case .float(let number): number.isFinite ? .float(number) : nil
    case .boolean(let truth): .integer(truth ? 1 : 0)
    case .string, nil: nil
    }
  }

  private static func value(_ formula: Formula, _ result: (String) -> FieldValue?) -> FieldValue? {
    guard case .call(let function, let arguments) = formula else {
      return formula.value(timeUnixNanoseconds: 0, result)
    }
    guard function.isArithmetic else { return function.value(arguments.count) { value(arguments[$0], result) } }
    var values: [FieldValue] = []
    for argument in arguments {
      guard let value = value(argument, result) else { return nil }
      values.append(value)
    }
    return function.value(values.count) { values[$0] }
  }
}

extension FormulaFunction {
  /// Adds, subtracts, multiplies or divides.
  var isArithmetic: Bool {
    switch self {
    case .sum, .subtract, .multiply, .divide, .modulo: true
    default: false
    }
  }
}
