// SPDX-License-Identifier: Apache-2.0
import CairnFormats

/// The parameters behind a path's `?`, decoded; of repeated names the first counts.
struct QueryString: Sendable {
  private let values: [String: String]

  init(_ text: String) {
    var values: [String: String] = [:]
    for part in text.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = percentDecoded(plusDecoded(pair[0])), values[name] == nil else { continue }
      values[name] = pair.count == 2 ? percentDecoded(plusDecoded(pair[1])) : ""
    }
    self.values = values
  }

  /// The value, or nil where the parameter is absent or empty.
  subscript(_ name: String) -> String? {
    guard let value = values[name], !value.isEmpty else { return nil }
    return value
  }

  /// Whether it is there, also without a value, and not `false`.
  func isSet(_ name: String) -> Bool { values[name].map { $0 != "false" } ?? false }
}

/// `+` as a space, as forms write it.
private func plusDecoded(_ text: Substring) -> String {
  text.contains("+") ? String(text.map { $0 == "+" ? " " : $0 }) : String(text)
}
