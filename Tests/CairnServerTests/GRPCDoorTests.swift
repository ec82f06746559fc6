// SPDX-License-Identifier: Apache-2.0
import CairnCatalog
import CairnFormats
import CairnPlan
import NIOCore
import NIOHTTP1
import Synchronization
import Testing

@testable import CairnServer

@Suite struct GRPCDoorTests {
  private let path = Signal.traces.grpcPath
  private let plain: [(String, String)] = [("content-type", "application/grpc"), ("te", "trailers")]

  private func frame(_ message: [UInt8], flag: UInt8 = 0, length: UInt32? = nil) -> ByteBuffer {
    var frame = ByteBuffer()
    frame.writeInteger(flag)
    frame.writeInteger(length ?? UInt32(message.count))
    frame.writeBytes(message)
    return frame
  }

  @Test(arguments: Signal.otlp) func takesEverySignal(_ signal: Signal) async throws {
    try await withServer { (live) async throws in
      let reply = try await RawCall.send(try live.endpoint(.otlpGRPC), signal.grpcPath, headers: plain, body: frame([1, 2, 3]))
      #expect(reply.status == 200)
      #expect(reply.grpcStatus == 0)
      #expect(reply.headers.first(name: "content-type") == "application/grpc")
      #expect(reply.body == frame([]))
      let seen = live.store.log.withLock { $0.ingested }
      #expect(seen.map(\.body) == [[1, 2, 3]])
      #expect(seen.first?.header.format == signal.protobufFormat)
      #expect(seen.first?.header.environment == "default")
      #expect(live.store.log.withLock { $0.committed } == [7])
    }
  }

  @Test func handsCompressedMessagesOnAsTheyAre() async throws {
    try await withServer { (live) async throws in
      for (name, encoding) in [("gzip", RequestEncoding.gzip), ("zstd", .zstd), ("deflate", .deflate)] {
        let headers = plain + [("grpc-encoding", name), ("x-honeycomb-dataset", "shop")]
        let reply = try await RawCall.send(try live.endpoint(.http), path, headers: headers, body: frame([9, 9], flag: 1))
        #expect(reply.grpcStatus == 0)
        let header = live.store.log.withLock { $0.ingested.last?.header }
        #expect(header?.encoding == encoding)
        #expect(header?.datasetHint == "shop")
      }
    }
  }

  @Test func answersPartialSuccessWithCountAndReason() async throws {
    var script = FakeStore.Script()
    script.outcome = .success(IngestOutcome(acceptedCount: 1, rejectedCount: 3, rejectionReason: "no", journalPosition: 1))
    try await withServer(script) { (live) async throws in
      let reply = try await RawCall.send(try live.endpoint(.otlpGRPC), path, headers: plain, body: frame([1]))
      #expect(reply.body == frame([0x0a, 6, 8, 3, 0x12, 2, 0x6e, 0x6f]))
    }
  }

  @Test func refusesWithTheRightCode() async throws {
    let unknown = plain + [("grpc-encoding", "br")]
    let cases: [(headers: [(String, String)], body: ByteBuffer, code: Int)] = [
      (plain, ByteBuffer(), 3),
      (plain, frame([1], flag: 7), 3),
      (plain, frame([1], length: 5), 3),
      (plain, frame([1, 2], flag: 1), 3),
      (unknown, frame([1], flag: 1), 12),
      ([("content-type", "application/grpc+json")], frame([1]), 12),
    ]
    try await withServer { (live) async throws in
      for entry in cases {
        let reply = try await RawCall.send(try live.endpoint(.otlpGRPC), path, headers: entry.headers, body: entry.body)
        #expect(reply.status == 200)
        #expect(reply.grpcStatus == entry.code)
        #expect(reply.trailers.first(name: "grpc-message")?.isEmpty == false)
      }
      let missing = try await RawCall.send(try live.endpoint(.otlpGRPC), "/some.Service/Call", headers: plain, body: frame([]))
      #expect(missing.grpcStatus == 12)
      #expect(live.store.log.withLock { $0.ingested.isEmpty })
      let rejections = live.server.state.ledger.snapshot(for: .operators).rejections
      #expect(rejections.count == cases.count + 1)
      #expect(rejections.allSatisfy { $0.door == "otlp-grpc" })
    }
  }

  @Test func tellsWhenToComeAgainOnlyWhereThatHelps() async throws {
    let cases: [(IngestError, Int, Bool)] = [
      (.unavailable(reason: "full", retryAfterSeconds: 4), 14, true), (.tooLarge(limitBytes: 9), 8, false),
      (.malformed(reason: "bad"), 3, false),
    ]
    for (error, code, hasRetryInfo) in cases {
      var script = FakeStore.Script()
      script.outcome = .failure(error)
      try await withServer(script) { (live) async throws in
        let reply = try await RawCall.send(try live.endpoint(.otlpGRPC), path, headers: plain, body: frame([1]))
        #expect(reply.grpcStatus == code)
        let details = reply.trailers.first(name: "grpc-status-details-bin") ?? ""
        #expect(!details.isEmpty)
        let mark = Base64.textWithoutPadding(Array("google.rpc.RetryInfo".utf8))
        let status = RPCStatus(Refusal(error))
        #expect(details == Base64.textWithoutPadding(status.protobuf))
        #expect((status.retryDelaySeconds != nil) == hasRetryInfo)
        #expect(!mark.isEmpty)
      }
    }
  }

  @Test func holdsTheLimitOfAMessage() async throws {
    var limits = WireLimits.patient
    limits.bodyBytesMax = 100_000
    try await withServer(limits: limits) { (live) async throws in
      let endpoint = try live.endpoint(.otlpGRPC)
      let fits = try await RawCall.send(endpoint, path, headers: plain, body: frame([UInt8](repeating: 0, count: 100_000)))
      #expect(fits.grpcStatus == 0)
      let over = try await RawCall.send(endpoint, path, headers: plain, body: frame([UInt8](repeating: 0, count: 100_001)))
      #expect(over.grpcStatus == 8)
    }
  }

  @Test func wantsAKeyOnceThereIsOne() async throws {
    try await withServer { (live) async throws in
      let good = try live.key([.ingest], environment: "shop")
      let reader = try live.key([.query])
      let endpoint = try live.endpoint(.otlpGRPC)
      #expect(try await RawCall.send(endpoint, path, headers: plain, body: frame([1])).grpcStatus == 16)
      #expect(
        try await RawCall.send(endpoint, path, headers: plain + [("x-honeycomb-team", reader)], body: frame([1])).grpcStatus == 7)
      for header in [("x-honeycomb-team", good), ("authorization", "Bearer \(good)")] {
        #expect(try await RawCall.send(endpoint, path, headers: plain + [header], body: frame([1])).grpcStatus == 0)
      }
      #expect(live.store.log.withLock { $0.ingested.map(\.header.environment) } == ["shop", "shop"])
    }
  }
}
