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
    /// Lines that are JSON are looked at as such first.
    var readsJSON = false
  }
  var groups: [Group]
  init(rules: [Rule], hint: (@Sendable (RawSpan) -> Bool)? = nil, readsJSON: Bool = false) {
    groups = [Group(hint: hint, rules: rules, readsJSON: readsJSON)]
  }

  private init(groups: [Group]) { self.groups = groups }

  /// Cairn's own rules against secrets.
  public static let secrets = LineMask(rules: SecretText.rules, hint: { SecretScan.next($0) != nil }, readsJSON: true)

  /// Leaves everything as it is.
  public static let none = LineMask(groups: [])

  /// The rules of both, one after the other.
  public func joined(with other: LineMask) -> LineMask { LineMask(groups: groups + other.groups) }

  /// Masks the messages of a batch; one search through the text where no rule has anything to do.
  public func apply(to batch: inout LogBatch) {
    for group in groups {
      if let hint = group.hint, !batch.text.withBytes(hint) { continue }
      if group.readsJSON { scrubJSON(of: &batch) }
      for rule in group.rules { apply(rule, to: &batch) }
    }
  }

  private func scrubJSON(of batch: inout LogBatch) {
    var scrubbed: [Int: [UInt8]] = [:]
    for index in 0..<batch.count {
      if let line = SecretText.structured(Array(batch.text[batch.range(index)])) { scrubbed[index] = line }
    }
    guard !scrubbed.isEmpty else { return }
    rewrite(&batch) { (index, text) in
      guard let line = scrubbed[index] else { return false }
      text += line
      return true
    }
  }

  /// Makes the lines anew: those that the closure writes, the others as they are.
  private func rewrite(_ batch: inout LogBatch, _ write: (Int, inout [UInt8]) -> Bool) {
    var text: [UInt8] = []
    text.reserveCapacity(batch.text.count)
    var ends: [Int] = []
    ends.reserveCapacity(batch.count)
    for index in 0..<batch.count {
      if !write(index, &text) { text += batch.text[batch.range(index)] }
      ends.append(text.count)
    }
    batch.text = text
    batch.ends = ends
  }

  private func apply(_ rule: Rule, to batch: inout LogBatch) {
    var found: [Int] = []
    rule.pattern.forEachMatch(in: batch.text, ends: batch.ends.map { UInt32(truncatingIfNeeded: $0) }) { found.append($0) }
    guard !found.isEmpty else { return }
    let (before, lines) = (batch, Set(found))
    rewrite(&batch) { (index, text) in
      guard lines.contains(index) else { return false }
      rule.mask(before.text[before.range(index)], into: &text)
      return true
    }
  }

  public var isEmpty: Bool { groups.isEmpty }

  /// A text as its rules leave it, or nil where they change nothing; texts that are JSON are not read as such.
  public func edited(_ text: [UInt8]) -> [UInt8]? {
    var edited = text
    for rule in groups.flatMap(\.rules) {
      var out: [UInt8] = []
      rule.mask(edited[...], into: &out)
      edited = out
    }
    return edited == text ? nil : edited
  }

  /// One text with every rule applied.
  public func masked(_ text: String) -> String {
    var bytes = Array(text.utf8)
    if groups.contains(where: \.readsJSON) { bytes = SecretText.structured(bytes) ?? bytes }
    return String(decoding: edited(bytes) ?? bytes, as: UTF8.self)
  }
}
