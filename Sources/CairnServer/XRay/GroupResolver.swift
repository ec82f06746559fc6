// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnXRay

/// Puts the expressions of groups in the place of their names. Each group is worked out once; a circle is refused, and so is what becomes
/// longer than an expression may be.
struct GroupResolver {
  /// Those of the environment.
  let groups: [XRayGroup]
  private var known: [String: Known] = [:]
  /// The groups that are being worked out.
  private var path: [String] = []
  private static let depthMax = 25

  /// What a group stands for, and how deep groups lie within it, itself among them.
  private struct Known {
    var expression: FilterExpression
    var depth: Int
  }

  init(_ groups: [XRayGroup]) { self.groups = groups }

  mutating func resolved(_ expression: FilterExpression) throws(Refusal) -> FilterExpression { try worked(out: expression).expression }

  /// What a group stands for.
  mutating func expression(of group: XRayGroup) throws(Refusal) -> FilterExpression { try worked(out: group).expression }

  private mutating func worked(out expression: FilterExpression) throws(Refusal) -> Known {
    var termCount = expression.termCount, depth = 0
    let resolved = try expression.resolvingGroups { (reference) throws(Refusal) in
      guard let group = groups.first(where: { XRayGroups.matches($0, reference) }) else { throw XRayQuestion.invalid("Group not found") }
      let found = try worked(out: group)
      depth = max(depth, found.depth)
      termCount += found.expression.termCount
      guard termCount <= FilterExpression.termCountMax else {
        throw XRayQuestion.invalid("With its groups, the filter expression has more than \(FilterExpression.termCountMax) terms.")
      }
      return found.expression
    }
    return Known(expression: resolved, depth: depth)
  }

  private mutating func worked(out group: XRayGroup) throws(Refusal) -> Known {
    let known = self.known[group.name]
    guard !path.contains(group.name) else { throw XRayQuestion.invalid("Groups that name each other make a circle.") }
    // Also what is known counts: it may lie deeper here than where it was worked out.
    guard path.count + (known?.depth ?? 1) <= Self.depthMax else { throw XRayQuestion.invalid("Groups name each other more than \(Self.depthMax) deep.") }
    if let known { return known }
    path.append(group.name)
    var found = try worked(out: try XRayQuestion.expression(group.filterExpression))
    path.removeLast()
    found.depth += 1
    self.known[group.name] = found
    return found
  }
}
