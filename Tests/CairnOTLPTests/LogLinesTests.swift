// SPDX-License-Identifier: Apache-2.0
import CairnFormats
import CairnOTLP
import TestSupport
import Testing

/// Records as lines of CloudWatch's.
struct LogLinesTests {
  private static let bytesMax = 1 << 20

  private func lines(_ body: [UInt8], byteCountMax: Int = bytesMax) throws -> [LogLines.Line] {
    try LogLines(unsafe body.span.bytes, byteCountMax: byteCountMax).lines
  }

  @Test func aLineHoldsTheWholeRecord() throws {
    let lines = try lines(richBody(.logs))
    #expect(lines.count == 3 && lines.allSatisfy { $0.unixNanoseconds == testTime })
    let first = String(decoding: try #require(lines.first).json, as: UTF8.self)
    #expect(
      first == #"{"timeUnixNano":1700000000000000000,"observedTimeUnixNano":1700000000000000001,"severityNumber":9,"severityText":"Information","#
        + #""eventName":"started","traceId":"\#(testTraceHex)","spanId":"\#(testSpanHex)","flags":1,"body":"hello","#
        + #""attributes":{"http.route":"/cart","http.status":200,"ratio":0.5,"ok":true,"list":[1,"zwei","AQI="],"map":{"a":{"b":"ü"}},"sampleRate":4},"#
        + #""resource":{"attributes":{"service.name":"shop","host.name":"h1"}},"scope":{"name":"io.opentelemetry.http","attributes":{"lib":1}}}"#)
    let bodies = try lines.map { try JSONValue(parsing: $0.json)["body"].map { String(decoding: $0.bytes, as: UTF8.self) } }
    #expect(bodies == [#""hello""#, #"{"k":1}"#, "[1.5]"])
  }

  @Test func whatARecordLacksIsLeftOut() throws {
    let body = Protobuf.request(resource: [], scope: [], scopeName: "", items: [Protobuf { $0.data(9, [1, 2]) }, Protobuf { $0.fixed64(11, 7) }])
    let found = try lines(body)
    #expect(found.map { String(decoding: $0.json, as: UTF8.self) } == ["{}", #"{"observedTimeUnixNano":7}"#])
    #expect(found.map(\.unixNanoseconds) == [0, 7])
  }

  /// A body of 200 KB must not become gigabytes of lines.
  @Test func aRepeatedResourceIsBounded() throws {
    let records = (0..<10_000).map { _ in Protobuf { $0.fixed64(1, testTime) } }
    let body = Protobuf.request(resource: [("a", .string(String(repeating: "x", count: 100_000)))], scope: [], scopeName: "", items: records)
    #expect(throws: (any Error).self) { try lines(body) }
  }

  @Test func damagedBodiesAreRefusedOrMakeJSON() throws {
    let mutants = Mutants(of: [richBody(.logs)])
    var takenCount = 0
    for body in mutants {
      guard let found = try? lines(body) else { continue }
      takenCount += 1
      for line in found { #expect((try? JSONValue(parsing: line.json)) != nil, "seed \(mutants.seed)") }
    }
    #expect(takenCount > mutants.count / 100)
  }
}
