// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// Small bodies that were made to cost much: they end in rows or a refusal after work and memory in proportion to their size.
struct AmplificationTests {
  func measure(_ body: [UInt8], _ signal: TestSignal, _ batch: inout Batch) -> (isTaken: Bool, seconds: Double) {
    let clock = ContinuousClock()
    let mark = batch.mark
    var isTaken = true
    let time = clock.measure {
      do { _ = try signal.decode(body, testContext, into: &batch) } catch {
        isTaken = false
        batch.rollBack(to: mark)
      }
    }
    return (isTaken, Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18)
  }

  /// One resource of a megabyte and many scopes: neither is it copied nor kept for each of them.
  @Test(arguments: TestSignal.allCases)
  func aLargeResourceWithManyScopes(_ signal: TestSignal) {
    let body = Protobuf { request in
      request.message(1) { outer in
        outer.message(1) { $0.attributes(1, [("k", .string(String(repeating: "x", count: 1_000_000)))]) }
        for index in 0..<20_000 { outer.message(2) { $0.message(1) { $0.text(1, "\(index)") } } }
      }
    }.bytes
    var batch = Batch()
    let (_, seconds) = measure(body, signal, &batch)
    #expect(seconds < 20)
    let byteCount = batch.byteCount
    #expect(byteCount < 64 * body.count)
  }

  @Test(arguments: TestSignal.allCases)
  func aWideResourceWithManyScopes(_ signal: TestSignal) {
    let body = Protobuf { request in
      request.message(1) { outer in
        outer.message(1) { $0.attributes(1, (0..<1_900).map { ("k\($0)", .integer(1)) }) }
        for index in 0..<20_000 { outer.message(2) { $0.message(1) { $0.text(1, "\(index)") } } }
      }
    }.bytes
    var batch = Batch()
    let (isTaken, seconds) = measure(body, signal, &batch)
    #expect(!isTaken)
    #expect(seconds < 20)
    let groupCount = batch.groupCount
    #expect(groupCount == 1)
  }

  /// Refused items cost what they hold, not what the batch holds.
  @Test func manyRefusedSpansInAWideBatch() {
    var batch = Batch()
    for index in 0..<10_000 { _ = batch.column("column \(index)", .string) }
    let items = [Protobuf](repeating: Protobuf { $0.attributes(9, [("column 1", .string("x"))]) }, count: 200_000)
    let (isTaken, seconds) = measure(Protobuf.request(items: items), .traces, &batch)
    #expect(isTaken)
    #expect(seconds < 20)
  }

  @Test func aLongNameWithManyEvents() {
    let span = testSpan { span in
      span.text(5, String(repeating: "n", count: 1_000_000))
      for _ in 0..<50_000 { span.data(11, []) }
    }
    var batch = Batch()
    let (isTaken, seconds) = measure(Protobuf.request(items: [span]), .traces, &batch)
    #expect(isTaken)
    #expect(seconds < 20)
    let (rowCount, byteCount) = (batch.rowCount, batch.byteCount)
    #expect(rowCount == 50_001 && byteCount < 64 << 20)
  }

  @Test func aLongUnitWithManyPoints() {
    let points = (0..<50_000).map { index in
      Protobuf {
        $0.attributes(7, [("k", .integer(Int64(index)))])
        $0.double(4, 1)
      }
    }
    let metric = testMetric("m", 5, unit: String(repeating: "u", count: 1_000_000), points)
    var batch = Batch()
    let (isTaken, seconds) = measure(Protobuf.request(items: [metric]), .metrics, &batch)
    #expect(isTaken)
    #expect(seconds < 20)
    let rowCount = batch.rowCount
    #expect(rowCount == 50_000)
  }
}
