// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import NIOHTTP1
import Synchronization

/// Items: one, by id or counter; lists; changes.
struct RollbarItems: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    [
      Route(.GET, "/api/1/status/ping", .anyone, .rollbar) { (_) async throws(Refusal) in
        Response(contentType: "text/plain; charset=utf-8", text: "pong")
      },
      api.route(.GET, "/item/:id", [.read]) { (exchange, caller) async throws(Refusal) in
        try await one(try api.item(try api.number(exchange, "id"), caller), caller)
      },
      api.route(.PATCH, "/item/:id", [.write]) { (exchange, caller) async throws(Refusal) in try await patch(exchange, caller) },
      api.route(.GET, "/item_by_counter/:counter", [.read]) { (exchange, caller) async throws(Refusal) in
        try byCounter(exchange, caller)
      },
      api.route(.GET, "/items", [.read]) { (exchange, caller) async throws(Refusal) in try await list(exchange, caller) },
      api.route(.GET, "/search", [.read]) { (exchange, caller) async throws(Refusal) in try await list(exchange, caller) },
    ]
  }

  private func one(_ item: Item, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let unique = try await uniqueCounts([item], tenant: caller.tenant)
    return api.answer { (writer) in
      writer.object { item.write(&$0, .words, uniqueCount: unique[item.identity]) }
    }
  }

  private func byCounter(_ exchange: Exchange, _ caller: RollbarCaller) throws(Refusal) -> Response {
    let counter = try api.number(exchange, "counter")
    guard let item = api.state.book.item(counter: counter, projectID: caller.project.id) else {
      throw Refusal(.notFound, "no item has the counter \(counter)")
    }
    let token = QueryString(exchange.request.query)["access_token"].map { "?access_token=" + percentEncoded($0) } ?? ""
    let path = "/item/\(item.id)"
    var response = api.answer { (writer) in
      writer.object { (writer) in
        writer.member("itemId", item.id)
        writer.member("path", path)
        writer.member("uri", "/api/1" + path + token)
      }
    }
    response.status = .movedPermanently
    response.headers.replaceOrAdd(name: "location", value: "/api/1" + path + token)
    return response
  }

  // MARK: Lists

  private func list(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let query = QueryString(exchange.request.query)
    let page = try api.page(query)
    let limit = min(5_000, max(1, query["limit"].flatMap { Int($0) } ?? 100))
    var filter = RollbarItemFilter(exchange.request.query, caller)
    filter.meanUser(among: api.state.book.state.withLock { Array($0.users.values) }.filter { $0.tenant == caller.tenant })
    let identities = try await IdentityFinder(state: api.state, tenant: caller.tenant).identities(filter.eventTerms)
    let found = api.state.book.items(tenant: caller.tenant, where: { [filter] in filter.passes($0) }).filter { (item) in
      identities.map { (wanted) in api.state.book.state.withLock { $0.isAny(of: wanted, item) } } ?? true
    }.sorted {
      ($0.lastOccurrence.unixSeconds, $0.id) > ($1.lastOccurrence.unixSeconds, $1.id)
    }
    let items = Array(found.dropFirst((page - 1) * limit).prefix(limit))
    let unique = try await uniqueCounts(items, tenant: caller.tenant)
    return api.answer(reserving: 65_536) { (writer) in
      writer.object { (writer) in
        writer.member("page", page)
        writer.member("total_count", found.count)
        writer.array("items", items) { (item, writer) in
          writer.object { item.write(&$0, .words, uniqueCount: unique[item.identity] ?? 0) }
        }
      }
    }
  }

  /// How many addresses had each item: Rollbar's unique occurrences, counted from the events.
  func uniqueCounts(_ items: [Item], tenant: String) async throws(Refusal) -> [ItemIdentity: Int] {
    try await ItemPeople(state: api.state, tenant: tenant).counts(items).mapValues(\.addresses)
  }

  // MARK: Changes

  private func patch(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let item = try api.item(try api.number(exchange, "id"), caller)
    let change = try ItemChange(api.bodyValues(exchange), actor: caller.token?.name ?? "api")
    let item2 = try await api.state.changeItem(item.id, tenant: caller.tenant, change)
    let unique = try await uniqueCounts([item2], tenant: caller.tenant)
    return jsonResponse { (writer) in
      writer.member("err", 0)
      writer.member("message", "item \(item2.id) was updated")
      writer.object("result") { item2.write(&$0, .words, uniqueCount: unique[item2.identity]) }
    }
  }
}

/// The parameters of the item list: repeated ones are alternatives.
struct RollbarItemFilter: Sendable {
  private let caller: RollbarCaller
  private var statuses: Set<String> = []
  private var levels: Set<String> = []
  private var environments: Set<String> = []
  private var frameworks: Set<String> = []
  private var ids: Set<Int64> = []
  private var assigned: String?
  private var search = ItemSearch("")
  private var title: ItemSearch?

  init(_ query: String, _ caller: RollbarCaller) {
    self.caller = caller
    for part in query.split(separator: "&") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let value = percentDecoded(pair[1].map { $0 == "+" ? " " : String($0) }.joined()), !value.isEmpty else { continue }
      let words = value.split(separator: ",").map(String.init)
      switch pair[0] {
      case "status": statuses.formUnion(words.map { (word) in ItemStatus.allCases.first { String($0.number) == word }?.rawValue ?? word })
      case "level": levels.formUnion(words.compactMap { RollbarCodes.level(named: $0) ?? $0 })
      case "environment": environments.formUnion(words)
      case "framework": frameworks.formUnion(words.map { (word) in Int(word).flatMap { RollbarCodes.frameworks.indices.contains($0) ? RollbarCodes.frameworks[$0] : nil } ?? word })
      case "ids": ids.formUnion(words.compactMap { Int64($0) })
      case "assigned_user": assigned = value
      case "query", "q": search = ItemSearch(value)
      case "title": title = ItemSearch(value)
      default: continue
      }
    }
  }

  /// `assigned_user` may be a name or an address.
  mutating func meanUser(among users: [DirectoryUser]) {
    guard let assigned, let user = users.first(where: { $0.username == assigned || $0.email == assigned }) else { return }
    self.assigned = String(user.id)
  }

  var eventTerms: [ItemSearch.EventTerm] { search.eventTerms + (title?.eventTerms ?? []) }

  func passes(_ item: Item) -> Bool {
    guard caller.reads(projectID: item.projectID), item.groupItemID == nil || search.includesMembers else { return false }
    if !statuses.isEmpty, !statuses.contains("any"), !statuses.contains(item.status.rawValue) { return false }
    if !levels.isEmpty, !levels.contains(item.level) { return false }
    if !environments.isEmpty, !environments.contains(item.identity.environment) { return false }
    if !frameworks.isEmpty, !frameworks.contains(RollbarCodes.framework(item)) { return false }
    if !ids.isEmpty, !ids.contains(item.id) { return false }
    switch assigned {
    case nil: break
    case "assigned": if item.assignedUserID == nil { return false }
    case "unassigned": if item.assignedUserID != nil { return false }
    case let user?: if item.assignedUserID.map(String.init) != user { return false }
    }
    return search.matches(item) && (title?.matches(item) ?? true)
  }
}
