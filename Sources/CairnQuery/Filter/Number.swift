// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// A number as it came, so that integers and floats compare by their exact values.
enum Number: Sendable, Hashable {
  case integer(Int64)
  case float(Double)

  /// The number that a value is; text only where all of it reads as a decimal number.
  init?(_ value: FieldValue) {
    switch value {
    case .integer(let value): self = .integer(value)
    case .float(let value): self = .float(value)
    case .boolean(let value): self = .integer(value ? 1 : 0)
    case .string(let text): self.init(decimal: text)
    }
  }

  /// As `FieldValue.decimal(_:)` reads it, whole numbers exactly.
  init?(decimal text: String) {
    guard let first = text.utf8.first, FieldValue.isDecimal(first) else { return nil }
    if let value = Int64(text) {
      self = .integer(value)
    } else if let value = FieldValue.decimal(text) {
      self = .float(value)
    } else {
      return nil
    }
  }

  var double: Double {
    switch self {
    case .integer(let value): Double(value)
    case .float(let value): value
    }
  }

  /// Whether `left ? right` holds by exact value.
  static func holds(_ comparison: Comparison, _ left: Number, _ right: Number) -> Bool {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): return comparison.holds(left, right)
    case (.float(let left), .float(let right)): return comparison.holds(left, right)
    case (.integer(let left), .float): return right.integers(comparison)?.contains(left) ?? false
    case (.float, .integer(let right)): return left.integers(comparison.mirrored)?.contains(right) ?? false
    }
  }

  /// The integers i for which `i ? self` holds; `.notEqual` has no one range and is the caller's to negate.
  func integers(_ comparison: Comparison) -> ClosedRange<Int64>? {
    let atMost: (below: Int64?, upTo: Int64?)  // the last integer less than self, and the last not greater
    let atLeast: (above: Int64?, from: Int64?)
    switch self {
    case .integer(let value):
      atMost = (value == .min ? nil : value - 1, value)
      atLeast = (value == .max ? nil : value + 1, value)
    case .float(let value):
      guard !value.isNaN else { return nil }
      // A whole double is its integer; one that is not whole is small enough for its neighbours to be exact.
      if let whole = Int64(exactly: value) { return Number.integer(whole).integers(comparison) }
      let below = Self.last(notAbove: value.rounded(.down))
      let above = Self.first(notBelow: value.rounded(.up))
      atMost = (below, below)
      atLeast = (above, above)
    }
    switch comparison {
    case .equal:
      guard let from = atLeast.from, let upTo = atMost.upTo, from <= upTo else { return nil }
      return from...upTo
    case .less: return atMost.below.map { .min ... $0 }
    case .lessOrEqual: return atMost.upTo.map { .min ... $0 }
    case .greater: return atLeast.above.map { $0 ... .max }
    case .greaterOrEqual: return atLeast.from.map { $0 ... .max }
    case .notEqual: return nil
    }
  }

  private static func last(notAbove value: Double) -> Int64? {
    if value >= 0x1p63 { return .max }
    return value < -0x1p63 ? nil : Int64(value)
  }

  private static func first(notBelow value: Double) -> Int64? {
    if value < -0x1p63 { return .min }
    return value >= 0x1p63 ? nil : Int64(value)
  }
}

extension Comparison {
  /// The comparison with its sides exchanged.
  var mirrored: Comparison {
    switch self {
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    case .equal, .notEqual: self
    }
  }
}
