// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnCatalog
import CairnColumns
import CairnFormats
import CairnHoneycomb
import CairnPlan
import NIOCore
import NIOHTTP1

/// Honeycomb's way in for events that are not OTLP: libhoney, the Beelines and Refinery send them.
struct HoneycombDoor: Sendable {
  let state: ServerState
  private let spellings = DatasetSpellings()

  init(state: ServerState) {
    self.state = state
    state.onReset { [spellings] in spellings.reset() }
  }

  var routes: [Route] {
    [
      route("/1/events/:dataset") { (exchange) async throws(Refusal) in try await take(exchange, isBatch: false) },
      route("/1/batch/:dataset") { (exchange) async throws(Refusal) in try await take(exchange, isBatch: true) },
      route("/1/kinesis_events/:dataset") { (exchange) async throws(Refusal) in try await takeFirehose(exchange) },
    ]
  }

  private func route(_ path: String, _ handle: @escaping @Sendable (Exchange) async throws(Refusal) -> Response) -> Route {
    var route = Route(.POST, path, .key(.ingest), .honeycomb) { (exchange) async throws(Refusal) in try await handle(exchange) }
    route.door = DoorSignal(.honeycomb, .events)
    route.bodyBytesMax = state.limits.bodyBytesMax
    return route
  }

  private func take(_ exchange: Exchange, isBatch: Bool) async throws(Refusal) -> Response {
    let batch = try judged(try inflated(exchange.request), exchange.request, isBatch: isBatch)
    try await keep(batch, exchange)
    if isBatch { return jsonArray(batch.verdicts) }
    if let verdict = batch.verdicts.first ?? nil { throw Refusal(.malformed, verdict.text) }
    return Response(contentType: "application/json", bytes: ByteBuffer())
  }

  /// What Amazon Data Firehose delivers. It sends a request again until the answer is 200, so one that cannot be read is refused as a whole, and
  /// an event that is too old is left out.
  private func takeFirehose(_ exchange: Exchange) async throws(Refusal) -> Response {
    let plain = try inflated(exchange.request)
    let (request, batch): (FirehoseRequest, EventBatch)
    do {
      request = try FirehoseRequest(parsing: plain.readableBytesSpan, limitBytes: state.limits.bodyBytesMax)
      batch = try unsafe EventBatch(batch: request.batch.span.bytes, IntakeContext.now(state))
    } catch let fault as FirehoseRequest.Fault {
      throw Refusal(fault.isTooLarge ? .tooLarge : .malformed, fault.message)
    } catch {
      throw Refusal(.malformed, "Request body is malformed and cannot be read.")
    }
    try await keep(batch, exchange)
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("requestId", request.id.isEmpty ? exchange.request.header("x-amz-firehose-request-id") ?? "" : request.id)
    writer.member("timestamp", state.parts.clock.unixNanoseconds() / 1_000_000)
    writer.endObject()
    return Response(contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  }

  /// Stores what is taken of a batch and tells the page of doors of the rest.
  private func keep(_ batch: EventBatch, _ exchange: Exchange) async throws(Refusal) {
    let received = state.parts.clock.unixNanoseconds()
    let named = state.directory.storedName(exchange.parameters["dataset"], exchange.environment)
    let header = RequestHeader(
      format: .honeycombEvents, encoding: .identity, environment: exchange.environment,
      datasetHint: await spellings.spelling(of: named, exchange.environment, in: state.store), receivedUnixNanoseconds: received)
    if !batch.body.isEmpty { try await store(header, batch) }
    for verdict in batch.verdicts { if let verdict { tell(verdict.text, exchange, received) } }
  }

  private func judged(_ plain: ByteBuffer, _ request: Request, isBatch: Bool) throws(Refusal) -> EventBatch {
    guard plain.readableBytes > 0 else { throw Refusal(.malformed, "Request body should not be empty.") }
    let context = IntakeContext.now(state)
    do throws(DecodeError) {
      let isMessagePack = request.mediaType == "application/msgpack" || request.mediaType == "application/x-msgpack"
      let bytes = isMessagePack ? ByteBuffer(bytes: try jsonFromMessagePack(plain.readableBytesSpan)) : plain
      if isBatch { return try EventBatch(batch: bytes.readableBytesSpan, context) }
      return try EventBatch(
        event: bytes.readableBytesSpan, time: request.header("x-honeycomb-event-time"),
        sampleRate: request.header("x-honeycomb-samplerate"), context)
    } catch {
      throw Refusal(.malformed, "Request body is malformed and cannot be read: \(error.message)")
    }
  }

  private func store(_ header: RequestHeader, _ batch: EventBatch) async throws(Refusal) {
    do {
      let outcome = try unsafe state.store.accept(header, body: batch.body.span.bytes)
      try await state.store.commit(outcome)
      state.ledger.accepted(
        DoorSignal(.honeycomb, .events), environment: header.environment, outcome,
        unixMicroseconds: header.receivedUnixNanoseconds / 1000)
    } catch {
      throw Refusal(error)
    }
  }

  /// A left-out event of a request that is answered with 200 is on the page of doors too.
  private func tell(_ reason: String, _ exchange: Exchange, _ received: Int64) {
    state.ledger.rejected(
      .init(
        environment: exchange.environment, door: Door.honeycomb.rawValue, method: "POST", path: exchange.request.path, status: 400,
        reason: reason, client: exchange.request.header("user-agent") ?? "", lastUnixMicroseconds: received / 1000))
  }

  private func jsonArray(_ verdicts: [StaticText?]) -> Response {
    var writer = JSONWriter(reserving: verdicts.count * 16 + 2)
    writer.beginArray()
    for verdict in verdicts {
      writer.beginObject()
      writer.member("status", verdict == nil ? 202 : 400)
      if let verdict { writer.member("error", verdict.text) }
      writer.endObject()
    }
    writer.endArray()
    return Response(contentType: "application/json", bytes: ByteBuffer(bytes: writer.finish()))
  }

  private func inflated(_ request: Request) throws(Refusal) -> ByteBuffer {
    // The document of Honeycomb's API spells zstd 'zst'.
    let named = request.headers[canonicalForm: "content-encoding"].joined(separator: ",")
    do throws(InflateError) {
      return try request.body.inflated(
        ContentEncoding(headerValue: named == "zst" ? "zstd" : named), limitBytes: state.limits.bodyBytesMax)
    } catch {
      throw Refusal(HoneycombError(inflating: error))
    }
  }
}
