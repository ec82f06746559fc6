// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan

/// The way out for single lines: GetLogEvents and FilterLogEvents.
extension LogsDesk {
  var readOperations: [LogsOperation] {
    [
      LogsOperation("GetLogEvents", .query) { (call) async throws(LogsError) in try await getEvents(call) },
      LogsOperation("FilterLogEvents", .query) { (call) async throws(LogsError) in try await filterEvents(call) },
    ]
  }

  static let pageEventsMax = 10_000
  /// UTF-8 and 26 for each event, as with requests.
  static let pageBytesMax = 1_048_576

  /// A line as answers show it.
  struct Line: Sendable {
    var position: LogPosition
    /// For events without a number, the hash in their id.
    var textHash: UInt64 = 0
    var stream: String
    var message: String
    var eventID: String {
      LogPosition(timeUnixNanoseconds: position.timeUnixNanoseconds, sequence: position.sequence, hash: textHash).digits
    }
    var timeUnixMilliseconds: Int64 { position.timeUnixNanoseconds / 1_000_000 }
    var ingestionUnixMilliseconds: Int64 {
      (position.sequence == 0 ? position.timeUnixNanoseconds : position.sequence) / 1_000_000
    }
  }

  // MARK: GetLogEvents

  private func getEvents(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupNameOrIdentifier()
    let stream = try call.text("logStreamName")
    let limit = try call.limit(max: Int64(Self.pageEventsMax), otherwise: Self.pageEventsMax)
    let start = try call.integer("startTime", 0 ... .max)
    let end = try call.integer("endTime", 0 ... .max)
    let token = try call.optionalText("nextToken")
    let fromHead = try call.boolean("startFromHead") ?? false
    let group = try await group(call, name)
    guard try await hasStream(call, group, stream) else { throw .noStream }
    var direction = fromHead ? EventsPlan.Direction.oldestFirst : .newestFirst
    var position: LogPosition?
    if let token {
      guard let read = Self.position(of: token) else { throw LogsError(.invalidParameter, "The specified nextToken is invalid.") }
      (direction, position) = (read.isForward ? .oldestFirst : .newestFirst, read.position)
    }
    let time = Self.range(start, end.map { $0 == .max ? $0 : $0 - 1 }, call, group.group)
    var page = try await lines(call, group.group, stream: stream, time: time, direction, after: position, limit: limit).lines
    if direction == .newestFirst { page.reverse() }
    let bottom = position ?? LogPosition(timeUnixNanoseconds: max(0, (start ?? 0)).multiplied(by: 1_000_000))
    let lines = page
    var (forward, backward) = (lines.last?.position ?? bottom, lines.first?.position ?? bottom)
    // Lines that are alike were counted in the page's own direction.
    if !lines.isEmpty, direction == .oldestFirst { backward.alikeCount = 0 }
    if !lines.isEmpty, direction == .newestFirst { forward.alikeCount = 0 }
    let (forwardDigits, backwardDigits) = (forward.digits, backward.digits)
    return .object { writer in
      writer.objects("events", lines) {
        $0.member("timestamp", $1.timeUnixMilliseconds)
        $0.member("message", $1.message)
        $0.member("ingestionTime", $1.ingestionUnixMilliseconds)
      }
      writer.member("nextForwardToken", "f/" + forwardDigits)
      writer.member("nextBackwardToken", "b/" + backwardDigits)
    }
  }

  private static func position(of token: String) -> (isForward: Bool, position: LogPosition)? {
    guard token.hasPrefix("f/") || token.hasPrefix("b/"), let position = LogPosition(digits: token.dropFirst(2)) else {
      return nil
    }
    return (token.hasPrefix("f/"), position)
  }

  private func hasStream(_ call: LogsCall, _ group: LogRegistry.Group, _ name: String) async throws(LogsError) -> Bool {
    if group.streams[name] != nil { return true }
    return try await streams(call, group).contains { ByteName($0.name) == ByteName(name) }
  }

  /// Milliseconds, both ends inside, as the store's range; what the group's retention has ended is outside.
  static func range(_ start: Int64?, _ last: Int64?, _ call: LogsCall, _ group: LogGroup) -> TimeRange {
    var from = (start ?? 0).multiplied(by: 1_000_000)
    if let days = group.retentionDays { from = max(from, call.nowUnixNanoseconds - Int64(days) * 86_400_000_000_000) }
    let end = last.map { $0 == .max ? .max : ($0 + 1).multiplied(by: 1_000_000) } ?? .max
    return TimeRange(startUnixNanoseconds: from, endUnixNanoseconds: end)
  }

  // MARK: FilterLogEvents

  private func filterEvents(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    let name = try call.groupNameOrIdentifier()
    let names = try call.texts("logStreamNames")
    let prefix = try call.optionalText("logStreamNamePrefix")
    if names?.isEmpty == false, prefix != nil {
      throw LogsError(.invalidParameter, "Only one of logStreamNames and logStreamNamePrefix can be specified.")
    }
    let limit = try call.limit(max: Int64(Self.pageEventsMax), otherwise: Self.pageEventsMax)
    let start = try call.integer("startTime", 0 ... .max)
    let end = try call.integer("endTime", 0 ... .max)
    let text = try call.optionalText("filterPattern") ?? ""
    let token = try call.optionalText("nextToken")
    let pattern = try FilterPattern(text)
    let isForward = try call.boolean("startFromHead") ?? true
    var position: LogPosition?
    if let token {
      guard let read = LogPosition(digits: token) else {
        throw LogsError(.invalidParameter, "The specified nextToken is invalid.")
      }
      position = read
    }
    let group = try await group(call, name)
    if let missing = try await missingStream(call, group, names) { throw missing }
    var filter = filter(call, group.group, stream: nil)
    if let names, !names.isEmpty { filter = .all([filter, .any(names.map(Self.isIn))]) }
    if let prefix {
      let own = Filter.text(column: FieldName.logStream, .startsWith, prefix)
      filter = .all([filter, LogField.defaultStream.hasPrefix(prefix) ? .any([own, Self.isIn(LogField.defaultStream)]) : own])
    }
    let time = Self.range(start, end, call, group.group)
    let found = try await search(
      call, group.group, pattern, LineSearch(filter: filter, time: time, isForward: isForward, after: position, limit: limit))
    return .object { writer in
      writer.objects("events", found.lines) {
        $0.member("logStreamName", $1.stream)
        $0.member("timestamp", $1.timeUnixMilliseconds)
        $0.member("message", $1.message)
        $0.member("ingestionTime", $1.ingestionUnixMilliseconds)
        $0.member("eventId", $1.eventID)
      }
      writer.key("searchedLogStreams")
      writer.beginArray()
      writer.endArray()
      writer.member("nextToken", ifPresent: found.next?.digits)
    }
  }

  private func missingStream(
    _ call: LogsCall, _ group: LogRegistry.Group, _ names: [String]?
  ) async throws(LogsError) -> LogsError? {
    guard let names, names.contains(where: { group.streams[$0] == nil }) else { return nil }
    let known = Set(try await streams(call, group).map { ByteName($0.name) })
    return names.allSatisfy { known.contains(ByteName($0)) } ? nil : .noStream
  }

  struct LineSearch: Sendable {
    var filter: Filter
    var time: TimeRange
    var isForward: Bool
    var after: LogPosition?
    var limit: Int
  }

  /// Lines that match a pattern: the store sorts out most of the others, the pattern decides.
  private func search(
    _ call: LogsCall, _ group: LogGroup, _ pattern: FilterPattern, _ search: LineSearch
  ) async throws(LogsError) -> (lines: [Line], next: LogPosition?) {
    var found: [Line] = []
    var byteCount = 0
    var position = search.after
    let narrowed = Filter.all([search.filter, pattern.filter])
    while true {
      let (lines, hasMore) = try await lines(
        call, filter: narrowed, group: group.name, time: search.time, search.isForward ? .oldestFirst : .newestFirst,
        after: position,
        limit: pattern.isExactInStore
          ? search.limit - found.count : min(Self.pageEventsMax, max(1_000, (search.limit - found.count) * 2)))
      for (index, line) in lines.enumerated() {
        position = line.position
        guard pattern.isExactInStore || pattern.matches(line.message) else { continue }
        found.append(line)
        byteCount += line.message.utf8.count + 26
        if found.count == search.limit || byteCount >= Self.pageBytesMax {
          return (found, hasMore || index + 1 < lines.count ? position : nil)
        }
      }
      guard hasMore, !lines.isEmpty else { return (found, nil) }
    }
  }

  // MARK: Lines of the store

  static let lineColumns = [FieldName.body, FieldName.logStream, FieldName.ingestionTime]

  func lines(
    _ call: LogsCall, _ group: LogGroup, stream: String?, time: TimeRange, _ direction: EventsPlan.Direction, after: LogPosition?,
    limit: Int
  ) async throws(LogsError) -> (lines: [Line], hasMore: Bool) {
    var (lines, hasMore) = try await lines(
      call, filter: filter(call, group, stream: stream), group: group.name, time: time, direction, after: after, limit: limit)
    var byteCount = 0
    for index in lines.indices {
      byteCount += lines[index].message.utf8.count + 26
      guard byteCount > Self.pageBytesMax, index > 0 else { continue }
      lines.removeSubrange(index...)
      hasMore = true
      break
    }
    return (lines, hasMore)
  }

  private func lines(
    _ call: LogsCall, filter: Filter, group: String, time: TimeRange, _ direction: EventsPlan.Direction, after: LogPosition?,
    limit: Int
  ) async throws(LogsError) -> (lines: [Line], hasMore: Bool) {
    let plan = EventsPlan(
      scope: Scope(environment: call.environment, datasets: .named([group]), time: time), filter: filter,
      columns: Self.lineColumns, direction: direction, limit: limit,
      after: after.map { $0.cursor(direction) }, sequenceColumn: FieldName.ingestionTime)
    let answer = try await ask { store throws(QueryError) in try await store.events(plan) }
    var lines: [Line] = []
    lines.reserveCapacity(answer.rowCount)
    var last = after
    for row in 0..<answer.rowCount {
      var position = LogPosition(timeUnixNanoseconds: answer.times[row], hash: answer.hashes[row])
      if case .integer(let number)? = answer.columns[2].values[row] { position.sequence = max(0, number) }
      if position.sequence == 0, position.hash != 0 { position.count(behind: last) }
      last = position
      lines.append(
        Line(
          position: position,
          textHash: position.sequence == 0
            ? RecordPlace.hash(dataset: group, stream: answer.columns[1].values[row], text: answer.columns[0].values[row]) : 0,
          stream: answer.columns[1].values[row]?.text ?? LogField.defaultStream, message: answer.columns[0].values[row]?.text ?? ""))
    }
    let told = lines
    for (row, message) in try await bareMessages(answer, plan, place: { max(0, Int(told[$0].position.alikeCount) - 1) }) { lines[row].message = message }
    // Others of the last line's time may still come: its place among them is known.
    if let cursor = answer.cursor, let last = lines.indices.last, lines[last].position.sequence == 0 {
      lines[last].position.hash = cursor.hash
      lines[last].position.alikeCount = cursor.alikeCount
    }
    return (lines, answer.hasMore)
  }
}

extension Int64 {
  /// The product, or the greatest number where it is beyond.
  func multiplied(by factor: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? (self < 0) == (factor < 0) ? .max : .min : product
  }
}
