// SPDX-License-Identifier: Apache-2.0
internal import CairnColumns
internal import CairnFormats
public import CairnPlan

/// How the fields that a query names are read from events.
///
/// ```
/// @timestamp      the event's time                @logStream  log.stream, or "default"
/// @ingestionTime  meta.ingestion_time_ns          @log        account:dataset
/// @message        body; of events without one all their fields as JSON
/// @requestId …    from the text of Lambda's lines
/// a.b.0.c         the column of that name; where no event in scope has one, the place in a body that is JSON
/// ```
public struct InsightsReading: Sendable {
  /// Where a field comes from.
  enum Source: Sendable, Hashable {
    case time
    case ingestionTime
    case stream
    case log
    case pointer
    case message
    case column(String)
    /// A fact of Lambda's own lines.
    case lambda(String)
    /// A place in a body that is JSON.
    case discovered([String])
    case nothing
  }
  let sources: [(source: Source, slot: Int)]
  /// The columns of the scope.
  let columns: [String: Set<FieldType>]
  /// The account that `@log` names.
  let account: String
  /// True where the query is over log lines alone.
  let isLogsOnly: Bool
  private let slotCount: Int

  /// Reads what the program names of events whose scope has these columns.
  public init(_ program: InsightsProgram, columns summaries: [ColumnSummary], account: String, isLogsOnly: Bool) {
    var columns: [String: Set<FieldType>] = [:]
    for summary in summaries { columns[summary.name, default: []].insert(summary.type) }
    self.columns = columns
    self.account = account
    self.isLogsOnly = isLogsOnly
    slotCount = program.slotCount
    sources = program.baseFields.map { (Self.source($0.name, columns), $0.slot) }
  }

  static func source(_ name: String, _ columns: [String: Set<FieldType>]) -> Source {
    switch name {
    case "@timestamp": return .time
    case "@ingestionTime": return .ingestionTime
    case "@logStream": return .stream
    case "@log": return .log
    case "@ptr": return .pointer
    case "@message": return .message
    default: break
    }
    if let column = column(name, columns) { return .column(column) }
    if LambdaLine.fields.contains(name) { return .lambda(name) }
    guard columns[FieldName.body] != nil, !name.hasPrefix("@") || name.hasPrefix("@@") else { return .nothing }
    return .discovered(path(name).split(separator: ".", omittingEmptySubsequences: false).map(String.init))
  }

  /// A field whose own name starts with `@` has another one in front.
  private static func path(_ name: String) -> String { name.hasPrefix("@@") ? String(name.dropFirst()) : name }

  /// The column of a field, where the scope has one.
  static func column(_ name: String, _ columns: [String: Set<FieldType>]) -> String? {
    let path = path(name)
    if path.hasPrefix("@"), path == name { return nil }
    for candidate in [LogField.name(ofPath: path), path] where columns[candidate] != nil || candidate == FieldName.dataset {
      return candidate
    }
    return nil
  }

  /// What numbers events of equal time.
  static let sequenceColumn = FieldName.ingestionTime

  /// The columns that rows are made of; nil for all of them, where a whole event becomes a message.
  var wantedColumns: [String]? {
    var wanted: [String] = []
    for (source, _) in sources {
      switch source {
      case .time, .log, .nothing: continue
      case .ingestionTime: wanted.append(FieldName.ingestionTime)
      case .pointer: wanted += [FieldName.ingestionTime, FieldName.logStream, FieldName.body] + (isLogsOnly ? [] : [FieldName.spanID])
      case .stream: wanted.append(FieldName.logStream)
      case .column(let column): wanted.append(column)
      case .lambda, .discovered: wanted.append(FieldName.body)
      case .message:
        guard isLogsOnly else { return nil }
        wanted.append(FieldName.body)
      }
    }
    var seen: Set<String> = []
    let unique = wanted.filter { seen.insert($0).inserted }
    // An empty list means all columns to the store.
    return unique.isEmpty ? [FieldName.ingestionTime] : unique
  }

  /// A record has no body, so that all its fields are its message: events are to be read again with all columns. Few groups have such
  /// records, and lines are read without a look at their other columns.
  func wantsWholeEvents(_ page: EventsAnswer) -> Bool {
    guard page.rowCount > 0, sources.contains(where: { $0.source == .message }) else { return false }
    return column(FieldName.body, page)?.contains { $0 == nil } ?? true
  }

  /// The rows of a page of events.
  func rows(_ page: EventsAnswer) -> [InsightsRow] {
    var rows = [InsightsRow](repeating: InsightsRow(repeating: .absent, count: slotCount), count: page.rowCount)
    let bodies = column(FieldName.body, page)
    let arrivals = column(FieldName.ingestionTime, page)
    var documents: [Int: JSONValue]?
    for (source, slot) in sources {
      switch source {
      case .time: for row in rows.indices { rows[row][slot] = .time(Self.milliseconds(page.times[row])) }
      case .log: for row in rows.indices { rows[row][slot] = .text("\(account):\(page.datasets[row])") }
      case .ingestionTime:
        for row in rows.indices { rows[row][slot] = .time(Self.milliseconds(Self.arrival(arrivals, row) ?? page.times[row])) }
      case .pointer:
        for row in rows.indices { rows[row][slot] = .text(pointer(page, row, arrivals, bodies)) }
      case .stream:
        let values = column(FieldName.logStream, page)
        for row in rows.indices { rows[row][slot] = .text(values?[row]?.text ?? LogField.defaultStream) }
      case .column(FieldName.dataset): for row in rows.indices { rows[row][slot] = .text(page.datasets[row]) }
      case .column(let name):
        guard let values = column(name, page) else { continue }
        for row in rows.indices { rows[row][slot] = InsightsValue(values[row]) }
      case .message: for row in rows.indices { rows[row][slot] = .text(message(page, row, bodies)) }
      case .lambda(let name):
        for row in rows.indices { if let text = bodies?[row]?.text { rows[row][slot] = LambdaLine.value(name, text) } }
      case .discovered(let path):
        let known = documents ?? Self.documents(bodies)
        documents = known
        for row in rows.indices {
          rows[row][slot] = known[row].flatMap { InsightsFormula.part($0, path[...]) }.map { InsightsValue($0) } ?? .absent
        }
      case .nothing: continue
      }
    }
    return rows
  }

  private func pointer(_ page: EventsAnswer, _ row: Int, _ arrivals: [FieldValue?]?, _ bodies: [FieldValue?]?) -> String {
    let (dataset, time, arrival) = (page.datasets[row], page.times[row], Self.arrival(arrivals, row) ?? 0)
    guard arrival == 0 else { return InsightsPointer.text(dataset: dataset, unixNanoseconds: time, arrival: arrival, hash: 0) }
    let text = bodies?[row] ?? column(FieldName.spanID, page)?[row]
    let hash = RecordPlace.hash(dataset: dataset, stream: column(FieldName.logStream, page)?[row], text: text)
    return InsightsPointer.text(dataset: dataset, unixNanoseconds: time, arrival: 0, hash: hash)
  }

  private func column(_ name: String, _ page: EventsAnswer) -> [FieldValue?]? { page.columns.first { $0.name == name }?.values }

  private static func arrival(_ values: [FieldValue?]?, _ row: Int) -> Int64? {
    guard let value = values?[row], case .integer(let nanoseconds) = value else { return nil }
    return nanoseconds
  }

  static func milliseconds(_ nanoseconds: Int64) -> Int64 {
    let (quotient, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return rest < 0 ? quotient - 1 : quotient
  }

  /// The bodies that are JSON objects or arrays.
  private static func documents(_ bodies: [FieldValue?]?) -> [Int: JSONValue] {
    var documents: [Int: JSONValue] = [:]
    for (row, body) in (bodies ?? []).enumerated() {
      guard case .string(let text)? = body, let first = text.utf8.first, first == 0x7b || first == 0x5b else { continue }
      documents[row] = try? JSONValue(parsing: text)
    }
    return documents
  }

  /// The text of a line; of other events all fields, internal ones left out.
  private func message(_ page: EventsAnswer, _ row: Int, _ bodies: [FieldValue?]?) -> String {
    bodies?[row]?.text ?? recordText(page.event(row))
  }
}
