// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// One order over all values: booleans, then numbers by value, then text by bytes; absence last. Below 0 where `left` comes first.
func order(_ left: FieldValue?, _ right: FieldValue?) -> Int {
  guard let left else { return right == nil ? 0 : 1 }
  guard let right else { return -1 }
  let leftRank = rank(left)
  let rightRank = rank(right)
  if leftRank != rightRank { return leftRank - rightRank }
  if case .string(let left) = left, case .string(let right) = right {
    if left.utf8.elementsEqual(right.utf8) { return 0 }
    return left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
  }
  guard let leftNumber = Number(left), let rightNumber = Number(right) else { return 0 }
  if Number.holds(.less, leftNumber, rightNumber) { return -1 }
  if Number.holds(.less, rightNumber, leftNumber) { return 1 }
  // Equal numbers of two types: integers first, NaN after all others.
  if leftNumber.double.isNaN != rightNumber.double.isNaN { return leftNumber.double.isNaN ? 1 : -1 }
  return Int(left.type.rawValue) - Int(right.type.rawValue)
}

private func rank(_ value: FieldValue) -> Int {
  switch value {
  case .boolean: 0
  case .integer, .float: 1
  case .string: 2
  }
}

/// The same for numbers, absence last in either direction.
func precedes(_ left: Double?, _ right: Double?, _ direction: Order.Direction) -> Bool? {
  guard let left else { return right == nil ? nil : false }
  guard let right else { return true }
  if left == right { return nil }
  return direction == .ascending ? left < right : left > right
}
