// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnIssues
import NIOHTTP1
import Synchronization

/// Deploys, and what came in each version.
struct RollbarDeploys: Sendable {
  let api: RollbarAPI

  private static let statuses = ["started", "succeeded", "failed", "timed_out"]

  var routes: [Route] {
    [
      api.route(.POST, "/deploy", [.postServerItem]) { (exchange, caller) async throws(Refusal) in try create(exchange, caller) },
      api.route(.PATCH, "/deploy/:id", [.postServerItem, .write]) { (exchange, caller) async throws(Refusal) in
        try update(exchange, caller)
      },
      api.route(.GET, "/deploy/:id", [.read]) { (exchange, caller) async throws(Refusal) in
        let deploy = try find(exchange, caller)
        return api.answer { (writer) in writer.object { deploy.write(&$0) } }
      },
      api.route(.GET, "/deploys", [.read]) { (exchange, caller) async throws(Refusal) in try list(exchange, caller) },
      api.route(.GET, "/versions/:version", [.read]) { (exchange, caller) async throws(Refusal) in try version(exchange, caller) },
    ]
  }

  private func create(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let body = api.bodyValues(exchange)
    let text = { (name: String) -> String in body[name]?.string ?? body[name]?.integer.map { String($0) } ?? "" }
    let environment = text("environment")
    let revision = text("revision").isEmpty ? text("head_long") : text("revision")
    guard !environment.isEmpty else { throw Refusal(.invalid, "environment is required") }
    guard !revision.isEmpty else { throw Refusal(.invalid, "revision is required") }
    let status = text("status").isEmpty ? "succeeded" : text("status")
    guard Self.statuses.contains(status) else { throw Refusal(.invalid, "status must be one of \(Self.statuses.joined(separator: ", "))") }
    let now = api.nowUnixSeconds
    let (deploy, resolved) = try api.written { () throws(CatalogError) -> (Deploy, [TurnedItem]) in
      try api.state.book.change { (state) in
        var deploy = Deploy(
          id: state.makeID(), projectID: caller.project.id, environment: String(environment.prefix(255)),
          revision: String(revision.prefix(255)), status: status, startUnixSeconds: now)
        deploy.localUsername = String(text("local_username").prefix(255))
        deploy.rollbarUsername = String(text("rollbar_username").prefix(255))
        deploy.comment = String(text("comment").prefix(65_536))
        if status != "started" { deploy.finishUnixSeconds = now }
        state.deploys[deploy.id] = deploy
        state.touch("deploy", deploy.id)
        return (deploy, status == "succeeded" ? state.resolveOnDeploy(deploy, nowUnixSeconds: now) : [])
      }
    }
    api.state.alerts.take(deploy)
    api.state.tracker.listen(resolved)
    return answer(deploy)
  }

  /// Rollbar's own tool prints `data`, others read `result`.
  private func answer(_ deploy: Deploy) -> Response {
    jsonResponse { (writer) in
      writer.member("err", 0)
      writer.object("data") { $0.member("deploy_id", deploy.id) }
      writer.object("result") { (writer) in
        writer.member("deploy_id", deploy.id)
        deploy.write(&writer)
      }
    }
  }

  private func find(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Deploy {
    let id = try api.number(exchange, "id")
    guard let deploy = api.state.book.state.withLock({ $0.deploys[id] }), deploy.projectID == caller.project.id else {
      throw Refusal(.notFound, "no deploy has the id \(id)")
    }
    return deploy
  }

  private func update(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    var deploy = try find(exchange, caller)
    let body = api.bodyValues(exchange)
    guard let status = body["status"]?.string, Self.statuses.contains(status) else {
      throw Refusal(.invalid, "status must be one of \(Self.statuses.joined(separator: ", "))")
    }
    let now = api.nowUnixSeconds
    deploy.status = status
    if let comment = body["comment"]?.string { deploy.comment = String(comment.prefix(65_536)) }
    if status != "started" { deploy.finishUnixSeconds = now }
    let changed = deploy
    let resolved = try api.written { () throws(CatalogError) -> [TurnedItem] in
      try api.state.book.change { (state) in
        state.deploys[changed.id] = changed
        state.touch("deploy", changed.id)
        return status == "succeeded" ? state.resolveOnDeploy(changed, nowUnixSeconds: now) : []
      }
    }
    api.state.tracker.listen(resolved)
    return answer(deploy)
  }

  private func list(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    let page = try api.page(query)
    let limit = min(1_000, max(1, query["limit"].flatMap { Int($0) } ?? 20))
    let environment = query["environment"]
    let found = api.state.book.state.withLock { Array($0.deploys.values) }
      .filter { $0.projectID == caller.project.id && (environment == nil || $0.environment == environment) }.sorted { $0.id > $1.id }
    return api.answer { (writer) in
      writer.object { (writer) in
        writer.member("page", page)
        writer.array("deploys", found.dropFirst((page - 1) * limit).prefix(limit)) { (deploy, writer) in
          writer.object { deploy.write(&$0) }
        }
      }
    }
  }

  // MARK: Versions

  /// What is known of a code version, and its items: new, reactivated and repeated ones.
  private func version(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let version = exchange.parameters["version"]
    let environment = QueryString(exchange.request.query)["environment"]
    let items = api.state.book.items(tenant: caller.tenant) { (item) in
      item.projectID == caller.project.id && (environment == nil || item.identity.environment == environment)
        && item.versions.contains { $0.version == version }
    }
    let deploys = api.state.book.state.withLock { Array($0.deploys.values) }.filter {
      $0.projectID == caller.project.id && $0.revision == version && (environment == nil || $0.environment == environment)
    }.sorted { $0.id < $1.id }
    guard !items.isEmpty || !deploys.isEmpty else { throw Refusal(.notFound, "no occurrence and no deploy has the version \(version.prefix(60))") }
    let counts = items.compactMap { (item) in item.versions.first { $0.version == version } }
    let first = counts.map(\.firstUnixSeconds).min()
    let new = items.filter { $0.firstOccurrence.version == version }
    let again = items.filter { $0.firstOccurrence.version != version && $0.activatingOccurrence.version == version }
    return api.answer { (writer) in
      writer.object { (writer) in
        writer.member("version", version)
        writer.member("environment", orNull: environment)
        writer.member("date_created", orNull: [first, deploys.first?.startUnixSeconds].compactMap { $0 }.min())
        writer.member("first_occurrence_id", orNull: new.map(\.firstOccurrence.id).min())
        writer.member("first_occurrence_timestamp", orNull: first)
        writer.member("last_occurrence_id", orNull: items.filter { $0.lastOccurrence.version == version }.map(\.lastOccurrence.id).max())
        writer.member("last_occurrence_timestamp", orNull: counts.map(\.lastUnixSeconds).max())
        writer.member("deployed_by", orNull: deploys.last.map { $0.localUsername.isEmpty ? $0.rollbarUsername : $0.localUsername })
        writer.member("last_deploy_timestamp", orNull: deploys.last?.startUnixSeconds)
        writer.object("item_stats") { (writer) in
          writer.member("new", new.count)
          writer.member("reactivated", again.count)
          writer.member("repeated", items.count - new.count - again.count)
          writer.member("resolved", items.filter { $0.resolvedInVersion == version }.count)
          writer.member("occurrences", counts.reduce(0) { $0 + $1.count })
        }
      }
    }
  }
}

extension Deploy {
  /// Writes Rollbar's members of a deploy into the object that is open.
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("project_id", projectID)
    writer.member("environment", environment)
    writer.member("revision", revision)
    writer.member("local_username", localUsername)
    writer.member("rollbar_username", rollbarUsername)
    writer.member("comment", comment)
    writer.member("status", status)
    writer.key("user_id")
    writer.null()
    writer.member("start_time", startUnixSeconds)
    writer.member("finish_time", orNull: finishUnixSeconds)
  }
}

extension IssueBook.State {
  /// Where the project says so, a deploy resolves what is active in its environment.
  mutating func resolveOnDeploy(_ deploy: Deploy, nowUnixSeconds: Int64) -> [TurnedItem] {
    guard projects[deploy.projectID]?.resolvesOnDeploy == true else { return [] }
    var turned: [TurnedItem] = []
    for (id, item) in items where item.projectID == deploy.projectID && item.identity.environment == deploy.environment && item.status == .active {
      var item = item
      let turn = item.setStatus(.resolved, actor: "deploy \(deploy.revision)", nowUnixSeconds: nowUnixSeconds)
      items[id] = item
      touch("item", id)
      if let turn { turned.append(TurnedItem(item: withMembers(item), turns: [turn], lastNote: nil)) }
    }
    return turned
  }
}
