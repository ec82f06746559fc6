// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan
import NIOHTTP1

/// What the Logs page asks: groups and streams, Insights queries, single events by their pointers.
struct LogsAPI: Sendable {
  let state: ServerState
  private var desk: LogsDesk { LogsDesk(state: state) }

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/logs/groups", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await groups(exchange) },
      Route(.GET, "/api/cairn/logs/streams", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await streams(exchange) },
      Route(.GET, "/api/cairn/logs/language", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await language(exchange) },
      Route(.GET, "/api/cairn/logs/record", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await record(exchange) },
      Route(.POST, "/api/cairn/logs/queries", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await start(exchange) },
      Route(.GET, "/api/cairn/logs/queries/:id", .key(.query), .cairn) { (exchange) async throws(Refusal) in try results(exchange) },
      Route(.POST, "/api/cairn/logs/queries/:id/stop", .key(.query), .cairn) { (exchange) async throws(Refusal) in try stop(exchange) },
    ]
  }

  private func call(_ exchange: Exchange) -> LogsCall {
    LogsCall(
      environment: exchange.environment, account: LogAccount(), input: .object([]), body: exchange.request.body,
      nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
  }

  private func ask<Result: Sendable>(
    _ question: @Sendable (any CairnStore) async throws(QueryError) -> Result
  ) async throws(Refusal) -> Result {
    let store = state.store
    return try await state.desk.ask { () async throws(QueryError) in try await question(store) }
  }

  // MARK: Groups

  /// Log groups by name, also empty ones, with the lines that they hold.
  private func groups(_ exchange: Exchange) async throws(Refusal) -> Response {
    let plan = Plan(
      scope: Scope(environment: exchange.environment, datasets: .all, time: .everything), filter: .all([LogsDesk.isLine, desk.exclusions(call(exchange))]),
      breakdowns: [FieldName.dataset],
      calculations: [.count, Calculation(.minimum, column: FieldName.timestamp), Calculation(.maximum, column: FieldName.timestamp)],
      limit: 10_000)
    let answer = try await ask { store throws(QueryError) in try await store.run(plan) }
    var found: [String: (lines: Int64, first: Double, last: Double)] = [:]
    for group in state.logs.groups(exchange.environment) { found[group.group.name] = (0, 0, 0) }
    if answer.columns.count == 4 {
      for row in 0..<answer.rowCount {
        func number(_ column: Int) -> Double { answer.columns[column].values[row]?.number ?? 0 }
        found[answer.columns[0].values[row]?.text ?? ""] = (Int64(number(1)), number(2) / 1000, number(3) / 1000)
      }
    }
    return jsonResponse { (writer) in
      writer.array("groups", found.sorted { precedes($0.key, $1.key) }) { (group, writer) in
        writer.object { (writer) in
          writer.member("name", group.key)
          writer.member("lines", group.value.lines)
          writer.member("first_us", Int64(group.value.first))
          writer.member("last_us", Int64(group.value.last))
        }
      }
    }
  }

  /// The streams of a group that have lines, the newest first.
  private func streams(_ exchange: Exchange) async throws(Refusal) -> Response {
    guard let group = QueryString(exchange.request.query)["group"] else {
      throw Refusal(.invalid, "group is needed", field: "group")
    }
    let plan = Plan(
      scope: Scope(environment: exchange.environment, datasets: .named([group]), time: .everything), filter: .all([LogsDesk.isLine, desk.exclusions(call(exchange))]),
      breakdowns: [FieldName.logStream], calculations: [.count, Calculation(.maximum, column: FieldName.timestamp)], limit: 1000)
    let answer = try await ask { store throws(QueryError) in try await store.run(plan) }
    var rows: [(name: String, lines: Int64, last: Double)] = []
    if answer.columns.count == 3 {
      for row in 0..<answer.rowCount {
        rows.append(
          (
            answer.columns[0].values[row]?.text ?? LogField.defaultStream, Int64(answer.columns[1].values[row]?.number ?? 0),
            (answer.columns[2].values[row]?.number ?? 0) / 1000
          ))
      }
    }
    return jsonResponse { (writer) in
      writer.array("streams", rows.sorted { $0.last > $1.last }) { (stream, writer) in
        writer.object { (writer) in
          writer.member("name", stream.name)
          writer.member("lines", stream.lines)
          writer.member("last_us", Int64(stream.last))
        }
      }
    }
  }

  /// The words of the query language and the fields of log lines, for completion.
  private func language(_ exchange: Exchange) async throws(Refusal) -> Response {
    let scope = Scope(environment: exchange.environment, datasets: .all, time: .everything)
    let columns = try await ask { store throws(QueryError) in try await store.columns(scope) }
    let own = columns.sorted { $0.eventCount > $1.eventCount }.map(\.name).filter {
      !$0.hasPrefix("meta.") && $0 != FieldName.body && $0 != FieldName.logStream
    }
    var seen: Set<String> = []
    let fields = InsightsLanguage.fields + own.map(LogField.path(ofName:)).filter { seen.insert($0).inserted }.prefix(2000)
    return jsonResponse { (writer) in
      writer.member("commands", InsightsLanguage.commands)
      writer.member("functions", InsightsLanguage.functions)
      writer.member("statistics", InsightsLanguage.statistics)
      writer.member("fields", fields)
    }
  }

  // MARK: Queries

  private func start(_ exchange: Exchange) async throws(Refusal) -> Response {
    let body = try exchange.json(known: ["query", "start", "end", "limit", "groups"])
    guard let text = body["query"]?.string else { throw Refusal(.invalid, "query must be a text", field: "query") }
    guard let start = body["start"]?.integer, let end = body["end"]?.integer, start >= 0, start <= end else {
      throw Refusal(.invalid, "start and end must be Unix seconds, start first", field: "start")
    }
    let limit = body["limit"]?.integer ?? 10_000
    guard (1...100_000).contains(limit) else { throw Refusal(.invalid, "limit must be between 1 and 100000", field: "limit") }
    var groups = (body["groups"]?.array ?? []).compactMap(\.string)
    let isOfAllGroups = groups.isEmpty
    if isOfAllGroups {
      let environment = exchange.environment
      groups = try await ask { store throws(QueryError) in try await store.datasets(environment: environment) }.map(\.name)
      groups += state.logs.groups(environment).map(\.group.name).filter { !groups.contains($0) }
    }
    do throws(LogsError) {
      let id = try await desk.ask(
        call(exchange),
        LogsDesk.Asked(
          text: text, groups: groups, startSeconds: start, endSeconds: end, limit: Int(limit), isOfAllGroups: isOfAllGroups))
      return jsonResponse { $0.member("id", id) }
    } catch {
      throw Refusal(error.kind == .resourceNotFound ? .notFound : error.kind == .unavailable ? .unavailable : .invalid, error.message)
    }
  }

  private func entry(_ exchange: Exchange) throws(Refusal) -> InsightsShelf.Entry {
    guard let entry = state.insights.find(exchange.environment, exchange.parameters["id"]) else {
      throw Refusal(.notFound, "There is no such query; results are kept until newer ones need their room.")
    }
    return entry
  }

  private func results(_ exchange: Exchange) throws(Refusal) -> Response {
    let entry = try entry(exchange)
    let rows = entry.results.rows
    return jsonResponse { (writer) in
      writer.member("status", entry.status.rawValue)
      writer.member("reason", orNull: entry.reason)
      writer.member("columns", entry.columns)
      writer.array("rows", rows) { (row, writer) in
        writer.beginArray()
        for text in row.texts { if let text { writer.string(text) } else { writer.null() } }
        writer.endArray()
      }
      writer.array("pointers", rows) { (row, writer) in
        if let pointer = row.pointer { writer.string(pointer) } else { writer.null() }
      }
      writer.array("groups", rows) { (row, writer) in
        writer.string(row.pointer.flatMap { InsightsPointer($0)?.dataset } ?? "")
      }
      writer.object("statistics") { (writer) in
        writer.member("matched", entry.statistics.recordsMatched)
        writer.member("scanned", entry.statistics.recordsScanned)
        writer.member("bytes", entry.statistics.bytesScanned)
      }
      writer.member("duration_ms", entry.durationMilliseconds)
    }
  }

  private func stop(_ exchange: Exchange) throws(Refusal) -> Response {
    let stopped = state.insights.stop(try entry(exchange).id)
    return jsonResponse { $0.member("stopped", stopped) }
  }

  // MARK: Single events

  private func record(_ exchange: Exchange) async throws(Refusal) -> Response {
    guard let text = QueryString(exchange.request.query)["pointer"], let pointer = InsightsPointer(text) else {
      throw Refusal(.invalid, "pointer must be one of a query's results", field: "pointer")
    }
    let found = try await RecordPlace(pointer, environment: exchange.environment, isThere: .everything).find { (plan) async throws(Refusal) in
      try await ask { store throws(QueryError) in try await store.events(plan) }
    }
    guard let event = found else { throw Refusal(.notFound, "The event is no longer there.") }
    return jsonResponse { (writer) in
      writer.member("us", event.timeUnixNanoseconds / 1000)
      writer.member("dataset", event.dataset)
      writer.fields(event)
    }
  }
}
