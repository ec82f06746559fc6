// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnPlan
import CairnXRay

/// The groups of X-Ray: those in the catalog, and `Default`, which is always there and means every trace.
struct XRayGroups: Sendable {
  let state: ServerState
  static let defaultName = "Default"

  /// All groups, `Default` first.
  func all(_ environment: String) throws(Refusal) -> [XRayGroup] {
    let kept = try catalog { (catalog) throws(CatalogError) in try catalog.xrayGroups(environment: environment) }
    let standard = kept.first { $0.name == Self.defaultName } ?? Self.standard(environment)
    return [standard] + kept.filter { $0.name != Self.defaultName }
  }

  /// Everything is watched for insights unless someone says otherwise.
  static func standard(_ environment: String) -> XRayGroup {
    XRayGroup(environment: environment, name: defaultName, id: "", filterExpression: "", hasInsights: true, hasNotifications: false)
  }

  /// The group of a reference, or a refusal in X-Ray's words.
  func find(_ reference: GroupReference, _ environment: String) throws(Refusal) -> XRayGroup {
    for group in try all(environment) where Self.matches(group, reference) { return group }
    throw XRayQuestion.invalid("Group not found")
  }

  /// The group that `GroupName` or `GroupARN` names; nil where neither is there.
  func named(_ question: XRayQuestion) throws(Refusal) -> XRayGroup? {
    let environment = question.exchange.environment
    if let arn = try question.text("GroupARN", count: 1...400) { return try find(.arn(arn), environment) }
    if let name = try question.text("GroupName", count: 1...32) { return try find(.name(name), environment) }
    return nil
  }

  /// The expression of the question's group; every trace where it names none.
  func expression(_ question: XRayQuestion) throws(Refusal) -> FilterExpression {
    guard let group = try named(question) else { return .everything }
    return try expression(group)
  }

  /// The expression with the expressions of groups in the place of their names.
  func resolved(_ expression: FilterExpression, _ exchange: Exchange) throws(Refusal) -> FilterExpression {
    var resolver = GroupResolver(try all(exchange.environment))
    return try resolver.resolved(expression)
  }

  /// The expression that a group stands for.
  func expression(_ group: XRayGroup) throws(Refusal) -> FilterExpression {
    var resolver = GroupResolver(try all(group.environment))
    return try resolver.expression(of: group)
  }

  /// `group/NAME/ID`, what an ARN ends with.
  static func resource(_ group: XRayGroup) -> String { group.id.isEmpty ? "group/\(group.name)" : "group/\(group.name)/\(group.id)" }

  static func matches(_ group: XRayGroup, _ reference: GroupReference) -> Bool {
    switch reference {
    case .name(let name): group.name == name
    case .arn(let arn): arn.hasPrefix("arn:aws:xray:") && arn.hasSuffix(":" + resource(group))
    }
  }

  /// Reads or writes the catalog.
  func catalog<Result>(_ work: (Catalog) throws(CatalogError) -> Result) throws(Refusal) -> Result {
    do { return try work(state.parts.catalog) } catch { throw Refusal(error) }
  }
}
