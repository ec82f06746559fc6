// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import NIOCore
import NIOHTTP1
import Testing

@testable import CairnServer

@Suite struct RPCStatusTests {
  @Test func writesTheBytesOfTheProtocol() {
    #expect(RPCStatus(Refusal(.unsupported, "x")).protobuf == [0x08, 12, 0x12, 1, 0x78])
    let unavailable = RPCStatus(Refusal(.unavailable, "full", retryAfterSeconds: 300)).protobuf
    let type = Array("type.googleapis.com/google.rpc.RetryInfo".utf8)
    let retryInfo: [UInt8] = [0x0a, 3, 0x08, 0xac, 2]
    let detail = [0x0a, UInt8(type.count)] + type + [0x12, UInt8(retryInfo.count)] + retryInfo
    #expect(unavailable == [0x08, 14, 0x12, 4] + Array("full".utf8) + [0x1a, UInt8(detail.count)] + detail)
  }

  @Test(arguments: Refusal.Kind.allCases) func jsonSaysTheSame(_ kind: Refusal.Kind) throws {
    let status = RPCStatus(Refusal(kind, "a \"reason\"", field: "spans[0]", retryAfterSeconds: 3))
    let json = try JSONValue(parsing: status.json)
    #expect(json["code"]?.integer == Int64(kind.rpcCode))
    #expect(json["message"]?.string == "a \"reason\"")
    let types = (json["details"]?.array ?? []).compactMap { $0["@type"]?.string }
    #expect(types.contains("type.googleapis.com/google.rpc.RetryInfo") == (kind == .unavailable))
    #expect(types.contains("type.googleapis.com/google.rpc.BadRequest") == (kind == .malformed || kind == .invalid))
  }

  @Test func clientsRetryOnlyWhatHelps() {
    let retried: Set<UInt> = [429, 502, 503, 504]
    for kind in Refusal.Kind.allCases { #expect(retried.contains(kind.status.code) == (kind == .unavailable)) }
    for kind in Refusal.Kind.allCases where kind != .unavailable && kind != .cancelled && kind != .timeout {
      #expect(![1, 4, 10, 11, 14, 15].contains(kind.rpcCode))
    }
  }

  @Test func everyDialectHasABodyForEveryKind() throws {
    let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/", headers: ["content-type": "application/json"])
    let request = Request(head: head, listener: .http, remoteAddress: "")
    for kind in Refusal.Kind.allCases {
      for dialect in Dialect.allCases {
        let response = ErrorResponse.make(Refusal(kind, "reason"), in: dialect, to: request)
        guard case .bytes(let body) = response.body else { throw Unexpected("a stream") }
        let wanted = dialect == .grpc ? .ok : dialect.isAWS ? Refusal(kind, "").awsStatus : kind.status
        #expect(response.status == wanted)
        #expect(body.readableBytes > 0 || dialect == .grpc)
        #expect(response.headers.first(name: "content-type")?.hasPrefix("text/html") == false)
      }
    }
  }

  @Test func longReasonsAreCut() {
    #expect(RPCStatus(Refusal(.malformed, String(repeating: "x", count: 1 << 20))).protobuf.count < 10_000)
  }
}
