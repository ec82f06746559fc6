// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnCloudWatch
import CairnFormats
import CairnPlan
import NIOCore

/// The way in: PutLogEvents.
extension LogsDesk {
  var eventOperations: [LogsOperation] {
    [LogsOperation("PutLogEvents", .ingest) { (call) async throws(LogsError) in try await putEvents(call) }]
  }

  private func putEvents(_ call: LogsCall) async throws(LogsError) -> LogsAnswer {
    var request = try PutLogEventsRequest(call.body.readableBytesSpan)
    try LogNames.checkGroup(request.batch.group)
    try LogNames.checkStream(request.batch.stream)
    try request.check()
    let group = try await ownGroup(call, request.batch.group)
    guard group.group.name != "aws/spans" else { throw LogsError(.invalidParameter, "Events cannot be put into aws/spans.") }
    guard var stream = group.streams[request.batch.stream] else { throw .noStream }
    let count = request.batch.count
    let rejected = request.reject(nowUnixMilliseconds: call.nowUnixMilliseconds, retentionDays: group.group.retentionDays)
    if request.batch.count > 0 {
      try await take(&request.batch, call, rejectedCount: count - request.batch.count)
      stream.lastIngestionUnixMilliseconds = call.nowUnixMilliseconds
      stream.lastEventUnixMilliseconds = request.batch.times.last
    }
    return .object { writer in
      writer.member("nextSequenceToken", Self.sequenceToken(stream))
      guard !rejected.isEmpty else { return }
      writer.key("rejectedLogEventsInfo")
      writer.beginObject()
      if let index = rejected.tooNewStart { writer.member("tooNewLogEventStartIndex", index) }
      if let index = rejected.tooOldEnd { writer.member("tooOldLogEventEndIndex", index) }
      if let index = rejected.expiredEnd { writer.member("expiredLogEventEndIndex", index) }
      writer.endObject()
    }
  }

  /// Masks, journals and acknowledges a batch; then what hangs on lines (metrics, subscriptions, live tails) sees it.
  func take(_ batch: inout LogBatch, _ call: LogsCall, rejectedCount: Int) async throws(LogsError) {
    let intake = intake(call.environment, batch.group)
    intake.mask(&batch)
    batch.sequence = registry.numbers(batch.count, nowUnixNanoseconds: call.nowUnixNanoseconds)
    let header = RequestHeader(
      format: .logBatch, encoding: .identity, environment: call.environment, datasetHint: batch.group,
      receivedUnixNanoseconds: call.nowUnixNanoseconds)
    let body = ByteBuffer(bytes: batch.encoded())
    do {
      var outcome = try state.store.accept(header, body: body.readableBytesSpan)
      try await state.store.commit(outcome)
      precondition(outcome.acceptedCount <= batch.count, "no more lines are kept than were sent")
      outcome.rejectedCount += rejectedCount
      if rejectedCount > 0 { outcome.rejectionReason = "too old or too new" }
      note(outcome, .logs, call)
    } catch {
      throw LogsError(error)
    }
    registry.note(call.environment, batch, ingestionUnixMilliseconds: call.nowUnixMilliseconds)
    await intake.observe(batch, and: EmbeddedMetrics.points(batch), self, call)
  }
}

extension LogsDesk {
  /// Writes into the books of the doors what was taken in by this one.
  func note(_ outcome: IngestOutcome, _ signal: Signal, _ call: LogsCall) {
    state.ledger.accepted(
      DoorSignal(.cloudWatch, signal), environment: call.environment, outcome, unixMicroseconds: call.nowUnixNanoseconds / 1000)
    let taken = .nanoseconds(max(0, state.parts.clock.unixNanoseconds() - call.nowUnixNanoseconds)) as Duration
    state.telemetry.ingest(door: Door.cloudWatch.rawValue, bytes: call.body.readableBytes, taken)
  }
}

extension LogsError {
  /// What a store says about a batch.
  init(_ error: IngestError) {
    switch error {
    case .malformed(let reason), .unsupported(let reason): self.init(.invalidParameter, reason)
    case .tooLarge(let limit): self.init(.invalidParameter, "The request is larger than \(limit) bytes.")
    case .unavailable(let reason, _): self.init(.unavailable, "The service cannot complete the request: \(reason)")
    }
  }
}
