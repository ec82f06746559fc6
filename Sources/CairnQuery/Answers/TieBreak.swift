// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnPlan

/// Compares groups by the bytes of the breakdown that decides where calculations tie, without making their values: of a million groups that
/// tie, few are shown (benchmark: `Benchmarks/groups.py`).
struct TieBreak {
  /// The texts of one dictionary, by the codes of the domain.
  private struct Texts {
    var first: Int
    var bytes: [UInt8]
    var ends: [UInt32]
  }

  private let column: Int
  private let direction: Order.Direction
  private var texts: [Texts] = []
  private let codeEnd: UInt32

  /// Nil where the deciding breakdown has values that are no texts lying end to end.
  init?(_ plan: Plan, _ orders: [Order], _ mapper: GroupMapper) {
    var deciding: (column: Int, direction: Order.Direction)?
    for order in orders where deciding == nil {
      guard case .breakdown(let name) = order.term, let column = plan.breakdowns.firstIndex(of: name) else { continue }
      deciding = (column, order.direction)
    }
    (column, direction) = deciding ?? (0, .ascending)
    guard mapper.readers.indices.contains(column) else { return nil }
    let domain = mapper.readers[column].domain
    guard !domain.isOpen else { return nil }
    codeEnd = domain.falseCode
    var first = 1
    for dictionary in domain.texts {
      guard case .text(let bytes, let ends) = dictionary.entries else { return nil }
      texts.append(Texts(first: first, bytes: bytes, ends: ends))
      first += dictionary.count
    }
  }

  /// False where the group's text tells that it comes behind the other group; true where it does not tell.
  func mayPrecede(_ group: Int, _ other: Int, _ mapper: GroupMapper) -> Bool {
    let (left, right) = (mapper.code(group, of: column), mapper.code(other, of: column))
    guard left != right, left > 0, right > 0, left < codeEnd, right < codeEnd else { return true }
    let isLess = precedes(Int(left), Int(right))
    return direction == .ascending ? isLess : !isLess
  }

  /// Texts of different codes are different.
  private func precedes(_ left: Int, _ right: Int) -> Bool {
    let (leftTexts, leftRange) = place(left)
    let (rightTexts, rightRange) = place(right)
    let count = min(leftRange.count, rightRange.count)
    for offset in 0..<count {
      let (a, b) = (texts[leftTexts].bytes[leftRange.lowerBound + offset], texts[rightTexts].bytes[rightRange.lowerBound + offset])
      if a != b { return a < b }
    }
    return leftRange.count < rightRange.count
  }

  private func place(_ code: Int) -> (texts: Int, range: Range<Int>) {
    var index = texts.count - 1
    while index > 0, texts[index].first > code { index -= 1 }
    return (index, ValueDictionary.range(texts[index].ends, code - texts[index].first))
  }
}
