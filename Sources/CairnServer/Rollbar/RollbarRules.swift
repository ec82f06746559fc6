// SPDX-License-Identifier: Apache-2.0
import CairnAlerts
import CairnCatalog
import CairnFormats
import CairnIssues
import NIOCore
import NIOHTTP1
import Synchronization

/// Notification rules by channel, their test and history, and service links.
struct RollbarRules: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    [
      api.route(.GET, "/notifications/:channel/rules", [.read]) { (exchange, caller) async throws(Refusal) in
        let channel = try channel(exchange)
        return list(api.state.book.rules(projectID: caller.project.id).filter { $0.channel == channel })
      },
      api.route(.POST, "/notifications/:channel/rules", [.write]) { (exchange, caller) async throws(Refusal) in
        try await create(exchange, caller)
      },
      api.route(.GET, "/notifications/:channel/rule/:id", [.read]) { (exchange, caller) async throws(Refusal) in
        let rule = try find(exchange, caller)
        return api.answer { (writer) in writer.object { rule.write(&$0) } }
      },
      api.route(.PUT, "/notifications/:channel/rule/:id", [.write]) { (exchange, caller) async throws(Refusal) in
        let old = try find(exchange, caller)
        let rule = try await read(api.bodyValues(exchange), id: old.id, channel: old.channel, projectID: caller.project.id)
        try save([rule])
        return api.answer { (writer) in writer.object { rule.write(&$0) } }
      },
      api.route(.DELETE, "/notifications/:channel/rule/:id", [.write]) { (exchange, caller) async throws(Refusal) in
        try remove(try find(exchange, caller))
        return jsonResponse { $0.member("err", 0) }
      },
      api.route(.POST, "/notifications/:channel/rule/:id/test", [.write]) { (exchange, caller) async throws(Refusal) in
        let entry = await api.state.alerts.test(try find(exchange, caller), tenant: caller.tenant)
        return api.answer { (writer) in writer.object { entry.write(&$0) } }
      },
      api.route(.GET, "/notifications/:channel/rule/:id/history", [.read]) { (exchange, caller) async throws(Refusal) in
        let rule = try find(exchange, caller)
        return api.answer { (writer) in
          writer.beginArray()
          for entry in api.state.alerts.history(rule, tenant: caller.tenant) { writer.object { entry.write(&$0) } }
          writer.endArray()
        }
      },
    ] + links
  }

  private func list(_ rules: [ItemRule]) -> Response {
    api.answer { (writer) in
      writer.beginArray()
      for rule in rules { writer.object { rule.write(&$0) } }
      writer.endArray()
    }
  }

  private func channel(_ exchange: Exchange) throws(Refusal) -> ItemRule.Channel {
    guard let channel = ItemRule.Channel(rawValue: exchange.parameters["channel"]) else {
      throw Refusal(.notFound, "channels are webhook, slack, email and pagerduty, not '\(exchange.parameters["channel"].prefix(40))'")
    }
    return channel
  }

  private func find(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> ItemRule {
    let (channel, id) = (try channel(exchange), try api.number(exchange, "id"))
    guard let rule = api.state.book.rules(projectID: caller.project.id).first(where: { $0.id == id && $0.channel == channel }) else {
      throw Refusal(.notFound, "no rule of this channel has the id \(id)")
    }
    return rule
  }

  /// An array of rules, or one; all of them are good or none is made.
  private func create(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let channel = try channel(exchange)
    let body = exchange.request.body
    guard let json = try? JSONValue(parsing: body.readableBytesSpan) else { throw Refusal(.malformed, "the body is not JSON") }
    var rules: [ItemRule] = []
    for value in json.array ?? [json] {
      let id = api.state.book.state.withLock { $0.makeID() }
      rules.append(try await read(value, id: id, channel: channel, projectID: caller.project.id))
    }
    guard !rules.isEmpty, rules.count <= 100 else { throw Refusal(.invalid, "the body must be an array of 1 to 100 rules") }
    try save(rules)
    return list(rules)
  }

  func remove(_ rule: ItemRule) throws(Refusal) {
    try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        state.rules[rule.id] = nil
        state.touch("rule", rule.id)
      }
    }
  }

  func save(_ rules: [ItemRule]) throws(Refusal) {
    try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        for rule in rules {
          state.rules[rule.id] = rule
          state.touch("rule", rule.id)
        }
      }
    }
  }

  func read(_ body: JSONValue, id: Int64, channel: ItemRule.Channel, projectID: Int64) async throws(Refusal) -> ItemRule {
    guard let trigger = body["trigger"]?.string.flatMap({ ItemRule.Trigger(rawValue: $0) }) else {
      throw Refusal(.invalid, "trigger must be one of \(ItemRule.Trigger.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    let config = body["config"]
    let target: [String]
    switch channel {
    case .email: target = config?["to"]?.array?.compactMap(\.string) ?? config?["emails"]?.array?.compactMap(\.string) ?? []
    case .pagerduty: target = [config?["service_key"]?.string].compactMap { $0 }
    case .webhook, .slack: target = [config?["url"]?.string ?? config?["webhook_url"]?.string].compactMap { $0 }
    }
    guard !target.isEmpty, target.count <= 20 else {
      switch channel {
      case .email: throw Refusal(.invalid, "config.to must name receivers")
      case .pagerduty: throw Refusal(.invalid, "config.service_key must be an integration key")
      case .webhook, .slack: throw Refusal(.invalid, "config.url must be the webhook's URL")
      }
    }
    var rule = ItemRule(id: id, projectID: projectID, channel: channel, trigger: trigger, target: target)
    rule.isEnabled = body["status"]?.string != "disabled"
    for filter in body["filters"]?.array ?? [] { rule.filters.append(try read(filter)) }
    if trigger == .occurrenceRate, !rule.filters.contains(where: { $0.type == "rate" && $0.period > 0 && $0.count > 0 }) {
      throw Refusal(.invalid, "an occurrence_rate rule needs a filter {type: rate, period, count}")
    }
    try await api.state.alerts.check(rule)
    return rule
  }

  private func read(_ body: JSONValue) throws(Refusal) -> ItemRule.Filter {
    guard let type = body["type"]?.string, ItemRule.filterTypes.contains(type) else {
      throw Refusal(.invalid, "a filter's type must be one of \(ItemRule.filterTypes.sorted().joined(separator: ", "))")
    }
    let operation = body["operation"]?.string ?? (type == "rate" ? "gte" : "eq")
    guard ItemRule.operations.contains(operation) else {
      throw Refusal(.invalid, "a filter's operation must be one of \(ItemRule.operations.sorted().joined(separator: ", "))")
    }
    var filter = ItemRule.Filter(type: type, operation: operation, value: body["value"]?.string ?? body["value"]?.integer.map { String($0) } ?? body["value"]?.boolean.map { $0 ? "true" : "false" } ?? "")
    if type == "unique_occurrences", Int(filter.value) == nil { throw Refusal(.invalid, "the value of unique_occurrences must be a number") }
    filter.path = body["path"]?.string
    if let fault = ItemRule.fault(of: filter) { throw Refusal(.invalid, fault) }
    filter.period = body["period"]?.integer.map { Int(clamping: $0) } ?? 0
    filter.count = body["count"]?.integer.map { Int(clamping: $0) } ?? 0
    if type == "rate", ![60, 300, 1_800, 3_600, 86_400].contains(filter.period) {
      throw Refusal(.invalid, "a rate's period must be 60, 300, 1800, 3600 or 86400 seconds")
    }
    return filter
  }

  // MARK: Service links

  private var links: [Route] {
    [
      api.route(.GET, "/service_links", [.read]) { (_, caller) async throws(Refusal) in
        let links = api.state.book.state.withLock { Array($0.links.values) }.filter { $0.projectID == caller.project.id }
        return api.answer { (writer) in
          writer.beginArray()
          for link in links.sorted(by: { $0.id < $1.id }) { writer.object { link.write(&$0) } }
          writer.endArray()
        }
      },
      api.route(.POST, "/service_links", [.write]) { (exchange, caller) async throws(Refusal) in
        try saveLink(nil, exchange, caller)
      },
      api.route(.GET, "/service_links/:id", [.read]) { (exchange, caller) async throws(Refusal) in
        let link = try findLink(exchange, caller)
        return api.answer { (writer) in writer.object { link.write(&$0) } }
      },
      api.route(.PUT, "/service_links/:id", [.write]) { (exchange, caller) async throws(Refusal) in
        try saveLink(try findLink(exchange, caller), exchange, caller)
      },
      api.route(.DELETE, "/service_links/:id", [.write]) { (exchange, caller) async throws(Refusal) in
        let link = try findLink(exchange, caller)
        try api.written { () throws(CatalogError) in
          try api.state.book.change { (state) in
            state.links[link.id] = nil
            state.touch("link", link.id)
          }
        }
        return jsonResponse { $0.member("err", 0) }
      },
    ]
  }

  private func findLink(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> ServiceLink {
    let id = try api.number(exchange, "id")
    guard let link = api.state.book.state.withLock({ $0.links[id] }), link.projectID == caller.project.id else {
      throw Refusal(.notFound, "no service link has the id \(id)")
    }
    return link
  }

  private func saveLink(_ old: ServiceLink?, _ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let body = api.bodyValues(exchange)
    guard let name = body["name"]?.string, (1...100).contains(name.count), let template = body["template"]?.string,
      template.hasPrefix("http://") || template.hasPrefix("https://"), template.count <= 2_000
    else { throw Refusal(.invalid, "a service link has a name and a template that begins with http:// or https://") }
    let link = try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        let link = ServiceLink(id: old?.id ?? state.makeID(), projectID: caller.project.id, name: name, template: template)
        state.links[link.id] = link
        state.touch("link", link.id)
        return link
      }
    }
    return api.answer { (writer) in writer.object { link.write(&$0) } }
  }
}

extension ServiceLink {
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("name", name)
    writer.member("template", template)
  }
}

extension IssueBook {
  func rules(projectID: Int64) -> [ItemRule] {
    state.withLock { Array($0.rules.values) }.filter { $0.projectID == projectID }.sorted { $0.id < $1.id }
  }
}

extension ItemRule {
  private var action: String {
    switch channel {
    case .webhook: "send_webhook"
    case .slack: "send_message"
    case .email: "send_email"
    case .pagerduty: "trigger_incident"
    }
  }

  /// Writes Rollbar's members of a rule into the object that is open.
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("trigger", trigger.rawValue)
    writer.member("status", isEnabled ? "enabled" : "disabled")
    writer.member("action", action)
    writer.object("config") { (writer) in
      switch channel {
      case .email: writer.member("to", target)
      case .pagerduty: writer.member("service_key", target.first ?? "")
      case .webhook, .slack: writer.member("url", target.first ?? "")
      }
    }
    writer.array("filters", filters) { (filter, writer) in
      writer.object { (writer) in
        writer.member("type", filter.type)
        if filter.type == "rate" {
          writer.member("period", filter.period)
          writer.member("count", filter.count)
        } else {
          if let path = filter.path { writer.member("path", path) }
          writer.member("operation", filter.operation)
          writer.member("value", filter.value)
        }
      }
    }
  }
}
