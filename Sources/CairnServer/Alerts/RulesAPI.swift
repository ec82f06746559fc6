// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnFormats
import CairnIssues
import CairnPlan
import NIOCore
import NIOHTTP1
import Synchronization

/// Notification rules of all projects for Cairn's own pages: the same rules that Rollbar's API reads and writes.
struct RulesAPI: Sendable {
  let state: ServerState

  private var rules: RollbarRules { RollbarRules(api: RollbarAPI(state: state)) }

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/rules", .key(.query), .cairn) { (exchange) async throws(Refusal) in list(exchange) },
      Route(.POST, "/api/cairn/rules", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        let id = state.book.state.withLock { $0.makeID() }
        return try await keep(exchange, id: id)
      },
      Route(.PUT, "/api/cairn/rules/:id", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        try await keep(exchange, id: try find(exchange).id)
      },
      Route(.DELETE, "/api/cairn/rules/:id", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        try rules.remove(try find(exchange))
        return jsonResponse { $0.member("removed", true) }
      },
      Route(.POST, "/api/cairn/rules/:id/test", .key(.manage), .cairn) { (exchange) async throws(Refusal) in
        let entry = await state.alerts.test(try find(exchange), tenant: exchange.environment)
        return jsonResponse { entry.writeWhole(&$0) }
      },
      Route(.GET, "/api/cairn/rules/:id/history", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        let entries = state.alerts.history(try find(exchange), tenant: exchange.environment)
        return jsonResponse(reserving: 16_384) { (writer) in
          writer.array("entries", entries.prefix(100)) { (entry, writer) in writer.object { entry.writeWhole(&$0) } }
        }
      },
    ]
  }

  private func projects(_ tenant: String) -> [Int64: Project] {
    Dictionary(uniqueKeysWithValues: state.book.projects(tenant: tenant).map { ($0.id, $0) })
  }

  private func find(_ exchange: Exchange) throws(Refusal) -> ItemRule {
    let text = exchange.parameters["id"]
    guard let id = Int64(text), let rule = state.book.state.withLock({ $0.rules[id] }), projects(exchange.environment)[rule.projectID] != nil
    else { throw Refusal(.notFound, "No rule has the id '\(text.prefix(40))'.") }
    return rule
  }

  private func list(_ exchange: Exchange) -> Response {
    let projects = projects(exchange.environment)
    let rules = state.book.state.withLock { Array($0.rules.values) }.filter { projects[$0.projectID] != nil }.sorted { $0.id < $1.id }
    return jsonResponse(reserving: 16_384) { (writer) in
      writer.member("projects", projects.values.map(\.name).sorted())
      writer.member("triggers", ItemRule.Trigger.allCases.map(\.rawValue))
      writer.member("filters", ItemRule.filterTypes.sorted())
      writer.member("operations", ItemRule.operations.sorted())
      writer.member("mail", !state.settings.smtp.isEmpty)
      writer.array("rules", rules) { (rule, writer) in writer.object { write(rule, projects, exchange.environment, &$0) } }
    }
  }

  private func write(_ rule: ItemRule, _ projects: [Int64: Project], _ tenant: String, _ writer: inout JSONWriter) {
    rule.write(&writer)
    writer.member("channel", rule.channel.rawValue)
    writer.member("project", projects[rule.projectID]?.name ?? "")
    writer.member("target", rule.target)
    let history = state.alerts.history(rule, tenant: tenant)
    writer.member("delivered", history.count { $0.isDelivered })
    if let last = history.first { writer.object("last") { last.writeWhole(&$0) } }
  }

  /// `{"project", "channel", "trigger", "status", "config", "filters"}`: the form of Rollbar's rules with what its paths say.
  private func keep(_ exchange: Exchange, id: Int64) async throws(Refusal) -> Response {
    let body = try exchange.json()
    guard let name = body["project"]?.string, let project = state.book.projects(tenant: exchange.environment).first(where: { $0.name == name })
    else { throw Refusal(.invalid, "'project' must name a project", field: "project") }
    guard let channel = body["channel"]?.string.flatMap({ ItemRule.Channel(rawValue: $0) }) else {
      throw Refusal(.invalid, "'channel' must be webhook, slack, email or pagerduty", field: "channel")
    }
    let rule = try await rules.read(body, id: id, channel: channel, projectID: project.id)
    try rules.save([rule])
    let projects = projects(exchange.environment)
    return jsonResponse { write(rule, projects, exchange.environment, &$0) }
  }
}
