// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnFormats
import CairnIssues
import CairnPlan
import CairnRollbar
import CairnSecrets
import NIOCore
import NIOHTTP1

/// Rollbar's way in: one item or a batch of them, in any form that its notifiers use.
///
/// The token may stand inside the body, and the answer names the item's uuid, so the door reads the envelope; the store decodes the rest.
/// Up to 8 MiB are taken whatever is in them: a notifier that gets a 413 reports that as an error of its own, without end.
struct RollbarDoor: Sendable {
  let state: ServerState

  static let bodyBytesMax = 8 << 20

  var routes: [Route] {
    let items = ["/api/1/item", "/api/item", "/item"].map { (path) in
      Route(.POST, path, .anyone, .rollbar) { (exchange) async throws(Refusal) in try await take(exchange, isBatch: false) }
    }
    let batches = ["/api/1/item_batch", "/api/item_batch", "/item_batch"].map { (path) in
      Route(.POST, path, .anyone, .rollbar) { (exchange) async throws(Refusal) in try await take(exchange, isBatch: true) }
    }
    return (items + batches).map { (route) in
      var route = route
      route.door = DoorSignal(.rollbar, .errors)
      route.bodyBytesMax = Self.bodyBytesMax
      return route
    }
  }

  private func take(_ exchange: Exchange, isBatch: Bool) async throws(Refusal) -> Response {
    let received = state.parts.clock.unixNanoseconds()
    let sent = try plainBody(exchange.request)
    let (told, caller) = try identify(exchange, sent, received, isBatch: isBatch)
    let standing = state.tokenWindows.use(caller.token, nowUnixSeconds: received / 1_000_000_000)
    if let token = caller.token, let standing, standing.isExceeded { return try await refuse(token, standing, caller, received) }
    if let told, !told.isObject { throw Refusal(.invalid, "the item must be a JSON object") }
    let kept = state.settings.scrubsNothing(caller.tenant) ? nil : scrubbed(sent)
    defer { if let kept { state.spareBuffers.give(kept) } }
    var body = kept ?? sent
    // An item without a uuid gets one made of what is kept.
    var receipt = kept != nil && told?.isUUIDMade == true ? try self.receipt(body, received) : told
    if let mapped = mapped(body, caller, isBatch: isBatch) {
      // What is journaled is what the frames came from, so that a replay groups the same without the maps.
      body = mapped
      if receipt?.isUUIDMade == true { receipt = try self.receipt(body, received) }
    }
    let hint = RollbarHint(
      project: caller.project.name, remoteAddress: exchange.request.remoteAddress,
      rulings: state.groupingRules.rulings(body, text: caller.project.groupingRules, projectID: caller.project.id))
    let header = RequestHeader(
      format: isBatch ? .rollbarBatch : .rollbarItem, encoding: .identity, environment: caller.tenant, datasetHint: hint.text,
      receivedUnixNanoseconds: received)
    let outcome = try await ingest(header, body)
    if outcome.acceptedCount == 0, outcome.rejectedCount > 0 {
      throw Refusal(.invalid, "no item of the batch was taken (\(outcome.rejectedCount)): \(outcome.rejectionReason)")
    }
    return answer(receipt, outcome, standing)
  }

  /// The request with its source maps applied; nil where the project has none, or none that has a say.
  private func mapped(_ body: ByteBuffer, _ caller: RollbarCaller, isBatch: Bool) -> ByteBuffer? {
    guard state.sourceMaps.hasMaps(projectID: caller.project.id),
      let request = try? JSONValue(parsing: body.readableBytesSpan, depthMax: JSONReader.depthMaxLimit)
    else { return nil }
    return state.sourceMaps.applied(request, projectID: caller.project.id, isBatch: isBatch).map { ByteBuffer(bytes: $0.bytes) }
  }

  /// Who sends the item, and what the answer names. The beginning of the body says it where notifiers write it first and their token is a
  /// server's; what is wrong with the rest, the decoder says.
  private func identify(
    _ exchange: Exchange, _ body: ByteBuffer, _ received: Int64, isBatch: Bool
  ) throws(Refusal) -> (RollbarReceipt?, RollbarCaller) {
    let access = RollbarAccess(state: state)
    if isBatch { return (nil, try access.caller(exchange.request, needs: [.postServerItem])) }
    if let receipt = RollbarReceipt(beginningOf: body.readableBytesSpan, needsToken: !access.hasToken(exchange.request)),
      let caller = try? access.caller(exchange.request, bodyToken: receipt.accessToken, needs: [.postServerItem])
    {
      return (receipt, caller)
    }
    let receipt = try receipt(body, received)
    return (receipt, try access.caller(exchange.request, bodyToken: receipt.accessToken, needs: scopes(platform: receipt.platform)))
  }

  /// Client platforms may use a client's token; everything else needs a server's.
  private func scopes(platform: String?) -> [TokenScope] {
    let clients: Set<String> = ["browser", "android", "ios", "flash", "client"]
    guard let platform, clients.contains(platform) else { return [.postServerItem] }
    return [.postServerItem, .postClientItem]
  }

  private func receipt(_ body: ByteBuffer, _ received: Int64) throws(Refusal) -> RollbarReceipt {
    do throws(DecodeError) {
      return try RollbarReceipt(body.readableBytesSpan, receivedUnixNanoseconds: received)
    } catch {
      throw Refusal(.malformed, "the body is not JSON: \(error.message)")
    }
  }

  /// The request without its secrets; nil where it has none.
  private func scrubbed(_ body: ByteBuffer) -> ByteBuffer? {
    var scrubbed = state.spareBuffers.take(body.readableBytes + body.readableBytes / 8)
    let hasSecrets = JSONScrubber.scrub(body.readableBytesSpan) { (piece) in
      _ = unsafe piece.withUnsafeBytes { unsafe scrubbed.writeBytes($0) }
    }
    if hasSecrets { return scrubbed }
    state.spareBuffers.give(scrubbed)
    return nil
  }

  private func ingest(_ header: RequestHeader, _ body: ByteBuffer) async throws(Refusal) -> IngestOutcome {
    do {
      let outcome = try state.store.accept(header, body: body.readableBytesSpan)
      try await state.store.commit(outcome)
      state.ledger.accepted(
        DoorSignal(.rollbar, .errors), environment: header.environment, outcome,
        unixMicroseconds: header.receivedUnixNanoseconds / 1000)
      return outcome
    } catch {
      // What is no JSON is one thing, what the decoder refuses of JSON is its meaning.
      if case .malformed(let reason) = error, header.format == .rollbarItem {
        _ = try receipt(body, header.receivedUnixNanoseconds)
        throw Refusal(.invalid, reason)
      }
      throw Refusal(error)
    }
  }

  private func answer(_ receipt: RollbarReceipt?, _ outcome: IngestOutcome, _ standing: TokenWindows.Standing?) -> Response {
    var response = jsonResponse { (writer) in
      writer.member("err", 0)
      writer.object("result") { (writer) in
        writer.key("id")
        writer.null()
        if let receipt {
          writer.member("uuid", receipt.uuid)
        } else {
          writer.member("accepted", outcome.acceptedCount)
          writer.member("rejected", outcome.rejectedCount)
          if outcome.rejectedCount > 0 { writer.member("reason", outcome.rejectionReason) }
        }
      }
    }
    response.headers.add(name: "rollbar-replay-enabled", value: "false")
    response.headers.add(
      name: "access-control-expose-headers", value: "Rollbar-Replay-Enabled, Rollbar-Replay-RateLimit-Remaining, Rollbar-Replay-RateLimit-Reset")
    standing?.add(to: &response)
    return response
  }

  // MARK: Limits

  /// The answer to a request beyond its token's limit. The first one of a window becomes an item that rules can tell of.
  private func refuse(
    _ token: ProjectToken, _ standing: TokenWindows.Standing, _ caller: RollbarCaller, _ received: Int64
  ) async throws(Refusal) -> Response {
    if standing.isFirstBeyond { try await report(token, caller, received) }
    return standing.refusal(of: token)
  }

  /// Rollbar's "system message", of the framework rollbar-system.
  private func report(_ token: ProjectToken, _ caller: RollbarCaller, _ received: Int64) async throws(Refusal) {
    var writer = JSONWriter()
    writer.beginObject()
    writer.object("data") { (writer) in
      writer.member("environment", "cairn")
      writer.member("level", "warning")
      writer.member("framework", "rollbar-system")
      writer.member("fingerprint", "rate-limit-\(token.id)")
      writer.object("body") { (writer) in
        writer.object("message") { $0.member("body", "The access token '\(token.name)' reached its limit of \(token.windowCount) items in \(token.windowSeconds) s") }
      }
    }
    writer.endObject()
    let header = RequestHeader(
      format: .rollbarItem, encoding: .identity, environment: caller.tenant, datasetHint: RollbarHint(project: caller.project.name).text,
      receivedUnixNanoseconds: received)
    _ = try await ingest(header, ByteBuffer(bytes: writer.finish()))
  }

  // MARK: Bodies

  private func hasToken(_ payload: String) -> Bool {
    (try? RollbarReceipt(ByteBuffer(string: payload).readableBytesSpan, receivedUnixNanoseconds: 0))?.accessToken.isEmpty == false
  }

  /// The body inflated, and as JSON where it is a form with a `payload`.
  private func plainBody(_ request: Request) throws(Refusal) -> ByteBuffer {
    let named = request.headers[canonicalForm: "content-encoding"].joined(separator: ",")
    let body: ByteBuffer
    do throws(InflateError) {
      body = try request.body.inflated(ContentEncoding(headerValue: named), limitBytes: Self.bodyBytesMax)
    } catch {
      if case .tooLarge(let limit) = error { throw Refusal(.tooLarge, "the item is larger than \(limit) bytes once inflated") }
      throw Refusal(.malformed, "the body cannot be inflated: \(error.message)")
    }
    // A curl without a type says that JSON is a form; a form may have its token beside the payload.
    guard request.mediaType == "application/x-www-form-urlencoded", let payload = QueryString(String(buffer: body))["payload"] else {
      return body
    }
    guard let token = QueryString(String(buffer: body))["access_token"], payload.utf8.first == 0x7B, !hasToken(payload) else {
      return ByteBuffer(string: payload)
    }
    return ByteBuffer(string: "{\"access_token\":" + String(decoding: JSONValue.string(token).bytes, as: UTF8.self) + "," + payload.dropFirst())
  }
}
