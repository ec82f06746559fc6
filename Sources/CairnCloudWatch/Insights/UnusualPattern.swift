// SPDX-License-Identifier: Apache-2.0
public import CairnPatterns

/// A pattern of lines that is out of the ordinary: new, gone, or far more or less frequent than before.
///
/// What is usual are the counts of a longer time before. A pattern stands out where chance does not explain it: its count differs by more than
/// four standard deviations of a Poisson count, and by a factor of three.
public struct UnusualPattern: Sendable, Hashable {
  public var pattern: LinePattern
  /// Lines now, and as many as were to be expected.
  public var count: Int
  public var expected: Double

  /// The unusual ones of a time's patterns; `earlier` are those of a time that is `spanRatio` times as long.
  public static func find(_ now: [LinePattern], earlier: [LinePattern], spanRatio: Double) -> [UnusualPattern] {
    var before: [String: LinePattern] = [:]
    for pattern in earlier { before[pattern.text] = pattern }
    var found: [UnusualPattern] = []
    for pattern in now {
      let expected = Double(before.removeValue(forKey: pattern.text)?.count ?? 0) / spanRatio
      let unusual = UnusualPattern(pattern: pattern, count: pattern.count, expected: expected)
      if unusual.isNotable { found.append(unusual) }
    }
    for pattern in before.values.sorted(by: { $0.text < $1.text }) {
      let gone = UnusualPattern(pattern: pattern, count: 0, expected: Double(pattern.count) / spanRatio)
      if gone.isNotable { found.append(gone) }
    }
    return found
  }

  private var isNotable: Bool {
    if expected == 0 { return count > 0 }
    let difference = Double(count) - expected
    guard difference.magnitude > 4 * max(expected, 1).squareRoot() else { return false }
    return Double(count) >= 3 * expected || expected >= 3 * Double(count)
  }

  public var description: String {
    if expected == 0 { return "New pattern: \(count) \(count == 1 ? "line" : "lines") where there were none before" }
    let usual = (expected * 10).rounded() / 10
    if count == 0 { return "Pattern no longer seen: about \(usual) lines were usual" }
    return "\(count) lines where about \(usual) were usual"
  }

  /// HIGH for what speaks of errors, MEDIUM for warnings and what is new, LOW for the rest.
  public var priority: String {
    switch pattern.severityLabel {
    case "Error": "HIGH"
    case "Warning": "MEDIUM"
    default: expected == 0 ? "MEDIUM" : "LOW"
    }
  }
}
