// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1

/// StartLiveTail: lines as they are acknowledged, as AWS's event stream.
///
/// `initial-response`, `sessionStart`, then a `sessionUpdate` every second with the newest 500 lines that match; more are sampled away.
/// After three hours a SessionTimeoutException ends it. An environment has at most 15 sessions at a time (`TailSeats`). A client that takes nothing slows its own session alone: what comes meanwhile
/// waits in the session's feed, bounded.
extension LogsDesk {
  var liveTailOperations: [LogsOperation] {
    [LogsOperation("StartLiveTail", .query) { (call) async throws(LogsError) in try await startLiveTail(call) }]
  }

  private struct Session: Sendable {
    var groups: [String]
    var identifiers: [String]
    var streamNames: [String]
    var streamPrefixes: [String]
    var patternText: String
    var pattern: FilterPattern
  }

  private static let updateMax = 500
  private static let updatePause = Duration.seconds(1)
  private static let sessionNanosecondsMax: Int64 = 3 * 3_600_000_000_000

  private func startLiveTail(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    guard let identifiers = try call.texts("logGroupIdentifiers") else { throw .missing("logGroupIdentifiers") }
    guard !identifiers.isEmpty else { throw .constraint("[]", at: "logGroupIdentifiers", "have length greater than or equal to 1") }
    let names = try call.texts("logStreamNames") ?? []
    let prefixes = try call.texts("logStreamNamePrefixes") ?? []
    guard names.isEmpty || prefixes.isEmpty else {
      throw LogsError(.invalidParameter, "Only one of logStreamNames and logStreamNamePrefixes can be specified.")
    }
    guard identifiers.count == 1 || (names.isEmpty && prefixes.isEmpty) else {
      throw LogsError(.invalidParameter, "logStreamNames and logStreamNamePrefixes can be specified with one log group only.")
    }
    let text = try call.optionalText("logEventFilterPattern") ?? ""
    let groups = identifiers.map(LogNames.group(ofIdentifier:))
    for name in groups { _ = try await group(call, name) }
    guard let seat = state.tailSeats.take(call.environment) else { throw LogsError(.limitExceeded, "Rate exceeded") }
    let session = Session(
      groups: groups, identifiers: groups.map { call.account.groupARN($0) }, streamNames: names, streamPrefixes: prefixes,
      patternText: text, pattern: try FilterPattern(text))
    let account = call.account
    let environment = call.environment
    let desk = self
    return .other(
      Response(
        headers: ["content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": AWSErrorResponse.requestID()],
        body: .stream { writer in
          defer { withExtendedLifetime(seat) {} }
          try await desk.follow(session, environment, account, writer)
        }))
  }

  private func follow(_ session: Session, _ environment: String, _ account: LogAccount, _ writer: StreamWriter) async throws {
    var parts: [Filter] = [Self.isLine, session.pattern.filter]
    if !session.streamNames.isEmpty { parts.append(.any(session.streamNames.map(Self.isIn))) }
    if !session.streamPrefixes.isEmpty {
      parts.append(
        .any(
          session.streamPrefixes.map { (prefix) in
            let own = Filter.text(column: FieldName.logStream, .startsWith, prefix)
            return LogField.defaultStream.hasPrefix(prefix) ? .any([own, .not(.exists(column: FieldName.logStream))]) : own
          }))
    }
    let plan = EventsPlan(
      scope: Scope(environment: environment, datasets: .named(session.groups), time: .everything), filter: .all(parts),
      columns: Self.lineColumns, sequenceColumn: FieldName.ingestionTime)
    let feed = state.store.follow(plan)
    defer { feed.close() }
    try await send(.event("initial-response", Array("{}".utf8)), writer)
    try await send(.event("sessionStart", Self.start(session)), writer)
    let end = state.parts.clock.unixNanoseconds() + Self.sessionNanosecondsMax
    var next = ContinuousClock.now + Self.updatePause
    while !Task.isCancelled {
      if state.isDraining {
        return try await send(.exception("SessionStreamingException", Self.message("Cairn is shutting down.")), writer)
      }
      if state.parts.clock.unixNanoseconds() > end {
        return try await send(.exception("SessionTimeoutException", Self.message("The session has lasted three hours.")), writer)
      }
      try await Task.sleep(until: next, clock: .continuous)
      next += Self.updatePause
      let store = state.store
      // A pattern that the store cannot test whole is tested here, so more lines are read than are sent.
      let limit = session.pattern.isExactInStore ? Self.updateMax : Self.updateMax * 10
      let answer = try await state.desk.ask { () async throws(QueryError) in try await store.read(feed, limit: limit) }
      let messages = try await bareMessages(answer.events, plan) { _ in 0 }
      try await send(.event("sessionUpdate", Self.update(session, answer, messages, account)), writer)
    }
  }

  private func send(_ message: EventStreamMessage, _ writer: StreamWriter) async throws {
    try await writer.write(ByteBuffer(bytes: message.bytes))
  }

  private static func message(_ text: String) -> [UInt8] {
    JSONValue.object([JSONMember("message", .string(text))]).bytes
  }

  private static func start(_ session: Session) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("requestId", AWSErrorResponse.requestID())
    writer.member("sessionId", AWSErrorResponse.requestID())
    writer.member("logGroupIdentifiers", session.identifiers)
    writer.member("logStreamNames", session.streamNames)
    writer.member("logStreamNamePrefixes", session.streamPrefixes)
    writer.member("logEventFilterPattern", session.patternText)
    writer.endObject()
    return writer.finish()
  }

  /// The newest lines that match, in order of time.
  private static func update(_ session: Session, _ answer: FeedAnswer, _ messages: [Int: String], _ account: LogAccount) -> [UInt8] {
    let events = answer.events
    var rows = Array(0..<events.rowCount)
    if !session.pattern.isExactInStore {
      rows = rows.filter { session.pattern.matches(events.columns[0].values[$0]?.text ?? "") }
    }
    let isSampled = rows.count > updateMax || answer.missedCount > 0
    var writer = JSONWriter(reserving: 4096)
    writer.beginObject()
    writer.key("sessionMetadata")
    writer.beginObject()
    writer.member("sampled", isSampled)
    writer.endObject()
    writer.objects("sessionResults", rows.prefix(updateMax).reversed()) { writer, row in
      let time = events.times[row]
      var arrival = time
      if case .integer(let number)? = events.columns[2].values[row] { arrival = number }
      writer.member("logStreamName", events.columns[1].values[row]?.text ?? LogField.defaultStream)
      writer.member("logGroupIdentifier", "\(account.account):\(events.datasets[row])")
      writer.member("message", events.columns[0].values[row]?.text ?? messages[row] ?? "")
      writer.member("timestamp", time / 1_000_000)
      writer.member("ingestionTime", arrival / 1_000_000)
    }
    writer.endObject()
    return writer.finish()
  }
}
