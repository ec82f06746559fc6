// SPDX-License-Identifier: Apache-2.0
import CairnBytes
import CairnColumns
import CairnFormats
import CairnHoneycomb
import TestSupport
import Testing

/// Events from body to rows, and bodies that are none.
@Suite struct EventIntakeTests {
  private static let received: Int64 = 1_790_000_000_000_000_000
  private static let context = IntakeContext(
    environment: "e", datasetHint: "d", receivedUnixNanoseconds: received, earliestUnixNanoseconds: 0,
    latestUnixNanoseconds: received + 86_400_000_000_000)

  private static func batch(_ json: String) throws -> EventBatch {
    let bytes = Array(json.utf8)
    return try unsafe EventBatch(batch: bytes.span.bytes, context)
  }

  private static func rows(_ batch: EventBatch) throws -> Batch {
    var rows = Batch()
    _ = try unsafe decodeHoneycombEvents(batch.body.span.bytes, context, into: &rows)
    return rows
  }

  @Test(arguments: [
    (#""2026-09-21T11:33:20.5Z""#, 1_789_990_400_500_000_000 as Int64), (#""2026-09-21T12:33:20+01:00""#, 1_789_990_400_000_000_000),
    ("1700000000", 1_700_000_000_000_000_000), (#""1700000000""#, 1_700_000_000_000_000_000), ("1700000000123", 1_700_000_000_123_000_000),
    ("1700000000123456789", 1_700_000_000_123_456_789), ("1700000000.25", 1_700_000_000_250_000_000), (#""soon""#, received), ("null", received),
    (#""2026-02-30T00:00:00Z""#, received), ("17000000001234567890", received),
  ])
  func aTimeIsReadInEveryForm(text: String, expected: Int64) throws {
    let batch = try Self.batch(#"[{"data": {"a": 1}, "time": \#(text)}]"#)
    #expect(batch.verdicts == [nil])
    #expect(try Self.rows(batch).rowTimes[0] == expected)
  }

  @Test func aVerdictForEachEventAndABodyOfTheGoodOnes() throws {
    let batch = try Self.batch(#"[{"data": {"a": 1}}, {}, {"data": {}}, 1, {"data": {"b": [1, {"c": null}]}, "extra": [{}]}]"#)
    #expect(batch.verdicts.map { $0 == nil } == [true, false, false, false, true])
    #expect(try Self.rows(batch).rowCount == 2)
    #expect(try Self.batch("[{}]").body.isEmpty)
  }

  /// What is kept as one text is one field, and an object is only what is in it.
  @Test func onlyFieldsCountTowardsTheirLimit() throws {
    let members = { (count: Int, value: String) in (0..<count).map { "\"k\($0)\": \(value)" }.joined(separator: ", ") }
    let list = Array(repeating: #"{"sku": 1, "n": 2}"#, count: 1500).joined(separator: ", ")
    let deep = #"{"a": {"b": {"c": {"d": {"e": {\#(members(2001, "1"))}}}}}}"#
    let batch = try Self.batch("""
      [{"data": {"cart": [\(list)]}}, {"data": {\(members(1500, #"{"x": 1}"#))}}, {"data": \(deep)}, {"data": {"o": {}}},
       {"data": {\(members(2000, "1"))}}, {"data": {\(members(2001, "1"))}}, {"data": {"o": {\(members(2001, "1"))}}}, {"data": [{"a": 1}]}, {"data": {}}]
      """)
    #expect(batch.verdicts.map { $0?.text ?? "" } == [
      "", "", "", "", "", "Event has too many columns.", "Event has too many columns.", "the event's data is not an object", "Request body should not be empty.",
    ])
    #expect(try Self.rows(batch).rowCount == 5)
  }

  @Test func aSpanThatComesAgainCountsOnce() throws {
    let span = #"{"data": {"trace.trace_id": "0123456789abcdef0123456789abcdef", "trace.span_id": "0123456789abcdef"}, "time": 1700000000}"#
    #expect(try Self.rows(Self.batch("[\(span), \(span)]")).rowCount == 1)
    let plain = #"{"data": {"trace.trace_id": "not hex", "trace.span_id": 5}, "time": 1700000000}"#
    #expect(try Self.rows(Self.batch("[\(plain), \(plain)]")).rowCount == 2)
  }

  @Test func messagePackBecomesTheSameJSON() throws {
    let bytes: [UInt8] = [0x91, 0x83, 0xa1, 0x61, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0, 0xa1, 0x62, 0xc4, 2, 0xff, 0, 0xa1, 0x63, 0xd6, 0xff, 0, 0, 0, 1]
    let json = try unsafe jsonFromMessagePack(bytes.span.bytes)
    #expect(String(decoding: json, as: UTF8.self) == #"[{"a":null,"b":"/wA=","c":"1970-01-01T00:00:01Z"}]"#)
  }

  @Test func secretsAreTakenOutAndTheRestStays() throws {
    let batch = try Self.batch(#"[{"data": {"a": "kept"}}, {"data": {"password": "hunter2-hunter2", "b": 5}, "samplerate": 7}]"#)
    let scrubbed = try #require(unsafe scrubbedEvents(batch.body.span.bytes))
    #expect(String(decoding: scrubbed, as: UTF8.self).contains("kept") && !String(decoding: scrubbed, as: UTF8.self).contains("hunter2"))
    var rows = Batch()
    let verdict = try unsafe decodeHoneycombEvents(scrubbed.span.bytes, Self.context, into: &rows)
    #expect(verdict.acceptedCount == 2 && rows.rowCount == 2)
    let plain = try Self.batch(#"[{"data": {"a": 1}}]"#)
    #expect(unsafe scrubbedEvents(plain.body.span.bytes) == nil)
  }

  @Test func damagedBodiesNeverTrap() throws {
    let good = Array(
      #"[{"data": {"name": "a", "duration_ms": -3.5, "o": {"p": {"q": [1, 2]}}, "trace.trace_id": "0123456789abcdef", "error": "x"}, "time": "2026-09-21T11:33:20Z", "samplerate": 3}, {"data": {"b": true}}]"#
        .utf8)
    var stored = try unsafe EventBatch(batch: good.span.bytes, Self.context).body
    for body in Mutants(of: [good], words: ["\"data\":", "\"time\":1e30,", "\"samplerate\":-1,"]) {
      _ = try? unsafe EventBatch(batch: body.span.bytes, Self.context)
      _ = try? unsafe EventBatch(event: body.span.bytes, time: "9", sampleRate: "x", Self.context)
      _ = try? unsafe jsonFromMessagePack(body.span.bytes)
    }
    let line = Base64.text(Array(#"{"messageType": "DATA_MESSAGE", "owner": "1", "logEvents": [{"id": "1", "timestamp": 1790000000000, "message": "{\"a\": 1}"}]}"#.utf8))
    let delivered = Array(#"{"requestId": "r", "records": [{"data": "\#(line)"}, {"data": "W3siYSI6MX1d"}]}"#.utf8)
    for body in Mutants(of: [delivered], words: ["\"data\":", "e30=", "H4sI"]) {
      guard let request = try? unsafe FirehoseRequest(parsing: body.span.bytes, limitBytes: 4_096) else { continue }
      _ = try? unsafe EventBatch(batch: request.batch.span.bytes, Self.context)
    }
    stored.append(contentsOf: [0, 0, 0])
    for body in Mutants(of: [stored], count: 5_000) {
      var rows = Batch()
      _ = unsafe scrubbedEvents(body.span.bytes)
      _ = try? unsafe decodeHoneycombEvents(body.span.bytes, Self.context, into: &rows)
    }
  }
}
