// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// Bodies that are cut, changed or made to hurt: an error or rows, never a trap, and after an error the batch is as it was.
struct BrokenBodyTests {
  /// Decodes; after an error the batch must be as it was. True where the body was taken.
  @discardableResult
  func feed(_ body: [UInt8], _ signal: TestSignal, _ batch: inout Batch, comment: Comment? = nil) -> Bool {
    let outcome = unsafe decodeChecked(body.span.bytes, testContext, into: &batch, signal.decoder)
    if case .broken(let reason) = outcome { Issue.record("\(reason) \(comment?.rawValue ?? "")") }
    return outcome == .taken
  }

  @Test(arguments: TestSignal.allCases)
  func everyCutIsAnErrorOrAPrefix(_ signal: TestSignal) throws {
    let body = richBody(signal)
    let whole = try signal.rows(body)
    var batch = Batch()
    feed(richBody(signal), signal, &batch)
    let known = batch.rowCount
    for end in 0..<body.count {
      let mark = batch.mark
      if feed(Array(body[..<end]), signal, &batch, comment: "cut at \(end)") {
        #expect(rows(of: batch).dropFirst(known).allSatisfy { whole.contains($0) })
        batch.rollBack(to: mark)
      }
    }
    #expect(rows(of: batch) == whole)
  }

  @Test(arguments: TestSignal.allCases)
  func everyCutOfTwoRequestsKeepsTheFirst(_ signal: TestSignal) throws {
    let first = richBody(signal)
    let both = first + first
    var batch = Batch()
    for end in first.count..<both.count {
      if feed(Array(both[..<end]), signal, &batch) { #expect(end == first.count) }
    }
  }

  @Test(arguments: TestSignal.allCases)
  func changedBodiesNeverTrap(_ signal: TestSignal) {
    let mutants = Mutants(of: [richBody(signal)])
    let report = mutants.feed(context: testContext, to: signal.decoder)
    #expect(report.faults.isEmpty, "seed \(mutants.seed)")
    #expect(report.takenCount > 100, "the changes leave some bodies whole")
  }

  @Test(arguments: TestSignal.allCases)
  func changedDocumentsNeverTrap(_ signal: TestSignal) {
    let word = signal == .traces ? "Spans" : signal == .logs ? "Logs" : "Metrics"
    let item =
      #"{"traceId":"0102030405060708090a0b0c0d0e0f10","spanId":"15161718191a1b1c","kind":2,"severityNumber":"9","name":"n\u00fc","#
      + #""gauge":{"dataPoints":[{"asInt":"5","timeUnixNano":"1700000000000000000"}]},"startTimeUnixNano":1700000000000000000,"#
      + #""body":{"kvlistValue":{"values":[{"key":"k"}]}},"attributes":[{"key":"a","value":{"doubleValue":-1.5e-3}}]}"#
    let list = signal == .traces ? "spans" : signal == .logs ? "logRecords" : "metrics"
    let document = Array(#"{"resource\#(word)":[{"resource":{},"scope\#(word)":[{"scope":{},"\#(list)":[\#(item),\#(item)]}]}]}"#.utf8)
    let mutants = Mutants(of: [document], words: [#""arrayValue":{"values":["#, #""bytesValue":"AA=""#, #""attributes":[{"key":"#])
    let report = mutants.feed(context: testContext) { (body, context, batch) throws(DecodeError) in
      var protobuf: [UInt8] = []
      try signal.transcode(unsafe body.withUnsafeBytes { unsafe Array($0) }, into: &protobuf)
      return try signal.decode(protobuf, context, into: &batch)
    }
    #expect(report.faults.isEmpty, "seed \(mutants.seed)")
    #expect(report.takenCount > 100)
  }

  @Test(arguments: TestSignal.allCases)
  func noiseNeverTraps(_ signal: TestSignal) {
    var generator = SeededGenerator(seed: .random(in: .min ... .max))
    print("seed of noise:", generator.seed)
    var batch = Batch()
    for _ in 0..<5_000 {
      let noise = (0..<generator.below(60)).map { _ in UInt8(generator.below(generator.oneIn(2) ? 256 : 32)) }
      feed(noise, signal, &batch, comment: "seed \(generator.seed)")
    }
  }

  @Test(arguments: TestSignal.allCases)
  func lengthsThatLie(_ signal: TestSignal) {
    var batch = Batch()
    let long = [UInt8](repeating: 0x80, count: 1_000_000)
    for tag: UInt8 in [0x0A, 0x12, 0x2A, 0x08, 0x0B, 0x0C, 0x0F] {
      for length: [UInt8] in [
        [0x05], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], long, long + [1], [],
      ] {
        feed([tag] + length, signal, &batch)
        feed([0x0A] + [UInt8(min(length.count + 1, 127))] + [tag] + length, signal, &batch)
      }
    }
    feed([UInt8](repeating: 0x0B, count: 1_000_000), signal, &batch)
    feed([UInt8](repeating: 0x0B, count: 100_000) + [UInt8](repeating: 0x0C, count: 100_000), signal, &batch)
    #expect(batch.rowCount == 0)
  }

  @Test func everyTimeAndNumberAtItsEnds() {
    var batch = Batch()
    let ends: [UInt64] = [0, 1, UInt64(Int64.max) - 1, UInt64(Int64.max), UInt64(Int64.max) + 1, .max - 1, .max]
    var index: UInt8 = 0
    for start in ends {
      for end in ends {
        index += 1
        let span = testSpan(spanID: [1, 1, 1, 1, 1, 1, 1, index], start: start, end: end, [("i", .integer(Int64(bitPattern: end)))]) {
          $0.message(11) { $0.fixed64(1, end) }
          $0.varint(6, end)
          $0.message(15) { $0.varint(3, end) }
        }
        #expect(feed(Protobuf.request(items: [span]), .traces, &batch))
        let record = Protobuf {
          $0.fixed64(1, start)
          $0.fixed64(11, end)
          $0.varint(2, end)
        }
        #expect(feed(Protobuf.request(items: [record]), .logs, &batch))
        let point = Protobuf {
          $0.fixed64(3, start)
          $0.fixed64(4, end)
          $0.fixed64(6, end)
          $0.varint(6, end)
          $0.fixed64(7, end)
          $0.varint(8, end & 0xffff_fffe)
          $0.message(8) {
            $0.varint(1, end)
            $0.varint(2, end)
          }
        }
        for form in [5, 7, 9, 10, 11] { feed(Protobuf.request(items: [testMetric("m", form, [point])]), .metrics, &batch) }
      }
    }
    _ = rows(of: batch)
  }

  @Test func manyFieldsEndInARefusalNotInMemory() {
    var batch = Batch()
    var takenCount = 0
    for round in 0..<12 {
      let spans = (0..<1).map { _ in
        testSpan(spanID: [1, 1, 1, 1, 1, 1, 2, UInt8(round)], (0..<2_000).map { ("r\(round).\($0)", .integer(1)) })
      }
      if feed(Protobuf.request(items: spans), .traces, &batch) { takenCount += 1 }
    }
    #expect(takenCount == 8)
    #expect(batch.columnCount == Batch.columnCountMax)
  }
}
