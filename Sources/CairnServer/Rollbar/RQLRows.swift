// SPDX-License-Identifier: Apache-2.0
import CairnColumns
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import Synchronization

/// The rows of RQL's two tables. Occurrences come from the engine, narrowed by project and time; what is no field of an event is looked up
/// in its payload by its path.
struct RQLRows: Sendable {
  let state: ServerState
  let caller: RollbarCaller

  typealias Row = @Sendable (String) -> JSONValue

  /// The newest so many occurrences are looked at; fewer where the payload has to be read.
  private static let rowCountMax = 100_000
  private static let payloadCountMax = 10_000
  /// Payloads that are in memory at once, and the most bytes of what is kept of all of them.
  private static let payloadsAtOnce = 200
  private static let payloadByteCountMax = 256 << 20

  /// RQL's name and the field that has it.
  private static let fields: [String: String] = [
    "level": FieldName.itemLevel, "environment": FieldName.itemEnvironment, "title": FieldName.itemTitle, "uuid": FieldName.occurrenceUUID,
    "occurrence_id": FieldName.occurrenceID, "id": FieldName.occurrenceID, "item.hash": FieldName.itemHash, "context": "context",
    "code_version": FieldName.codeVersion, "framework": "framework", "language": "language", "platform": "platform",
    "person.id": FieldName.personID, "person.username": "person.username", "person.email": "person.email",
    "request.url": "url.full", "request.method": "http.request.method", "request.user_ip": FieldName.clientAddress,
    "client_ip": FieldName.clientAddress, "server.host": "host.name", "hostname": "host.name", "server.branch": "server.branch",
    "server.root": "server.root", "notifier.name": "notifier.name", "notifier.version": "notifier.version",
    "trace_id": FieldName.traceID, "exception.class": FieldName.exceptionType, "exception.message": FieldName.exceptionMessage,
  ]
  private static let starColumns = [
    "occurrence_id", "item.counter", "item.title", "level", "environment", "timestamp", "person.id", "request.url", "context", "code_version", "uuid",
  ]
  private static let deployColumns = ["id", "user_id", "environment", "revision", "local_username", "comment", "timestamp"]

  func fetch(
    _ statement: RQLStatement, nowUnixSeconds: Int64
  ) async throws(Refusal) -> (rows: [Row], starColumns: [String], warning: String?) {
    switch statement.table {
    case .deploys: return (deploys(), Self.deployColumns, nil)
    case .occurrences: return try await occurrences(statement, nowUnixSeconds)
    }
  }

  private func deploys() -> [Row] {
    state.book.state.withLock { Array($0.deploys.values) }.filter { $0.projectID == caller.project.id }.sorted { $0.id < $1.id }.map { (deploy) in
      let values: [String: JSONValue] = [
        "id": .integer(deploy.id), "environment": .string(deploy.environment), "revision": .string(deploy.revision),
        "local_username": .string(deploy.localUsername), "comment": .string(deploy.comment),
        "timestamp": .integer(deploy.startUnixSeconds), "status": .string(deploy.status),
      ]
      return { values[$0] ?? .null }
    }
  }

  private func occurrences(
    _ statement: RQLStatement, _ now: Int64
  ) async throws(Refusal) -> (rows: [Row], starColumns: [String], warning: String?) {
    let paths = statement.selections == nil ? statement.paths.union(Self.starColumns) : statement.paths
    let fromPayload = paths.filter { path in
      Self.fields[path] == nil && !path.hasPrefix("item.") && !path.hasPrefix("custom.") && path != "timestamp"
    }
    let limit = fromPayload.isEmpty ? Self.rowCountMax : Self.payloadCountMax
    var columns = Set(paths.compactMap { Self.fields[$0] } + paths.filter { $0.hasPrefix("custom.") })
    columns.formUnion(FailureList.columns)
    let own = ProjectOccurrences(state: state, caller: caller)
    let bounds = statement.timeBounds(nowUnixSeconds: now)
    let nanoseconds = { (seconds: Double) in Int64(max(-9e9, min(9e9, seconds)) * 1e9) }
    let time = TimeRange(
      startUnixNanoseconds: bounds.start.map(nanoseconds) ?? .min, endUnixNanoseconds: bounds.end.map { nanoseconds($0 + 1) } ?? .max)
    let plan = EventsPlan(
      scope: Scope(environment: caller.tenant, datasets: .all, time: time),
      filter: own.filter, columns: columns.sorted(), limit: limit)
    let (found, hasMore) = try await read(plan, fromPayload)
    let (items, identities) = state.book.state.withLock { ($0.items, $0.itemOfIdentity) }
    let rows = own.places(found.map(\.event)).map { (place) -> Row in
      let (event, values) = found[place]
      let identity = OccurrenceNote(event, tenant: caller.tenant).item
      return row(event, identities[identity].flatMap { items[$0] }, values)
    }
    let warning = hasMore ? "only the newest \(limit) occurrences were looked at" : nil
    return (rows, Self.starColumns, warning)
  }

  /// The events of a plan, each with what paths lead to in its payload. Payloads are read some at a time and not kept.
  private func read(
    _ plan: EventsPlan, _ paths: Set<String>
  ) async throws(Refusal) -> (found: [(event: Event, values: [String: JSONValue])], hasMore: Bool) {
    guard !paths.isEmpty else {
      let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.events(plan) }
      return (answer.events.map { ($0, [:]) }, answer.hasMore)
    }
    var (found, byteCount): ([(event: Event, values: [String: JSONValue])], Int) = ([], 0)
    var page = plan
    page.columns = plan.columns + [FieldName.original]
    while true {
      page.limit = min(Self.payloadsAtOnce, plan.limit - found.count)
      let fixed = page
      let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.events(fixed) }
      for event in answer.events {
        let values = Self.values(paths, event)
        byteCount += values.values.reduce(0) { $0 + $1.heldByteCount }
        let kept = event.fields.filter { $0.name != FieldName.original }
        found.append((Event(dataset: event.dataset, timeUnixNanoseconds: event.timeUnixNanoseconds, fields: kept), values))
      }
      guard byteCount <= Self.payloadByteCountMax else {
        throw Refusal(.invalid, "the query needs more than \(Self.payloadByteCountMax >> 20) MiB of payloads; narrow its time")
      }
      guard answer.hasMore, let cursor = answer.cursor, found.count < plan.limit else { return (found, answer.hasMore) }
      page.after = cursor
    }
  }

  private static func values(_ paths: Set<String>, _ event: Event) -> [String: JSONValue] {
    guard case .string(let original)? = event[FieldName.original],
      let payload = try? JSONValue(parsing: original, depthMax: JSONReader.depthMaxLimit)
    else { return [:] }
    var values: [String: JSONValue] = [:]
    for path in paths { values[path] = look(up: path, in: payload) }
    return values
  }

  private func row(_ event: Event, _ item: Item?, _ looked: [String: JSONValue]) -> Row {
    { (path) in
      if path == "timestamp" { return .integer(event.timeUnixNanoseconds / 1_000_000_000) }
      if path.hasPrefix("item."), path != "item.hash" { return Self.itemValue(path, item) }
      if let name = Self.fields[path] ?? (path.hasPrefix("custom.") ? path : nil) {
        switch event[name] {
        case nil: return .null
        case .string(let text): return .string(text)
        case .integer(let number): return .integer(number)
        case .float(let number): return .double(number)
        case .boolean(let truth): return .boolean(truth)
        }
      }
      return looked[path] ?? .null
    }
  }

  private static func itemValue(_ path: String, _ item: Item?) -> JSONValue {
    guard let item else { return .null }
    switch path {
    case "item.id": return .integer(item.id)
    case "item.counter": return .integer(item.counter)
    case "item.title": return .string(item.title)
    case "item.level": return .string(item.level)
    case "item.status": return .string(item.status.rawValue)
    case "item.environment": return .string(item.identity.environment)
    case "item.framework": return .string(item.framework)
    case "item.total_occurrences": return .integer(Int64(item.totalCount))
    case "item.first_occurrence_timestamp": return .integer(item.firstOccurrence.unixSeconds)
    case "item.last_occurrence_timestamp": return .integer(item.lastOccurrence.unixSeconds)
    case "item.resolved_in_version": return item.resolvedInVersion.map { .string($0) } ?? .null
    default: return .null
    }
  }

  /// A dotted path; a number is an index of a list.
  private static func look(up path: String, in payload: JSONValue) -> JSONValue {
    var value = payload
    for part in path.split(separator: ".") {
      if let list = value.array {
        guard let index = Int(part), list.indices.contains(index) else { return .null }
        value = list[index]
      } else {
        guard let next = value[String(part)] else { return .null }
        value = next
      }
    }
    return value
  }
}
