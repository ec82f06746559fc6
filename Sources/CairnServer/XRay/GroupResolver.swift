// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnXRay

/// Puts the expressions of groups in the place of their names. Each group is worked out once; a circle is refused, and so is what becomes
/// longer than an expression may be.
struct GroupResolver {
  /// Those of the environment.
  let groups: [XRayGroup]
  private var known: [String: FilterExpression] = [:]
  /// The groups that are being worked out.
  private var path: [String] = []
  private static let depthMax = 25

  init(_ groups: [XRayGroup]) { self.groups = groups }

  mutating func resolved(_ expression: FilterExpression) throws(Refusal) -> FilterExpression {
    var termCount = expression.termCount
    return try expression.resolvingGroups { (reference) throws(Refusal) in
      guard let group = groups.first(where: { XRayGroups.matches($0, reference) }) else { throw XRayQuestion.invalid("Group not found") }
      let found = try self.expression(of: group)
      termCount += found.termCount
      guard termCount <= FilterExpression.termCountMax else {
        throw XRayQuestion.invalid("With its groups, the filter expression has more than \(FilterExpression.termCountMax) terms.")
      }
      return found
    }
  }

  /// What a group stands for.
  mutating func expression(of group: XRayGroup) throws(Refusal) -> FilterExpression {
    if let found = known[group.name] { return found }
    guard !path.contains(group.name) else { throw XRayQuestion.invalid("Groups that name each other make a circle.") }
    guard path.count < Self.depthMax else { throw XRayQuestion.invalid("Groups name each other more than \(Self.depthMax) deep.") }
    path.append(group.name)
    let found = try resolved(try XRayQuestion.expression(group.filterExpression))
    path.removeLast()
    known[group.name] = found
    return found
  }
}
