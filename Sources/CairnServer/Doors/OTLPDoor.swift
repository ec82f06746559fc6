// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1

/// OpenTelemetry's way in, over HTTP and over gRPC; both hand the same bytes to the same store.
///
/// The body goes to the store as it came, compressed or not: the store inflates under its own budget and journals what was sent.
struct OTLPDoor: Sendable {
  /// Takes the logs that name a log group of CloudWatch's.
  let groups: LogsDesk
  let store: any IngestStore
  let ledger: DoorLedger
  let clock: WallClock
  let bodyBytesMax: Int

  var routes: [Route] {
    Signal.otlp.flatMap { signal in
      var http = Route(.POST, signal.path, .key(.ingest), .otlp) { (exchange) async throws(Refusal) in
        try await exportHTTP(signal, exchange)
      }
      http.door = DoorSignal(.otlpHTTP, signal)
      http.bodyBytesMax = bodyBytesMax
      http.isBrief = true
      var grpc = Route(.POST, signal.grpcPath, .key(.ingest), .grpc) { (exchange) async throws(Refusal) in
        try await exportGRPC(signal, exchange)
      }
      grpc.door = DoorSignal(.otlpGRPC, signal)
      grpc.bodyBytesMax = bodyBytesMax + GRPCMessage.prefixLength
      grpc.isBrief = true
      return [http, grpc]
    }
  }

  private func exportHTTP(_ signal: Signal, _ exchange: Exchange) async throws(Refusal) -> Response {
    let request = exchange.request
    let format: RequestFormat
    let isJSON: Bool
    switch request.mediaType {
    case "application/x-protobuf", "application/protobuf": (format, isJSON) = (signal.protobufFormat, false)
    case "application/json": (format, isJSON) = (signal.jsonFormat, true)
    case "":
      throw Refusal(.unsupported, "The request has no Content-Type; application/x-protobuf and application/json are taken.")
    case let other:
      throw Refusal(.unsupported, "The Content-Type '\(other)' is not taken; application/x-protobuf and application/json are.")
    }
    let encoding = try encoding(request.headers[canonicalForm: "content-encoding"].joined(separator: ","))
    let outcome: IngestOutcome
    if signal == .logs, LogsDesk.isNamed(by: request) {
      outcome = try await groups.export(exchange, isJSON: isJSON, encoding)
    } else {
      let header = RequestHeader(
        format: format, encoding: RequestEncoding(encoding), environment: exchange.environment,
        datasetHint: request.header("x-honeycomb-dataset") ?? "", receivedUnixNanoseconds: clock.unixNanoseconds())
      outcome = try await ingest(header, request.body, DoorSignal(.otlpHTTP, signal))
    }
    if isJSON {
      return Response(contentType: "application/json", bytes: ByteBuffer(bytes: OTLPResponse.json(outcome, signal: signal)))
    }
    return Response(contentType: request.mediaType, bytes: ByteBuffer(bytes: OTLPResponse.protobuf(outcome)))
  }

  private func exportGRPC(_ signal: Signal, _ exchange: Exchange) async throws(Refusal) -> Response {
    let request = exchange.request
    guard request.majorVersion == 2 || request.headers.contains(name: "te") else {
      throw Refusal(.malformed, "gRPC needs HTTP/2.")
    }
    guard request.mediaType == "application/grpc" || request.mediaType == "application/grpc+proto" else {
      throw Refusal(
        .unsupported, "The content-type '\(request.mediaType)' is not taken; application/grpc and application/grpc+proto are.")
    }
    var message = request.body
    let isCompressed = try GRPCMessage.unwrap(&message, bytesMax: bodyBytesMax)
    let named = try encoding(request.header("grpc-encoding") ?? "")
    guard !isCompressed || named != .identity else {
      throw Refusal(.malformed, "The message is compressed, and grpc-encoding does not say how.")
    }
    let header = RequestHeader(
      format: signal.protobufFormat, encoding: isCompressed ? RequestEncoding(named) : .identity, environment: exchange.environment,
      datasetHint: request.header("x-honeycomb-dataset") ?? "", receivedUnixNanoseconds: clock.unixNanoseconds())
    let outcome = try await ingest(header, message, DoorSignal(.otlpGRPC, signal))
    return GRPCMessage.response(.ok, message: OTLPResponse.protobuf(outcome))
  }

  private func ingest(_ header: RequestHeader, _ body: ByteBuffer, _ source: DoorSignal) async throws(Refusal) -> IngestOutcome {
    do {
      let outcome: IngestOutcome
      if source.signal == .logs, groups.watchesLines(header.environment) {
        outcome = try await groups.ingest(header, body, bodyBytesMax: bodyBytesMax)
      } else {
        outcome = try store.accept(header, body: body.readableBytesSpan)
        try await store.commit(outcome)
      }
      ledger.accepted(source, environment: header.environment, outcome, unixMicroseconds: header.receivedUnixNanoseconds / 1000)
      return outcome
    } catch {
      throw Refusal(error)
    }
  }

  private func encoding(_ header: String) throws(Refusal) -> ContentEncoding {
    do {
      return try ContentEncoding(headerValue: header)
    } catch {
      throw Refusal(
        .unsupported, "The encoding '\(header.prefix(80))' is not taken; identity, gzip, deflate and zstd are, one at a time.")
    }
  }
}

extension RequestEncoding {
  /// The journal's number for an encoding is the encoding's own.
  fileprivate init(_ encoding: ContentEncoding) { self = RequestEncoding(rawValue: encoding.rawValue) ?? .identity }
}
