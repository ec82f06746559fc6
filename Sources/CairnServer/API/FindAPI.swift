// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnPlan
import NIOHTTP1

/// Where a text stands that somebody sent: an id of a user or a request, a span, a piece of a log line. The search of the pages asks this.
struct FindAPI: Sendable {
  let state: ServerState

  private static let textBytesMax = 500
  /// Of one question; what looks like an id is looked at first.
  private static let columnCountMax = 300
  /// Columns told of; each costs a question of its own.
  private static let foundCountMax = 6
  /// How long it looks through columns, and how long in all: somebody waits. What was found until then is the answer, and says so.
  private static let columnTime = Duration.seconds(2)
  private static let wholeTime = Duration.seconds(3)
  private static let defaultNanoseconds: Int64 = 30 * 86_400_000_000_000
  /// Texts in which nobody looks for a value: lines and payloads, and what has pages of its own.
  private static let left: Set<String> = [
    FieldName.body, FieldName.exceptionStacktrace, FieldName.traceID, FieldName.parentID, FieldName.itemHash, FieldName.sampleRate,
  ]

  var routes: [Route] {
    [Route(.GET, "/api/cairn/find", .key(.query), .cairn) { (exchange) async throws(Refusal) in try await find(exchange) }]
  }

  /// A column that has the text as a value.
  private struct Found: Sendable {
    var column: String
    var eventCount: Int64 = 0
    var traceCount: Int64 = 0
    var first: Double = 0
    var last: Double = 0
    /// Of the newest of the events, where it has one.
    var trace: String?
  }

  private func find(_ exchange: Exchange) async throws(Refusal) -> Response {
    let question = Question(exchange, nowUnixNanoseconds: state.parts.clock.unixNanoseconds())
    let text = question.query["text"] ?? ""
    guard (2...Self.textBytesMax).contains(text.utf8.count) else {
      throw Refusal(.invalid, "text must have 2 to \(Self.textBytesMax) bytes", field: "text")
    }
    var time = TimeRange(
      startUnixNanoseconds: question.nowUnixNanoseconds - Self.defaultNanoseconds, endUnixNanoseconds: .max)
    if question.query["start"] != nil || question.query["range"] != nil { time = try question.time() }
    let scope = Scope(environment: exchange.environment, datasets: .all, time: time)
    let start = ContinuousClock.now
    var (found, isComplete) = try await columns(with: text, scope, until: start + Self.columnTime)
    for index in found.indices {
      guard let counted = try await measured(found[index], text, scope, until: start + Self.columnTime) else {
        isComplete = false
        break
      }
      found[index] = counted
    }
    let isLine = Filter.compare(column: FieldName.signalType, .equal, .string("log"))
    let lines = try await counts(.all([isLine, .text(column: FieldName.body, .contains, text)]), scope, until: start + Self.wholeTime)
    isComplete = isComplete && lines != nil
    let (told, isAll) = (found, isComplete)
    return jsonResponse { (writer) in
      writer.member("complete", isAll)
      writer.array("columns", told) { (found, writer) in
        writer.object { (writer) in
          writer.member("name", found.column)
          writer.member("trace", orNull: found.trace)
          write(found, &writer)
        }
      }
      writer.object("lines") { write(lines ?? Found(column: ""), &$0) }
    }
  }

  private func write(_ found: Found, _ writer: inout JSONWriter) {
    writer.member("events", found.eventCount)
    writer.member("traces", found.traceCount)
    writer.member("first_us", Int64(found.first / 1_000))
    writer.member("last_us", Int64(found.last / 1_000))
  }

  /// The columns in which the text may be a value: texts, and whole numbers that are named as ids.
  private func candidates(_ text: String, _ scope: Scope) async throws(Refusal) -> [String] {
    let all = try await state.desk.ask { () async throws(QueryError) in
      try await state.store.columns(Scope(environment: scope.environment, datasets: .all, time: .everything))
    }
    let isNumber = Int64(text) != nil
    let fitting = all.filter { (column) in
      guard !Self.left.contains(column.name), !column.name.hasPrefix("meta."), !column.name.hasPrefix("item.") else { return false }
      return column.type == .string || isNumber && column.type == .integer && Self.looksLikeID(column.name)
    }
    let ordered = fitting.sorted { (a, b) in
      (Self.looksLikeID(a.name) ? 0 : 1, -Int64(a.eventCount), a.name) < (Self.looksLikeID(b.name) ? 0 : 1, -Int64(b.eventCount), b.name)
    }
    var seen: Set<String> = []
    return Array(ordered.map(\.name).filter { seen.insert($0).inserted }.prefix(Self.columnCountMax))
  }

  private static func looksLikeID(_ name: String) -> Bool {
    let last = name.split { $0 == "." || $0 == "_" || $0 == "-" }.last.map { $0.lowercased() } ?? ""
    return ["id", "uuid", "email", "username", "user", "key", "address"].contains(last) || last.hasSuffix("id")
  }

  /// Those that have the text, with what the newest events say; one page of events at a time, and none asked for again. False where the time
  /// ended before all were looked at.
  private func columns(
    with text: String, _ scope: Scope, until end: ContinuousClock.Instant
  ) async throws(Refusal) -> (found: [Found], isComplete: Bool) {
    var left = try await candidates(text, scope)
    var found: [Found] = []
    while !left.isEmpty, found.count < Self.foundCountMax {
      let filter = Filter.any(left.map { .compare(column: $0, .equal, .string(text)) })
      let plan = EventsPlan(scope: scope, filter: filter, columns: left + [FieldName.traceID], limit: 20)
      guard let page = try await state.desk.ask(until: end, { () async throws(QueryError) in try await state.store.events(plan) }) else {
        return (Array(found.prefix(Self.foundCountMax)), false)
      }
      let traces = page.columns.last?.values ?? []
      let having = page.columns.dropLast().compactMap { (column) -> Found? in
        guard let row = column.values.firstIndex(where: { $0?.text == text }) else { return nil }
        let rows = column.values.indices.filter { column.values[$0]?.text == text }
        let times = rows.map { Double(page.times[$0]) }
        return Found(
          column: column.name, eventCount: Int64(rows.count), traceCount: Int64(Set(rows.compactMap { traces[$0]?.text }).count),
          first: times.min() ?? 0, last: times.max() ?? 0, trace: traces[row]?.text)
      }
      guard !having.isEmpty else { break }
      found += having
      left.removeAll { (name) in having.contains { $0.column == name } }
    }
    return (Array(found.prefix(Self.foundCountMax)), true)
  }

  private func measured(_ found: Found, _ text: String, _ scope: Scope, until end: ContinuousClock.Instant) async throws(Refusal) -> Found? {
    guard var measured = try await counts(.compare(column: found.column, .equal, .string(text)), scope, until: end) else { return nil }
    (measured.column, measured.trace) = (found.column, found.trace)
    return measured
  }

  /// How many events and traces pass, and when the first and the last of them were.
  private func counts(_ filter: Filter, _ scope: Scope, until end: ContinuousClock.Instant) async throws(Refusal) -> Found? {
    let plan = Plan(
      scope: scope, filter: filter,
      calculations: [
        .count, Calculation(.countDistinct, column: FieldName.traceID), Calculation(.minimum, column: FieldName.timestamp),
        Calculation(.maximum, column: FieldName.timestamp),
      ])
    guard let answer = try await state.desk.ask(until: end, { () async throws(QueryError) in try await state.store.run(plan) }) else { return nil }
    var found = Found(column: "")
    guard answer.rowCount > 0, answer.columns.count == 4 else { return found }
    let numbers = answer.columns.map { $0.values[0]?.number ?? 0 }
    (found.eventCount, found.traceCount, found.first, found.last) = (Int64(numbers[0]), Int64(numbers[1]), numbers[2], numbers[3])
    return found
  }
}
