// SPDX-License-Identifier: Apache-2.0
internal import CairnBytes
internal import CairnFormats
internal import Logging
internal import NIOCore
internal import Synchronization
internal import Tracing

/// Makes items of errors that spans and log lines recorded, and sends them one by one.
///
/// A line at level error or critical is an item; a recorded error is one, whether or not anybody records its trace. An error that was both
/// logged and recorded inside one trace is sent once. An item waits for the end of the request in which it happened, and then has the
/// request, its person and its name; of a request that nobody recorded it has what the kit's middleware says of it.
final class RollbarExporter: ErrorSink, LogSink {
  private let settings: RollbarSettings
  private let writer: RollbarItemWriter
  private let sender: HTTPSender
  private let warn: @Sendable (String) -> Void
  private let recent = Mutex(Recent())
  private let queue: BatchQueue<ItemBatch<RollbarItem>>

  private struct Recent {
    /// A ring: from `oldest` on, then from the start.
    var lines: [LogRecord] = []
    var oldest = 0
    /// Trace, type and message of what was sent last.
    var sent: [String] = []
    var waiting = WaitingItems()
    var isClosed = false
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
    queue = BatchQueue(name: "rollbar", settings: batches, warn: warn, losses: losses, ready: { await sender.untilAllowed() }) { batch in
      for item in batch.items { if await !Self.send(item, writer, settings, sender, warn) { loss.add(1) } }
    }
  }

  func accept(_ error: RecordedError, _ attributes: [WireField], in place: ContextEntry.Place) {
    var item = RollbarItem(body: .error(error), unixNanoseconds: error.unixNanoseconds, context: place.context)
    item.fields = attributes
    item.fingerprint = attributes.first { $0.name == RollbarItem.fingerprintName }?.value.text
    offer(item, identity: "\(place.context.traceID) \(error.type) \(error.message)", in: place, hasItsFields: true)
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
    offerHere(item, identity: identity ?? "\(record.context?.traceID ?? hexText(record.unixNanoseconds)) \(record.message)")
  }

  /// Something the program itself wants told.
  func report(_ item: RollbarItem) { offerHere(item, identity: hexText(item.unixNanoseconds)) }

  /// An item of what this task is at.
  private func offerHere(_ item: RollbarItem, identity: String) {
    var item = item
    let here = ServiceContext.current
    if let user = here?[.userID] { item.fields.append(WireField(SharedAttribute.userID.name, .string(user))) }
    let place = here?.entry?.place
    offer(item, identity: identity, in: place?.context == item.context ? place : nil, hasItsFields: false)
  }

  /// - Parameter hasItsFields: The item has the attributes of the span too.
  private func offer(_ item: RollbarItem, identity: String, in place: ContextEntry.Place?, hasItsFields: Bool) {
    let work = place.flatMap { WorkPlace($0) }
    let ready = recent.withLock { recent -> RollbarItem? in
      guard !recent.sent.contains(identity) else { return nil }
      recent.sent.append(identity)
      if recent.sent.count > Self.sentMax { recent.sent.removeFirst(Self.sentMax / 2) }
      var item = item
      item.telemetry = Array(recent.lines[recent.oldest...] + recent.lines[..<recent.oldest])
      return item
    }
    guard let ready else { return }
    guard let work else { return queue.offer(ready) }
    var span: SpanRecording?
    if hasItsFields, case .local(let recording)? = place { span = recording }
    wait(.init(item: ready, span: span, work: work, sinceNanoseconds: SteadyClock.nanoseconds))
  }

  private func wait(_ waiting: WaitingItems.Waiting) {
    let due = recent.withLock { recent in recent.isClosed ? waiting : recent.waiting.add(waiting) }
    if let due { queue.offer(due.unfinished) }
    // A task that outlives its request: nobody will tell of the end any more.
    if case .recorded(let recording) = waiting.work, recording.read(\.hasEnded) { ended(waiting.work, as: EndedWork(recording)) }
  }

  func ended(_ work: WorkPlace, as ended: EndedWork) {
    for waiting in recent.withLock({ $0.waiting.take(of: work) }) { queue.offer(waiting.completed(by: ended)) }
  }

  /// Lets go what waits: all of it, or what has waited for too long.
  private func release(_ take: (inout WaitingItems) -> [WaitingItems.Waiting] = { $0.takeAll() }) {
    for waiting in recent.withLock({ take(&$0.waiting) }) { queue.offer(waiting.unfinished) }
  }

  func wake() {
    release()
    queue.wake()
  }

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
    let outcome = await sender.forSomebodyWhoWaits.send { [settings] in
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

extension RollbarExporter: KitWorker {
  func run(_ clock: any Clock<Duration>) async {
    await withTaskGroup { group in
      group.addTask { await self.queue.run(clock) }
      group.addTask { await self.letGo(clock) }
      await group.next()
      group.cancelAll()
    }
  }

  /// Looks from time to time for items that have waited for too long.
  private func letGo(_ clock: any Clock<Duration>) async {
    while !Task.isCancelled {
      try? await clock.sleep(for: .nanoseconds(WaitingItems.nanosecondsMax / 4))
      releaseOld(nanoseconds: SteadyClock.nanoseconds)
    }
  }

  func releaseOld(nanoseconds now: UInt64) { release { $0.takeOld(nanoseconds: now) } }

  func drain() async {
    release()
    await sendReady()
  }

  /// Sends what does not wait for its request's end.
  func sendReady() async { await queue.drain() }

  func close() {
    recent.withLock { $0.isClosed = true }
    release()
    queue.close()
  }

  func discard() {
    _ = recent.withLock { $0.waiting.takeAll() }
    queue.discard()
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
