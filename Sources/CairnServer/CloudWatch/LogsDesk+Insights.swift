// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan

/// Logs Insights: StartQuery, GetQueryResults, StopQuery, DescribeQueries.
extension LogsDesk {
  var insightsOperations: [LogsOperation] {
    [
      LogsOperation("StartQuery", .query) { (call) async throws(LogsError) in try await startQuery(call) },
      LogsOperation("GetQueryResults", .query) { (call) async throws(LogsError) in try queryResults(call) },
      LogsOperation("StopQuery", .query) { (call) async throws(LogsError) in try stopQuery(call) },
      LogsOperation("ListLogGroupsForQuery", .query) { (call) async throws(LogsError) in
        let groups = try entry(call).groups
        let (page, next) = try call.page(groups, limit: try call.limit("maxResults", max: 500, otherwise: 500)) { $0 }
        return .object { writer in
          writer.member("logGroupIdentifiers", Array(page))
          writer.member("nextToken", ifPresent: next)
        }
      },
      LogsOperation("DescribeQueries", .query) { (call) async throws(LogsError) in try describeQueries(call) },
    ]
  }

  /// What a query is asked with, whichever API it came through.
  struct Asked: Sendable {
    var text: String
    var groups: [String]
    /// Unix seconds, both inside.
    var startSeconds: Int64
    var endSeconds: Int64
    var limit: Int
    /// True where `groups` are all that there are, and may be none.
    var isOfAllGroups = false
  }

  private func startQuery(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let text = try call.text("queryString")
    if let language = try call.optionalText("queryLanguage"), language != "CWLI" {
      throw LogsError(.invalidParameter, "Cairn reads the Logs Insights query language (CWLI), not \(language).")
    }
    guard let start = try call.integer("startTime", 0 ... .max) else { throw .missing("startTime") }
    guard let end = try call.integer("endTime", 0 ... .max) else { throw .missing("endTime") }
    guard start <= end else {
      throw LogsError(.invalidParameter, "End time should not be before start time")
    }
    let limit = try call.integer("limit", 1...100_000) ?? 10_000
    let entry = try await ask(
      call, Asked(text: text, groups: try queriedGroups(call), startSeconds: start, endSeconds: end, limit: Int(limit)))
    return .object { $0.member("queryId", entry) }
  }

  private func queriedGroups(_ call: LogsCall) throws(LogsError) -> [String] {
    let name = try call.optionalText("logGroupName")
    let names = try call.texts("logGroupNames")
    let identifiers = try call.texts("logGroupIdentifiers")
    let given = [name != nil, names?.isEmpty == false, identifiers?.isEmpty == false].count { $0 }
    guard given <= 1 else {
      throw LogsError(
        .invalidParameter, "Only one of logGroupName, logGroupNames and logGroupIdentifiers can be given.")
    }
    return (name.map { [$0] } ?? names ?? identifiers ?? []).map(LogNames.group(ofIdentifier:))
  }

  /// Compiles a query and sets it to work; the id under which its results are found.
  func ask(_ call: LogsCall, _ asked: Asked) async throws(LogsError) -> String {
    let program: InsightsProgram
    do {
      program = try InsightsProgram(parsing: asked.text)
    } catch {
      throw LogsError(error)
    }
    if asked.groups.isEmpty, !asked.isOfAllGroups, program.query.source == nil {
      throw LogsError(.invalidParameter, "Either a log group or SOURCE in the query must be specified.")
    }
    let request = try await insightsRequest(call, asked, program)
    let missing = program.unknownNames(in: request)
    if let name = missing.first {
      throw LogsError(
        .resourceNotFound,
        "Log group '\(name)' does not exist for account ID '\(call.account.account)' (Service: AWSLogs; Status Code: 400; "
          + "Error Code: ResourceNotFoundException; Request ID: \(AWSErrorResponse.requestID()); Proxy: null)")
    }
    if let table = program.allTableNames.first(where: { request.tables[$0] == nil }) {
      throw LogsError(.resourceNotFound, "The lookup table '\(table)' does not exist.")
    }
    let id = AWSErrorResponse.requestID()
    let shown = asked.groups.isEmpty
      ? asked.text
      : "SOURCE " + asked.groups.map { "\"\($0)\"" }.joined(separator: ", ")
        + " START=\(asked.startSeconds)000 END=\(asked.endSeconds)999 | \(asked.text)"
    let entry = InsightsShelf.Entry(
      id: id, environment: call.environment, queryString: shown, groups: asked.groups, createdUnixMilliseconds: call.nowUnixMilliseconds)
    let run = InsightsRun(state: state, id: id, program: program, request: request)
    guard state.insights.start(entry, { await run.run() }) else {
      throw LogsError(.limitExceeded, "Account maximum query concurrency limit of [\(InsightsShelf.runningMax)] reached.")
    }
    return id
  }

  private func insightsRequest(_ call: LogsCall, _ asked: Asked, _ program: InsightsProgram) async throws(LogsError) -> InsightsRequest {
    let datasets = try await ask { store throws(QueryError) in try await store.datasets(environment: call.environment) }
    let groups = registry.groups(call.environment).map(\.group.name)
    var tables: [String: InsightsTable] = [:]
    for name in program.allTableNames {
      guard let text = registry.item(call.environment, Self.tableKind, name)?["body"]?.string else { continue }
      tables[name] = try? InsightsTable(parsing: text)
    }
    let second: Int64 = 1_000_000_000
    let bound = Int64.max / second - 1
    var request = InsightsRequest(
      environment: call.environment, groups: asked.groups,
      time: TimeRange(
        startUnixNanoseconds: min(asked.startSeconds, bound) * second, endUnixNanoseconds: (min(asked.endSeconds, bound) + 1) * second),
      limit: asked.limit, nowUnixNanoseconds: call.nowUnixNanoseconds, account: call.account.account,
      known: Set(datasets.map(\.name)).union(groups), logGroups: Set(groups), tables: tables)
    request.exclusions = exclusions(call, firsts: Dictionary(datasets.map { ($0.name, $0.firstUnixNanoseconds) }) { min($0, $1) })
    for dataset in datasets {
      request.extents[dataset.name] = TimeRange(
        startUnixNanoseconds: dataset.firstUnixNanoseconds,
        endUnixNanoseconds: dataset.lastUnixNanoseconds == .max ? .max : dataset.lastUnixNanoseconds + 1)
    }
    return request
  }

  /// Leaves out the lines of groups and streams that were deleted, and those that a group's retention has ended; everything where there are
  /// none. `firsts`, where they are known, are the times of the datasets' first events: what begins later needs no filter.
  func exclusions(_ call: LogsCall, firsts: [String: Int64]? = nil) -> Filter {
    var parts: [Filter] = []
    let deleted = Set(registry.items(call.environment, "deletion").map(\.name))
    let groups = Dictionary(registry.groups(call.environment).map { ($0.group.name, $0.group) }) { first, _ in first }
    for name in deleted.union(groups.keys).sorted() {
      let start = Self.range(nil, nil, call, groups[name] ?? LogGroup(name: name, createdUnixMilliseconds: 0)).startUnixNanoseconds
      let hasEnded = start > 0 && (firsts.map { $0[name] ?? .max } ?? 0) < start
      guard hasEnded || deleted.contains(name) || !registry.items(call.environment, "deletion", group: name).isEmpty else { continue }
      var own = filter(call, LogGroup(name: name, createdUnixMilliseconds: 0), stream: nil)
      if hasEnded { own = .all([own, .compare(column: FieldName.timestamp, .greaterOrEqual, .integer(start))]) }
      let isOther = Filter.not(
        .all([.compare(column: FieldName.dataset, .equal, .string(name)), Self.isLine]))
      parts.append(.any([isOther, own]))
    }
    return .all(parts)
  }

  // MARK: Results

  private func entry(_ call: LogsCall) throws(LogsError) -> InsightsShelf.Entry {
    let id = try call.text("queryId")
    guard let entry = state.insights.find(call.environment, id) else {
      throw LogsError(.resourceNotFound, "Query id \(id) not found")
    }
    return entry
  }

  private func queryResults(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let entry = try entry(call)
    let rows = entry.results.rows
    var start = 0
    if let token = try call.optionalText("nextToken") {
      guard let place = Int(token), place >= 0, place <= rows.count else {
        throw LogsError(.invalidParameter, "The specified nextToken is invalid.")
      }
      start = place
    }
    // Zero, which the model allows, is no limit here: it would be a page on which nobody gets on.
    let most = try call.integer("maxItems", 0...10_000).flatMap { $0 == 0 ? nil : $0 } ?? 10_000
    let end = min(rows.count, start + Int(most))
    return .object { writer in
      writer.member("queryLanguage", "CWLI")
      writer.key("results")
      writer.beginArray()
      for row in rows[start..<end] { write(row, entry.columns, &writer) }
      writer.endArray()
      writer.key("statistics")
      writer.beginObject()
      writer.member("recordsMatched", Double(entry.statistics.recordsMatched))
      writer.member("recordsScanned", Double(entry.statistics.recordsScanned))
      writer.member("estimatedRecordsSkipped", 0.0)
      writer.member("bytesScanned", Double(entry.statistics.bytesScanned))
      writer.member("estimatedBytesSkipped", 0.0)
      writer.member("logGroupsScanned", Double(entry.statistics.groupCount))
      writer.endObject()
      writer.member("status", entry.status.rawValue)
      if entry.status.isEnd, end < rows.count { writer.member("nextToken", String(end)) }
    }
  }

  private func write(_ row: InsightsTask.ResultRow, _ columns: [String], _ writer: inout JSONWriter) {
    writer.beginArray()
    func field(_ name: String, _ value: String) {
      writer.beginObject()
      writer.member("field", name)
      writer.member("value", value)
      writer.endObject()
    }
    for (name, text) in zip(columns, row.texts) { if let text { field(name, text) } }
    if let pointer = row.pointer { field("@ptr", pointer) }
    writer.endArray()
  }

  private func stopQuery(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let entry = try entry(call)
    guard state.insights.stop(entry.id) else {
      throw LogsError(.invalidParameter, "Query id \(entry.id) is not in a cancellable state: it is \(entry.status.rawValue)")
    }
    return .object { $0.member("success", true) }
  }

  private func describeQueries(_ call: LogsCall) throws(LogsError) -> LogsAnswer {
    let group = try call.optionalText("logGroupName")
    let status = try call.optionalText("status")
    let limit = try call.limit("maxResults", max: 1000, otherwise: 1000)
    var found = state.insights.list(call.environment)
    if let group { found = found.filter { $0.groups.contains(group) } }
    if let language = try call.optionalText("queryLanguage"), language != "CWLI" { found = [] }
    if let status { found = found.filter { $0.status.rawValue == status } }
    var start = 0
    if let token = try call.optionalText("nextToken") {
      guard let index = found.firstIndex(where: { $0.id == token }) else {
        throw LogsError(.invalidParameter, "The specified nextToken is invalid.")
      }
      start = index + 1
    }
    let page = found[start..<min(found.count, start + limit)]
    return .object { writer in
      writer.objects("queries", page) { writer, entry in
        writer.member("queryLanguage", "CWLI")
        writer.member("queryId", entry.id)
        writer.member("queryString", entry.queryString)
        writer.member("status", entry.status.rawValue)
        writer.member("createTime", entry.createdUnixMilliseconds)
        if let group = entry.groups.first { writer.member("logGroupName", group) }
        writer.member("queryDuration", entry.durationMilliseconds)
        writer.member("bytesScanned", Double(entry.statistics.bytesScanned))
      }
      if page.endIndex < found.count, let last = page.last { writer.member("nextToken", last.id) }
    }
  }
}

extension LogsError {
  /// What is wrong with a query, with its place.
  init(_ error: InsightsError) {
    self.init(.malformedQuery, "\(error.message): (\(error.startOffset)-\(error.endOffset))")
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("location")
    writer.beginObject()
    writer.member("startCharOffset", error.startOffset)
    writer.member("endCharOffset", error.endOffset)
    writer.endObject()
    writer.member("message", error.message)
    writer.endObject()
    details = [("queryCompileError", writer.finish())]
  }
}
