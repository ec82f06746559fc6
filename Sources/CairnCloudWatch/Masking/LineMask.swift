// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnPatterns
internal import CairnSecrets

/// Takes out of lines what must not be kept: the rules of a data protection policy, or Cairn's own against secrets.
public struct LineMask: Sendable {
  typealias Rule = TextRule
  /// Rules with what every line that they change contains: searched for once in all lines together.
  struct Group: Sendable {
    /// True for lines, end to end, that a rule may have to change; nil: any may.
    var hint: (@Sendable (RawSpan) -> Bool)?
    var rules: [Rule]
  }
  var groups: [Group]
  init(rules: [Rule], hint: (@Sendable (RawSpan) -> Bool)? = nil) { groups = [Group(hint: hint, rules: rules)] }

  private init(groups: [Group]) { self.groups = groups }

  /// Cairn's own rules against secrets.
  public static let secrets = LineMask(rules: SecretText.rules, hint: { SecretScan.next($0) != nil })

  /// Leaves everything as it is.
  public static let none = LineMask(groups: [])

  /// The rules of both, one after the other.
  public func joined(with other: LineMask) -> LineMask { LineMask(groups: groups + other.groups) }

  /// Masks the messages of a batch; one search through the text where no rule has anything to do.
  public func apply(to batch: inout LogBatch) {
    for group in groups {
      if let hint = group.hint, !batch.text.withBytes(hint) { continue }
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
        rule.mask(batch.text[batch.range(index)], into: &text)
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
      rule.mask(bytes[...], into: &out)
      bytes = out
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
