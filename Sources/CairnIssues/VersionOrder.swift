// SPDX-License-Identifier: Apache-2.0

/// Which of two code versions is later: by number, by semantic version, else by the order of deploys.
public enum VersionOrder: Sendable, Hashable {
  case earlier
  case same
  case later
  /// Two words of which no deploy says which came first.
  case unknown

  /// How `version` stands to `reference`. `deploys` are revisions, oldest first.
  public init(_ version: String, to reference: String, deploys: [String] = []) {
    if version == reference {
      self = .same
    } else if let left = Int64(version), let right = Int64(reference) {
      self = left < right ? .earlier : left > right ? .later : .same
    } else if let left = SemanticVersion(version), let right = SemanticVersion(reference) {
      self = left < right ? .earlier : right < left ? .later : .same
    } else if let left = Self.place(of: version, deploys), let right = Self.place(of: reference, deploys) {
      self = left < right ? .earlier : left > right ? .later : .same
    } else {
      self = .unknown
    }
  }

  /// The last deploy of a revision; a commit may be written short.
  private static func place(of version: String, _ deploys: [String]) -> Int? {
    deploys.lastIndex { $0 == version || (version.count >= 7 && ($0.hasPrefix(version) || version.hasPrefix($0) && $0.count >= 7)) }
  }
}

/// `1.2.3` with an optional `v` and an optional `-pre.1`; build data behind `+` does not count (semver.org 2.0). Parts that are not written,
/// as in `1.2` or `v2`, are 0, as apps' versions often leave them out.
struct SemanticVersion: Comparable {
  var numbers: [Int64]
  var prerelease: [Substring]

  init?(_ text: String) {
    var rest = text.hasPrefix("v") ? text.dropFirst() : text[...]
    if let plus = rest.firstIndex(of: "+") { rest = rest[..<plus] }
    let parts = rest.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard let core = parts.first else { return nil }
    let numbers = core.split(separator: ".", omittingEmptySubsequences: false).map { Int64($0) }
    let known = numbers.compactMap { $0 }
    guard numbers.count <= 3, known.count == numbers.count else { return nil }
    self.numbers = known + [Int64](repeating: 0, count: 3 - known.count)
    prerelease = parts.count > 1 ? parts[1].split(separator: ".") : []
  }

  static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
    if left.numbers != right.numbers { return left.numbers.lexicographicallyPrecedes(right.numbers) }
    if left.prerelease.isEmpty || right.prerelease.isEmpty { return !left.prerelease.isEmpty && right.prerelease.isEmpty }
    for (mine, other) in zip(left.prerelease, right.prerelease) where mine != other {
      switch (Int64(mine), Int64(other)) {
      case (let mine?, let other?): return mine < other
      case (nil, nil): return mine < other
      case (let mine, _): return mine != nil
      }
    }
    return left.prerelease.count < right.prerelease.count
  }
}
