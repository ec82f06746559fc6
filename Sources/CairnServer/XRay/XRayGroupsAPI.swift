// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import CairnXRay
import NIOHTTP1

/// CRUD of groups. Source: X-Ray API reference.
struct XRayGroupsAPI: Sendable {
  let state: ServerState
  let groups: XRayGroups
  private static let countOfPage = 100
  private static let countMax = 1_000

  var routes: [Route] {
    [
      Route.xray("/CreateGroup", .manage) { (call) async throws(Refusal) in try create(call) },
      Route.xray("/GetGroup", .query) { (call) async throws(Refusal) in try get(call.exchange) },
      Route.xray("/Groups", .query) { (call) async throws(Refusal) in try list(call.exchange) },
      Route.xray("/UpdateGroup", .manage) { (call) async throws(Refusal) in try update(call.exchange) },
      Route.xray("/DeleteGroup", .manage) { (call) async throws(Refusal) in try delete(call) },
    ]
  }

  private func create(_ call: XRayCall) throws(Refusal) -> Response {
    let exchange = call.exchange
    let question = try XRayQuestion(exchange)
    guard let name = try question.text("GroupName", count: 1...32) else { throw XRayQuestion.invalid("GroupName is required.") }
    guard name != XRayGroups.defaultName else { throw XRayQuestion.invalid("The group name Default is reserved.") }
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    let id = String((0..<26).compactMap { _ in alphabet.randomElement() })
    var group = XRayGroup(
      environment: exchange.environment, name: name, id: id, filterExpression: "", hasInsights: false, hasNotifications: false)
    try change(&group, question)
    guard try groups.all(exchange.environment).count < Self.countMax else {
      throw XRayQuestion.invalid("There are \(Self.countMax) groups already.")
    }
    let made = group, arn = call.caller.arn("xray", XRayGroups.resource(group)), tagging = TagOperations(state: state)
    let tags = try tagging.together(call.body["Tags"]?.array ?? [], with: arn, call)
    guard try groups.catalog({ (catalog) throws(CatalogError) in try catalog.createXRayGroup(made) }) else {
      throw XRayQuestion.invalid("Group already exists")
    }
    if !tags.isEmpty { try tagging.save(tags, of: arn, call) }
    return answer(group, exchange)
  }

  private func get(_ exchange: Exchange) throws(Refusal) -> Response { answer(try named(try XRayQuestion(exchange)), exchange) }

  private func list(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    let all = try groups.all(exchange.environment)
    let start = min(try question.offset(), all.count)
    let end = min(start + Self.countOfPage, all.count)
    return xrayResponse { (writer) in
      writer.array("Groups", all[start..<end]) { (group, writer) in writer.object { write(group, exchange, &$0) } }
      if end < all.count { writer.member("NextToken", XRayQuestion.token(offset: end)) }
    }
  }

  private func update(_ exchange: Exchange) throws(Refusal) -> Response {
    let question = try XRayQuestion(exchange)
    var group = try named(question)
    try change(&group, question)
    let changed = group
    try groups.catalog { (catalog) throws(CatalogError) in try catalog.saveXRayGroup(changed) }
    return answer(group, exchange)
  }

  private func delete(_ call: XRayCall) throws(Refusal) -> Response {
    let group = try named(try XRayQuestion(call.exchange))
    guard group.name != XRayGroups.defaultName else { throw XRayQuestion.invalid("The Default group cannot be deleted.") }
    _ = try groups.catalog { (catalog) throws(CatalogError) in
      try catalog.removeXRayGroup(name: group.name, environment: group.environment)
    }
    try TagOperations(state: state).removeAll(from: call.caller.arn("xray", XRayGroups.resource(group)), call)
    return xrayResponse { _ in }
  }

  private func named(_ question: XRayQuestion) throws(Refusal) -> XRayGroup {
    guard let group = try groups.named(question) else { throw XRayQuestion.invalid("Either GroupName or GroupARN is required.") }
    return group
  }

  /// Takes what the question says of a group; its expression must be one, and must not come back to the group itself.
  private func change(_ group: inout XRayGroup, _ question: XRayQuestion) throws(Refusal) {
    if let text = try question.text("FilterExpression") {
      if group.name == XRayGroups.defaultName, !text.isEmpty {
        throw XRayQuestion.invalid("The filter expression of the Default group cannot be changed.")
      }
      group.filterExpression = text
      // As it will be once this is kept: others may name the group already.
      let (name, changed) = (group.name, group)
      var resolver = GroupResolver(try groups.all(group.environment).filter { $0.name != name } + [changed])
      _ = try resolver.expression(of: changed)
    }
    guard let insights = question.body["InsightsConfiguration"], insights != .null else { return }
    if let isEnabled = insights["InsightsEnabled"]?.boolean { group.hasInsights = isEnabled }
    if let isEnabled = insights["NotificationsEnabled"]?.boolean {
      guard !isEnabled || group.hasInsights else { throw XRayQuestion.invalid("Notifications need insights to be enabled.") }
      group.hasNotifications = isEnabled
    }
  }

  private func answer(_ group: XRayGroup, _ exchange: Exchange) -> Response {
    xrayResponse { (writer) in writer.object("Group") { write(group, exchange, &$0) } }
  }

  private func write(_ group: XRayGroup, _ exchange: Exchange, _ writer: inout JSONWriter) {
    writer.member("GroupName", group.name)
    writer.member("GroupARN", exchange.awsCaller.arn("xray", XRayGroups.resource(group)))
    writer.member("FilterExpression", group.filterExpression)
    writer.object("InsightsConfiguration") { (writer) in
      writer.member("InsightsEnabled", group.hasInsights)
      writer.member("NotificationsEnabled", group.hasNotifications)
    }
  }
}
