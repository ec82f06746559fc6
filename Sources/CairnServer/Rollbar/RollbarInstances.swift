// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import NIOHTTP1
import Synchronization

/// Occurrences ("instances" in Rollbar's paths): of an item, of a project, one with its whole payload.
struct RollbarInstances: Sendable {
  let api: RollbarAPI

  var routes: [Route] {
    let lists = ["/item/:id/instances", "/item/:id/occurrences"].map { (path) in
      api.route(.GET, path, [.read]) { (exchange, caller) async throws(Refusal) in
        let item = try api.item(try api.number(exchange, "id"), caller)
        return try await list(exchange, caller) { (count) async throws(Refusal) in
          try await FailureList(state: api.state, tenant: caller.tenant).newestIDs(of: item, count: count)
        }
      }
    }
    let all = ["/instances", "/occurrences"].map { (path) in
      api.route(.GET, path, [.read]) { (exchange, caller) async throws(Refusal) in
        try await list(exchange, caller) { (count) async throws(Refusal) in
          let own = ProjectOccurrences(state: api.state, caller: caller)
          let reach = own.comparedHashes.isEmpty ? count : count * ReportingDoor.allCases.count + 200
          let finder = OccurrenceFinder(state: api.state, tenant: caller.tenant)
          return own.failures(try await finder.thin(own.filter, limit: reach)).prefix(count).map(OccurrenceJSON.id)
        }
      }
    }
    let ones = ["/instance/:id", "/occurrence/:id"].flatMap { (path) in
      [
        api.route(.GET, path, [.read]) { (exchange, caller) async throws(Refusal) in try await one(exchange, caller) },
        api.route(.DELETE, path, [.write]) { (exchange, caller) async throws(Refusal) in try await delete(exchange, caller) },
      ]
    }
    return lists + all + ones
  }

  private static let pageCount = 20

  /// Twenty a page, the newest first: their ids first, then those twenty with their payloads.
  private func list(
    _ exchange: Exchange, _ caller: RollbarCaller, _ newest: (_ count: Int) async throws(Refusal) -> [Int64]
  ) async throws(Refusal) -> Response {
    let page = try api.page(QueryString(exchange.request.query), most: 500)
    let finder = OccurrenceFinder(state: api.state, tenant: caller.tenant)
    let ids = try await newest(page * Self.pageCount)
    let wanted = Array(ids.dropFirst((page - 1) * Self.pageCount))
    let events = try await finder.events(ids: wanted)
    let hidden = api.state.book.state.withLock { $0.hiddenOccurrences }
    return api.answer(reserving: 65_536) { (writer) in
      writer.object { (writer) in
        writer.member("page", page)
        writer.array("instances", events.filter { !hidden.contains(OccurrenceJSON.id($0)) }) { (event, writer) in
          writer.object { write(event, caller, &$0) }
        }
      }
    }
  }

  private func write(_ event: Event, _ caller: RollbarCaller, _ writer: inout JSONWriter) {
    let note = OccurrenceNote(event, tenant: caller.tenant)
    let item = api.state.book.state.withLock { (state) in state.itemOfIdentity[note.item].flatMap { state.items[$0] } }
    OccurrenceJSON.write(event, itemID: item?.id, projectID: item?.projectID ?? caller.project.id, &writer)
  }

  private func one(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let event = try await find(exchange, caller)
    return api.answer(reserving: 16_384) { (writer) in writer.object { write(event, caller, &$0) } }
  }

  /// By id, or by uuid.
  private func find(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Event {
    let text = exchange.parameters["id"]
    let finder = OccurrenceFinder(state: api.state, tenant: caller.tenant)
    let found: Event?
    if let id = Int64(text) { found = try await finder.events(ids: [id]).first } else { found = try await finder.event(uuid: text) }
    let isHidden = found.map { (event) in api.state.book.state.withLock { $0.hiddenOccurrences.contains(OccurrenceJSON.id(event)) } } ?? false
    guard let found, !isHidden, caller.isAccount || found[FieldName.itemProject]?.text == caller.project.name else {
      throw Refusal(.notFound, "no occurrence has the id \(text.prefix(60))")
    }
    return found
  }

  /// Events cannot change, so the occurrence is hidden; counts stay, as at Rollbar.
  private func delete(_ exchange: Exchange, _ caller: RollbarCaller) async throws(Refusal) -> Response {
    let id = OccurrenceJSON.id(try await find(exchange, caller))
    try api.written { () throws(CatalogError) in
      try api.state.book.change { (state) in
        state.hiddenOccurrences.insert(id)
        state.touch("hidden", 1)
      }
    }
    return jsonResponse { (writer) in
      writer.member("err", 0)
      writer.member("message", "occurrence \(id) was deleted")
    }
  }
}

/// Looks occurrences up among the events.
struct OccurrenceFinder: Sendable {
  let state: ServerState
  let tenant: String

  private var scope: Scope { Scope(environment: tenant, datasets: .all, time: .everything) }

  /// The newest that pass, with what tells which of them are of one failure.
  func thin(_ filter: Filter, limit: Int) async throws(Refusal) -> [Event] {
    let plan = EventsPlan(scope: scope, filter: filter, columns: FailureList.columns, limit: min(limit, EventsPlan.limitMax))
    return try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }.events
  }

  /// Whole events, the newest first; the payload among their fields.
  func events(ids: [Int64]) async throws(Refusal) -> [Event] {
    guard !ids.isEmpty else { return [] }
    return try await whole(.oneOf(column: FieldName.occurrenceID, ids.map { .integer($0) }), limit: ids.count)
  }

  /// The fields of events without their payloads, the newest first.
  func fields(ids: [Int64]) async throws(Refusal) -> [Event] {
    guard !ids.isEmpty else { return [] }
    let plan = EventsPlan(scope: scope, filter: .oneOf(column: FieldName.occurrenceID, ids.map { .integer($0) }), limit: ids.count)
    return try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }.events
  }

  func event(uuid: String) async throws(Refusal) -> Event? {
    try await events(.compare(column: FieldName.occurrenceUUID, .equal, .string(uuid)), limit: 1).first
  }

  /// The newest that pass, whole: first which they are, as of several at one instant two questions may choose differently.
  func events(_ filter: Filter, limit: Int) async throws(Refusal) -> [Event] {
    try await events(ids: try await thin(filter, limit: limit).map(OccurrenceJSON.id))
  }

  private func whole(_ filter: Filter, limit: Int) async throws(Refusal) -> [Event] {
    let plain = EventsPlan(scope: scope, filter: filter, limit: limit)
    let whole = EventsPlan(
      scope: scope, filter: filter, columns: [FieldName.occurrenceID, FieldName.original], limit: limit)
    let (fields, originals) = try await state.desk.ask { () async throws(QueryError) in
      (try await state.store.events(plain), try await state.store.events(whole))
    }
    var texts: [Int64: FieldValue] = [:]
    for event in originals.events { texts[OccurrenceJSON.id(event)] = event[FieldName.original] }
    return fields.events.map { (event) in
      var event = event
      if let text = texts[OccurrenceJSON.id(event)] { event.fields.append((FieldName.original, text)) }
      return event
    }
  }
}

extension IssueBook {
  /// The occurrences of an item, a group's members included.
  func occurrences(of item: Item) -> Filter {
    Self.occurrences(of: item.isGroup ? members(of: item.id).flatMap(\.identities) : item.identities)
  }

  /// The occurrences that have one of these identities.
  static func occurrences(of identities: [ItemIdentity]) -> Filter {
    .any(
      identities.map { (identity) in
        .all([
          .compare(column: FieldName.itemHash, .equal, .string(identity.hash)),
          .compare(column: FieldName.itemProject, .equal, .string(identity.project)),
          .compare(column: FieldName.itemEnvironment, .equal, .string(identity.environment)),
        ])
      })
  }
}
