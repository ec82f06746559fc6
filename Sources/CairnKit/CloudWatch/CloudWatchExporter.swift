// SPDX-License-Identifier: Apache-2.0
internal import CairnFormats
internal import NIOCore
internal import Synchronization

/// Sends log lines to a CloudWatch log group by PutLogEvents; makes the group and the stream when it finds that they are missing.
///
/// A line is one JSON object: level, message, logger, trace ids and the metadata; metadata that has one of those names is called
/// `metadata.level` and so on. Batches keep the service's bounds: 1 MiB counting 26
/// bytes more a line, 10,000 lines, 24 hours from first to last, in order of time. Never blocks the program: lines wait in a bounded queue.
struct CloudWatchExporter: Sendable {
  static let batchByteCountMax = 1_048_576
  static let batchCountMax = 10_000
  static let eventOverheadBytes = 26
  static let eventByteCountMax = 262_144 - eventOverheadBytes
  private static let spanMilliseconds: Int64 = 24 * 3_600 * 1_000

  /// With a folder to spill into, a batch is not held longer than this, and those of the same time after it are not held at all.
  static let spillPatience = Duration.seconds(3)
  private static let resentCountMax = 8

  let settings: CloudWatchSettings
  let sender: HTTPSender
  var spill: SpillFolder?
  private let memory = BodyMemory()
  private let lastSilence = UnixSeconds()
  var loss = Loss(name: "cloudwatch logs")
  let warn: @Sendable (String) -> Void

  /// What the exporter has to know of an event beside its JSON.
  struct Mark: Sendable {
    var unixMilliseconds: Int64
    /// The bytes of the message, or a few more.
    var byteCount: Int
  }

  func export(_ batch: WireBatch<Mark>) async {
    for part in Self.parts(batch) {
      guard isWorthATry else {
        loss.add(keep(batch, part))
        continue
      }
      let body = memory.write { request(to: &$0) { Self.events(batch, part, to: &$0) } }
      switch await put(body, count: part.count) {
      case .taken: await resend()
      case .refused: loss.add(part.count)
      case .later: loss.add(keep(batch, part))
      case .unreachable:
        lastSilence.set(sender.now())
        loss.add(keep(batch, part))
      }
    }
  }

  private enum Verdict {
    case taken
    /// It will never be taken.
    case refused
    /// It may be taken later.
    case later
    /// Nobody answered.
    case unreachable
  }

  /// Whoever did not answer just now keeps the next batch waiting too, while the queue runs over and a stop runs out of time: these go
  /// to the folder at once.
  private var isWorthATry: Bool {
    guard spill != nil, let silent = lastSilence.value else { return true }
    return !(0..<Self.spillPatience.components.seconds).contains(sender.now() - silent)
  }

  /// Keeps what nobody sends any more for later; how many lines are lost.
  func keep(_ batch: WireBatch<Mark>) -> Int {
    spill == nil ? batch.count : Self.parts(batch).reduce(0) { $0 + keep(batch, $1) }
  }

  private func keep(_ batch: WireBatch<Mark>, _ part: [Int]) -> Int {
    guard let spill else { return part.count }
    var events = WireBuffer()
    Self.events(batch, part, to: &events)
    return spill.keep(events.bytes, lineCount: part.count)
  }

  /// What waits on disk, a few batches at a time so that new lines are not held up.
  private func resend() async {
    guard let spill else { return }
    for _ in 0..<Self.resentCountMax {
      guard let taken = spill.take(lose: { loss.add($0) }) else { return }
      let body = memory.write { request(to: &$0) { $0.append(taken.bytes) } }
      switch await put(body, count: taken.lineCount) {
      case .taken: spill.finish(taken)
      case .refused:
        loss.add(taken.lineCount)
        spill.finish(taken)
      case .later: return spill.giveBack(taken)
      case .unreachable:
        lastSilence.set(sender.now())
        return spill.giveBack(taken)
      }
    }
  }

  /// The items in order of time, cut where a bound is met.
  static func parts(_ batch: WireBatch<Mark>) -> [[Int]] {
    var found: [[Int]] = []
    var current: [Int] = []
    var byteCount = 0
    for index in ordered(batch) {
      let mark = batch.items[index].mark, cost = mark.byteCount + eventOverheadBytes
      let isTooLong = current.first.map { mark.unixMilliseconds - batch.items[$0].mark.unixMilliseconds >= spanMilliseconds } ?? false
      if !current.isEmpty, byteCount + cost > batchByteCountMax || current.count == batchCountMax || isTooLong {
        found.append(current)
        current = []
        byteCount = 0
      }
      current.append(index)
      byteCount += cost
    }
    if !current.isEmpty { found.append(current) }
    return found
  }

  /// Lines come in the order of their times, but for those of several threads.
  private static func ordered(_ batch: WireBatch<Mark>) -> [Int] {
    let items = batch.items
    let isOrdered = items.indices.dropFirst().allSatisfy { items[$0 - 1].mark.unixMilliseconds <= items[$0].mark.unixMilliseconds }
    if isOrdered { return Array(items.indices) }
    return items.indices.sorted { (items[$0].mark.unixMilliseconds, $0) < (items[$1].mark.unixMilliseconds, $1) }
  }

  /// Adds an event of PutLogEvents to a batch: the line's JSON is written where it will stand, as the text of a string of JSON.
  static func write(_ record: LogRecord, to bytes: inout WireBuffer) -> Mark {
    let start = bytes.count
    let mark = Mark(unixMilliseconds: Int64(record.unixNanoseconds / 1_000_000), byteCount: 0)
    let byteCount = event(mark.unixMilliseconds, to: &bytes) { whole(record, to: &$0) }
    if byteCount <= eventByteCountMax || byteCount - escapeCount(bytes, from: start) <= eventByteCountMax {
      return Mark(unixMilliseconds: mark.unixMilliseconds, byteCount: byteCount)
    }
    bytes.truncate(to: start)
    return Mark(unixMilliseconds: mark.unixMilliseconds, byteCount: event(mark.unixMilliseconds, to: &bytes) { shortened(record, to: &$0) })
  }

  /// How many bytes the message took, its escapes counted.
  private static func event(_ unixMilliseconds: Int64, to bytes: inout WireBuffer, _ message: (inout WireBuffer) -> Void) -> Int {
    bytes.needsComma = false
    bytes.beginObject()
    bytes.name("timestamp")
    bytes.integer(unixMilliseconds)
    bytes.name("message")
    bytes.byte(0x22)
    let start = bytes.count
    bytes.isNested = true
    message(&bytes)
    bytes.isNested = false
    let byteCount = bytes.count - start
    bytes.byte(0x22)
    bytes.endObject()
    return byteCount
  }

  private static func escapeCount(_ bytes: borrowing WireBuffer, from start: Int) -> Int {
    unsafe bytes.withBytes { bytes in
      var count = 0, index = start
      while index < bytes.count {
        let isEscape = unsafe bytes[index] == 0x5c
        count += isEscape ? 1 : 0
        index += isEscape ? 2 : 1
      }
      return count
    }
  }

  private static func whole(_ record: LogRecord, to writer: inout WireBuffer) {
    writer.beginObject()
    writer.member("level", record.level.severityText)
    writer.member("message", cut(record.message))
    writer.member("logger", record.label)
    if let context = record.context {
      writer.name("trace_id")
      writer.hexString(context.trace)
      writer.name("span_id")
      writer.hexString(context.span)
      writer.name("xray_trace_id")
      writer.xrayString(context.trace)
    }
    writer.members(record.fieldsApart { isOwn($0, hasContext: record.context != nil) })
    record.forEachOwnField { writer.member($0) }
    writer.endObject()
  }

  /// The kit itself has a member of that name in the line. Queries find the kit's under those.
  private static func isOwn(_ name: String, hasContext: Bool) -> Bool {
    // Most names are told apart by their length.
    switch name.utf8.count {
    case 5: name == "level"
    case 6: name == "logger"
    case 7: name == "message" || name == "span_id" && hasContext
    case 8: name == "trace_id" && hasContext
    case 13: name == "xray_trace_id" && hasContext
    default: false
    }
  }

  /// Counted in characters only where bytes say that it may be needed.
  private static func cut(_ message: String) -> String {
    let countMax = eventByteCountMax / 8
    return message.utf8.count > countMax ? String(message.prefix(countMax)) : message
  }

  /// A line that is too long goes without its fields, and says so.
  private static func shortened(_ record: LogRecord, to writer: inout WireBuffer) {
    writer.beginObject()
    writer.member("level", record.level.severityText)
    writer.member("message", cut(record.message))
    writer.name("truncated")
    writer.boolean(true)
    writer.endObject()
  }

  private func put(_ body: ByteBuffer, count: Int) async -> Verdict {
    switch await call("PutLogEvents", body) {
    case .answered(let response) where response.isSuccess: return tellRejected(response, count)
    case .answered(let response) where response.bodyText.contains("ResourceNotFoundException"):
      guard await makeGroupAndStream() else { return .unreachable }
      if case .answered(let again) = await call("PutLogEvents", body), again.isSuccess { return tellRejected(again, count) }
      warn("cloudwatch logs: \(count) lines could not be sent to the log group \(settings.logGroup) that was just made")
      return .later
    case .answered(let response):
      warn("cloudwatch logs: \(count) lines refused with status \(response.status): \(response.bodyText.prefix(200))")
      return Self.mayPass(response) ? .later : .refused
    case .gaveUp(let reason):
      warn("cloudwatch logs: \(count) lines could not be sent: \(reason)")
      return .unreachable
    }
  }

  /// An error of the service passes, and so does what AWS says with status 400 of its pace and of credentials; one of the request will not.
  private static func mayPass(_ response: IncomingResponse) -> Bool {
    if response.status >= 500 || [401, 403, 408, 429].contains(response.status) { return true }
    let type = (try? JSONValue(parsing: response.body))?["__type"]?.string ?? ""
    return passing.contains { type.contains($0) }
  }

  private static let passing = [
    "Throttl", "LimitExceeded", "ServiceUnavailable", "ExpiredToken", "RequestExpired", "UnrecognizedClient", "InvalidClientTokenId",
    "MissingAuthenticationToken", "InvalidSignature", "SignatureDoesNotMatch", "IncompleteSignature", "AccessDenied",
  ]

  /// A request of PutLogEvents whose events the closure writes.
  private func request(to body: inout WireBuffer, _ events: (inout WireBuffer) -> Void) {
    body.beginObject()
    body.member("logGroupName", settings.logGroup)
    body.member("logStreamName", settings.logStream)
    body.name("logEvents")
    events(&body)
    body.endObject()
  }

  /// The array `logEvents` of a request.
  private static func events(_ batch: WireBatch<Mark>, _ part: [Int], to body: inout WireBuffer) {
    body.reserve(batch.bytes.count + batch.count + 256)
    body.beginArray()
    for index in part {
      body.separate()
      body.append(batch.bytes, batch.range(index))
    }
    body.endArray()
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

  /// The stream first: a role that may only write into a group that somebody else made needs no more, and that group's retention is its own.
  private func makeGroupAndStream() async -> Bool {
    let stream = object(["logGroupName": settings.logGroup, "logStreamName": settings.logStream])
    if case .answered(let response) = await call("CreateLogStream", ByteBuffer(bytes: stream)),
      !response.bodyText.contains("ResourceNotFoundException") { return isThere("CreateLogStream", response) }
    guard await make("CreateLogGroup", object(["logGroupName": settings.logGroup])) else { return false }
    if let days = settings.retentionDays {
      var writer = JSONWriter()
      writer.beginObject()
      writer.member("logGroupName", settings.logGroup)
      writer.member("retentionInDays", days)
      writer.endObject()
      _ = await make("PutRetentionPolicy", writer.finish())
    }
    return await make("CreateLogStream", stream)
  }

  /// True if it is there now, made by us or by somebody else.
  private func make(_ operation: String, _ body: [UInt8]) async -> Bool {
    switch await call(operation, ByteBuffer(bytes: body)) {
    case .answered(let response): return isThere(operation, response)
    case .gaveUp(let reason):
      warn("cloudwatch logs: \(operation) failed: \(reason)")
      return false
    }
  }

  private func isThere(_ operation: String, _ response: IncomingResponse) -> Bool {
    if response.isSuccess || response.bodyText.contains("ResourceAlreadyExistsException") { return true }
    warn("cloudwatch logs: \(operation) was refused with status \(response.status): \(response.bodyText.prefix(200))")
    return false
  }

  private func object(_ members: [String: String]) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, value) in members.sorted(by: { $0.key < $1.key }) { writer.member(name, value) }
    writer.endObject()
    return writer.finish()
  }

  private func call(_ operation: String, _ body: ByteBuffer) async -> HTTPSender.Outcome {
    await settings.access.call(
      "logs", path: "/", headers: [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "Logs_20140328.\(operation)")], body: body, sender)
  }
}

/// A moment that several may look at; nil before it was set.
private final class UnixSeconds: Sendable {
  private let seconds = Atomic<Int64>(.min)

  var value: Int64? {
    let seconds = seconds.load(ordering: .relaxed)
    return seconds == .min ? nil : seconds
  }

  func set(_ value: Int64) { seconds.store(value, ordering: .relaxed) }
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
