// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import Logging
internal import NIOCore
internal import Synchronization

/// Makes items of errors that spans and log lines recorded, and sends them one by one.
///
/// A line at level error or critical is an item; a span's recorded error is one. An error that was both logged and recorded inside one
/// trace is sent once.
final class RollbarExporter: SpanSink, LogSink {
  private let settings: RollbarSettings
  private let writer: RollbarItemWriter
  private let sender: HTTPSender
  private let warn: @Sendable (String) -> Void
  private let recent = Mutex(Recent())
  let queue: BatchQueue<ItemBatch<RollbarItem>>

  private struct Recent {
    /// A ring: from `oldest` on, then from the start.
    var lines: [LogRecord] = []
    var oldest = 0
    /// Trace, type and message of what was sent last.
    var sent: [String] = []
  }

  private static let sentMax = 256

  init(
    settings: RollbarSettings, resource: Resource, sender: HTTPSender, batches: BatchSettings, losses: LossCounter = LossCounter(),
    warn: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.sender = sender
    self.warn = warn
    let writer = RollbarItemWriter(settings: settings, resource: resource)
    self.writer = writer
    let loss = losses.loss("rollbar")
    queue = BatchQueue(name: "rollbar", settings: batches, warn: warn, losses: losses) { batch in
      for item in batch.items { if await !Self.send(item, writer, settings, sender, warn) { loss.add(1) } }
    }
  }

  func accept(_ span: EndedSpan) {
    let context = span.recording.context
    for error in span.state.errors {
      var item = RollbarItem(body: .error(error), unixNanoseconds: error.unixNanoseconds, context: context)
      item.operation = span.state.name
      item.fingerprint = span.fields.first { $0.name == RollbarItem.fingerprintName }?.value.text
      item.fields = span.fields
      offer(item, identity: "\(context.traceID) \(error.type) \(error.message)")
    }
  }

  func accept(_ record: LogRecord) {
    if record.level >= .error { offerLine(record) }
    let countMax = settings.telemetryCount
    guard countMax > 0 else { return }
    recent.withLock { recent in
      if recent.lines.count < countMax { return recent.lines.append(record) }
      recent.lines[recent.oldest] = record
      recent.oldest = (recent.oldest + 1) % countMax
    }
  }

  private func offerLine(_ record: LogRecord) {
    var item = RollbarItem(
      body: record.error.map { .error($0) } ?? .message(record.message), level: RollbarItem.Level(record.level),
      unixNanoseconds: record.unixNanoseconds, context: record.context)
    item.fields = record.fields + [WireField("logger", .string(record.label))]
    item.fingerprint = record.fields.first { $0.name == RollbarItem.fingerprintName }?.value.text
    if record.error != nil { item.fields.append(WireField("message", .string(record.message))) }
    let identity = record.error.map { "\(record.context?.traceID ?? "") \($0.type) \($0.message)" }
    offer(item, identity: identity ?? "\(record.context?.traceID ?? hexText(record.unixNanoseconds)) \(record.message)")
  }

  /// Something the program itself wants told.
  func report(_ item: RollbarItem) { offer(item, identity: hexText(item.unixNanoseconds)) }

  private func offer(_ item: RollbarItem, identity: String) {
    var item = item
    let isNew = recent.withLock { recent -> Bool in
      guard !recent.sent.contains(identity) else { return false }
      recent.sent.append(identity)
      if recent.sent.count > Self.sentMax { recent.sent.removeFirst(Self.sentMax / 2) }
      item.telemetry = Array(recent.lines[recent.oldest...] + recent.lines[..<recent.oldest])
      return true
    }
    if isNew { queue.offer(item) }
  }

  func wake() { queue.wake() }

  /// False if it was lost.
  private static func send(
    _ item: RollbarItem, _ writer: RollbarItemWriter, _ settings: RollbarSettings, _ sender: HTTPSender, _ warn: @Sendable (String) -> Void
  ) async -> Bool {
    let body = ByteBuffer(bytes: writer.payload(item, uuid: randomUUID()))
    let outcome = await sender.send {
      OutgoingRequest(
        url: settings.endpoint + (settings.endpoint.hasSuffix("/") ? "" : "/") + "item/",
        headers: [("content-type", "application/json"), ("x-rollbar-access-token", settings.accessToken)], body: body)
    }
    switch outcome {
    case .answered(let response) where response.isSuccess: return true
    case .answered(let response): warn("rollbar: an item was refused with status \(response.status): \(response.bodyText.prefix(200))")
    case .gaveUp(let reason): warn("rollbar: an item could not be sent: \(reason)")
    }
    return false
  }

  /// Tells Rollbar of a deploy. False if it was refused or did not arrive; the reason is logged.
  func deploy(revision: String, localUser: String?, comment: String?) async -> Bool {
    var json = JSONWriter()
    json.beginObject()
    json.member("environment", settings.environment)
    json.member("revision", revision)
    if let localUser { json.member("local_username", localUser) }
    if let comment { json.member("comment", comment) }
    json.endObject()
    let body = ByteBuffer(bytes: json.finish())
    let outcome = await sender.send { [settings] in
      OutgoingRequest(
        url: settings.endpoint + (settings.endpoint.hasSuffix("/") ? "" : "/") + "deploy",
        headers: [("content-type", "application/json"), ("x-rollbar-access-token", settings.accessToken)], body: body)
    }
    if case .answered(let response) = outcome, response.isSuccess { return true }
    warn("rollbar: the deploy could not be told: \(outcome)")
    return false
  }

  /// A random UUID, version 4.
  static func randomUUID() -> String {
    var random = SystemRandomNumberGenerator()
    let high = hexText(random.next() & 0xffff_ffff_ffff_0fff | 0x4000)
    let low = hexText(random.next() & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    return "\(high.prefix(8))-\(high.dropFirst(8).prefix(4))-\(high.suffix(4))-\(low.prefix(4))-\(low.dropFirst(4))"
  }
}

extension RollbarItem.Level {
  init(_ level: Logger.Level) {
    switch level {
    case .trace, .debug: self = .debug
    case .info, .notice: self = .info
    case .warning: self = .warning
    case .error: self = .error
    case .critical: self = .critical
    }
  }
}
