// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnOTLP
import TestSupport
import Testing

/// What is left out, one by one, and what counts once.
struct SpanRejectionTests {
  func expectOneRejected(_ bad: Protobuf, _ comment: Comment, _ context: IntakeContext = testContext) throws {
    let good = testSpan(spanID: [9, 9, 9, 9, 9, 9, 9, 9])
    let body = Protobuf.request(items: [bad, good])
    let verdict = try TestSignal.traces.verdict(body, context)
    #expect(verdict.acceptedCount == 1, comment)
    #expect(verdict.rejectedCount == 1, comment)
    #expect(verdict.rejectionReason != nil, comment)
    let all = try TestSignal.traces.rows(body, context)
    #expect(all.count == 1, comment)
    #expect(all.first?["trace.span_id"] == .string("0909090909090909"), comment)
  }

  @Test func rejectsBrokenIDs() throws {
    for count in [0, 1, 8, 15, 17, 32] {
      try expectOneRejected(testSpan(traceID: [UInt8](repeating: 1, count: count)), "trace id of \(count)")
    }
    for count in [0, 1, 7, 9, 16] {
      try expectOneRejected(testSpan(spanID: [UInt8](repeating: 1, count: count)), "span id of \(count)")
    }
    try expectOneRejected(testSpan(traceID: [UInt8](repeating: 0, count: 16)), "zero trace id")
    try expectOneRejected(testSpan(spanID: [UInt8](repeating: 0, count: 8)), "zero span id")
    try expectOneRejected(testSpan { $0.data(4, [1, 2, 3]) }, "parent id of 3")
  }

  @Test func rejectsTimesOutsideTheLimits() throws {
    var context = testContext
    context.earliestUnixNanoseconds = Int64(testTime) - 10
    context.latestUnixNanoseconds = Int64(testTime) + 10
    for time in [1, testTime - 11, testTime + 11, UInt64(Int64.max), UInt64(Int64.max) + 1, UInt64.max] {
      try expectOneRejected(testSpan(start: time, end: time), "\(time)", context)
    }
    for time in [0, testTime - 10, testTime, testTime + 10] {
      #expect(try TestSignal.traces.verdict(Protobuf.request(items: [testSpan(start: time)]), context).acceptedCount == 1)
    }
  }

  @Test func rejectsTooManyAttributes() throws {
    func attributes(_ count: Int) -> [(String, TestValue)] { (0..<count).map { ("k\($0)", .integer(1)) } }
    #expect(try TestSignal.traces.verdict(Protobuf.request(items: [testSpan(attributes(2_000))])).acceptedCount == 1)
    try expectOneRejected(testSpan(attributes(2_001)), "attributes")
    try expectOneRejected(testSpan([("m", .map(attributes(2_001)))]), "leaves")
    let many = testSpan { $0.message(11) { $0.attributes(3, attributes(2_001)) } }
    let verdict = try TestSignal.traces.verdict(Protobuf.request(items: [many]))
    #expect(verdict.acceptedCount == 1 && verdict.rejectedCount == 0 && verdict.rejectionReason != nil)
    #expect(try TestSignal.traces.rows(Protobuf.request(items: [many])).count == 1)
  }

  @Test func rejectsTooLongNames() throws {
    let name = String(repeating: "n", count: 1_024)
    #expect(try TestSignal.traces.verdict(Protobuf.request(items: [testSpan([(name, .integer(1))])])).acceptedCount == 1)
    try expectOneRejected(testSpan([(name + "n", .integer(1))]), "name")
    try expectOneRejected(testSpan([(name, .map([("leaf", .integer(1))]))]), "leaf")
  }

  @Test func rejectsTheItemsOfARefusedResource() throws {
    let many: [(String, TestValue)] = (0..<2_001).map { ("k\($0)", .integer(1)) }
    let body = Protobuf.request(resource: many, items: [testSpan()]) + Protobuf.request(items: [testSpan()])
    let verdict = try TestSignal.traces.verdict(body)
    #expect(verdict.acceptedCount == 1)
    #expect(verdict.rejectedCount == 1)
  }

  @Test func countsADuplicateWithoutARow() throws {
    var batch = Batch()
    let body = Protobuf.request(items: [testSpan { $0.message(11) { $0.text(2, "e") } }])
    for round in 0..<3 {
      let verdict = try TestSignal.traces.decode(body, testContext, into: &batch)
      batch.identities.keep()
      #expect(verdict.acceptedCount == 1 && verdict.rejectedCount == 0, "round \(round)")
      #expect(batch.rowCount == 2)
    }
    let other = Protobuf.request(items: [testSpan(start: testTime + 1)])
    _ = try TestSignal.traces.decode(other, testContext, into: &batch)
    #expect(batch.rowCount == 3)
  }

  @Test func keepsEnvironmentsApart() throws {
    var batch = Batch()
    let body = Protobuf.request(items: [testSpan()])
    for environment in ["prod", "test"] {
      _ = try TestSignal.traces.decode(body, IntakeContext(environment: environment, receivedUnixNanoseconds: 1), into: &batch)
    }
    #expect(rows(of: batch).map(\.environment) == ["prod", "test"])
  }

  @Test func takesASpanAgainAfterItsRequestWasRefused() throws {
    var batch = Batch()
    let body = Protobuf.request(items: [testSpan()])
    let mark = batch.mark
    #expect(throws: DecodeError.self) { try TestSignal.traces.decode(body + [0x0A, 0x05], testContext, into: &batch) }
    batch.rollBack(to: mark)
    _ = try TestSignal.traces.decode(body, testContext, into: &batch)
    #expect(batch.rowCount == 1)
  }
}
