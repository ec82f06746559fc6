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
  /// Rules with what every line that they change contains: searched for once in all lines together.
  struct Group: Sendable {
    /// Without anchors, as lines lie end to end; nil: any line may be changed.
    var hint: Pattern?
    var rules: [Rule]
  }
  var groups: [Group]
  /// So many matches of a rule are masked in one line; beyond, the line is cut there.
  private static let matchCountMax = 1_000

  init(rules: [Rule], hint: Pattern? = nil) { groups = [Group(hint: hint, rules: rules)] }

  private init(groups: [Group]) { self.groups = groups }

  /// Leaves everything as it is.
  public static let none = LineMask(groups: [])

  /// The rules of both, one after the other.
  public func joined(with other: LineMask) -> LineMask { LineMask(groups: groups + other.groups) }

  /// Masks the messages of a batch; one search through the text where no rule has anything to do.
  public func apply(to batch: inout LogBatch) {
    for group in groups {
      if let hint = group.hint, !batch.text.withBytes({ hint.matches($0) }) { continue }
      for rule in group.rules { apply(rule, to: &batch) }
    }
  }

  private func apply(_ rule: Rule, to batch: inout LogBatch) {
    var found: [Int] = []
    rule.pattern.forEachMatch(in: batch.text, ends: batch.ends.map { UInt32(truncatingIfNeeded: $0) }) { found.append($0) }
    guard !found.isEmpty else { return }
    var text: [UInt8] = []
    text.reserveCapacity(batch.text.count)
    var ends: [Int] = []
    ends.reserveCapacity(batch.count)
    var next = found[...]
    for index in 0..<batch.count {
      if next.first == index {
        next.removeFirst()
        Self.mask(batch.text[batch.range(index)], rule, into: &text)
      } else {
        text += batch.text[batch.range(index)]
      }
      ends.append(text.count)
    }
    batch.text = text
    batch.ends = ends
  }

  /// One text with every rule applied.
  public func masked(_ text: String) -> String {
    var bytes = Array(text.utf8)
    for rule in groups.flatMap(\.rules) {
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
