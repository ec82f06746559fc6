// SPDX-License-Identifier: Apache-2.0

/// What the door knows of a request beside its body, as the journal keeps it: lines of text, so that a replay decides the same.
///
/// ```
/// project
/// address of the other end, or nothing
/// index TAB number of the project's rule TAB fingerprint TAB title      for each item of the request that a rule decides
/// ```
public struct RollbarHint: Sendable, Hashable {
  /// A project's rule decided an item's fingerprint, its title, or both.
  public struct Ruling: Sendable, Hashable {
    public var itemIndex: Int
    public var ruleNumber: Int
    /// May hold `{{default_fingerprint}}`; empty leaves the hash as it is.
    public var fingerprint: String
    public var title: String

    public init(itemIndex: Int, ruleNumber: Int, fingerprint: String, title: String) {
      self.itemIndex = itemIndex
      self.ruleNumber = ruleNumber
      self.fingerprint = fingerprint
      self.title = title
    }
  }
  public var project: String
  public var remoteAddress: String
  public var rulings: [Ruling]

  public init(project: String, remoteAddress: String = "", rulings: [Ruling] = []) {
    self.project = project
    self.remoteAddress = remoteAddress
    self.rulings = rulings
  }

  /// Reads what `text` wrote; whatever is no ruling is left out.
  public init(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    project = lines.first.map(String.init) ?? ""
    remoteAddress = lines.count > 1 ? String(lines[1]) : ""
    rulings = lines.dropFirst(2).compactMap { (line) in
      let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard cells.count == 4, let index = Int(cells[0]), let number = Int(cells[1]) else { return nil }
      return Ruling(itemIndex: index, ruleNumber: number, fingerprint: String(cells[2]), title: String(cells[3]))
    }
  }

  public var text: String {
    var lines = [Self.line(project), Self.line(remoteAddress)]
    for ruling in rulings {
      lines.append("\(ruling.itemIndex)\t\(ruling.ruleNumber)\t\(Self.line(ruling.fingerprint))\t\(Self.line(ruling.title))")
    }
    return lines.joined(separator: "\n")
  }

  private static func line(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 32 }) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 ? " " : $0 }))
  }
}
