// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOHTTP1

/// The state of the server, the lists of what is there, and the two questions that all pages are made of.
struct DataAPI: Sendable {
  let state: ServerState
  let gatekeeper: Gatekeeper

  var routes: [Route] {
    [
      Route(.GET, "/api/cairn/status", .key(.query), .cairn) { (exchange) async throws(Refusal) in status(exchange) },
      Route(.GET, "/api/cairn/datasets", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await datasets(exchange)
      },
      Route(.GET, "/api/cairn/columns", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await columns(exchange) },
      Route(.POST, "/api/cairn/query", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await query(exchange) },
      Route(.POST, "/api/cairn/bubbleup", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await bubbleUp(exchange)
      },
    ]
  }

  private func status(_ exchange: Exchange) -> Response {
    let store = state.parts.status()
    let addresses = state.addresses
    return jsonResponse { (writer) in
      writer.member("version", CairnServer.version)
      writer.member("environment", exchange.environment)
      writer.member("open", gatekeeper.isOpen)
      writer.member("started_us", state.startedUnixMicroseconds)
      writer.member("pid", state.processID)
      writer.object("listeners") { (writer) in
        for role in ListenerRole.allCases { if let address = addresses[role] { writer.member(role.rawValue, address) } }
      }
      writer.object("store") { write(store, &$0) }
    }
  }

  private func write(_ store: StoreStatus, _ writer: inout JSONWriter) {
    writer.member("events", store.eventCount)
    writer.member("head_events", store.headEventCount)
    writer.member("segments", store.segmentCount)
    writer.member("disk_bytes", store.diskBytes)
    writer.member("memory_bytes", store.memoryBytes)
    writer.member("ingest_state", store.ingestState)
    writer.member("ingest_reason", orNull: store.ingestReason)
    writer.array("quarantined", store.quarantined) { (range, writer) in
      writer.object { (writer) in
        writer.member("file", range.file)
        writer.member("offset", range.offset)
        writer.member("rows", range.rowCount)
        writer.member("reason", range.reason)
      }
    }
  }

  private func datasets(_ exchange: Exchange) async throws(Refusal) -> Response {
    let found = try await state.directory.datasets(exchange.environment).map(\.summary)
    return jsonResponse { (writer) in
      writer.array("datasets", found) { (dataset, writer) in
        writer.object { (writer) in
          writer.member("name", dataset.name)
          writer.member("events", dataset.eventCount)
          writer.member("first_us", dataset.firstUnixNanoseconds / 1000)
          writer.member("last_us", dataset.lastUnixNanoseconds / 1000)
        }
      }
    }
  }

  private func columns(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let scope = Scope(environment: exchange.environment, datasets: question.datasets, time: .everything)
    let found = try await state.desk.ask { () async throws(QueryError) in try await state.store.columns(scope) }
    let declared = state.directory.declared(exchange.environment, question.datasets)
    let sayings = Dictionary(declared.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let names = Set(found.map(\.name))
    let waiting = sayings.values.filter { !names.contains($0.name) }.sorted { $0.name < $1.name }
      .map { ColumnSummary(name: $0.name, type: $0.type, eventCount: 0) }
    return jsonResponse { (writer) in
      writer.array("columns", found + waiting) { (column, writer) in
        writer.object { (writer) in
          writer.member("name", column.name)
          writer.member("type", column.type.name)
          writer.member("events", column.eventCount)
          if let saying = sayings[column.name] {
            writer.member("description", saying.description)
            writer.member("hidden", saying.isHidden)
          }
        }
      }
      writer.array("derived", state.formulas.columns(exchange.environment, question.datasets)) { (column, writer) in
        writer.object { (writer) in
          writer.member("name", column.alias)
          writer.member("type", column.formula.shownType.name)
          writer.member("expression", column.expression)
        }
      }
    }
  }

  private func query(_ exchange: Exchange) async throws(Refusal) -> Response {
    let body = try exchange.json(known: ["dataset", "query", "disable_series", "missing"])
    let specification = try self.specification(body)
    let series: HoneycombResultRequest.Choice = body["disable_series"]?.boolean == true ? .disabled : .enabled
    let plan = specification.plan(
      environment: exchange.environment, datasets: datasetScope(try datasetName(body)),
      nowUnixNanoseconds: state.parts.clock.unixNanoseconds(), request: HoneycombResultRequest(queryID: "", series: series))
    let answer = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(plan) }
    var earlier: ComparedAnswer?
    if let offset = specification.compareOffsetNanoseconds {
      earlier = ComparedAnswer(offsetNanoseconds: offset, answer: try await self.earlier(plan, answer, offset))
    }
    guard body["missing"]?.boolean ?? answer.isSilent else { return answerResponse(answer, plan, earlier: earlier) }
    let missing = try await state.directory.missing(specification, exchange.environment, plan.scope.datasets)
    return answerResponse(answer, plan, missing: missing, earlier: earlier)
  }

  /// The answer of an earlier time, with the rows of `answer`.
  private func earlier(_ plan: Plan, _ answer: Answer, _ offsetNanoseconds: Int64) async throws(Refusal) -> Answer {
    let earlier = EarlierTime(plan, answer, offsetNanoseconds: offsetNanoseconds)
    var found = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(earlier.groups) }
    if let total = earlier.total {
      found.totals = try await state.desk.ask { () async throws(QueryError) in try await state.store.run(total) }.totals
    }
    return found.arranged(as: answer)
  }

  private func bubbleUp(_ exchange: Exchange) async throws(Refusal) -> Response {
    let body = try exchange.json(known: ["dataset", "query", "selection", "baseline", "limit"])
    let query = try specification(body)
    let base = query.plan(
      environment: exchange.environment, datasets: datasetScope(try datasetName(body)),
      nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    guard let selection = body["selection"], selection.members != nil else {
      throw Refusal(.invalid, "A selection is needed: a box, filters, or both.", field: "selection")
    }
    var plan = BubbleUpPlan(scope: base.scope, filter: base.filter, selection: .everything)
    var parts: [Filter] = []
    if let box = selection["box"], box != .null { parts.append(try self.box(box, &plan)) }
    if let filters = selection["filters"], filters != .null {
      parts.append(try filter(filters, selection["filter_combination"], field: "selection.filters"))
    }
    guard !parts.isEmpty else { throw Refusal(.invalid, "The selection has neither a box nor filters.", field: "selection") }
    plan.selection = .all(parts)
    if let baseline = body["baseline"], baseline != .null {
      plan.baseline = try filter(baseline["filters"], baseline["filter_combination"], field: "baseline.filters")
    }
    if let limit = body["limit"] {
      guard let count = limit.integer, (1...500).contains(count) else {
        throw Refusal(.invalid, "limit must be between 1 and 500", field: "limit")
      }
      plan.columnLimit = Int(count)
    }
    let fixed = plan
    return bubbleUpResponse(try await state.desk.ask { () async throws(QueryError) in try await state.store.bubbleUp(fixed) })
  }

  /// A box of a heatmap: values in `min ... max` of a column, and the time between `start` and `end`.
  private func box(_ box: JSONValue, _ plan: inout BubbleUpPlan) throws(Refusal) -> Filter {
    guard let column = box["column"]?.string, !column.isEmpty else {
      throw Refusal(.invalid, "A box needs a column.", field: "selection.box.column")
    }
    if let start = box["start"]?.number, let end = box["end"]?.number {
      guard start <= end, abs(start) < 9e9, abs(end) < 9e9 else {
        throw Refusal(.invalid, "start and end must be Unix seconds, start first", field: "selection.box.start")
      }
      plan.selectionTime = TimeRange(startUnixNanoseconds: Int64(start * 1e6) * 1000, endUnixNanoseconds: Int64(end * 1e6) * 1000)
    }
    var parts = [Filter.exists(column: column)]
    if let minimum = box["min"]?.number { parts.append(.compare(column: column, .greaterOrEqual, .float(minimum))) }
    if let maximum = box["max"]?.number { parts.append(.compare(column: column, .lessOrEqual, .float(maximum))) }
    return .all(parts)
  }

  private func filter(_ list: JSONValue?, _ combination: JSONValue?, field: String) throws(Refusal) -> Filter {
    do { return try HoneycombFilter.list(list, combination: combination, field: field) } catch { throw Refusal(error) }
  }

  private func datasetName(_ body: JSONValue) throws(Refusal) -> String {
    guard let value = body["dataset"], value != .null else { return allDatasets }
    guard let name = value.string, !name.isEmpty else { throw Refusal(.invalid, "dataset must be a name", field: "dataset") }
    return name
  }

  private func specification(_ body: JSONValue) throws(Refusal) -> HoneycombQuery {
    do { return try HoneycombQuery(body["query"] ?? .object([]), rules: .cairn) } catch { throw Refusal(error) }
  }
}
