// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Whether `value ? wanted` holds: texts by their bytes, everything else by number; a text is a number where all of it reads as one.
func compares(_ value: FieldValue, _ comparison: Comparison, _ wanted: FieldValue) -> Bool {
  if case .string(let left) = value, case .string(let right) = wanted {
    let order = left.utf8.elementsEqual(right.utf8) ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1
    return comparison.holds(order, 0)
  }
  guard let left = number(value, wanted), let right = number(wanted, value) else { return false }
  return comparison.holds(left, right)
}

private func number(_ value: FieldValue, _ other: FieldValue) -> Double? {
  if case .string(let text) = value {
    if case .boolean = other, text == "true" || text == "false" { return text == "true" ? 1 : 0 }
    guard let first = text.utf8.first, first < 0x3a, text.utf8.allSatisfy({ $0 < 0x3a || $0 == 0x45 || $0 == 0x65 }) else { return nil }
  }
  return value.number
}

/// Whether a text begins with, ends with or contains another, by their bytes.
func matchesText(_ text: String, _ match: TextMatch, _ wanted: String) -> Bool {
  let bytes = Array(text.utf8)
  let part = Array(wanted.utf8)
  guard part.count <= bytes.count else { return false }
  switch match {
  case .startsWith: return bytes.starts(with: part)
  case .endsWith: return bytes.suffix(part.count).elementsEqual(part)
  case .contains:
    guard let first = part.first else { return true }
    return (0...bytes.count - part.count).contains { bytes[$0] == first && bytes[$0..<$0 + part.count].elementsEqual(part) }
  }
}
