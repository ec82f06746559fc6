// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnIssues
import NIOHTTP1
import Synchronization

/// Somebody to whom items can be assigned. Cairn has no log-ins: who is invited is a user at once.
struct DirectoryUser: Sendable, Hashable, Codable {
  var id: Int64
  var tenant: String
  var username: String
  var email: String
}

/// Users and projects under one name, and who was invited to it.
struct DirectoryTeam: Sendable, Hashable, Codable {
  struct Invite: Sendable, Hashable, Codable {
    var id: Int64
    var email: String
    var createdUnixSeconds: Int64
  }
  enum Membership: String, Sendable {
    case user
    case project
  }
  var id: Int64
  var tenant: String
  var name: String
  var accessLevel: String
  var users: [Int64] = []
  var projects: [Int64] = []
  var invites: [Invite] = []

  subscript(_ kind: Membership) -> [Int64] {
    get { kind == .user ? users : projects }
    set { if kind == .user { users = newValue } else { projects = newValue } }
  }
}

/// Users, teams and invites, of an account.
struct RollbarDirectory: Sendable {
  let api: RollbarAPI

  var routes: [Route] { userRoutes + teamRoutes + memberRoutes }

  private var userRoutes: [Route] {
    [
      route(.GET, "/users") { (_, caller) async throws(Refusal) in users(users(caller)) },
      route(.GET, "/user/:id") { (exchange, caller) async throws(Refusal) in
        let user = try user(try api.number(exchange, "id"), caller)
        return api.answer { (writer) in writer.object { user.write(&$0) } }
      },
      route(.GET, "/user/:id/teams") { (exchange, caller) async throws(Refusal) in
        let user = try user(try api.number(exchange, "id"), caller)
        return api.answer { (writer) in
          writer.object { (writer) in
            writer.array("teams", teams(caller).filter { $0.users.contains(user.id) }) { (team, writer) in writer.object { team.write(&$0) } }
          }
        }
      },
      route(.GET, "/invite/:id") { (exchange, caller) async throws(Refusal) in
        let id = try api.number(exchange, "id")
        for team in teams(caller) {
          if let invite = team.invites.first(where: { $0.id == id }) { return api.answer { (writer) in writer.object { invite.write(&$0, team) } } }
        }
        throw Refusal(.notFound, "no invite has the id \(id)")
      },
      route(.DELETE, "/invite/:id") { (exchange, caller) async throws(Refusal) in
        let id = try api.number(exchange, "id")
        guard let team = teams(caller).first(where: { $0.invites.contains { $0.id == id } }) else {
          throw Refusal(.notFound, "no invite has the id \(id)")
        }
        _ = try change(team) { $0.invites.removeAll { $0.id == id } }
        return jsonResponse { $0.member("err", 0) }
      },
    ]
  }

  private var teamRoutes: [Route] {
    [
      route(.GET, "/teams") { (_, caller) async throws(Refusal) in
        api.answer { (writer) in
          writer.beginArray()
          for team in teams(caller) { writer.object { team.write(&$0) } }
          writer.endArray()
        }
      },
      route(.POST, "/teams") { (exchange, caller) async throws(Refusal) in try create(exchange, caller) },
      route(.GET, "/team/:id") { (exchange, caller) async throws(Refusal) in
        let team = try team(exchange, caller)
        return api.answer { (writer) in writer.object { team.write(&$0) } }
      },
      route(.DELETE, "/team/:id") { (exchange, caller) async throws(Refusal) in
        let team = try team(exchange, caller)
        try api.written { () throws(CatalogError) in
          try api.state.book.change { (state) in
            state.teams[team.id] = nil
            state.touch("team", team.id)
          }
        }
        return jsonResponse { $0.member("err", 0) }
      },
      route(.GET, "/team/:id/invites") { (exchange, caller) async throws(Refusal) in
        let team = try team(exchange, caller)
        return api.answer { (writer) in
          writer.beginArray()
          for invite in team.invites { writer.object { invite.write(&$0, team) } }
          writer.endArray()
        }
      },
      route(.POST, "/team/:id/invites") { (exchange, caller) async throws(Refusal) in try invite(exchange, caller) },
    ]
  }

  private var memberRoutes: [Route] {
    [
      route(.GET, "/team/:id/users") { (exchange, caller) async throws(Refusal) in
        let team = try team(exchange, caller)
        return users(users(caller).filter { team.users.contains($0.id) })
      },
      route(.GET, "/team/:id/projects") { (exchange, caller) async throws(Refusal) in
        let team = try team(exchange, caller)
        return api.answer { (writer) in
          writer.beginArray()
          for project in team.projects {
            writer.object { (writer) in
              writer.member("team_id", team.id)
              writer.member("project_id", project)
            }
          }
          writer.endArray()
        }
      },
    ] + memberships(.user) { (id, caller) throws(Refusal) in _ = try user(id, caller) }
      + memberships(.project) { (id, caller) throws(Refusal) in
        guard api.state.book.project(id: id, tenant: caller.tenant) != nil else { throw Refusal(.notFound, "no project has the id \(id)") }
      }
  }

  /// GET, PUT and DELETE of one member of a team.
  private func memberships(
    _ kind: DirectoryTeam.Membership, _ check: @escaping @Sendable (Int64, RollbarCaller) throws(Refusal) -> Void
  ) -> [Route] {
    let pattern = "/team/:id/\(kind.rawValue)/:member"
    let found = { @Sendable (exchange: Exchange, caller: RollbarCaller) throws(Refusal) -> (DirectoryTeam, Int64) in
      let member = try api.number(exchange, "member")
      try check(member, caller)
      return (try team(exchange, caller), member)
    }
    return [
      route(.GET, pattern) { (exchange, caller) async throws(Refusal) in
        let (team, member) = try found(exchange, caller)
        guard team[kind].contains(member) else { throw Refusal(.notFound, "the team has no such \(kind.rawValue)") }
        return jsonResponse { $0.member("err", 0) }
      },
      route(.PUT, pattern) { (exchange, caller) async throws(Refusal) in
        let (team, member) = try found(exchange, caller)
        _ = try change(team) { if !$0[kind].contains(member) { $0[kind].append(member) } }
        return jsonResponse { $0.member("err", 0) }
      },
      route(.DELETE, pattern) { (exchange, caller) async throws(Refusal) in
        let (team, member) = try found(exchange, caller)
        _ = try change(team) { $0[kind].removeAll { $0 == member } }
        return jsonResponse { $0.member("err", 0) }
      },
    ]
  }

  /// A route for accounts: a project's own token knows neither users nor teams.
  private func route(
    _ method: HTTPMethod, _ pattern: String, _ handle: @escaping @Sendable (Exchange, RollbarCaller) async throws(Refusal) -> Response
  ) -> Route {
    api.route(method, pattern, [method == .GET ? .read : .write]) { (exchange, caller) async throws(Refusal) in
      guard caller.isAccount else { throw Refusal(.forbidden, "insufficient privileges: an account's token is needed, this one is a project's") }
      return try await handle(exchange, caller)
    }
  }

  // MARK: Finding and changing

  private func users(_ caller: RollbarCaller) -> [DirectoryUser] {
    api.state.book.state.withLock { Array($0.users.values) }.filter { $0.tenant == caller.tenant }.sorted { $0.id < $1.id }
  }

  private func teams(_ caller: RollbarCaller) -> [DirectoryTeam] {
    api.state.book.state.withLock { Array($0.teams.values) }.filter { $0.tenant == caller.tenant }.sorted { $0.id < $1.id }
  }

  private func user(_ id: Int64, _ caller: RollbarCaller) throws(Refusal) -> DirectoryUser {
    guard let user = users(caller).first(where: { $0.id == id }) else { throw Refusal(.notFound, "no user has the id \(id)") }
    return user
  }

  private func team(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> DirectoryTeam {
    let id = try api.number(exchange, "id")
    guard let team = teams(caller).first(where: { $0.id == id }) else { throw Refusal(.notFound, "no team has the id \(id)") }
    return team
  }

  private func users(_ users: [DirectoryUser]) -> Response {
    api.answer { (writer) in
      writer.object { (writer) in
        writer.array("users", users) { (user, writer) in writer.object { user.write(&$0) } }
      }
    }
  }

  private func change(_ team: DirectoryTeam, _ body: @Sendable (inout DirectoryTeam) -> Void) throws(Refusal) -> DirectoryTeam {
    try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        var next = state.teams[team.id] ?? team
        body(&next)
        state.teams[team.id] = next
        state.touch("team", team.id)
        return next
      }
    }
  }

  private func create(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let body = api.bodyValues(exchange)
    guard let name = body["name"]?.string, (1...100).contains(name.count) else { throw Refusal(.invalid, "name must be 1 to 100 characters") }
    let level = body["access_level"]?.string ?? "standard"
    guard ["standard", "light", "view"].contains(level) else { throw Refusal(.invalid, "access_level must be standard, light or view") }
    guard !teams(caller).contains(where: { $0.name == name }) else { throw Refusal(.invalid, "a team with this name exists already") }
    let team = try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        let team = DirectoryTeam(id: state.makeID(), tenant: caller.tenant, name: name, accessLevel: level)
        state.teams[team.id] = team
        state.touch("team", team.id)
        return team
      }
    }
    return api.answer { (writer) in writer.object { team.write(&$0) } }
  }

  private func invite(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let team = try team(exchange, caller)
    guard let email = api.bodyValues(exchange)["email"]?.string, email.contains("@"), email.utf8.count <= 255,
      email.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
    else { throw Refusal(.invalid, "email must be an address") }
    let now = api.nowUnixSeconds
    let (changed, invite) = try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) -> (DirectoryTeam, DirectoryTeam.Invite) in
        var next = state.teams[team.id] ?? team
        var user = state.users.values.first { $0.tenant == caller.tenant && $0.email == email }
        if user == nil {
          let name = String(email.prefix { $0 != "@" })
          let made = DirectoryUser(id: state.makeID(), tenant: caller.tenant, username: name, email: email)
          state.users[made.id] = made
          state.touch("user", made.id)
          user = made
        }
        if let user, !next.users.contains(user.id) { next.users.append(user.id) }
        let invite = DirectoryTeam.Invite(id: state.makeID(), email: email, createdUnixSeconds: now)
        next.invites = next.invites.suffix(499) + [invite]
        state.teams[next.id] = next
        state.touch("team", next.id)
        return (next, invite)
      }
    }
    return api.answer { (writer) in writer.object { invite.write(&$0, changed) } }
  }
}

extension DirectoryUser {
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("username", username)
    writer.member("email", email)
  }
}

extension DirectoryTeam {
  func write(_ writer: inout JSONWriter) {
    writer.member("id", id)
    writer.member("account_id", 1)
    writer.member("name", name)
    writer.member("access_level", accessLevel)
  }
}

extension DirectoryTeam.Invite {
  func write(_ writer: inout JSONWriter, _ team: DirectoryTeam) {
    writer.member("id", id)
    writer.member("team_id", team.id)
    writer.member("to_email", email)
    writer.member("status", "accepted")
    writer.member("date_created", createdUnixSeconds)
    writer.member("date_redeemed", createdUnixSeconds)
  }
}
