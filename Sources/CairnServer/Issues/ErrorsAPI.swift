// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import NIOHTTP1
import Synchronization

/// Errors in Cairn's own API: items of every door in one list, and what the pages need of one of them.
struct ErrorsAPI: Sendable {
  let state: ServerState

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/errors", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await ItemList(state: state).answer(exchange) },
      Route(.GET, "/api/cairn/deploys", .key(.query), .cairn) { (exchange) async throws(Refusal) in try ItemList(state: state).deploys(exchange) },
      Route(.GET, "/api/cairn/errors/:id", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await one(exchange) },
      Route(.PATCH, "/api/cairn/errors/:id", .key(.manage), .cairn) { (exchange) async throws(Refusal) in try await patch(exchange) },
      Route(.GET, "/api/cairn/errors/:id/occurrences", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        try await occurrences(exchange)
      },
      Route(.GET, "/api/cairn/errors/:id/why", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        try await ErrorContrast(state: state).answer(try item(exchange))
      },
      Route(.POST, "/api/cairn/errors/:id/merge", .key(.manage), .cairn) { (exchange) async throws(Refusal) in try merge(exchange) },
      Route(.POST, "/api/cairn/errors/:id/unmerge", .key(.manage), .cairn) { (exchange) async throws(Refusal) in try await unmerge(exchange) },
      Route(.GET, "/api/cairn/occurrences/:id", .key(.query), .cairn) { (exchange) async throws(Refusal) in
        try await occurrence(exchange)
      },
    ]
  }

  private var nowUnixSeconds: Int64 { state.parts.clock.unixNanoseconds() / 1_000_000_000 }

  private func item(_ exchange: Exchange) throws(Refusal) -> Item {
    let text = exchange.parameters["id"]
    guard let id = Int64(text), let item = state.book.item(id: id, tenant: exchange.environment) else {
      throw Refusal(.notFound, "No error item has the id '\(text.prefix(40))'.")
    }
    return state.book.state.withLock { $0.withMembers(item) }
  }

  // MARK: One

  private func one(_ exchange: Exchange) async throws(Refusal) -> Response {
    let item = try item(exchange)
    let filter = state.book.occurrences(of: item)
    let newest = try await FailureList(state: state, tenant: exchange.environment).newest(of: item)
    let latest = newest?.event
    let people = ItemPeople(state: state, tenant: exchange.environment)
    let counts = try await people.counts([item])[item.identity]
    let facets = try await people.facets(filter)
    let related = state.book.items(tenant: exchange.environment) { (other) in
      other.id != item.id && (other.family == item.family || other.groupItemID == item.id) && !other.family.isEmpty
    }.sorted { $0.lastOccurrence.unixSeconds > $1.lastOccurrence.unixSeconds }
    let suspect = item.suspectDeployID.flatMap { (id) in state.book.state.withLock { $0.deploys[id] } }
    let hour = nowUnixSeconds / 3600
    let deploys = state.book.state.withLock { $0.deploys(projectID: item.projectID, environment: item.identity.environment) }
      .filter { $0.startUnixSeconds > (hour - 168) * 3600 }.suffix(20)
    return jsonResponse(reserving: 32_768) { (writer) in
      item.writeSummary(&writer)
      item.writeDetail(&writer)
      writer.member("people", counts?.people ?? 0)
      writer.member("addresses", counts?.addresses ?? 0)
      writer.array("hours", (hour - 167)...hour) { $1.integer(item.count(hour: $0)) }
      writer.array("facets", facets) { (facet, writer) in writer.object { facet.write(&$0) } }
      writer.array("related", related.prefix(20)) { (other, writer) in writer.object { other.writeSummary(&$0) } }
      let users = state.book.users(tenant: exchange.environment)
      writer.array("users", users) { (user, writer) in writer.object { user.write(&$0) } }
      writer.member("assigned_user", orNull: users.first { $0.id == item.assignedUserID }?.username)
      writer.array("links", state.book.links(of: item, latest)) { (link, writer) in
        writer.object { (writer) in
          writer.member("name", link.name)
          writer.member("url", link.url)
        }
      }
      writer.array("deploys", deploys) { (deploy, writer) in writer.object { deploy.write(&$0) } }
      if let suspect { writer.object("suspect_deploy") { suspect.write(&$0) } }
      if let first = state.book.explanation(itemID: item.id) { writer.object("first_grouping") { first.write(&$0) } }
      writer.member("own_door", orNull: item.ownDoor?.title)
      writer.member("doors", item.doors.map(\.title))
      writer.array("aliases", item.aliases ?? []) { (identity, writer) in
        writer.object { (writer) in
          writer.member("doors", (item.accounts ?? []).filter { $0.identity == identity }.map(\.door).sorted { $0.rank < $1.rank }.map(\.title))
          writer.member("project", identity.project)
          writer.member("environment", identity.environment)
          writer.member("hash", identity.hash)
        }
      }
      if let latest {
        writer.object("grouping") { explain(latest, source: item.source, &$0) }
        writer.object("occurrence") { Self.write(latest, newest?.others ?? [], &$0) }
      }
    }
  }

  private func patch(_ exchange: Exchange) async throws(Refusal) -> Response {
    let item = try item(exchange)
    let change = try ItemChange(try exchange.json(), actor: exchange.principal.keyID ?? "")
    let changed = try await state.changeItem(item.id, tenant: exchange.environment, change)
    return jsonResponse { (writer) in
      changed.writeSummary(&writer)
      changed.writeDetail(&writer)
    }
  }

  private func explain(_ event: Event, source: String, _ writer: inout JSONWriter) {
    let version = state.parts.groupings.current
    explainedGrouping(of: event, by: version).write(&writer, source: source, version: version.name)
  }

  // MARK: Occurrences

  private func occurrences(_ exchange: Exchange) async throws(Refusal) -> Response {
    let item = try item(exchange)
    let limit = try Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds()).limit(25, most: 1_000)
    let after = QueryString(exchange.request.query)["after"].flatMap { EventCursor($0) }
    let page = try await FailureList(state: state, tenant: exchange.environment).page(of: item, limit: limit, after: after)
    let events = try await OccurrenceFinder(state: state, tenant: exchange.environment).fields(ids: page.ids)
    return jsonResponse(reserving: 32_768) { (writer) in
      writer.array("occurrences", events) { (event, writer) in
        writer.object { (writer) in
          writer.member("id", String(OccurrenceJSON.id(event)))
          writer.member("us", event.timeUnixNanoseconds / 1000)
          writer.member("dataset", event.dataset)
          Self.write(page.others[OccurrenceJSON.id(event)] ?? [], ReportingDoor(event), &writer)
          writer.fields(event)
        }
      }
      writer.member("after", orNull: page.hasMore ? page.cursor.map { $0.text } : nil)
    }
  }

  private func occurrence(_ exchange: Exchange) async throws(Refusal) -> Response {
    let text = exchange.parameters["id"]
    let finder = OccurrenceFinder(state: state, tenant: exchange.environment)
    let found: Event?
    if let id = Int64(text) { found = try await finder.events(ids: [id]).first } else { found = try await finder.event(uuid: text) }
    guard let found else { throw Refusal(.notFound, "No occurrence has the id '\(text.prefix(60))'.") }
    let note = OccurrenceNote(found, tenant: exchange.environment)
    let item = state.book.state.withLock { (state) in state.itemOfIdentity[note.item].flatMap { state.items[$0] } }
    let others = if let item { try await FailureList(state: state, tenant: exchange.environment).others(of: found, item) } else { [FailureList.Other]() }
    return jsonResponse(reserving: 32_768) { (writer) in
      if let item { writer.object("item") { item.writeSummary(&$0) } }
      writer.object("grouping") { explain(found, source: note.source, &$0) }
      writer.object("occurrence") { Self.write(found, others, &$0) }
    }
  }

  /// The door that an occurrence came through, and other doors' occurrences of the same failure.
  private static func write(_ others: [FailureList.Other], _ door: ReportingDoor, _ writer: inout JSONWriter) {
    writer.member("door", door.title)
    writer.array("also", others) { (other, writer) in
      writer.object { (writer) in
        writer.member("door", other.door.title)
        writer.member("id", String(other.id))
        writer.member("trace", orNull: other.trace)
        writer.member("sure", other.isSure)
      }
    }
  }

  private static func write(_ event: Event, _ others: [FailureList.Other], _ writer: inout JSONWriter) {
    writer.member("id", String(OccurrenceJSON.id(event)))
    writer.member("us", event.timeUnixNanoseconds / 1000)
    writer.member("dataset", event.dataset)
    write(others, ReportingDoor(event), &writer)
    var shown = event
    shown.fields.removeAll { $0.name == FieldName.original }
    writer.fields(shown)
    writer.key("data")
    writer.raw(OccurrenceJSON.payload(event))
    writer.array("chain", errorReport(of: event).chain) { (trace, writer) in
      writer.object { trace.write(&$0, errorReport(of: event)) }
    }
  }

  // MARK: Groups

  /// Puts an item and others into one group: a group item that takes their place in lists; what comes later follows.
  private func merge(_ exchange: Exchange) throws(Refusal) -> Response {
    let item = try item(exchange)
    let ids = (try exchange.json())["items"]?.array?.compactMap(\.integer) ?? []
    guard !ids.isEmpty, ids.count <= 500 else { throw Refusal(.invalid, "items must name up to 500 other items", field: "items") }
    var members = item.isGroup ? [] : [item]
    for id in ids where id != item.id {
      guard let other = state.book.item(id: id, tenant: exchange.environment), !other.isGroup,
        other.projectID == item.projectID, other.identity.environment == item.identity.environment
      else { throw Refusal(.invalid, "items of one project and environment can be merged, and \(id) is none", field: "items") }
      members.append(other)
    }
    let actor = exchange.principal.keyID ?? ""
    let (now, fixed) = (nowUnixSeconds, members)
    let group: Item
    do { group = try state.book.change { $0.merge(fixed, into: item, actor: actor, nowUnixSeconds: now) } } catch { throw Refusal(error) }
    return jsonResponse { (writer) in group.writeSummary(&writer) }
  }

  /// Takes a member out of its group, or all of a group's; what it counted goes with it. Of an item that is in no group, what came by other
  /// doors is parted from it: all of it, or what the `door` of the body told, or what has its `hash`.
  private func unmerge(_ exchange: Exchange) async throws(Refusal) -> Response {
    let item = try item(exchange)
    let actor = exchange.principal.keyID ?? ""
    let now = nowUnixSeconds
    let body = try? exchange.json()
    let (door, hash) = (body?["door"]?.string, body?["hash"]?.string)
    if !item.isGroup, item.groupItemID == nil || door != nil || hash != nil {
      let identities = ItemParting.candidates(item, door: door).filter { hash == nil || $0.hash == hash }
      guard !identities.isEmpty else { throw Refusal(.invalid, "the item is in no group, and another door told of nothing in it that could be parted") }
      let parted = try await ItemParting(state: state, tenant: exchange.environment, actor: actor).part(identities, from: item)
      return jsonResponse { (writer) in parted.writeSummary(&writer) }
    }
    do { try state.book.change { $0.unmerge(item, actor: actor, nowUnixSeconds: now) } } catch { throw Refusal(error) }
    return jsonResponse { (writer) in item.writeSummary(&writer) }
  }
}
