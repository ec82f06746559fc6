// SPDX-License-Identifier: Apache-2.0

/// One way to group errors, under the name by which data remembers it.
///
/// A change that gives some errors other hashes is a new version. The former one stays in `all` for as long as folders may hold items that
/// it made: a server that meets such a folder computes both hashes for a while, see `GroupingPlan`.
public struct GroupingVersion: Sendable {
  public let name: String
  /// Goes into each hash: versions that share it give the same hash to an error of which they say the same.
  let tag: String
  let components: @Sendable (ErrorReport) -> [GroupingComponent]

  /// A version of its own making; `components` must be a pure function.
  public init(name: String, tag: String? = nil, components: @escaping @Sendable (ErrorReport) -> [GroupingComponent]) {
    self.name = name
    self.tag = tag ?? name
    self.components = components
  }

  /// Addresses in stacks count like names (decision 053 ended that).
  public static let cg1Beginning = GroupingVersion(name: "cg1.0", tag: "cg1") { cg1Components(of: $0, .beginning) }
  /// Addresses are no names, versions of gems are part of theirs.
  public static let cg1Addresses = GroupingVersion(name: "cg1.1", tag: "cg1") { cg1Components(of: $0, .addresses) }
  public static let cg1Gems = GroupingVersion(name: "cg1.2", tag: "cg1") { cg1Components(of: $0, .gems) }
  /// Functions of Swift's libraries are no frames of the program.
  public static let cg1Modules = GroupingVersion(name: "cg1.3", tag: "cg1") { cg1Components(of: $0, .modules) }

  public static let current = cg1Modules
  /// The oldest first.
  public static let all = [cg1Beginning, cg1Addresses, cg1Gems, cg1Modules]

  /// How this version groups an error.
  public func grouping(of report: ErrorReport) -> Grouping {
    GroupingMemory.shared.grouping(report, name) { computedGrouping(of: report, self) }
  }
}

/// Which versions of grouping are in force: one decides, former ones are computed beside it until a moment, so that what they made goes on.
public struct GroupingPlan: Sendable {
  public var current: GroupingVersion
  public var former: [GroupingVersion]
  /// Requests that came later get no former hashes: a replay decides as the first decoding did.
  public var formerUntilUnixNanoseconds: Int64

  public init(current: GroupingVersion = .current, former: [GroupingVersion] = [], formerUntilUnixNanoseconds: Int64 = .max) {
    self.current = current
    self.former = former
    self.formerUntilUnixNanoseconds = formerUntilUnixNanoseconds
  }

  /// How each version in force groups an error, the deciding one first.
  public func groupings(of report: ErrorReport, receivedUnixNanoseconds: Int64) -> [Grouping] {
    var found = [current.grouping(of: report)]
    if receivedUnixNanoseconds < formerUntilUnixNanoseconds {
      for version in former { found.append(version.grouping(of: report)) }
    }
    return found
  }
}

/// Hashes by which an item may be known beside the one that decides, as one text; nil where there are none. `formerHashes(_:)` reads it.
public func formerHashText(_ hashes: [String], deciding hash: String) -> String? {
  var kept: [String] = []
  for former in hashes where former != hash && !former.contains(" ") && !kept.contains(former) { kept.append(former) }
  return kept.isEmpty ? nil : kept.joined(separator: " ")
}

extension OccurrenceNote {
  /// The hashes that other versions of grouping, or the same without source maps, give.
  public var formerHashes: [String] { formerHash.split(separator: " ").map(String.init) }
}
