// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnIssues
import CairnRollbar
import NIOHTTP1

/// Projects and their access tokens. An account (one of Cairn's own keys, or anybody in open mode) reaches all of its tenant.
struct RollbarProjects: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    [
      api.route(.GET, "/projects", [.read]) { (exchange, caller) async throws(Refusal) in
        let projects = caller.isAccount ? api.state.book.projects(tenant: caller.tenant) : [caller.project]
        return api.answer { (writer) in
          writer.beginArray()
          for project in projects { writer.object { write(project, &$0) } }
          writer.endArray()
        }
      },
      api.route(.POST, "/projects", [.write]) { (exchange, caller) async throws(Refusal) in try create(exchange, caller) },
      api.route(.GET, "/project/:id", [.read]) { (exchange, caller) async throws(Refusal) in
        let project = try find(exchange, caller)
        return api.answer { (writer) in writer.object { write(project, &$0) } }
      },
      api.route(.DELETE, "/project/:id", [.write]) { (exchange, caller) async throws(Refusal) in try remove(exchange, caller) },
      api.route(.PATCH, "/project/:id", [.write]) { (exchange, caller) async throws(Refusal) in try change(exchange, caller) },
      api.route(.GET, "/project/:id/access_tokens", [.read]) { (exchange, caller) async throws(Refusal) in
        try tokens(exchange, caller)
      },
      api.route(.POST, "/project/:id/access_tokens", [.write]) { (exchange, caller) async throws(Refusal) in
        try createToken(exchange, caller)
      },
      api.route(.PATCH, "/project/:id/access_token/:token", [.write]) { (exchange, caller) async throws(Refusal) in
        try updateToken(exchange, caller)
      },
      api.route(.DELETE, "/project/:id/access_token/:token", [.write]) { (exchange, caller) async throws(Refusal) in
        try removeToken(exchange, caller)
      },
    ]
  }

  private func find(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Project {
    let id = try api.number(exchange, "id")
    guard let project = api.state.book.project(id: id, tenant: caller.tenant), caller.isAccount || id == caller.project.id else {
      throw Refusal(.notFound, "no project has the id \(id)")
    }
    return project
  }

  private func create(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    guard caller.isAccount else { throw Refusal(.forbidden, "insufficient privileges: a project's own token makes no projects") }
    guard let name = api.bodyValues(exchange)["name"]?.string, (1...32).contains(name.count), !name.contains("\n"), !name.contains("/") else {
      throw Refusal(.invalid, "name must be 1 to 32 characters without a slash")
    }
    guard !api.state.book.projects(tenant: caller.tenant).contains(where: { $0.name == name }) else {
      throw Refusal(.invalid, "a project with this name exists already")
    }
    let now = api.nowUnixSeconds
    let project = try api.written { () throws(CatalogError) in
      try api.state.book.project(tenant: caller.tenant, name: name, nowUnixSeconds: now)
    }
    return api.answer { (writer) in writer.object { write(project, &$0) } }
  }

  /// A project's items and tokens go with it; its events stay until their retention ends.
  private func remove(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let project = try find(exchange, caller)
    guard caller.isAccount else { throw Refusal(.forbidden, "insufficient privileges: a project's own token removes no projects") }
    try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        for item in state.items.values where item.projectID == project.id {
          state.items[item.id] = nil
          for identity in item.identities { state.itemOfIdentity[identity] = nil }
          state.touch("item", item.id)
        }
        for token in state.tokens.values where token.projectID == project.id {
          state.tokens[token.text] = nil
          state.touch("token", token.id)
        }
        state.projects[project.id] = nil
        state.projectOfName[IssueBook.ProjectName(tenant: project.tenant, name: project.name)] = nil
        state.touch("project", project.id)
      }
    }
    return jsonResponse { $0.member("err", 0) }
  }

  /// Cairn's own: `grouping_rules` (Rollbar's rule language), `auto_resolve_days`, `resolve_on_deploy`, `datasets` (of other doors,
  /// whose exceptions join the project's items).
  private func change(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    var project = try find(exchange, caller)
    let body = api.bodyValues(exchange)
    if let rules = body["grouping_rules"] {
      do { _ = try GroupingRule.list(rules) } catch { throw Refusal(.invalid, error.reason) }
      project.groupingRules = String(decoding: rules.bytes, as: UTF8.self)
    }
    if let days = body["auto_resolve_days"]?.integer {
      guard (0...3_650).contains(days) else { throw Refusal(.invalid, "auto_resolve_days must be from 0 to 3650") }
      project.autoResolveDays = Int(days)
    }
    if let datasets = body["datasets"] {
      guard let names = datasets.array?.compactMap(\.string), names.count == datasets.array?.count, names.count <= 100,
        names.allSatisfy({ (1...255).contains($0.count) })
      else { throw Refusal(.invalid, "datasets must be an array of at most 100 names") }
      project.datasets = names
    }
    if let resolves = body["resolve_on_deploy"]?.boolean { project.resolvesOnDeploy = resolves }
    project.modifiedUnixSeconds = api.nowUnixSeconds
    let changed = project
    try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        var next = changed
        next.nextCounter = state.projects[changed.id]?.nextCounter ?? changed.nextCounter
        state.projects[changed.id] = next
        state.touch("project", changed.id)
      }
    }
    return api.answer { (writer) in writer.object { write(changed, &$0) } }
  }

  // MARK: Tokens

  private func tokens(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let project = try find(exchange, caller)
    return api.answer { (writer) in
      writer.beginArray()
      for token in api.state.book.tokens(projectID: project.id) { writer.object { write(token, &$0) } }
      writer.endArray()
    }
  }

  private func createToken(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let project = try find(exchange, caller)
    let body = api.bodyValues(exchange)
    guard let name = body["name"]?.string, (1...100).contains(name.count) else { throw Refusal(.invalid, "name must be 1 to 100 characters") }
    let scopes = try scopes(body)
    guard !scopes.isEmpty else { throw Refusal(.invalid, "scopes must name one of read, write, post_server_item, post_client_item") }
    let window = try window(body)
    let now = api.nowUnixSeconds
    let token = try api.written { () throws(CatalogError) in
      try api.state.book.createToken(
        projectID: project.id, name: name, scopes: scopes, windowSeconds: window.seconds ?? 0, windowCount: window.count ?? 0,
        nowUnixSeconds: now)
    }
    return api.answer { (writer) in writer.object { write(token, &$0) } }
  }

  private func scopes(_ body: JSONValue) throws(Refusal) -> [TokenScope] {
    let names = body["scopes"]?.array?.compactMap(\.string) ?? body["scopes"]?.string?.split(separator: ",").map(String.init) ?? []
    var scopes: [TokenScope] = []
    for name in names {
      guard let scope = TokenScope(rawValue: name) else { throw Refusal(.invalid, "'\(name.prefix(40))' is not a scope") }
      scopes.append(scope)
    }
    return scopes
  }

  private func window(_ body: JSONValue) throws(Refusal) -> (seconds: Int?, count: Int?) {
    let number = { (name: String) in body[name]?.integer ?? body[name]?.string.flatMap { Int64($0) } }
    let seconds = number("rate_limit_window_size")
    let count = number("rate_limit_window_count")
    let windows: [Int64] = [0, 60, 300, 1_800, 3_600, 86_400, 604_800, 2_592_000]
    if let seconds, !windows.contains(seconds) {
      throw Refusal(.invalid, "rate_limit_window_size must be one of \(windows.map(String.init).joined(separator: ", "))")
    }
    if let count, !(0...1_000_000_000).contains(count) { throw Refusal(.invalid, "rate_limit_window_count must not be negative") }
    return (seconds.map { Int($0) }, count.map { Int($0) })
  }

  private func findToken(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> ProjectToken {
    let project = try find(exchange, caller)
    guard let token = api.state.book.token(exchange.parameters["token"]), token.projectID == project.id else {
      throw Refusal(.notFound, "the project has no such access token")
    }
    return token
  }

  private func updateToken(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let token = try findToken(exchange, caller)
    let body = api.bodyValues(exchange)
    let window = try window(body)
    let status = body["status"]?.string
    if let status, status != "enabled", status != "disabled" { throw Refusal(.invalid, "status must be enabled or disabled") }
    let now = api.nowUnixSeconds
    _ = try api.written { () throws(CatalogError) in
      try api.state.book.changeToken(token.text) { (token) in
        if let seconds = window.seconds { token.windowSeconds = seconds }
        if let count = window.count { token.windowCount = count }
        if let status { token.status = status }
        token.modifiedUnixSeconds = now
      }
    }
    return jsonResponse { $0.member("err", 0) }
  }

  private func removeToken(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let token = try findToken(exchange, caller)
    _ = try api.written { () throws(CatalogError) in try api.state.book.removeToken(token.text) }
    return jsonResponse { $0.member("err", 0) }
  }

  private func write(_ token: ProjectToken, _ writer: inout JSONWriter) {
    let current = api.state.tokenWindows.current(token)
    writer.member("access_token", token.text)
    writer.member("name", token.name)
    writer.member("project_id", token.projectID)
    writer.member("status", token.status)
    writer.member("scopes", token.scopes.map(\.rawValue))
    writer.member("rate_limit_window_size", token.windowSeconds)
    writer.member("rate_limit_window_count", token.windowCount)
    writer.member("cur_rate_limit_window_start", orNull: current?.startUnixSeconds)
    writer.member("cur_rate_limit_window_count", current?.count ?? 0)
    writer.member("date_created", token.createdUnixSeconds)
    writer.member("date_modified", token.modifiedUnixSeconds)
  }

  /// Writes Rollbar's members of a project into the object that is open.
  private func write(_ project: Project, _ writer: inout JSONWriter) {
    let groupings = api.state.parts.groupings
    writer.member("id", project.id)
    writer.member("account_id", 1)
    writer.member("name", project.name)
    writer.member("status", project.status)
    writer.object("settings_data") { (writer) in
      writer.object("grouping") { (writer) in
        writer.member("auto_upgrade", api.state.settings.groupingVersion == nil)
        writer.member("recent_versions", [groupings.current.name] + groupings.former.map(\.name))
      }
    }
    writer.member("auto_resolve_days", project.autoResolveDays)
    writer.member("resolve_on_deploy", project.resolvesOnDeploy)
    writer.member("datasets", project.datasets ?? [])
    writer.key("grouping_rules")
    if project.groupingRules.isEmpty { writer.null() } else { writer.raw(Array(project.groupingRules.utf8)) }
    writer.member("date_created", project.createdUnixSeconds)
    writer.member("date_modified", project.modifiedUnixSeconds)
  }
}
