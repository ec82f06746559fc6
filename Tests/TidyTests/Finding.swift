// SPDX-License-Identifier: Apache-2.0

/// One place that breaks a rule of the house, and what to do instead.
struct Finding: Hashable, CustomStringConvertible {
  var path: String
  /// 1-based; 0 where the whole file is meant.
  var line: Int
  var remedy: String

  var description: String { line == 0 ? "\(path): \(remedy)" : "\(path):\(line): \(remedy)" }
}
