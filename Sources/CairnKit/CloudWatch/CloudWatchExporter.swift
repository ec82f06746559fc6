// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats

/// Sends log lines to a CloudWatch log group by PutLogEvents; makes the group and the stream when it finds that they are missing.
///
/// A line is one JSON object: level, message, logger, trace ids and the metadata. Batches keep the service's bounds: 1 MiB counting 26
/// bytes more a line, 10,000 lines, 24 hours from first to last, in order of time. Never blocks the program: lines wait in a bounded queue.
struct CloudWatchExporter: Sendable {
  static let batchByteCountMax = 1_048_576
  static let batchCountMax = 10_000
  static let eventOverheadBytes = 26
  static let eventByteCountMax = 262_144 - eventOverheadBytes
  private static let spanMilliseconds: Int64 = 24 * 3_600 * 1_000

  /// With a folder to spill into, a batch is not held longer than this.
  static let spillPatience = Duration.seconds(3)
  private static let resentCountMax = 8

  let settings: CloudWatchSettings
  let sender: HTTPSender
  var spill: SpillFolder?
  var loss = Loss(name: "cloudwatch logs")
  let warn: @Sendable (String) -> Void

  struct Event: Sendable {
    var unixMilliseconds: Int64
    var message: [UInt8]
  }

  func export(_ records: [LogRecord]) async {
    for batch in Self.batches(records.map(Self.event)) {
      let events = Self.eventsJSON(batch)
      switch await put(events, count: batch.count) {
      case .taken: await resend()
      case .refused: loss.add(batch.count)
      case .unreachable: keep(events, count: batch.count)
      }
    }
  }

  private enum Verdict {
    case taken
    /// It will never be taken.
    case refused
    /// It may be taken later.
    case unreachable
  }

  private func keep(_ events: [UInt8], count: Int) {
    guard let spill else { return _ = loss.add(count) }
    let (isKept, evictedCount) = spill.keep(events)
    if !isKept { loss.add(count) }
    // How many lines an evicted file held is not known any more: each counts as one.
    loss.add(evictedCount)
  }

  /// What waits on disk, a few batches at a time so that new lines are not held up.
  private func resend() async {
    guard let spill else { return }
    for _ in 0..<Self.resentCountMax {
      guard let taken = spill.take() else { return }
      switch await put(taken.bytes, count: 1) {
      case .taken: spill.finish(taken)
      case .refused:
        loss.add(1)
        spill.finish(taken)
      case .unreachable: return spill.giveBack(taken)
      }
    }
  }

  /// In order of time, cut where a bound is met.
  static func batches(_ events: [Event]) -> [[Event]] {
    var found: [[Event]] = []
    var current: [Event] = []
    var byteCount = 0
    for event in events.sorted(by: { $0.unixMilliseconds < $1.unixMilliseconds }) {
      let cost = event.message.count + eventOverheadBytes
      let isTooLong = current.first.map { event.unixMilliseconds - $0.unixMilliseconds >= spanMilliseconds } ?? false
      if !current.isEmpty, byteCount + cost > batchByteCountMax || current.count == batchCountMax || isTooLong {
        found.append(current)
        current = []
        byteCount = 0
      }
      current.append(event)
      byteCount += cost
    }
    if !current.isEmpty { found.append(current) }
    return found
  }

  static func event(_ record: LogRecord) -> Event {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    writer.member("level", record.level.severityText)
    writer.member("message", cut(record.message))
    writer.member("logger", record.label)
    if let context = record.context {
      writer.member("trace_id", context.traceID)
      writer.member("span_id", context.spanID)
      writer.member("xray_trace_id", context.xrayTraceID)
    }
    for field in record.allFields { writer.member(field.name, field.value.json) }
    writer.endObject()
    var message = writer.finish()
    if message.count > eventByteCountMax { message = shortened(record) }
    return Event(unixMilliseconds: Int64(record.unixNanoseconds / 1_000_000), message: message)
  }

  /// Counted in characters only where bytes say that it may be needed.
  private static func cut(_ message: String) -> String {
    let countMax = eventByteCountMax / 8
    return message.utf8.count > countMax ? String(message.prefix(countMax)) : message
  }

  /// A line that is too long goes without its fields, and says so.
  private static func shortened(_ record: LogRecord) -> [UInt8] {
    var writer = JSONWriter(reserving: 512)
    writer.beginObject()
    writer.member("level", record.level.severityText)
    writer.member("message", cut(record.message))
    writer.member("truncated", true)
    writer.endObject()
    return writer.finish()
  }

  private func put(_ events: [UInt8], count: Int) async -> Verdict {
    let body = putBody(events)
    switch await call("PutLogEvents", body) {
    case .answered(let response) where response.isSuccess: return tellRejected(response, count)
    case .answered(let response) where response.bodyText.contains("ResourceNotFoundException"):
      guard await makeGroupAndStream() else { return .refused }
      if case .answered(let again) = await call("PutLogEvents", body), again.isSuccess { return tellRejected(again, count) }
      warn("cloudwatch logs: \(count) lines could not be sent to the log group \(settings.logGroup) that was just made")
      return .refused
    case .answered(let response):
      warn("cloudwatch logs: \(count) lines refused with status \(response.status): \(response.bodyText.prefix(200))")
      // An error of the service may pass; one of the request will not.
      return response.status >= 500 ? .unreachable : .refused
    case .gaveUp(let reason):
      warn("cloudwatch logs: \(count) lines could not be sent: \(reason)")
      return .unreachable
    }
  }

  private func putBody(_ events: [UInt8]) -> [UInt8] {
    var writer = JSONWriter(reserving: events.count + 256)
    writer.beginObject()
    writer.member("logGroupName", settings.logGroup)
    writer.member("logStreamName", settings.logStream)
    writer.key("logEvents")
    writer.raw(events)
    writer.endObject()
    return writer.finish()
  }

  /// The array `logEvents` of a request.
  static func eventsJSON(_ batch: [Event]) -> [UInt8] {
    var writer = JSONWriter(reserving: batch.reduce(256) { $0 + $1.message.count + 64 })
    writer.beginArray()
    for event in batch {
      writer.beginObject()
      writer.member("timestamp", event.unixMilliseconds)
      writer.key("message")
      writer.string(utf8: unsafe event.message.span.bytes)
      writer.endObject()
    }
    writer.endArray()
    return writer.finish()
  }

  private func tellRejected(_ response: IncomingResponse, _ count: Int) -> Verdict {
    if let answer = try? JSONValue(parsing: response.body), let rejected = answer["rejectedLogEventsInfo"] {
      loss.add(Self.rejectedCount(rejected, of: count))
      warn("cloudwatch logs: some of \(count) lines were rejected: \(response.bodyText.prefix(200))")
    }
    return .taken
  }

  /// Too old and expired are the events before an index, too new those from one on.
  static func rejectedCount(_ info: JSONValue, of count: Int) -> Int {
    let old = max(info["tooOldLogEventEndIndex"]?.number ?? 0, info["expiredLogEventEndIndex"]?.number ?? 0)
    let new = info["tooNewLogEventStartIndex"]?.number.map { Double(count) - $0 } ?? 0
    let all = old + new
    return all.isFinite ? Int(min(max(all, 0), Double(count))) : count
  }

  private func makeGroupAndStream() async -> Bool {
    guard await make("CreateLogGroup", object(["logGroupName": settings.logGroup])) else { return false }
    if let days = settings.retentionDays {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("logGroupName", settings.logGroup)
      writer.member("retentionInDays", days)
      writer.endObject()
      _ = await make("PutRetentionPolicy", writer.finish())
    }
    return await make("CreateLogStream", object(["logGroupName": settings.logGroup, "logStreamName": settings.logStream]))
  }

  /// True if it is there now, made by us or by somebody else.
  private func make(_ operation: String, _ body: [UInt8]) async -> Bool {
    switch await call(operation, body) {
    case .answered(let response) where response.isSuccess || response.bodyText.contains("ResourceAlreadyExistsException"): return true
    case .answered(let response): warn("cloudwatch logs: \(operation) was refused with status \(response.status): \(response.bodyText.prefix(200))")
    case .gaveUp(let reason): warn("cloudwatch logs: \(operation) failed: \(reason)")
    }
    return false
  }

  private func object(_ members: [String: String]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, value) in members.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
    writer.endObject()
    return writer.finish()
  }

  private func call(_ operation: String, _ body: [UInt8]) async -> HTTPSender.Outcome {
    await settings.access.call(
      "logs", path: "/", headers: [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "Logs_20140328.\(operation)")], body: body, sender)
  }
}

extension WireValue {
  /// The value as a tree of JSON; numbers that JSON has no word for become text.
  var json: JSONValue {
    switch self {
    case .string(let value): .string(value)
    case .integer(let value): .integer(value)
    case .double(let value): value.isFinite ? .double(value) : .string(String(value))
    case .boolean(let value): .boolean(value)
    case .array(let values): .array(values.map(\.json))
    case .map(let fields): .object(fields.map { JSONMember($0.name, $0.value.json) })
    }
  }
}
