// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns

extension FormulaFunction {
  func number(_ count: Int, _ argument: (Int) -> FieldValue?) -> FieldValue? {
    switch self {
    case .minimum, .maximum:
      var best: FieldValue?
      for index in 0..<count {
        guard let value = Self.numeric(argument(index)), let number = value.number else { continue }
        if let known = best?.number, self == .minimum ? known <= number : known >= number { continue }
        best = value
      }
      return best
    case .sum, .multiply:
      var total = Self.numeric(argument(0)) ?? .integer(0)
      for index in 1..<max(count, 1) { total = combine(total, Self.numeric(argument(index)) ?? .integer(0)) }
      return total
    case .subtract, .modulo:
      let (left, right) = (Self.numeric(argument(0)) ?? .integer(0), Self.numeric(argument(1)) ?? .integer(0))
      return self == .modulo && right.number == 0 ? nil : combine(left, right)
    case .divide:
      guard let divisor = Self.numeric(argument(1))?.number, divisor != 0 else { return nil }
      return .float((Self.numeric(argument(0))?.number ?? 0) / divisor)
    case .logarithm:
      guard let number = Self.numeric(argument(0))?.number, number > 0 else { return nil }
      return .float(logarithm10(number))
    default: return Self.bucket(count, argument)
    }
  }

  /// Whole numbers stay whole unless they overflow.
  private func combine(_ left: FieldValue, _ right: FieldValue) -> FieldValue {
    if case .integer(let left) = left, case .integer(let right) = right {
      let (value, overflow) = switch self {
      case .sum: left.addingReportingOverflow(right)
      case .subtract: left.subtractingReportingOverflow(right)
      case .multiply: left.multipliedReportingOverflow(by: right)
      default: left.remainderReportingOverflow(dividingBy: right)
      }
      if !overflow { return .integer(value) }
    }
    let (left, right) = (left.number ?? 0, right.number ?? 0)
    switch self {
    case .sum: return .float(left + right)
    case .subtract: return .float(left - right)
    case .multiply: return .float(left * right)
    default: return .float(left.truncatingRemainder(dividingBy: right))
    }
  }

  /// The value as a number of its own kind, nil where it is none.
  private static func numeric(_ value: FieldValue?) -> FieldValue? {
    switch value {
    case .integer, .float: return value
    case .string(let text):
      if let whole = Int64(text) { return .integer(whole) }
      return FieldValue.decimal(text).map { .float($0) }
    case .boolean, nil: return nil
    }
  }

  /// `BUCKET(value, size, minimum, maximum)` is the name of the range that the value lies in: `100 - 200`, `< 0`, `>= 1000`.
  private static func bucket(_ count: Int, _ argument: (Int) -> FieldValue?) -> FieldValue? {
    guard let value = numeric(argument(0))?.number, let size = numeric(argument(1))?.number, size > 0 else { return nil }
    let minimum = count > 2 ? numeric(argument(2))?.number : nil
    let maximum = count > 3 ? numeric(argument(3))?.number : nil
    if let minimum, value < minimum { return .string("< \(FieldValue.float(minimum).text)") }
    if let maximum, value >= maximum { return .string(">= \(FieldValue.float(maximum).text)") }
    let base = minimum ?? 0
    let low = base + ((value - base) / size).rounded(.down) * size
    return low.isFinite ? .string("\(FieldValue.float(low).text) - \(FieldValue.float(low + size).text)") : nil
  }

  func cast(_ value: FieldValue?) -> FieldValue? {
    switch self {
    case .boolean: return .boolean(Self.truth(value))
    case .string: return value.map { .string($0.text) }
    case .float: return value?.number.map { .float($0) }
    default:
      switch value {
      case .integer: return value
      case .string(let text):
        if let whole = Int64(text) { return .integer(whole) }
        fallthrough
      default: return value?.number.flatMap { Int64(exactly: $0.rounded(.towardZero)) }.map { .integer($0) }
      }
    }
  }

  /// A text that a formula makes has at most as many bytes as a field may have.
  private static let textBytesMax = 65_535

  private func joined(_ count: Int, _ argument: (Int) -> FieldValue?) -> String {
    var text = ""
    for index in 0..<count {
      text += argument(index)?.text ?? ""
      guard text.utf8.count < Self.textBytesMax else { return String(decoding: text.utf8.prefix(Self.textBytesMax), as: UTF8.self) }
    }
    return text
  }

  func text(_ count: Int, _ argument: (Int) -> FieldValue?) -> FieldValue? {
    switch self {
    case .concatenate: return .string(joined(count, argument))
    case .lowercase: return argument(0).map { .string($0.text.lowercased()) }
    case .length:
      guard let text = argument(0)?.text else { return nil }
      let isBytes = count > 1 && argument(1) == .string("bytes")
      return .integer(Int64(isBytes ? text.utf8.count : text.unicodeScalars.count))
    default:
      guard let text = argument(0)?.text, let part = argument(1)?.text else { return .boolean(false) }
      // By bytes, as filters do: Swift's letters take `\r\n` for one that does not end with `\n`.
      return .boolean(
        self == .startsWith ? text.utf8.starts(with: part.utf8)
          : self == .endsWith ? text.utf8.suffix(part.utf8.count).elementsEqual(part.utf8) : part.isEmpty || text.utf8.contains(part.utf8))
    }
  }
}

/// The decimal logarithm of a number above 0, without a library of mathematics: by the exponent and a series for the rest.
private func logarithm10(_ number: Double) -> Double {
  guard number.isFinite, number.isNormal else { return number.isFinite ? -308 : number }
  // number = m * 2^e with m near 1, and ln m = 2 atanh((m - 1) / (m + 1)).
  var exponent = Double(number.exponent)
  var significand = number.significand
  if significand > 1.414_213_562_373_095 {
    significand /= 2
    exponent += 1
  }
  let ratio = (significand - 1) / (significand + 1)
  let square = ratio * ratio
  var term = ratio
  var sum = 0.0
  for power in stride(from: 1.0, to: 41.0, by: 2.0) {
    sum += term / power
    term *= square
  }
  let exact = (2 * sum + exponent * 0.693_147_180_559_945_3) / 2.302_585_092_994_045_7
  // Powers of ten are whole.
  return abs(exact - exact.rounded()) < 1e-14 * max(1, abs(exact)) ? exact.rounded() : exact
}
