// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCloudWatch
import CairnColumns
import CairnFormats
import CairnOTLP
import CairnPlan
import Logging
import NIOCore

// OpenTelemetry's log records of services, whose log groups may have what hangs on lines:
//
//   masks             texts of bodies and attributes, in the request itself, before the store sees it
//   metric filters    asked of each record's message, as FilterLogEvents tells it, once the record is acknowledged
//   subscriptions     the same
//
// Where nothing hangs on any line of the environment, a request goes to the store as it came: see `watchesLines`.
extension LogsDesk {
  /// Whether records of this environment have to come through `ingest`.
  func watchesLines(_ environment: String) -> Bool { registry.watchesLines(environment) }

  /// Takes in an `ExportLogsServiceRequest`; what cannot be read is refused here, so that nothing is kept unmasked.
  func ingest(_ header: RequestHeader, _ body: ByteBuffer, bodyBytesMax: Int) async throws(IngestError) -> IngestOutcome {
    var (header, body) = (header, body)
    let context = IntakeContext(
      environment: header.environment, datasetHint: header.datasetHint, receivedUnixNanoseconds: header.receivedUnixNanoseconds)
    var intakes: [String: LineIntake] = [:]
    let masked: [UInt8]?
    let received = try Self.inflated(header, body, bodyBytesMax)
    do throws(DecodeError) {
      let plain = try Self.protobuf(header, received)
      masked = try maskedLogs(plain.readableBytesSpan, context) { (dataset) in
        let intake = intakes[dataset] ?? intake(header.environment, dataset)
        intakes[dataset] = intake
        return intake.policies.isEmpty ? nil : { intake.policies.edited($0) }
      }
    } catch {
      throw .malformed(reason: error.message)
    }
    if let masked {
      (header.format, header.encoding, body) = (.otlpLogsProtobuf, .identity, ByteBuffer(bytes: masked))
    }
    intakes = intakes.filter { !$0.value.metricFilters.isEmpty || !$0.value.subscriptions.isEmpty }
    let feed = intakes.isEmpty ? nil : state.store.feed(Self.plan(header.environment, intakes), of: header, body: body.readableBytesSpan)
    let outcome = try state.store.accept(header, body: body.readableBytesSpan)
    try await state.store.commit(outcome)
    if let feed { await observe(feed, intakes, header) }
    return outcome
  }

  private static func inflated(_ header: RequestHeader, _ body: ByteBuffer, _ bytesMax: Int) throws(IngestError) -> ByteBuffer {
    guard let encoding = ContentEncoding(rawValue: header.encoding.rawValue) else { throw .unsupported(reason: "this encoding is not read") }
    do throws(InflateError) {
      return try body.inflated(encoding, limitBytes: bytesMax)
    } catch {
      if case .tooLarge(let limit) = error { throw .tooLarge(limitBytes: limit) }
      throw .malformed(reason: error.message)
    }
  }

  private static func protobuf(_ header: RequestHeader, _ plain: ByteBuffer) throws(DecodeError) -> ByteBuffer {
    guard header.format == .otlpLogsJSON else { return plain }
    var protobuf: [UInt8] = []
    try transcodeLogsJSON(plain.readableBytesSpan, into: &protobuf)
    return ByteBuffer(bytes: protobuf)
  }

  private static func plan(_ environment: String, _ intakes: [String: LineIntake]) -> EventsPlan {
    EventsPlan(
      scope: Scope(environment: environment, datasets: .named(Array(intakes.keys)), time: .everything), filter: isLine,
      direction: .oldestFirst, limit: EventsPlan.limitMax)
  }

  private struct Place: Hashable {
    var group: String
    var stream: String
  }

  /// Hands the acknowledged records, without their secrets, to the filters and subscriptions of their groups.
  private func observe(_ feed: EventFeed, _ intakes: [String: LineIntake], _ header: RequestHeader) async {
    let call = LogsCall(
      environment: header.environment, account: LogAccount(), input: .null, body: .init(), nowUnixNanoseconds: header.receivedUnixNanoseconds)
    let answer: FeedAnswer
    do throws(QueryError) {
      answer = try await state.store.read(feed, limit: EventsPlan.limitMax)
    } catch {
      return state.logger.warning("Filters and subscriptions of log groups did not see the records of a request: \(error)")
    }
    if answer.missedCount > 0 {
      state.logger.warning("Filters and subscriptions of log groups did not see \(answer.missedCount) records of a request.")
    }
    var batches: [Place: LogBatch] = [:]
    for row in 0..<answer.events.rowCount {
      let event = answer.events.event(row)
      let place = Place(group: event.dataset, stream: event[FieldName.logStream]?.text ?? LogField.defaultStream)
      batches[place, default: LogBatch(group: place.group, stream: place.stream)].append(
        timeUnixMilliseconds: event.timeUnixNanoseconds / 1_000_000, message: (event[FieldName.body]?.text ?? recordText(event)).utf8)
    }
    for (place, batch) in batches {
      var batch = batch
      batch.sequence = registry.numbers(batch.count, nowUnixNanoseconds: header.receivedUnixNanoseconds)
      await intakes[place.group]?.observe(batch, and: [], self, call)
    }
  }
}
