// SPDX-License-Identifier: Apache-2.0

/// Searching and ordering texts as Insights does.
enum InsightsText {
  /// The first place at or after `start` where `wanted` stands; the empty text stands everywhere.
  static func firstIndex(of wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard let first = wanted.first else { return start <= bytes.count ? start : nil }
    var at = start
    while at + wanted.count <= bytes.count {
      if bytes[at] == first, bytes[at..<at + wanted.count].elementsEqual(wanted) { return at }
      at += 1
    }
    return nil
  }

  /// The order of `sort`: -1, 0 or 1.
  ///
  /// Absent before texts, texts before numbers. Texts chunk by chunk, digits and others in turn: digits by their count, then by their
  /// value, others by Unicode.
  static func naturalOrder(_ left: InsightsValue, _ right: InsightsValue) -> Int {
    let ranks = (rank(left), rank(right))
    if ranks.0 != ranks.1 { return ranks.0 < ranks.1 ? -1 : 1 }
    switch ranks.0 {
    case 0: return 0
    case 2:
      if case .integer(let left) = left, case .integer(let right) = right { return left == right ? 0 : left < right ? -1 : 1 }
      let (left, right) = (left.number ?? 0, right.number ?? 0)
      return left == right ? 0 : left < right ? -1 : 1
    default: return chunkOrder(Array((left.text ?? "").unicodeScalars), Array((right.text ?? "").unicodeScalars))
    }
  }

  private static func rank(_ value: InsightsValue) -> Int { value.isAbsent ? 0 : value.number == nil ? 1 : 2 }

  private static func chunkOrder(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var (leftAt, rightAt) = (0, 0)
    while leftAt < left.count, rightAt < right.count {
      let leftEnd = digitsEnd(left, leftAt)
      let rightEnd = digitsEnd(right, rightAt)
      if leftEnd > leftAt, rightEnd > rightAt {
        let lengths = (leftEnd - leftAt, rightEnd - rightAt)
        if lengths.0 != lengths.1 { return lengths.0 < lengths.1 ? -1 : 1 }
        for offset in 0..<lengths.0 where left[leftAt + offset] != right[rightAt + offset] {
          return left[leftAt + offset].value < right[rightAt + offset].value ? -1 : 1
        }
        (leftAt, rightAt) = (leftEnd, rightEnd)
      } else {
        if left[leftAt] != right[rightAt] { return left[leftAt].value < right[rightAt].value ? -1 : 1 }
        leftAt += 1
        rightAt += 1
      }
    }
    return leftAt == left.count ? (rightAt == right.count ? 0 : -1) : 1
  }

  private static func digitsEnd(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
    var end = start
    while end < scalars.count, (0x30...0x39).contains(scalars[end].value) { end += 1 }
    return end
  }

  /// What stands at the stars of a glob, whose literal texts these are; nil where the text does not match.
  ///
  /// The first literal may begin anywhere; each star takes as little as it can, a last one all that is left.
  static func globMatch(_ literals: [[UInt8]], _ text: [UInt8]) -> [String]? {
    guard let head = literals.first, var at = firstIndex(of: head, in: text, from: 0) else { return nil }
    at += head.count
    var captures: [String] = []
    for (index, literal) in literals.dropFirst().enumerated() {
      let isLast = index == literals.count - 2
      let end = literal.isEmpty && isLast ? text.count : firstIndex(of: literal, in: text, from: at)
      guard let end else { return nil }
      captures.append(String(decoding: text[at..<end], as: UTF8.self))
      at = end + literal.count
    }
    return captures
  }
}
