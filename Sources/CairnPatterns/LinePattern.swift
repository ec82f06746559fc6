// SPDX-License-Identifier: Apache-2.0

/// A text structure that lines share: what varies in it is `<*>`.
public struct LinePattern: Sendable, Hashable {
  public var text: String
  /// The lines that have it.
  public var count: Int
  /// One of them.
  public var sample: String

  public init(text: String, count: Int, sample: String) {
    self.text = text
    self.count = count
    self.sample = sample
  }

  /// What the line says of its weight: `Error`, `Warning`, `Info`, `Debug`, or `None`.
  public var severityLabel: String { Self.severityLabel(sample) }

  /// The label of the first word of a line that names a level.
  static func severityLabel(_ line: String) -> String {
    let labels: [(String, [String])] = [
      ("Error", ["error", "err", "fatal", "critical", "crit", "severe", "panic", "emergency", "exception", "traceback"]),
      ("Warning", ["warning", "warn"]), ("Info", ["info", "information", "notice"]), ("Debug", ["debug", "trace", "verbose"]),
    ]
    for word in line.utf8.prefix(400).split(whereSeparator: { !LineTemplates.isWord($0) }) where word.count <= 11 {
      let lower = String(decoding: word.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
      if let label = labels.first(where: { $0.1.contains(lower) }) { return label.0 }
    }
    return "None"
  }
}
