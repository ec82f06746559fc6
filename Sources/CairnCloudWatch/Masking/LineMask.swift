// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnPatterns

/// Takes out of lines what must not be kept: the rules of a data protection policy, or Cairn's own against secrets.
public struct LineMask: Sendable {
  struct Rule: Sendable {
    var pattern: Pattern
    /// The group that is masked; 0 is the whole match.
    var group = 0
    var replacement = Replacement.asterisks
    /// Says of a match whether it is what it looks like.
    var isReal: @Sendable (ArraySlice<UInt8>) -> Bool = { _ in true }
  }
  enum Replacement: Sendable {
    /// One for each character, as CloudWatch masks.
    case asterisks
    case text([UInt8])
  }
  var rules: [Rule]
  /// So many matches of a rule are masked in one line; beyond, the line is cut there.
  private static let matchCountMax = 1_000

  init(rules: [Rule]) { self.rules = rules }

  /// Leaves everything as it is.
  public static let none = LineMask(rules: [])

  /// The rules of both, one after the other.
  public func joined(with other: LineMask) -> LineMask { LineMask(rules: rules + other.rules) }

  public var isEmpty: Bool { rules.isEmpty }

  /// Masks the messages of a batch; O(text) where no rule finds anything.
  public func apply(to batch: inout LogBatch) {
    for rule in rules where batch.text.withBytes({ rule.pattern.matches($0) }) { apply(rule, to: &batch) }
  }

  private func apply(_ rule: Rule, to batch: inout LogBatch) {
    var text: [UInt8] = []
    text.reserveCapacity(batch.text.count)
    var ends: [Int] = []
    ends.reserveCapacity(batch.count)
    for index in 0..<batch.count {
      Self.mask(batch.text[batch.range(index)], rule, into: &text)
      ends.append(text.count)
    }
    batch.text = text
    batch.ends = ends
  }

  /// One text with every rule applied.
  public func masked(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for rule in rules {
      var out: [UInt8] = []
      Self.mask(bytes[...], rule, into: &out)
      bytes = out
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func mask(_ line: ArraySlice<UInt8>, _ rule: Rule, into text: inout [UInt8]) {
    let bytes = Array(line)
    var copied = 0
    var position = 0
    var count = 0
    while position <= bytes.count, let match = bytes.withBytes({ rule.pattern.firstMatch(in: $0, from: position) }) {
      guard let whole = match[0] else { break }
      position = whole.upperBound > position ? whole.upperBound : position + 1
      guard rule.group < match.count, let found = match[rule.group], found.lowerBound >= copied, rule.isReal(bytes[found]) else {
        continue
      }
      text += bytes[copied..<found.lowerBound]
      switch rule.replacement {
      case .text(let replacement): text += replacement
      case .asterisks: for byte in bytes[found] where byte & 0xc0 != 0x80 { text.append(0x2a) }
      }
      copied = found.upperBound
      count += 1
      if count == matchCountMax { return }
    }
    text += bytes[copied...]
  }
}
